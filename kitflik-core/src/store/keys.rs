//! Every key of the store.
//!
//! ```text
//! key                                    record           guards
//! catalog                                CatalogEpoch     views of the catalogue are rebuilt when it changes
//! movie/{movie}                          Movie
//! venue/{venue}                          Venue
//! auditorium/{auditorium}                Auditorium
//! layout/{layout}                        LayoutHead       written after its rows: no head, no layout
//! layout-row/{layout}/{chunk}            LayoutChunk      immutable
//! price-card/{card}                      PriceCard
//! voucher/{voucher}                      Voucher
//! voucher-count/{voucher}                VoucherCount     a discount code is used at most K times
//! voucher-use/{voucher}/{booking}        VoucherUse       a use that no sale has made final: its booking tells
//! voucher-customer/{voucher}/{customer digest}  VoucherCustomer  a discount code is used at most N times by a customer
//! schedule/{auditorium}                  Schedule         no two shows overlap in an auditorium
//! schedule-show/{auditorium}/{start}/{show}  ScheduledShow
//! show/{show}                            Show
//! show-frozen/{show}                     FrozenShow       nobody takes a seat while somebody makes sure of it
//! show-moved/{show}/{time}/{mark}        MovedShow        each holder of a moved show is told
//! show-cancelled/{show}                  CancelledShow    that it was, and why
//! show-cancelling/{show}                 CancellingShow   each booking of a cancelled show is undone
//! seat/{show}/{number}                   SeatPointer      a seat points to at most one live booking
//! house-seats/{show}                     HouseSeats       a block that arrives late does not undo what came after it
//! check-in/{show}/{ticket}               UsedTicket       a ticket lets in once
//! revoked-ticket/{show}/{booking}/{ticket}  RevokedTicket
//! returned-ticket/{show}/{booking}/{number}  ReturnedTicket  offline gates are told
//! cap/{show}/{customer digest}           CustomerCap      at most N seats per customer and show
//! booking/{booking}                      Booking          the truth about its seats and its money
//! returned/{booking}/{number}             Returned         tickets that went back while others stayed
//! user-booking/{user}/{booking}          UserBooking      a customer's sales, cancelled ones too
//! charge/{booking}/{number}              Charge           money is taken, sold for and given back once
//! payment/{booking}/{number}             PaymentInFlight  a charge whose money may be moving: found after a crash
//! payment-event/{provider digest}/{event digest}  PaymentEvent  what a provider tells takes effect once
//! money/{time}/{booking}/{event}/{number}  MoneyEntry     the books: what was owed and paid, in the order of time
//! email/{email digest}                   EmailClaim       one account per e-mail
//! user/{user}                            User
//! session/{session}                      Session          a refresh token is used once
//! user-session/{user}/{session}          UserSession      a customer's sessions
//! code/{user}/{purpose}                  Code             a mailed code is guessed at a few times, and used once
//! deleting/{user}                        Deleting         an account on its way out goes all the way
//! tries/{scope}/{digest}                 Tries            guesses at an account are counted, and those from an address
//! staff-email/{email digest}             StaffEmailClaim  one staff account per e-mail
//! staff/{staff}                          Staff
//! staff-first                            FirstStaff       the first staff account is made once
//! staff-admins                           StaffAdmins      the last admin stays
//! audit/{staff}/{number}                 AuditEntry       a chain for each member of staff: nothing is altered unseen
//! audit-head/{staff}                     AuditHead        what staff do is logged in one order
//! audit-time/{time}/{staff}/{number}     AuditTime        the log in the order of time
//! audit-chains                           AuditChains      no chain is taken away as a whole
//! master-key                             MasterKeyMark    all processes over a store have one master key
//! outbox/{due}/{mail}                    Outbox           each promised mail is sent
//! outbox-reminder/{due}/{mail}           Outbox           reminders, sent after those above
//! outbox-bulk/{due}/{mail}               Outbox           news and reports, sent after all others
//! dead-mail/{mail}                       Outbox           mail that was given up
//! mailed-again/{booking}                 MailedAgain      a confirmation is mailed once more, once in a while
//! receipt/{actor}/{command digest}       Receipt          a command takes effect once
//! job/{job}                              Job              a job runs once for each time that it is due
//! release-news/{time}                    ReleaseNews      a film is new once
//! show-reminder/{show}                   ShowReminder     the holders of a show are reminded of each start once
//! reminded/{show}/{booking}              Reminded         the holder of a booking is reminded once
//! ```
//!
//! Numbers are padded with zeros to a fixed width, so that the order of keys is the order of numbers.

