use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use kitflik_core::testing::ports::PlainHasher;
use kitflik_core::{
    Argon2id, Batch, Commit, ErrorCode, Kitflik, LogIn, MasterKey, MemoryStorage, PasswordError,
    PasswordHasher, Read, Row, Storage, StorageError, UserError,
};
use pollster::block_on;

use super::common::{House, house, house_on};
use super::{ADA, PASSWORD, refused, reset, wrong};

fn wait_of<T: std::fmt::Debug>(answer: Result<T, UserError>) -> u64 {
    match answer {
        Err(UserError::TooManyAttempts { retry_after }) => retry_after.as_secs(),
        other => panic!("{other:?} instead of a wait"),
    }
}

fn log_in_from(house: &House, email: &str, password: &str, address: &str) -> Result<(), UserError> {
    let request = LogIn { address: Some(address.to_owned()), ..LogIn::new(email, password) };
    block_on(house.kitflik.users().log_in(&request)).map(drop)
}

#[test]
fn guesses_at_a_password_wait_longer_each_time_known_account_or_not() {
    let house = house();
    house.register(ADA).unwrap();
    for email in [ADA, "nobody@example.org"] {
        for _ in 0..5 {
            refused(house.log_in(email, "wrong password"), ErrorCode::InvalidCredentials);
        }
        // Even the right one is not looked at.
        assert_eq!(wait_of(house.log_in(email, PASSWORD)), 1, "{email}");
        house.clock.advance(Duration::from_secs(1));
        refused(house.log_in(email, "wrong password"), ErrorCode::InvalidCredentials);
        assert_eq!(wait_of(house.log_in(email, PASSWORD)), 2, "{email}");
        for _ in 0..20 {
            house.clock.advance(Duration::from_secs(15 * 60));
            refused(house.log_in(email, "wrong password"), ErrorCode::InvalidCredentials);
        }
        assert_eq!(wait_of(house.log_in(email, PASSWORD)), 15 * 60, "{email}");
    }
    let other = house.register("bob@example.org").unwrap();
    house.log_in(&other.email, PASSWORD).unwrap();
    house.clock.advance(Duration::from_secs(15 * 60));
    house.log_in(ADA, PASSWORD).unwrap();
    // A success forgets all of it.
    for _ in 0..5 {
        refused(house.log_in(ADA, "wrong password"), ErrorCode::InvalidCredentials);
    }
}

#[test]
fn a_code_opens_an_account_that_somebody_guesses_at() {
    let house = house();
    house.register(ADA).unwrap();
    for _ in 0..5 {
        refused(house.log_in(ADA, "wrong password"), ErrorCode::InvalidCredentials);
    }
    wait_of(house.log_in(ADA, PASSWORD));
    house.mails();
    house.forgot(ADA).unwrap();
    house.reset(ADA, &house.code(ADA), "a new password").unwrap();
    house.log_in(ADA, "a new password").unwrap();
}

#[test]
fn whoever_tries_many_accounts_from_one_address_waits_too() {
    let house = house();
    house.register(ADA).unwrap();
    for number in 0..100 {
        let email = format!("user{number}@example.org");
        refused(log_in_from(&house, &email, PASSWORD, "203.0.113.7"), ErrorCode::InvalidCredentials);
    }
    assert_eq!(wait_of(log_in_from(&house, ADA, PASSWORD, "203.0.113.7")), 1);
    assert_eq!(wait_of(log_in_from(&house, ADA, PASSWORD, "::ffff:203.0.113.7")), 1);
    log_in_from(&house, ADA, PASSWORD, "203.0.113.8").unwrap();
    house.log_in(ADA, PASSWORD).unwrap();
    // A crowd is forgiven a failure every two seconds.
    house.clock.advance(Duration::from_secs(2));
    log_in_from(&house, ADA, PASSWORD, "203.0.113.7").unwrap();
    refused(log_in_from(&house, "last@example.org", PASSWORD, "203.0.113.7"), ErrorCode::InvalidCredentials);
    assert_eq!(wait_of(log_in_from(&house, ADA, PASSWORD, "203.0.113.7")), 1);
    // Of IPv6 a whole site is one.
    for number in 0..100 {
        let (email, address) = (format!("other{number}@example.org"), format!("2001:db8:7:{number}::1"));
        refused(log_in_from(&house, &email, PASSWORD, &address), ErrorCode::InvalidCredentials);
    }
    assert_eq!(wait_of(log_in_from(&house, ADA, PASSWORD, "2001:db8:7:ffff::2")), 1);
    log_in_from(&house, ADA, PASSWORD, "2001:db8:8::1").unwrap();
}

#[test]
fn nobody_is_flooded_with_mail() {
    let house = house();
    house.register(ADA).unwrap();
    for email in [ADA, "nobody@example.org"] {
        for _ in 0..5 {
            house.forgot(email).unwrap();
        }
        assert_eq!(wait_of(house.forgot(email)), 1, "{email}");
    }
}

