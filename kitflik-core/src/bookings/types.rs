//! What bookings look like to callers.

use serde::{Deserialize, Serialize};

use super::{CancellationView, RefundView, ReturnView, SalesChannel};
use crate::catalog::PageRequest;
use crate::ids::{BookingId, CategoryId, CommandId, LayoutId, SeatId, ShowId, TicketId, TicketType, UserId};
use crate::money::Money;
use crate::time::Timestamp;

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BookingStatus {
    /// The seats are kept until `expires_at`.
    Held,
    /// Money is in flight; the seats are kept until its end is known.
    Confirming,
    /// Sold.
    Confirmed,
    /// The time ran out.
    Expired,
    /// Given back before it was confirmed.
    Released,
    /// Sold, and undone: its seats are free, its tickets are not valid.
    Cancelled,
}

/// Who a booking is for. Needed by whoever wants a confirmation mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// A wish for seats that the engine chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct BestAvailable {
    /// How many, 1 to 10.
    pub count: u32,
    /// Only of this price category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub category: Option<CategoryId>,
    /// Only in this section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub section: Option<String>,
    /// Only seats that cost at most this, in minor units of the show's currency, as the ticket type that nobody has
    /// to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub max_price_minor: Option<i64>,
    /// Wheelchair spaces and their companions too.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub accessible: bool,
}

impl BestAvailable {
    /// So many seats, wherever they are.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self { count, category: None, section: None, max_price_minor: None, accessible: false }
    }
}

/// The ticket type of one seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct SeatTicketType {
    /// The seat.
    pub seat: SeatId,
    /// Its ticket type, such as `child`.
    pub ticket_type: TicketType,
}

/// A request to keep seats for a while: named ones, or the best available, all or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct HoldSeats {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The show.
    pub show_id: ShowId,
    /// The seats, 1 to 10, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub seats: Vec<SeatId>,
    /// Instead of `seats`: let the engine choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub best_available: Option<BestAvailable>,
    /// Ticket types of named seats that are not of the price card's first type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_types: Vec<SeatTicketType>,
    /// Who it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub customer: Option<Customer>,
    /// A discount code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub discount_code: Option<String>,
    /// By which channel they are sold. Staff sell at the box office and everybody else online if absent; only staff and
    /// the host program may choose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub channel: Option<SalesChannel>,
}

impl HoldSeats {
    /// Named seats of a show.
    #[must_use]
    pub fn seats(show_id: ShowId, seats: impl IntoIterator<Item = SeatId>) -> Self {
        Self {
            command: None,
            show_id,
            seats: seats.into_iter().collect(),
            best_available: None,
            ticket_types: Vec::new(),
            customer: None,
            discount_code: None,
            channel: None,
        }
    }

    /// The best free seats of a show, `count` of them.
    #[must_use]
    pub fn best(show_id: ShowId, count: u32) -> Self {
        Self { best_available: Some(BestAvailable::new(count)), ..Self::seats(show_id, []) }
    }

    /// With the name of the command.
    #[must_use]
    pub fn command(self, command: CommandId) -> Self {
        Self { command: Some(command), ..self }
    }

    /// For somebody.
    #[must_use]
    pub fn customer(self, name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { customer: Some(Customer { name: name.into(), email: email.into() }), ..self }
    }

    /// With a discount code.
    #[must_use]
    pub fn discount_code(self, code: impl Into<String>) -> Self {
        Self { discount_code: Some(code.into()), ..self }
    }
}

/// A request to have other seats in the same hold. The clock keeps running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ChangeSeats {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// All seats that the booking shall have, 1 to 10, each once.
    pub seats: Vec<SeatId>,
    /// Ticket types of seats that are not of the price card's first type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub ticket_types: Vec<SeatTicketType>,
    /// Another discount code, or an empty text for none; absent, the booking keeps the one that it has, on its terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub discount_code: Option<String>,
}

/// How a booking is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct PaymentChoice {
    /// `counter` to pay at the box office, or the name of a provider that the house has plugged in.
    pub provider: String,
    /// What the provider needs to know: an intent or token, never a card number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reference: Option<String>,
}

/// A request to buy what is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct ConfirmBooking {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// How it is paid. A booking that costs nothing needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub payment: Option<PaymentChoice>,
    /// Who it is for, if the hold did not say, or said it wrongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub customer: Option<Customer>,
}

impl ConfirmBooking {
    /// Paid at the box office.
    #[must_use]
    pub fn counter() -> Self {
        Self::paid_by(crate::bookings::COUNTER, None)
    }

    /// Paid through a provider.
    #[must_use]
    pub fn paid_by(provider: impl Into<String>, reference: Option<String>) -> Self {
        let payment = Some(PaymentChoice { provider: provider.into(), reference });
        Self { command: None, payment, customer: None }
    }

