//! Customers, each with one deal at a time. After a kill they go on where they were, with the same idempotency key, as
//! people do who heard no answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::super::server_support::send;
use super::{Life, text};

/// Ways to pay: the references that the test provider knows, and how many choose each.
const WAYS: &[(Option<&str>, usize)] = &[
    (None, 4),
    (Some("ok"), 3),
    (Some("decline"), 1),
    (Some("pending"), 2),
    (Some("pending_decline"), 1),
    (Some("timeout_before"), 1),
    (Some("timeout_after"), 2),
    (Some("charge_late"), 1),
    (Some("forget_and_charge_late"), 1),
    (Some("refund_fails_once"), 2),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Hold,
    Pay(Option<&'static str>),
    Cancel,
    StaffCancel,
}

/// What a customer wants and what it was told.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    /// No two deals have the same address.
    pub(super) email: String,
    show: String,
    count: usize,
    next: Next,
    /// The idempotency key of the next command.
    key: String,
    /// The life in which the hold was answered.
    life: usize,
    /// The booking and its token, once they were told.
    pub(super) booking: Option<(String, String)>,
    /// Whether a sale was told, whether it was asked to be undone, and whether that was told.
    pub(super) sold: bool,
    pub(super) cancelling: bool,
    pub(super) cancelled: bool,
}

pub(super) struct Customer {
    number: u64,
    commands: u64,
    random: fastrand::Rng,
    deal: Option<Deal>,
    done: Vec<Deal>,
}

impl Customer {
    pub(super) fn new(number: u64, random: fastrand::Rng) -> Self {
        Self { number, commands: 0, random, deal: None, done: Vec::new() }
    }

    pub(super) fn deals(self) -> impl Iterator<Item = Deal> {
        self.done.into_iter().chain(self.deal)
    }

    fn key(&mut self) -> String {
        self.commands += 1;
        format!("saga-{}-{}", self.number, self.commands)
    }

    fn begin(&mut self, life: &Life) -> Deal {
        let key = self.key();
        // The mail server refuses some at first.
        let kind = if self.random.usize(0..6) == 0 { "flaky" } else { "c" };
        Deal {
            email: format!("{kind}-{key}@example.org"),
            show: self.random.choice(life.shows.iter()).unwrap().clone(),
            count: self.random.usize(1..4),
            next: Next::Hold,
            key,
            life: life.number,
            booking: None,
            sold: false,
            cancelling: false,
            cancelled: false,
        }
    }

    fn way(&mut self) -> Next {
        let mut at = self.random.usize(0..WAYS.iter().map(|(_, weight)| weight).sum());
        for (way, weight) in WAYS {
            if at < *weight {
                return Next::Pay(*way);
            }
            at -= weight;
        }
        Next::Pay(None)
    }

    /// Does business until the server is killed.
    pub(super) async fn live(mut self, life: Arc<Life>) -> Self {
        while !life.killed.load(Ordering::SeqCst) {
            let deal = match self.deal.take() {
                Some(deal) => deal,
                None => self.begin(&life),
            };
            let Some((status, body)) = life.ask(&deal).await else {
                // Unanswered: after the restart it is asked again, in the same words.
                self.deal = Some(deal);
                break;
            };
            self.deal = self.heard(deal, status, &body, &life);
        }
        self
    }

    /// What the customer makes of an answer: the deal goes on, or is over.
    fn heard(&mut self, mut deal: Deal, status: u16, body: &Value, life: &Life) -> Option<Deal> {
        let code = body["code"].as_str().unwrap_or_default().to_owned();
        let unsure = status == 503;
        let lost = status == 404 && deal.life < life.number && !deal.sold;
        let mut goes_on = false;
        match (deal.next, status, code.as_str()) {
            // Nobody knows: the same again.
            _ if unsure => return Some(deal),
            (Next::Hold, 201, _) => {
                deal.booking = Some((text(body, "id").to_owned(), text(body, "booking_token").to_owned()));
                deal.life = life.number;
                deal.next = self.way();
                goes_on = true;
            }
            (Next::Hold, 409 | 422, "not_enough_seats" | "seat_taken" | "contended" | "orphan_seat") => {}
            (Next::Pay(_), 200, _) => {
                assert_eq!(text(body, "status"), "confirmed", "{body}");
                deal.sold = true;
                match self.random.usize(0..8) {
                    0..2 => deal.next = Next::Cancel,
                    2 => deal.next = Next::StaffCancel,
                    _ => {}
                }
                deal.cancelling = deal.next == Next::Cancel || deal.next == Next::StaffCancel;
                goes_on = deal.cancelling;
            }
            (Next::Pay(_), 422, "payment_declined") => {
                deal.next = Next::Pay(Some("ok"));
                goes_on = self.random.bool();
            }
            // Whoever waits looks again: what came of it is found out in the end.
            (Next::Pay(_), 200..=202 | 409, "payment_pending" | "booking_state") => {}
            (Next::Pay(_), 410, "hold_expired") => {}
            (Next::Cancel | Next::StaffCancel, 200, _) => {
                assert_eq!(text(body, "status"), "cancelled", "{body}");
                deal.cancelled = true;
            }
            // A kill may lose a hold, never a sale.
            _ if lost => {}
            _ => panic!("{status} {code} for {deal:?}: {body}"),
        }
        if goes_on {
            deal.key = self.key();
            return Some(deal);
        }
        self.done.push(deal);
        None
    }
}

impl Life {
    fn request(&self, deal: &Deal) -> RequestBuilder {
        let post = |path: String| {
            self.client.post(format!("{}{path}", self.base)).header("idempotency-key", &deal.key)
        };
        let of_booking = |verb: &str, staff: bool| {
            let (id, token) = deal.booking.as_ref().unwrap();
            let authorization = if staff { self.staff.clone() } else { format!("Booking {token}") };
            post(format!("/v1/bookings/{id}/{verb}")).header("authorization", authorization)
        };
        match deal.next {
            Next::Hold => post("/v1/bookings".to_owned()).json(&json!({
                "show_id": deal.show,
                "best_available": { "count": deal.count },
                "customer": { "name": "Ada", "email": deal.email },
            })),
            Next::Pay(reference) => of_booking("confirm", false)
                .json(&json!({ "payment": { "provider": "test", "reference": reference } })),
            Next::Cancel => of_booking("cancel", false).json(&json!({})),
            Next::StaffCancel => {
                of_booking("cancel", true).json(&json!({ "reason": "the projector is broken" }))
            }
        }
    }

    /// The answer; none if the server was killed meanwhile.
    async fn ask(&self, deal: &Deal) -> Option<(u16, Value)> {
        match send(self.request(deal)).await {
            Ok(answer) => {
                if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    self.enough.notify_one();
                }
                Some(answer)
            }
            Err(error) => {
                assert!(self.killed.load(Ordering::SeqCst), "no answer from a server that is up: {error:?}");
                None
            }
        }
    }
}
