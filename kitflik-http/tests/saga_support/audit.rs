//! What has to be true in the end.

use std::collections::{BTreeMap, BTreeSet};

use mail_parser::MessageParser;
use reqwest::{Client, Method};

use super::super::server_support::{Server, send};
use super::customers::Deal;
use super::quiet::{House, Sums};
use super::text;

/// How much happened.
#[derive(Debug, Default)]
pub(super) struct Told {
    sold: usize,
    cancelled: usize,
    /// Sales that nobody was told of.
    found: usize,
    refunds: usize,
    mails: usize,
    repeated: usize,
}

impl Told {
    pub(super) fn assert_lively(&self) {
        assert!(self.sold > 20 && self.cancelled > 4 && self.refunds > 4 && self.found > 0, "{self:?}");
        assert!(self.mails >= self.sold + self.cancelled, "{self:?}");
    }
}

/// Subjects and message ids of what an address got.
type Mail = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The kinds of mail that are promised with a sale and its end.
fn kind(subject: &str) -> &str {
    subject.split(':').next().unwrap()
}

fn read_mail(raw: &[Vec<u8>], told: &mut Told) -> Mail {
    let mut mail = Mail::new();
    let mut ids = BTreeSet::new();
    for raw in raw {
        let parsed = MessageParser::default().parse(raw).unwrap();
        let to = parsed.to().unwrap().first().unwrap().address().unwrap().to_owned();
        let id = parsed.message_id().unwrap().to_owned();
        told.repeated += usize::from(!ids.insert(id.clone()));
        let of_kind = mail.entry(to).or_default().entry(kind(parsed.subject().unwrap()).to_owned());
        of_kind.or_default().insert(id);
    }
    told.mails = ids.len();
    mail
}

pub(super) fn audit(house: &House, deals: &[Deal], mails: &[Vec<u8>]) -> Told {
    let mut told = Told::default();
    let mail = read_mail(mails, &mut told);
    assert!(house.unsent.is_empty(), "mail that was never sent: {:?}", house.unsent);
    bookings(house, deals, &mut told);
    money(house, &mut told);
    promised(house, &mail);
    told
}

/// What was acknowledged is true, nothing is left open, and no seat was sold twice.
fn bookings(house: &House, deals: &[Deal], told: &mut Told) {
    let mut seats: BTreeMap<(&str, i64), &str> = BTreeMap::new();
    for (id, row) in &house.bookings {
        match text(row, "status") {
            "confirmed" => {
                told.sold += 1;
                for seat in row["seats"].as_array().unwrap() {
                    let place = (text(row, "show"), seat["number"].as_i64().unwrap());
                    if let Some(other) = seats.insert(place, id) {
                        panic!("{place:?} was sold twice: to {other} and to {id}");
                    }
                }
            }
            "cancelled" => told.cancelled += 1,
            "held" | "expired" | "released" => {}
            open => panic!("{id} is {open} when all is quiet: {row}"),
        }
    }
    for deal in deals {
        let Some((id, _)) = &deal.booking else { continue };
        let status = house.bookings.get(id).map(|row| text(row, "status"));
        let kept = match status {
            Some("confirmed") => !deal.cancelled,
            Some("cancelled") => deal.cancelling,
            _ => !deal.sold,
        };
        assert!(kept, "what was told is not true: the booking is {status:?} after {deal:?}");
        told.found += usize::from(!deal.sold && status == Some("confirmed"));
    }
}

/// Money taken is what is owed and what was given back, for every booking, in the books and at the provider.
fn money(house: &House, told: &mut Told) {
    let all: BTreeSet<&String> =
        house.bookings.keys().chain(house.books.keys()).chain(house.provider.keys()).collect();
    for id in all {
        let of = |sums: &BTreeMap<String, Sums>| sums.get(id).copied().unwrap_or_default();
        let (books, provider) = (of(&house.books), of(&house.provider));
        let row = house.bookings.get(id);
        let confirmed = row.filter(|row| text(row, "status") == "confirmed");
        let owed = confirmed.map_or(0, |row| row["total"]["amount_minor"].as_i64().unwrap());
        let all = format!("{id}: {books:?} in the books, {provider:?} at the provider, {row:?}");
        assert_eq!(books.sold - books.returned, owed, "owed: {all}");
        assert_eq!(books.captured - books.refunded, owed, "paid: {all}");
        assert_eq!((provider.captured, provider.refunded), (books.captured, books.refunded), "{all}");
        told.refunds += usize::from(provider.refunded > 0);
    }
}

/// Each promised mail came, under one id, and no other.
fn promised(house: &House, mail: &Mail) {
    let nothing = BTreeMap::new();
    let mut known = BTreeSet::new();
    for (id, row) in &house.bookings {
        let Some(email) = row["customer"]["email"].as_str() else { continue };
        known.insert(email);
        let got = mail.get(email).unwrap_or(&nothing);
        let of = |kind: &str| got.get(kind).map_or(0, BTreeSet::len);
        let promised: &[(usize, usize)] = match text(row, "status") {
            "confirmed" => &[(1, 0)],
            // Tickets that are cancelled before they are sent are not sent.
            "cancelled" => &[(1, 1), (0, 1)],
            _ => &[(0, 0)],
        };
        let got_both = (of("Your tickets"), of("Cancelled"));
        assert!(promised.contains(&got_both), "{id}: {row}, and mail {got:?}");
    }
    let others: Vec<_> =
        mail.keys().filter(|to| to.contains("saga-") && !known.contains(to.as_str())).collect();
    assert!(others.is_empty(), "mail about what is not there: {others:?}");
}

/// The server says of each booking what its store says.
pub(super) async fn over_http(server: &Server, client: &Client, house: &House, deals: &[Deal]) {
    for deal in deals {
        let Some((id, token)) = &deal.booking else { continue };
        let request = server
            .request(client, Method::GET, &format!("/v1/bookings/{id}"))
            .header("authorization", format!("Booking {token}"));
        let (status, body) = send(request).await.unwrap();
        let Some(row) = house.bookings.get(id) else {
            assert_eq!(status, 404, "{body}");
            continue;
        };
        assert_eq!(status, 200, "{body}");
        if matches!(text(row, "status"), "confirmed" | "cancelled") {
            assert_eq!(text(&body, "status"), text(row, "status"), "{body}");
        }
        if text(row, "status") == "cancelled" {
            assert_eq!(text(&body["cancellation"]["refund"], "status"), "refunded", "{body}");
        }
    }
}

/// The house's own settlement finds no difference on any of the days.
pub(super) async fn settled(server: &Server, client: &Client, staff: &str, days: &[String]) {
    let mut sold = 0;
    for day in days {
        let path = format!("/v1/admin/reports/settlement?day={day}");
        let request = server.request(client, Method::GET, &path).header("authorization", staff);
        let (status, body) = send(request).await.unwrap();
        assert_eq!((status, body["reconciled"].as_bool()), (200, Some(true)), "{body}");
        for balance in body["balances"].as_array().unwrap() {
            assert_eq!(balance["difference"]["amount_minor"], 0, "{body}");
            sold += balance["sold"]["amount_minor"].as_i64().unwrap();
        }
    }
    assert!(sold > 0, "nothing was sold on {days:?}");
}