    /// For somebody.
    #[must_use]
    pub fn customer(self, name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { customer: Some(Customer { name: name.into(), email: email.into() }), ..self }
    }

    /// With the name of the command.
    #[must_use]
    pub fn command(self, command: CommandId) -> Self {
        Self { command: Some(command), ..self }
    }
}

/// One line of a quote, with the rule that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QuoteLine {
    /// The rule: `price` of a seat, `price_rule` for a rule of the card that changed it, `discount`, `ticket_fee`,
    /// `booking_fee` or `tax`.
    pub rule: String,
    /// The seat that the line is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub seat: Option<SeatId>,
    /// For people.
    pub description: String,
    /// How much.
    pub amount: Money,
}

/// What a booking costs. The total is the sum of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Quote {
    /// The sum.
    pub total: Money,
    /// Its parts.
    pub lines: Vec<QuoteLine>,
    /// The tax on it, if the price card names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub tax: Option<QuoteTax>,
    /// The discount code that it was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub discount_code: Option<String>,
}

/// A tax on a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QuoteTax {
    /// What it is called.
    pub name: String,
    /// The rate in hundredths of a percent.
    pub rate_basis_points: u32,
    /// Whether the lines have it in them already; otherwise it is one of them.
    pub inclusive: bool,
    /// How much of the total it is.
    pub amount: Money,
}

/// One seat of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BookedSeatView {
    /// The seat.
    pub id: SeatId,
    /// What people call it.
    pub label: String,
    /// The part of the auditorium.
    pub section: String,
    /// The row's name.
    pub row: String,
    /// The price category.
    pub category: CategoryId,
    /// The ticket type.
    pub ticket_type: TicketType,
    /// Its price, by the card and its rules; discount, fees and tax apart.
    pub price: Money,
}

/// Where the money of a booking stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct PaymentView {
    /// Who takes it.
    pub provider: String,
    /// `due` at the counter, `in_flight`, `captured`, `partly_refunded`, `refunded`, or `not_captured`.
    pub status: String,
    /// What the caller attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub reference: Option<String>,
}

/// A booking, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BookingView {
    /// The booking.
    pub id: BookingId,
    /// Where it stands.
    pub status: BookingStatus,
    /// The show.
    pub show_id: ShowId,
    /// The layout that the seats stand in.
    pub layout_id: LayoutId,
    /// The seats.
    pub seats: Vec<BookedSeatView>,
    /// Whether seats that the engine chose are all next to each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub together: Option<bool>,
    /// When the hold ends; absent once it is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub expires_at: Option<Timestamp>,
    /// What it costs.
    pub quote: Quote,
    /// Who it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub customer: Option<Customer>,
    /// Where the money stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub payment: Option<PaymentView>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub confirmed_at: Option<Timestamp>,
    /// How the sale was undone, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub cancellation: Option<CancellationView>,
    /// Which of its tickets went back before, while others stayed, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub returned: Vec<ReturnView>,
    /// Money that went back, or will, the oldest first: of this sale, and of payments that came too late.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub refunds: Vec<RefundView>,
    /// For a guest: what later calls carry to prove that the booking is theirs. Only the answer to the hold has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub booking_token: Option<String>,
}

/// Which bookings staff want to see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct BookingQuery {
    /// Only of this show.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub show_id: Option<ShowId>,
    /// Only those that stand there. A hold that has run out stays `held` until somebody takes its seats.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub status: Option<BookingStatus>,
    /// Only of this customer. Without a status, only what they bought: a hold that was not confirmed is not among it.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub user_id: Option<UserId>,
    /// Only those that were made then or later.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub from: Option<Timestamp>,
    /// Only those that were made before then.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub to: Option<Timestamp>,
    /// Which page.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub page: PageRequest,
}

/// A ticket: one seat of a confirmed booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TicketView {
    /// The ticket.
    pub id: TicketId,
    /// The seat.
    pub seat: BookedSeatView,
    /// What the QR code says: a signed text that can be verified without a network.
    pub token: String,
}

/// The seats of a show, one character per seat in layout order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct SeatMapView {
    /// The layout whose order `states` follows.
    pub layout_id: LayoutId,
    /// Grows with every change.
    pub version: u64,
    /// `.` free, `h` held, `s` sold, `#` kept by the house, `m` mine. As seen online: the box office may sell some of
    /// those that the house keeps.
    pub states: String,
}

/// Seats that the engine would choose now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct BestAvailableView {
    /// The seats.
    pub seats: Vec<SeatId>,
    /// Whether they are all next to each other.
    pub together: bool,
}