#[test]
fn a_code_is_guessed_at_five_times() {
    let house = house();
    house.register(ADA).unwrap();
    house.forgot(ADA).unwrap();
    let code = house.code(ADA);
    for _ in 0..5 {
        refused(house.reset(ADA, &wrong(&code), "a new password"), ErrorCode::InvalidCode);
    }
    assert_eq!(wait_of(house.reset(ADA, &code, "a new password")), 1);
    house.clock.advance(Duration::from_secs(2));
    refused(house.reset(ADA, &code, "a new password"), ErrorCode::InvalidCode);
    // A new code has new guesses, but the waits go on.
    house.forgot(ADA).unwrap();
    let code = house.code(ADA);
    wait_of(house.reset(ADA, &code, "a new password"));
    house.clock.advance(Duration::from_secs(10));
    house.reset(ADA, &code, "a new password").unwrap();
}

/// A store that gives way before each batch, so that all read before anybody writes.
struct Yielding(MemoryStorage);

#[async_trait]
impl Storage for Yielding {
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Vec<Row>>, StorageError> {
        self.0.read(reads).await
    }

    async fn commit(&self, batch: Batch) -> Result<Commit, StorageError> {
        let mut given = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut given, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
        self.0.commit(batch).await
    }
}

#[test]
fn a_race_of_a_thousand_guesses_gets_five() {
    let house = house_on(Arc::new(Yielding(MemoryStorage::new())));
    house.register(ADA).unwrap();
    house.forgot(ADA).unwrap();
    let code = house.code(ADA);
    let guesses: Vec<_> = (0..1_000).map(|_| reset(ADA, &wrong(&code), "a new password")).collect();
    let users = house.kitflik.users();
    let answers = block_on(join_all(guesses.iter().map(|guess| users.reset_password(guess))));
    let looked_at = answers.iter().filter(|answer| **answer == Err(UserError::InvalidCode)).count();
    assert!((1..=5).contains(&looked_at), "{looked_at} guesses were looked at");
    assert!(answers.iter().all(Result::is_err));
}

/// Counts how often a password is looked at, and lets the others go first.
#[derive(Default)]
struct Counting(AtomicU32);

#[async_trait]
impl PasswordHasher for Counting {
    async fn hash(&self, password: String, salt: [u8; 16]) -> Result<String, PasswordError> {
        PlainHasher.hash(password, salt).await
    }

    async fn verify(&self, password: String, hash: String) -> Result<bool, PasswordError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        PlainHasher.verify(password, hash).await
    }

    fn is_current(&self, hash: &str) -> bool {
        PlainHasher.is_current(hash)
    }

    fn nobody(&self) -> String {
        PlainHasher.nobody()
    }
}

#[test]
fn after_a_failure_a_race_for_a_password_is_as_slow_as_one_guess_after_the_other() {
    let house = house_on(Arc::new(Yielding(MemoryStorage::new())));
    let hasher = Arc::new(Counting::default());
    let kitflik = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .password_hasher(hasher.clone())
        .build()
        .unwrap();
    let house = House { kitflik, ..house };
    house.register(ADA).unwrap();
    refused(house.log_in(ADA, "wrong password"), ErrorCode::InvalidCredentials);
    let guess = LogIn::new(ADA, "wrong password");
    let users = house.kitflik.users();
    let answers = block_on(join_all((0..200).map(|_| users.log_in(&guess))));
    assert!(answers.iter().all(Result::is_err));
    let looked_at = hasher.0.load(Ordering::Relaxed);
    assert!((2..=5).contains(&looked_at), "{looked_at} passwords were looked at");
}

#[test]
fn a_hash_is_made_anew_when_what_it_costs_changes() {
    let house = house();
    let with = |memory| {
        Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .password_hasher(Arc::new(Argon2id::new(memory, 1).unwrap()))
            .build()
            .unwrap()
    };
    let stored = |what: &str| {
        let (start, end) = ("user/".into(), "user0".into());
        let rows = block_on(house.storage.read(vec![Read::Scan { start, end, limit: 9, reverse: false }]));
        rows.unwrap()[0].iter().any(|row| String::from_utf8(row.value.clone()).unwrap().contains(what))
    };
    let cheap = House { kitflik: with(8), ..super::common::house() };
    cheap.register(ADA).unwrap();
    cheap.log_in(ADA, PASSWORD).unwrap();
    assert!(stored("$m=8,t=1,"));
    let dear = House { kitflik: with(16), ..super::common::house() };
    refused(dear.log_in(ADA, "wrong password"), ErrorCode::InvalidCredentials);
    assert!(stored("$m=8,t=1,"));
    let session = dear.log_in(ADA, PASSWORD).unwrap();
    assert!(stored("$m=16,t=1,"));
    dear.log_in(ADA, PASSWORD).unwrap();
    dear.refresh(&session.refresh_token).unwrap();
}

#[test]
fn old_failures_and_codes_are_forgotten() {
    let house = house();
    house.register(ADA).unwrap();
    refused(log_in_from(&house, ADA, "wrong password", "203.0.113.7"), ErrorCode::InvalidCredentials);
    house.forgot(ADA).unwrap();
    house.mails();
    let rows = |prefix: &str| {
        let (start, end) = (format!("{prefix}/"), format!("{prefix}0"));
        block_on(house.storage.read(vec![Read::Scan { start, end, limit: 99, reverse: false }])).unwrap()[0]
            .len()
    };
    assert_eq!((rows("tries"), rows("code")), (3, 2));
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    house.mails();
    assert_eq!((rows("tries"), rows("code")), (0, 0));
}
