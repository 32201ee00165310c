//! KitFlik: an embeddable booking engine for reserved seats.
#![forbid(unsafe_code)]

mod actor;
mod bookings;
mod catalog;
mod error;
mod ids;
mod keyring;
mod kitflik;
pub mod limits;
mod money;
mod notify;
mod ports;
mod seats;
mod storage;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tickets;
mod time;
mod users;

pub use actor::{Actor, Role};
pub use bookings::{
    BestAvailable, BestAvailableView, BookedSeatView, BookingError, BookingStatus, BookingView, Bookings,
    COUNTER, ChangeSeats, ConfirmBooking, Customer, HoldSeats, PaymentChoice, PaymentView, Quote, QuoteLine,
    SeatMap, SeatMapView, SeatTicketType, TicketView,
};
pub use catalog::{
    AuditoriumRef, AuditoriumView, Catalog, CatalogError, CategoryPrice, Imported, LayoutView, MovieQuery,
    MovieRef, MovieView, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, Page, PageRequest,
    PriceCardView, ShowFormat, ShowStatus, ShowView, VenueRef, VenueView,
};
pub use error::{Denied, EngineError, Error, ErrorCode, FieldError, Invalid};
pub use ids::{
    AuditoriumId, BookingId, CategoryId, CommandId, InvalidId, InvalidText, LayoutId, MailId, MovieId,
    PriceCardId, SeatId, SessionId, ShowId, StaffId, TicketId, TicketType, UserId, VenueId,
};
pub use keyring::{InvalidMasterKey, MasterKey};
pub use kitflik::{Builder, Kitflik, MissingPort, Policy};
pub use money::{Currency, InvalidCurrency, Money};
pub use notify::Notify;
pub use ports::mailer::{Attachment, Email, MailError, Mailer};
pub use ports::password::{Argon2id, PasswordError, PasswordHasher};
pub use ports::payments::test_provider::TestPayments;
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
pub use seats::rules::{Refusal, SelectionRules, check_selection};
pub use storage::memory::MemoryStorage;
#[cfg(all(feature = "sled", not(target_arch = "wasm32")))]
pub use storage::sled::SledStorage;
#[cfg(all(feature = "sled", feature = "testing", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub use storage::sled::SyncFault;
pub use tickets::qr::{QrError, qr_png, qr_svg};
pub use tickets::token::{TicketClaims, TicketError, TicketKey, TicketKeys, TicketSigner};
pub use time::{AmbiguousTime, Date, InvalidTime, LocalTime, Timestamp, Zone};
pub use users::{
    InvalidToken, LogIn, NewStaff, RefreshSession, RegisterUser, Staff, StaffView, TokenPair, UserError,
    UserView, Users,
};