mod audit;
mod outbox;

use std::marker::PhantomData;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::records::{
    Auditorium, Booking, CancelledShow, CancellingShow, CatalogEpoch, Charge, Code, CustomerCap, Deleting,
    EmailClaim, FirstStaff, FrozenShow, HouseSeats, Job, LayoutChunk, LayoutHead, MailedAgain, MasterKeyMark,
    MoneyEntry, MoneyEvent, MovedShow, Movie, PaymentEvent, PaymentInFlight, PriceCard, Receipt, ReleaseNews,
    Reminded, Returned, ReturnedTicket, RevokedTicket, Schedule, ScheduledShow, SeatPointer, Session, Show,
    ShowReminder, Staff, StaffAdmins, StaffEmailClaim, Tries, UsedTicket, User, UserBooking, UserSession,
    Venue, Voucher, VoucherCount, VoucherCustomer, VoucherUse,
};
use crate::ids::{
    AuditoriumId, BookingId, CommandId, LayoutId, MovieId, PriceCardId, SessionId, ShowId, StaffId, TicketId,
    UserId, VenueId, VoucherId,
};
use crate::ports::storage::Key;
use crate::seats::layout::SeatNo;
use crate::time::Timestamp;

pub(crate) use audit::*;
pub(crate) use outbox::*;

