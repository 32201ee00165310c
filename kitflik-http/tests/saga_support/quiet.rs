//! Until nothing is left to do: the engine of the house over its store, with days that pass at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kitflik_core::testing::ports::ManualClock;
use kitflik_core::{
    Clock, Kitflik, MasterKey, PaymentStatus, Policy, Read, SledStorage, Storage, SystemClock,
};
use kitflik_http::server::{FilePayments, SmtpMailer};
use serde_json::Value;

use super::super::sink_support::Sink;
use super::{FROM, text};

/// A provider that says that it knows of no money is asked for a day.
const DAYS: u32 = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the store holds in the end, by booking, and what the provider says.
pub(super) struct House {
    pub(super) bookings: BTreeMap<String, Value>,
    pub(super) books: BTreeMap<String, Sums>,
    pub(super) provider: BTreeMap<String, Sums>,
    /// The days of its books, and those around them.
    pub(super) days: Vec<String>,
    /// Mails that nobody got.
    pub(super) unsent: Vec<Value>,
}

/// Minor units.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) sold: i64,
    pub(super) returned: i64,
    pub(super) captured: i64,
    pub(super) refunded: i64,
}

impl Sums {
    pub(super) fn add(&mut self, event: &str, amount: i64) {
        match event {
            "sold" => self.sold += amount,
            "returned" => self.returned += amount,
            "captured" => self.captured += amount,
            "refunded" => self.refunded += amount,
            other => panic!("the books tell of {other}"),
        }
    }
}

/// The rows under a prefix.
async fn rows(storage: &SledStorage, prefix: &str) -> Vec<Value> {
    let (mut start, end) = (prefix.to_owned(), format!("{prefix}~"));
    let mut all = Vec::new();
    loop {
        let scan = Read::Scan {
            start: start.as_str().into(),
            end: end.as_str().into(),
            limit: 1000,
            reverse: false,
        };
        let page = storage.read(vec![scan]).await.unwrap().remove(0);
        let Some(last) = page.last() else { return all };
        start = format!("{}!", last.key);
        all.extend(page.iter().map(|row| serde_json::from_slice::<Value>(&row.value).unwrap()));
    }
}

/// Lets the house do all that it has promised, and reads what came of it. The server must be down.
pub(super) async fn quiet(data: &Path, sink: &Sink) -> House {
    let storage = Arc::new(SledStorage::open(data.join("store")).unwrap());
    let keys = std::fs::read_to_string(data.join("master.key")).unwrap();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let mailer = Arc::new(SmtpMailer::new(&sink.url(), FROM.parse().unwrap()).unwrap());
    let payments = Arc::new(FilePayments::open(&data.join("test-payments.jsonl")).unwrap());
    let mut policy = Policy::default();
    policy.view_max_age = None;
    let kitflik =
        Kitflik::builder(storage.clone(), MasterKey::from_hex(keys.lines().next().unwrap()).unwrap())
            .policy(policy)
            .clock(clock.clone())
            .mailer(mailer.clone())
            .payments("test", payments.clone())
            .build()
            .unwrap();
    let first = clock.now();
    let last = clock.now().plus(DAY * DAYS);
    while let Some(next) = kitflik.tick().await.unwrap().filter(|next| *next < last) {
        clock.advance(next.since(clock.now()).max(Duration::from_secs(1)));
    }
    mailer.close().await;
    let mut books = BTreeMap::<String, Sums>::new();
    for line in rows(&storage, "money/").await {
        let sums = books.entry(text(&line, "booking").to_owned()).or_default();
        sums.add(text(&line, "event"), line["amount"]["amount_minor"].as_i64().unwrap());
    }
    let mut provider = BTreeMap::<String, Sums>::new();
    for (charge, entry) in payments.charges().unwrap() {
        let sums = provider.entry(charge.booking.to_string()).or_default();
        if matches!(entry.status, PaymentStatus::Captured { .. }) {
            sums.captured += entry.amount.amount_minor;
            sums.refunded += entry.refunds.values().map(|refund| refund.amount_minor).sum::<i64>();
        }
    }
    let bookings = rows(&storage, "booking/").await;
    let mut unsent = rows(&storage, "outbox/").await;
    for prefix in ["outbox-reminder/", "outbox-bulk/", "dead-mail/"] {
        unsent.extend(rows(&storage, prefix).await);
    }
    House {
        bookings: bookings.into_iter().map(|row| (text(&row, "id").to_owned(), row)).collect(),
        books,
        provider,
        days: (0..=DAYS + 1)
            .map(|day| first.minus(DAY).plus(DAY * day).to_string()[..10].to_owned())
            .collect(),
        unsent,
    }
}
