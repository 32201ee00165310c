//! What is asked of a settlement, and what it says.

use serde::{Deserialize, Serialize};

use crate::catalog::PageRequest;
use crate::ids::{BookingId, VenueId};
use crate::money::{Currency, Money};
use crate::reports::csv::{Cell, Csv};
use crate::store::records::{MoneyEntry, MoneyEvent};
use crate::time::{Date, Timestamp, Zone};

/// Which day is to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct SettlementQuery {
    /// The day, from 06:00 to 05:59.
    pub day: Date,
    /// On whose clocks; if absent, on those of the venue, or of all venues if they have one zone.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub zone: Option<Zone>,
    /// Only of this venue.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub venue_id: Option<VenueId>,
    /// Which page of the open items.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

impl SettlementQuery {
    /// Of the whole house.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self { day, zone: None, venue_id: None, page: PageRequest::default() }
    }
}

/// What is open at the end of a day, by why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenKind {
    /// It was sold, to be paid at the counter, and was not paid by the end of the day.
    CounterDue,
    /// It was cancelled, or some of it, and the money had not gone back by the end of the day.
    RefundDue,
    /// Money came in that sold nothing, and had not gone back by the end of the day.
    LateMoney,
    /// The provider says that it cannot give the money back, or the house keeps late money: somebody has to look.
    NeedsAPerson,
    /// None of these.
    Unexplained,
}

impl OpenKind {
    /// As it is written on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CounterDue => "counter_due",
            Self::RefundDue => "refund_due",
            Self::LateMoney => "late_money",
            Self::NeedsAPerson => "needs_a_person",
            Self::Unexplained => "unexplained",
        }
    }
}

/// A booking of which something was open at the end of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OpenItem {
    /// The booking.
    pub booking_id: BookingId,
    /// Why it is open.
    pub kind: OpenKind,
    /// What is owed to the house; negative where the house owes.
    pub amount: Money,
    /// Since when anything of it is open.
    pub since: Timestamp,
}

/// What is open for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OpenTotal {
    /// Why.
    pub kind: OpenKind,
    /// How many bookings.
    pub bookings: u64,
    /// What is owed to the house; negative where the house owes.
    pub amount: Money,
}

/// What a provider, or the counter, took and gave back on the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct ProviderFlow {
    /// Who.
    pub provider: String,
    /// Money that came in.
    pub captured: Money,
    /// Money that went back.
    pub refunded: Money,
}

/// A day in one currency: `opening` + `sold` − `returned` − `captured` + `refunded` = `closing`, and `closing` is the
/// sum of what is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SettlementBalance {
    /// What was owed to the house at the beginning, less what it owed.
    pub opening: Money,
    /// What was sold.
    pub sold: Money,
    /// What is not owed any more since it was cancelled.
    pub returned: Money,
    /// Money that came in.
    pub captured: Money,
    /// Money that went back.
    pub refunded: Money,
    /// What was owed to the house at the end, less what it owed: the opening of the next day.
    pub closing: Money,
    /// What providers were asked to take and have not answered, if the day is not over. It is not owed yet, and so not
    /// part of `closing`.
    pub in_flight: Money,
    /// By how much books, bookings and payments differ, each booking for itself. Nothing, or something is wrong.
    pub difference: Money,
    /// Who took and gave the money.
    pub providers: Vec<ProviderFlow>,
    /// What makes up `closing`.
    pub open: Vec<OpenTotal>,
}