/// A key that knows what is stored under it.
#[derive(Debug)]
pub(crate) struct Typed<R> {
    pub(crate) key: Key,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for Typed<R> {
    fn clone(&self) -> Self {
        typed(self.key.clone())
    }
}

impl<R> Typed<R> {
    /// A key that a scan gave.
    pub(crate) fn raw(key: Key) -> Self {
        typed(key)
    }
}

/// All keys that start with a text.
#[derive(Debug)]
pub(crate) struct Range<R> {
    pub(crate) start: Key,
    pub(crate) end: Key,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for Range<R> {
    fn clone(&self) -> Self {
        Self { start: self.start.clone(), end: self.end.clone(), record: PhantomData }
    }
}

fn typed<R>(key: Key) -> Typed<R> {
    Typed { key, record: PhantomData }
}

/// `prefix` ends with `/`, whose successor is `0`.
fn under<R>(prefix: &str) -> Range<R> {
    let mut end = prefix.trim_end_matches('/').to_owned();
    end.push('0');
    Range { start: prefix.to_owned(), end, record: PhantomData }
}

/// A prefix and an id, with room for what follows. Keys of the ordinary sale are made this way: `format!` takes three
/// times as long, and a sale makes a dozen of them.
fn with_id(prefix: &str, id: &[u8; 16], room: usize) -> Key {
    let mut key = Key::with_capacity(prefix.len() + Hyphenated::LENGTH + room);
    key.push_str(prefix);
    key.push_str(Uuid::from_bytes(*id).hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    key
}

pub(crate) fn catalog() -> Typed<CatalogEpoch> {
    typed("catalog".to_owned())
}

/// Whose rows the views of the catalogue are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CatalogKey {
    Movie(MovieId),
    Venue(VenueId),
    Auditorium(AuditoriumId),
    PriceCard(PriceCardId),
    Show(ShowId),
}

/// What a key of the catalogue's views names; `None` for every other key.
pub(crate) fn catalog_key(key: &str) -> Option<CatalogKey> {
    let (noun, id) = key.split_once('/')?;
    Some(match noun {
        "movie" => CatalogKey::Movie(id.parse().ok()?),
        "venue" => CatalogKey::Venue(id.parse().ok()?),
        "auditorium" => CatalogKey::Auditorium(id.parse().ok()?),
        "price-card" => CatalogKey::PriceCard(id.parse().ok()?),
        "show" => CatalogKey::Show(id.parse().ok()?),
        _ => return None,
    })
}

pub(crate) fn movie(id: MovieId) -> Typed<Movie> {
    typed(with_id("movie/", id.as_bytes(), 0))
}

pub(crate) fn movies() -> Range<Movie> {
    under("movie/")
}

pub(crate) fn venue(id: VenueId) -> Typed<Venue> {
    typed(with_id("venue/", id.as_bytes(), 0))
}

pub(crate) fn venues() -> Range<Venue> {
    under("venue/")
}

pub(crate) fn auditorium(id: AuditoriumId) -> Typed<Auditorium> {
    typed(with_id("auditorium/", id.as_bytes(), 0))
}

pub(crate) fn auditoriums() -> Range<Auditorium> {
    under("auditorium/")
}

pub(crate) fn layout(id: LayoutId) -> Typed<LayoutHead> {
    typed(with_id("layout/", id.as_bytes(), 0))
}

pub(crate) fn layout_chunk(id: LayoutId, chunk: usize) -> Typed<LayoutChunk> {
    typed(format!("layout-row/{id}/{chunk:05}"))
}

pub(crate) fn layout_chunks(id: LayoutId) -> Range<LayoutChunk> {
    under(&format!("layout-row/{id}/"))
}

pub(crate) fn price_card(id: PriceCardId) -> Typed<PriceCard> {
    typed(with_id("price-card/", id.as_bytes(), 0))
}

pub(crate) fn price_cards() -> Range<PriceCard> {
    under("price-card/")
}

pub(crate) fn voucher(id: VoucherId) -> Typed<Voucher> {
    typed(with_id("voucher/", id.as_bytes(), 0))
}

pub(crate) fn vouchers() -> Range<Voucher> {
    under("voucher/")
}

pub(crate) fn voucher_count(id: VoucherId) -> Typed<VoucherCount> {
    typed(with_id("voucher-count/", id.as_bytes(), 0))
}

pub(crate) fn voucher_use(id: VoucherId, booking: BookingId) -> Typed<VoucherUse> {
    typed(format!("voucher-use/{id}/{booking}"))
}

pub(crate) fn voucher_uses(id: VoucherId) -> Range<VoucherUse> {
    under(&format!("voucher-use/{id}/"))
}

pub(crate) fn voucher_customer(id: VoucherId, customer: &str) -> Typed<VoucherCustomer> {
    typed(format!("voucher-customer/{id}/{}", digest(customer)))
}

pub(crate) fn schedule(id: AuditoriumId) -> Typed<Schedule> {
    typed(with_id("schedule/", id.as_bytes(), 0))
}

pub(crate) fn scheduled_show(
    auditorium: AuditoriumId,
    start: Timestamp,
    show: ShowId,
) -> Typed<ScheduledShow> {
    typed(format!("schedule-show/{auditorium}/{:015}/{show}", start.millis().max(0)))
}

/// The shows of an auditorium that start in `from..to`.
pub(crate) fn scheduled_shows(
    auditorium: AuditoriumId,
    from: Timestamp,
    to: Timestamp,
) -> Range<ScheduledShow> {
    let at = |time: Timestamp| format!("schedule-show/{auditorium}/{:015}", time.millis().max(0));
    Range { start: at(from), end: at(to), record: PhantomData }
}

pub(crate) fn show(id: ShowId) -> Typed<Show> {
    typed(with_id("show/", id.as_bytes(), 0))
}

pub(crate) fn shows() -> Range<Show> {
    under("show/")
}

pub(crate) fn frozen_show(id: ShowId) -> Typed<FrozenShow> {
    typed(with_id("show-frozen/", id.as_bytes(), 0))
}

pub(crate) fn frozen_shows() -> Range<FrozenShow> {
    under("show-frozen/")
}

pub(crate) fn moved_show(id: ShowId, at: Timestamp, mark: u32) -> Typed<MovedShow> {
    typed(format!("show-moved/{id}/{:015}/{mark:08x}", at.millis().max(0)))
}

pub(crate) fn moved_shows() -> Range<MovedShow> {
    under("show-moved/")
}

pub(crate) fn cancelled_show(id: ShowId) -> Typed<CancelledShow> {
    typed(with_id("show-cancelled/", id.as_bytes(), 0))
}

pub(crate) fn cancelling_show(id: ShowId) -> Typed<CancellingShow> {
    typed(with_id("show-cancelling/", id.as_bytes(), 0))
}

pub(crate) fn cancelling_shows() -> Range<CancellingShow> {
    under("show-cancelling/")
}

/// Of the number of a seat: the largest `u16` has five.
const SEAT_DIGITS: usize = 5;

pub(crate) fn seat(show: ShowId, number: SeatNo) -> Typed<SeatPointer> {
    let mut key = with_id("seat/", show.as_bytes(), 1 + SEAT_DIGITS);
    key.push('/');
    let mut place = 10_u16.pow(SEAT_DIGITS as u32 - 1);
    while place > 0 {
        key.push(char::from(b'0' + (number.0 / place % 10) as u8));
        place /= 10;
    }
    typed(key)
}

pub(crate) fn seats(show: ShowId) -> Range<SeatPointer> {
    under(&format!("seat/{show}/"))
}

/// The number of the seat that a key of [`seats`] is about.
pub(crate) fn seat_number(key: &str) -> Option<SeatNo> {
    key.rsplit('/').next()?.parse().ok().map(SeatNo)
}

pub(crate) fn house_seats(show: ShowId) -> Typed<HouseSeats> {
    typed(with_id("house-seats/", show.as_bytes(), 0))
}

pub(crate) fn check_in(show: ShowId, ticket: TicketId) -> Typed<UsedTicket> {
    typed(format!("check-in/{show}/{ticket}"))
}

pub(crate) fn check_ins(show: ShowId) -> Range<UsedTicket> {
    under(&format!("check-in/{show}/"))
}

pub(crate) fn revoked_ticket(show: ShowId, booking: BookingId, ticket: TicketId) -> Typed<RevokedTicket> {
    typed(format!("revoked-ticket/{show}/{booking}/{ticket}"))
}

pub(crate) fn revoked_tickets(show: ShowId) -> Range<RevokedTicket> {
    under(&format!("revoked-ticket/{show}/"))
}

pub(crate) fn revoked_tickets_of(show: ShowId, booking: BookingId) -> Range<RevokedTicket> {
    under(&format!("revoked-ticket/{show}/{booking}/"))
}

/// The seat that a ticket was issued for may have another number now: `number` is the one in its ticket.
pub(crate) fn returned_ticket(show: ShowId, booking: BookingId, number: SeatNo) -> Typed<ReturnedTicket> {
    typed(format!("returned-ticket/{show}/{booking}/{:05}", number.0))
}

pub(crate) fn returned_tickets(show: ShowId) -> Range<ReturnedTicket> {
    under(&format!("returned-ticket/{show}/"))
}

pub(crate) fn returned_tickets_of(show: ShowId, booking: BookingId) -> Range<ReturnedTicket> {
    under(&format!("returned-ticket/{show}/{booking}/"))
}

/// Booking and ticket, or booking and number, that a key of [`revoked_tickets`] or [`returned_tickets`] ends in.
pub(crate) fn voided<T: std::str::FromStr>(key: &str) -> Option<(BookingId, T)> {
    let mut parts = key.rsplit('/');
    let last = parts.next()?.parse().ok()?;
    Some((parts.next()?.parse().ok()?, last))
}

pub(crate) fn cap(show: ShowId, customer: &str) -> Typed<CustomerCap> {
    typed(format!("cap/{show}/{}", digest(customer)))
}

pub(crate) fn booking(id: BookingId) -> Typed<Booking> {
    typed(with_id("booking/", id.as_bytes(), 0))
}

pub(crate) fn bookings() -> Range<Booking> {
    under("booking/")
}

pub(crate) fn returned(id: BookingId, number: u32) -> Typed<Returned> {
    typed(format!("returned/{id}/{number:02}"))
}

pub(crate) fn returned_all(id: BookingId) -> Range<Returned> {
    under(&format!("returned/{id}/"))
}

pub(crate) fn user_booking(user: UserId, booking: BookingId) -> Typed<UserBooking> {
    typed(format!("user-booking/{user}/{booking}"))
}

pub(crate) fn user_bookings(user: UserId) -> Range<UserBooking> {
    under(&format!("user-booking/{user}/"))
}

pub(crate) fn charge(booking: BookingId, number: u32) -> Typed<Charge> {
    typed(format!("charge/{booking}/{number:05}"))
}

pub(crate) fn charges(booking: BookingId) -> Range<Charge> {
    under(&format!("charge/{booking}/"))
}

pub(crate) fn payment(booking: BookingId, number: u32) -> Typed<PaymentInFlight> {
    typed(format!("payment/{booking}/{number:05}"))
}

pub(crate) fn payments() -> Range<PaymentInFlight> {
    under("payment/")
}

pub(crate) fn payment_event(provider: &str, event: &str) -> Typed<PaymentEvent> {
    typed(format!("payment-event/{}/{}", digest(provider), digest(event)))
}

pub(crate) fn payment_events() -> Range<PaymentEvent> {
    under("payment-event/")
}

/// `number` tells events of one kind apart that happen to a booking.
pub(crate) fn money(at: Timestamp, booking: BookingId, event: MoneyEvent, number: u32) -> Typed<MoneyEntry> {
    typed(format!("money/{:015}/{booking}/{}/{number}", at.millis().max(0), event.as_str()))
}

/// The books from one time until before another.
pub(crate) fn money_between(from: Timestamp, to: Timestamp) -> Range<MoneyEntry> {
    let edge = |at: Timestamp| format!("money/{:015}/", at.millis().max(0));
    Range { start: edge(from), end: edge(to), record: PhantomData }
}

pub(crate) fn email(email: &str) -> Typed<EmailClaim> {
    typed(format!("email/{}", digest(email)))
}

pub(crate) fn user(id: UserId) -> Typed<User> {
    typed(with_id("user/", id.as_bytes(), 0))
}

pub(crate) fn users() -> Range<User> {
    under("user/")
}

pub(crate) fn session(id: SessionId) -> Typed<Session> {
    typed(with_id("session/", id.as_bytes(), 0))
}

pub(crate) fn sessions() -> Range<Session> {
    under("session/")
}

pub(crate) fn user_session(user: UserId, session: SessionId) -> Typed<UserSession> {
    typed(format!("user-session/{user}/{session}"))
}

pub(crate) fn user_sessions(user: UserId) -> Range<UserSession> {
    under(&format!("user-session/{user}/"))
}

pub(crate) fn user_sessions_all() -> Range<UserSession> {
    under("user-session/")
}

pub(crate) fn code(user: UserId, purpose: &str) -> Typed<Code> {
    typed(format!("code/{user}/{purpose}"))
}

pub(crate) fn codes() -> Range<Code> {
    under("code/")
}

pub(crate) fn deleting(user: UserId) -> Typed<Deleting> {
    typed(format!("deleting/{user}"))
}

pub(crate) fn deleting_all() -> Range<Deleting> {
    under("deleting/")
}

/// Failures of an account or an address, whichever `whose` names.
pub(crate) fn tries(scope: &str, whose: &str) -> Typed<Tries> {
    typed(format!("tries/{scope}/{}", digest(whose)))
}

pub(crate) fn tries_all() -> Range<Tries> {
    under("tries/")
}

pub(crate) fn staff_email(email: &str) -> Typed<StaffEmailClaim> {
    typed(format!("staff-email/{}", digest(email)))
}

pub(crate) fn staff(id: StaffId) -> Typed<Staff> {
    typed(with_id("staff/", id.as_bytes(), 0))
}

pub(crate) fn all_staff() -> Range<Staff> {
    under("staff/")
}

pub(crate) fn staff_admins() -> Typed<StaffAdmins> {
    typed("staff-admins".to_owned())
}

pub(crate) fn staff_first() -> Typed<FirstStaff> {
    typed("staff-first".to_owned())
}

/// What a key is about, as `noun/id`; `None` for indexes by anything else than an id.
pub(crate) fn subject(key: &str) -> Option<&str> {
    let (noun, rest) = key.split_once('/')?;
    let id = rest.split('/').next()?;
    Uuid::try_parse(id).ok()?;
    key.get(..noun.len() + 1 + id.len())
}

pub(crate) fn master_key() -> Typed<MasterKeyMark> {
    typed("master-key".to_owned())
}

pub(crate) fn mailed_again(booking: BookingId) -> Typed<MailedAgain> {
    typed(with_id("mailed-again/", booking.as_bytes(), 0))
}

pub(crate) fn mailed_again_all() -> Range<MailedAgain> {
    under("mailed-again/")
}

pub(crate) fn receipt(actor: &str, command: &CommandId) -> Typed<Receipt> {
    typed(format!("receipt/{actor}/{}", digest(command.as_str())))
}

pub(crate) fn receipts() -> Range<Receipt> {
    under("receipt/")
}

pub(crate) fn job(name: &str) -> Typed<Job> {
    typed(format!("job/{name}"))
}

pub(crate) fn release_news(run: Timestamp) -> Typed<ReleaseNews> {
    typed(format!("release-news/{:015}", run.millis().max(0)))
}

pub(crate) fn all_release_news() -> Range<ReleaseNews> {
    under("release-news/")
}

pub(crate) fn show_reminder(id: ShowId) -> Typed<ShowReminder> {
    typed(with_id("show-reminder/", id.as_bytes(), 0))
}

pub(crate) fn show_reminders() -> Range<ShowReminder> {
    under("show-reminder/")
}

pub(crate) fn reminded(show: ShowId, booking: BookingId) -> Typed<Reminded> {
    typed(format!("reminded/{show}/{booking}"))
}

pub(crate) fn reminded_all() -> Range<Reminded> {
    under("reminded/")
}

/// Texts that people choose are no part of keys: their digests are, of fixed width and without a trace of the person.
fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..20])
}

#[cfg(test)]
mod tests;
