//! KitFlik: an embeddable booking engine for reserved seats. No seat is sold twice, and nothing that was acknowledged
//! as durable is lost.
//!
//! The engine is a library without a runtime, a socket, a clock or randomness of its own: a host plugs in a
//! [`Storage`], a [`Clock`], an [`Entropy`], a [`PasswordHasher`] and, where it has them, a [`Mailer`] and
//! [`Payments`]. It runs on any executor, and on `wasm32-unknown-unknown`.
//!
//! Every command names the [`Actor`] who asks, reads what it needs, decides by a pure rule, and commits one checked
//! batch: if somebody was quicker, it reads and decides again. A command that carries a [`CommandId`] takes effect
//! once, however often it is sent. [`Kitflik::tick`] does the work that waits (mail, payments without an answer);
//! correctness never waits for it.
//!
//! From a plan to a ticket:
//!
//! ```
//! use std::sync::Arc;
//! use kitflik_core::{
//!     Actor, CategoryPrice, ConfirmBooking, Currency, HoldSeats, Kitflik, Layout, MasterKey, MemoryStorage,
//!     NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue,
//! };
//! # use kitflik_core::testing::ports::{ManualClock, SeededEntropy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> { pollster::block_on(async {
//! // 32 random bytes that the host keeps: every key that it signs with is derived from them.
//! let builder = Kitflik::builder(Arc::new(MemoryStorage::new()), MasterKey::new([7; 32]));
//! # let builder = builder.clock(Arc::new(ManualClock::new("2026-11-27T12:00:00Z".parse()?)));
//! # let builder = builder.entropy(Arc::new(SeededEntropy::new(1)));
//! let kitflik = builder.build()?;
//!
//! let (catalog, house) = (kitflik.catalog(), Actor::System);
//! let venue = catalog.add_venue(&house, &NewVenue {
//!     command: None,
//!     name: "Odeon".to_owned(),
//!     city: "Berlin".to_owned(),
//!     address: None,
//!     zone: "Europe/Berlin".parse()?,
//! }).await?;
//! let layout = Layout::from_text("Hall 1", "A: ####_####\nB: ####_####")?;
//! let card = catalog.add_price_card(&house, &NewPriceCard {
//!     command: None,
//!     name: "Evening".to_owned(),
//!     currency: Currency::EUR,
//!     prices: vec![CategoryPrice {
//!         category: layout.categories()[0].id.clone(),
//!         ticket_type: "adult".parse()?,
//!         amount_minor: 1200,
//!     }],
//!     booking_fee_minor: 50,
//!     ticket_fee_minor: 0,
//!     rules: Vec::new(),
//!     tax: None,
//! }).await?;
//! let hall = catalog.add_auditorium(&house, &NewAuditorium {
//!     command: None,
//!     venue_id: venue.id,
//!     name: "Hall 1".to_owned(),
//!     layout,
//! }).await?;
//! let movie = NewMovie { title: "Alien".to_owned(), ..NewMovie::default() };
//! let movie = catalog.add_movie(&house, &movie).await?;
//! let show = NewShow::new(movie.id, hall.id, card.id, "2026-11-27T20:00".parse()?);
//! let show = catalog.add_show(&house, &show).await?;
//!
//! let bookings = kitflik.bookings();
//! let held = bookings.hold(&Actor::guest(), &HoldSeats::best(show.id, 2)).await?;
//! assert_eq!(held.quote.total.amount_minor, 2 * 1200 + 50);
//! let guest = Actor::guest_with(held.booking_token.unwrap_or_default());
//! bookings.confirm(&guest, held.id, &ConfirmBooking::counter()).await?;
//! let tickets = bookings.tickets(&guest, held.id).await?;
//! assert_eq!(kitflik.ticket_key().verify(&tickets[0].token)?.booking, held.id);
//! # Ok(()) }) }
//! ```
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `system` | `SystemClock` and `OsEntropy`, which the builder then takes by itself | yes |
//! | `sled` | `SledStorage`, the embedded store; nothing on wasm32 | yes |
//! | `openapi` | OpenAPI schemas on the types of requests and views | |
//! | `testing` | the conformance suite for storage adapters, the simulation, ports that a test owns | |
#![forbid(unsafe_code)]

mod actor;
#[cfg(feature = "uniffi")]
mod bindings;
mod bookings;
mod catalog;
mod error;
mod ids;
mod jobs;
mod keyring;
mod kitflik;
pub mod limits;
mod money;
mod notify;
mod ports;
mod reports;
mod seats;
mod storage;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tickets;
mod time;
mod users;

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

