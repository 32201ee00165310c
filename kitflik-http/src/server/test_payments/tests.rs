use kitflik_core::{BookingId, Money, Timestamp};

use super::*;

fn charge(booking: u8, number: u32) -> ChargeId {
    let booking = BookingId::new(Timestamp::from_millis(1_795_000_000_000), [booking; 10]);
    ChargeId { booking, number }
}

fn euros(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

fn order(charge: ChargeId, reference: &str) -> Capture {
    Capture { charge, amount: euros(1200), reference: Some(reference.to_owned()) }
}

fn captured(charge: ChargeId) -> PaymentStatus {
    PaymentStatus::Captured { charge: format!("test-{charge}") }
}

fn books() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test-payments.jsonl");
    (directory, path)
}

#[tokio::test]
async fn books_outlive_the_process() {
    let (_directory, path) = books();
    let (one, two, three) = (charge(1, 1), charge(1, 2), charge(2, 1));
    {
        let payments = FilePayments::open(&path).unwrap();
        assert_eq!(payments.capture(order(one, "ok")).await.unwrap(), captured(one));
        payments.capture(order(two, "timeout_after")).await.unwrap_err();
        payments.capture(order(three, "timeout_before")).await.unwrap_err();
    }
    let payments = FilePayments::open(&path).unwrap();
    assert_eq!(payments.status(one).await.unwrap(), captured(one));
    assert_eq!(payments.status(two).await.unwrap(), captured(two));
    assert_eq!(payments.status(three).await.unwrap(), PaymentStatus::Unknown);
    // The same order again takes nothing, whatever its reference says now.
    assert_eq!(payments.capture(order(one, "decline")).await.unwrap(), captured(one));
    assert_eq!(payments.charges().unwrap()[&one].left_minor(), 1200);
}

/// What waits is decided after as many questions as without a restart.
#[tokio::test]
async fn questions_are_counted_over_restarts() {
    let (_directory, path) = books();
    let pending = charge(1, 1);
    let payments = FilePayments::open(&path).unwrap();
    let mut told = vec![payments.capture(order(pending, "pending")).await.unwrap()];
    let beside = TestPayments::new();
    let mut expected = vec![beside.capture(order(pending, "pending")).await.unwrap()];
    for _ in 0..4 {
        told.push(FilePayments::open(&path).unwrap().status(pending).await.unwrap());
        expected.push(beside.status(pending).await.unwrap());
    }
    assert_eq!(told, expected);
    assert_eq!((&told[0], &told[4]), (&PaymentStatus::Pending, &captured(pending)));
}

#[tokio::test]
async fn each_refund_is_made_once() {
    let (_directory, path) = books();
    let charge = charge(1, 1);
    let refund = async |number, minor| {
        let payments = FilePayments::open(&path).unwrap();
        payments.refund(Refund { charge, number, amount: euros(minor) }).await.unwrap()
    };
    FilePayments::open(&path).unwrap().capture(order(charge, "ok")).await.unwrap();
    for _ in 0..2 {
        assert_eq!(refund(1, 500).await, PaymentStatus::Refunded);
    }
    assert_eq!(refund(2, 700).await, PaymentStatus::Refunded);
    let payments = FilePayments::open(&path).unwrap();
    assert_eq!(payments.status(charge).await.unwrap(), PaymentStatus::Refunded);
    assert_eq!(payments.charges().unwrap()[&charge].refunds.len(), 2);
}

#[tokio::test]
async fn half_a_line_is_nothing_and_another_process_is_seen() {
    let (_directory, path) = books();
    let (one, two) = (FilePayments::open(&path).unwrap(), FilePayments::open(&path).unwrap());
    let first = charge(1, 1);
    one.capture(order(first, "ok")).await.unwrap();
    assert_eq!(two.capture(order(first, "decline")).await.unwrap(), captured(first));
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"charge\":{\"book").unwrap();
    let second = charge(2, 1);
    assert_eq!(one.capture(order(second, "ok")).await.unwrap(), captured(second));
    assert_eq!(two.charges().unwrap().len(), 2);
    std::fs::write(&path, "no payments\n").unwrap();
    let error = FilePayments::open(&path).unwrap_err().to_string();
    assert!(error.contains("holds no test payments at byte 0"), "{error}");
}

#[tokio::test]
async fn what_is_not_in_memory_is_in_the_file() {
    let (_directory, path) = books();
    let all = u32::try_from(IN_MEMORY).unwrap() + 10;
    let first = FilePayments::open(&path).unwrap();
    first.capture(order(charge(1, 1), "ok")).await.unwrap();
    let entry = first.charges().unwrap().remove(&charge(1, 1)).unwrap();
    let line =
        |number| serde_json::to_string(&Line { charge: charge(1, number), entry: entry.clone() }).unwrap();
    std::fs::write(&path, (1..=all).map(|number| line(number) + "\n").collect::<String>()).unwrap();
    let payments = FilePayments::open(&path).unwrap();
    assert_eq!(payments.0.lock().entries.len(), IN_MEMORY);
    let old = charge(1, 1);
    for _ in 0..2 {
        let answer = payments.refund(Refund { charge: old, number: 1, amount: euros(1200) }).await.unwrap();
        assert_eq!(answer, PaymentStatus::Refunded);
    }
    assert_eq!(payments.0.lock().entries.len(), IN_MEMORY);
    assert_eq!(payments.status(old).await.unwrap(), PaymentStatus::Refunded);
    assert!(matches!(payments.status(charge(1, all)).await.unwrap(), PaymentStatus::Captured { .. }));
}