impl SettlementBalance {
    pub(super) fn new(currency: Currency) -> Self {
        let none = Money::new(0, currency);
        Self {
            opening: none,
            sold: none,
            returned: none,
            captured: none,
            refunded: none,
            closing: none,
            in_flight: none,
            difference: none,
            providers: Vec::new(),
            open: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, entry: &MoneyEntry) {
        let amount = entry.amount.amount_minor;
        let (side, provider) = match entry.event {
            MoneyEvent::Sold => (&mut self.sold, None),
            MoneyEvent::Returned => (&mut self.returned, None),
            MoneyEvent::Captured => (&mut self.captured, Some(true)),
            MoneyEvent::Refunded => (&mut self.refunded, Some(false)),
        };
        super::add(side, amount);
        let Some(captured) = provider else { return };
        let name = entry.provider.as_deref().unwrap_or("none");
        let place = match self.providers.binary_search_by(|flow| flow.provider.as_str().cmp(name)) {
            Ok(place) => place,
            Err(place) => {
                let none = Money::new(0, entry.amount.currency);
                let flow = ProviderFlow { provider: name.to_owned(), captured: none, refunded: none };
                self.providers.insert(place, flow);
                place
            }
        };
        if let Some(flow) = self.providers.get_mut(place) {
            let side = if captured { &mut flow.captured } else { &mut flow.refunded };
            super::add(side, amount);
        }
    }
}

/// A booking of which the books say something else than its record and its charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Mismatch {
    /// The booking.
    pub booking_id: BookingId,
    /// What is owed for it, by the books.
    pub owed_by_books: Money,
    /// What is owed for it, by its record.
    pub owed_by_booking: Money,
    /// What was paid for it and has not gone back, by the books.
    pub paid_by_books: Money,
    /// What was paid for it and has not gone back, by its charges.
    pub paid_by_booking: Money,
}

/// A day, settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SettlementView {
    /// The day.
    pub day: Date,
    /// On whose clocks.
    pub zone: Zone,
    /// When it began.
    pub from: Timestamp,
    /// When it ended, or will.
    pub to: Timestamp,
    /// Whether there is no difference.
    pub reconciled: bool,
    /// One for each currency.
    pub balances: Vec<SettlementBalance>,
    /// A page of what was open at the end of the day, by booking.
    pub open_items: Vec<OpenItem>,
    /// Where the next page of open items starts; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub next_cursor: Option<String>,
    /// The bookings that differ, at most 1000 of them.
    pub mismatches: Vec<Mismatch>,
}

impl SettlementView {
    /// The day as comma-separated values (RFC 4180): a row for each sum, each provider, each reason that something is
    /// open, each open item of the page, and each booking that differs. Amounts have the decimals of their currency.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = Csv::new(&["line", "name", "bookings", "amount", "currency", "by_booking", "since"]);
        let mut row = |line: &str, name: &str, bookings: Option<u64>, amount: Money| {
            let bookings = bookings.map_or(Cell::Nothing, Cell::count);
            let currency = Cell::Text(amount.currency.code());
            let cells = [Cell::Text(line), Cell::Text(name), bookings, Cell::Amount(amount), currency];
            csv.row(cells.into_iter().chain([Cell::Nothing, Cell::Nothing]));
        };
        for balance in &self.balances {
            row("opening", "", None, balance.opening);
            row("sold", "", None, balance.sold);
            row("returned", "", None, balance.returned);
            for flow in &balance.providers {
                row("captured", &flow.provider, None, flow.captured);
                row("refunded", &flow.provider, None, flow.refunded);
            }
            row("closing", "", None, balance.closing);
            for open in &balance.open {
                row("open", open.kind.as_str(), Some(open.bookings), open.amount);
            }
            row("in_flight", "", None, balance.in_flight);
            row("difference", "", None, balance.difference);
        }
        for item in &self.open_items {
            let (id, since) = (item.booking_id.to_string(), item.since.to_string());
            csv.row([
                Cell::Text(item.kind.as_str()),
                Cell::Text(&id),
                Cell::Nothing,
                Cell::Amount(item.amount),
                Cell::Text(item.amount.currency.code()),
                Cell::Nothing,
                Cell::Text(&since),
            ]);
        }
        for mismatch in &self.mismatches {
            let id = mismatch.booking_id.to_string();
            for (line, books, booking) in [
                ("owed", mismatch.owed_by_books, mismatch.owed_by_booking),
                ("paid", mismatch.paid_by_books, mismatch.paid_by_booking),
            ] {
                csv.row([
                    Cell::Text(line),
                    Cell::Text(&id),
                    Cell::Nothing,
                    Cell::Amount(books),
                    Cell::Text(books.currency.code()),
                    Cell::Amount(booking),
                    Cell::Nothing,
                ]);
            }
        }
        csv.finish()
    }
}