pub use actor::{Actor, Role};
#[cfg(feature = "uniffi")]
pub use bindings::KitflikError;
pub use bookings::{
    BestAvailable, BestAvailableView, BlockSeats, BookedSeatView, BookingError, BookingQuery, BookingStatus,
    BookingView, Bookings, COUNTER, CancelBooking, CancellationTermsView, CancellationTier, CancellationView,
    CancelledBy, ChangeSeats, CheckIn, CheckInCount, CheckInFlag, CheckInQuery, CheckInView, CheckedIn,
    ConfirmBooking, Customer, FlaggedScan, HandOutRefund, HoldSeats, HouseSeatView, LateMoney, MergeCheckIns,
    MergedCheckIns, PRINT_POLICY, PaymentChoice, PaymentView, Quote, QuoteLine, QuoteSeats, QuoteTax,
    QuoteView, RefundBooking, RefundChoice, RefundReason, RefundStatus, RefundView, ReturnView,
    ReturnedTicketView, RevokeTicket, RevokedTicketView, SalesChannel, ScanView, SeatChanges, SeatEvent,
    SeatFeed, SeatMap, SeatMapView, SeatTicketType, TakePayment, TicketView, UnblockSeats, UndoCheckIn,
};
pub use catalog::{
    AddedShows, AuditoriumRef, AuditoriumSchedule, AuditoriumView, CancelShow, Catalog, CatalogError,
    CatalogItem, CategoryPrice, Clash, CopyWeek, DiscountKind, EditAuditorium, EditShow, FacetCount,
    Imported, LayoutReport, LayoutView, MoveShow, MoveShows, MovieFacets, MovieQuery, MovieRef, MovieResults,
    MovieSort, MovieView, NewAuditorium, NewMovie, NewPriceCard, NewShow, NewVenue, NewVoucher, Page,
    PageRequest, PriceCardView, PriceChange, PriceCondition, PriceRule, PriceTax, RepeatShow, ScheduleDay,
    ScheduleEntry, ScheduleQuery, ScheduleView, SeatsOutcome, SetLayout, ShowCancellationView, ShowFormat,
    ShowSeats, ShowStatus, ShowView, SkipReason, SkippedShow, VenueRef, VenueView, VoucherView,
};
pub use error::{Denied, EngineError, Error, ErrorCode, FieldError, Invalid};
pub use ids::{
    AuditoriumId, BookingId, CategoryId, CommandId, InvalidId, InvalidText, LayoutId, MailId, MovieId,
    PriceCardId, SeatId, SessionId, ShowId, StaffId, TicketId, TicketType, UserId, VenueId, VoucherId,
};
pub use jobs::{InvalidSchedule, JobError, JobKind, JobRunView, JobSchedule, JobView, Jobs};
pub use keyring::{InvalidMasterKey, MasterKey};
pub use kitflik::{Builder, Kitflik, MissingPort, Policy};
pub use money::{Currency, InvalidCurrency, Money};
pub use notify::{InvalidTemplate, MailQuery, MailState, MailTemplates, MailView, Notify, NotifyError};
pub use ports::mailer::{Attachment, Email, MailError, Mailer};
pub use ports::password::{Argon2id, PasswordError, PasswordHasher};
pub use ports::payments::signature::EventSignature;
pub use ports::payments::test_provider::{TestBooks, TestCharge, TestPayments};
pub use ports::payments::{
    Capture, ChargeId, EventError, EventHeader, InvalidCharge, PaymentError, PaymentStatus, Payments,
    ProviderEvent, Refund, SignedEvent,
};
pub use ports::storage::{
    Batch, Check, Commit, Durability, Key, Read, Row, Storage, StorageError, Version, Write, validate_batch,
    validate_reads,
};
pub use ports::system::{Clock, Entropy};
#[cfg(feature = "system")]
pub use ports::system::{OsEntropy, SystemClock};
pub use reports::{
    DashboardView, Mismatch, OccupancyBy, OccupancyByQuery, OccupancyQuery, OccupancyReport, OccupancyRow,
    OccupancyView, OpenItem, OpenKind, OpenTotal, ProviderFlow, ReportError, Reports, RevenueBy,
    RevenueQuery, RevenueReport, RevenueRow, SettlementBalance, SettlementQuery, SettlementView,
    occupancy_csv,
};
pub use seats::best::{Choice, SeatFilter, best_available};
pub use seats::export::LayoutFormat;
pub use seats::layout::{Category, Layout, Seat, SeatKind, SeatNo};
pub use seats::rules::{Refusal, SelectionRules, check_selection};
pub use seats::svg::{SvgOptions, layout_svg, seat_map_svg};
pub use storage::memory::MemoryStorage;
#[cfg(all(feature = "sled", not(target_arch = "wasm32")))]
pub use storage::sled::SledStorage;
#[cfg(all(feature = "sled", feature = "testing", not(target_arch = "wasm32")))]
#[doc(hidden)]
pub use storage::sled::SyncFault;
pub use tickets::gate::{
    Admission, GateError, GatePack, GateSeat, GateTicket, GateUse, OfflineGate, RefusedTicket, Scan,
    log_line, read_log,
};
pub use tickets::qr::{QrError, qr_png, qr_svg};
pub use tickets::token::{TicketClaims, TicketError, TicketKey, TicketKeys, TicketSigner};
pub use time::{
    AmbiguousTime, ClockReading, Date, InvalidTime, LocalTime, TimeOfDay, Timestamp, Weekday, Zone,
    ZoneOffset,
};
pub use users::{
    AcceptInvitation, AuditEntryView, AuditFault, AuditFaultKind, AuditQuery, AuditReport, ChangeEmail,
    ChangePassword, ChangeStaffPassword, ConfirmEmail, CustomerView, DeleteAccount, DeleteCustomer,
    ForgotPassword, FutureBookings, InvalidToken, InviteStaff, JsonWebKey, JsonWebKeySet, LogIn, NewStaff,
    OfferedFactor, OpenSession, Passworded, RecoveryCodes, RefreshSession, RegisterUser, ResendVerification,
    ResetPassword, SecondFactorCode, Staff, StaffLogIn, StaffMe, StaffStatus, StaffView, TokenAlgorithm,
    TokenPair, UpdateProfile, UpdateStaff, UserError, UserExport, UserQuery, UserView, Users, VerifyEmail,
};
