//! KitFlik: an embeddable booking engine for reserved seats.
#![forbid(unsafe_code)]

mod error;
mod ids;
pub mod limits;
mod money;
mod ports;
mod seats;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;
mod tickets;
mod time;

pub use error::{Denied, EngineError, ErrorCode, FieldError, Invalid};
pub use ids::{
    AuditoriumId, BookingId, CategoryId, CommandId, InvalidId, InvalidText, LayoutId, MailId, MovieId,
    PriceCardId, SeatId, SessionId, ShowId, StaffId, TicketId, TicketType, UserId, VenueId,
};
pub use money::{Currency, InvalidCurrency, Money};
pub use ports::mailer::{Attachment, Email, MailError, Mailer};
pub use ports::password::{Argon2id, PasswordError, PasswordHasher};
pub use ports::payments::{Capture, PaymentError, PaymentStatus, Payments};
pub use ports::storage::{
    Batch, Check, Commit, Durability, Key, Read, Row, Storage, StorageError, Version, Write, validate_batch,
    validate_reads,
};
pub use ports::system::{Clock, Entropy};
#[cfg(feature = "system")]
pub use ports::system::{OsEntropy, SystemClock};
pub use seats::best::{Choice, SeatFilter, best_available};
pub use seats::layout::{Category, Layout, Seat, SeatKind, SeatNo};
pub use seats::rules::{Refusal, SelectionRules, check_pairs, check_selection};
pub use storage::memory::MemoryStorage;
pub use tickets::calendar::{CalendarEvent, calendar};
pub use tickets::qr::{QrError, qr_png, qr_svg};
pub use tickets::token::{TicketClaims, TicketError, TicketKey, TicketKeys, TicketSigner, ticket_id};
pub use time::{AmbiguousTime, InvalidTime, LocalTime, Timestamp, Zone};
