//! The table: a verb, what each kind of actor gets, and how it is called.

use kitflik_core::{
    Actor, BlockSeats, BookingId, BookingQuery, CancelBooking, CancelShow, CategoryPrice, ChangeEmail,
    ChangePassword, ChangeSeats, CheckIn, CheckInQuery, ConfirmBooking, ConfirmEmail, CopyWeek, Currency,
    DeleteAccount, DeleteCustomer, DiscountKind, EditAuditorium, EditShow, FutureBookings, HandOutRefund,
    HoldSeats, JobKind, Layout, MailQuery, MergeCheckIns, Money, MoveShow, MoveShows, NewAuditorium,
    NewMovie, NewPriceCard, NewShow, NewVenue, NewVoucher, OccupancyBy, OccupancyByQuery, OccupancyQuery,
    PageRequest, QuoteSeats, RefundBooking, RepeatShow, RevenueBy, RevenueQuery, RevokeTicket, Scan,
    SetLayout, SettlementQuery, TakePayment, UnblockSeats, UndoCheckIn, UpdateProfile, UserQuery,
};

use pollster::block_on;

use super::common::seats;
use super::scene::{PASSWORD, Scene, Told, told};

/// A verb that asks who calls.
pub struct Row {
    /// Namespace and name.
    pub verb: &'static str,
    /// A letter for each of [`Who::ALL`](super::scene::Who::ALL): `y` yes, `u` unauthenticated, `f` forbidden. In
    /// groups: guests (none, its token, another token), customers (owner, other), staff (usher, box office, manager,
    /// admin), the host program.
    pub answers: &'static str,
    pub call: fn(&Scene) -> Told,
}

pub fn row(verb: &'static str, answers: &'static str, call: fn(&Scene) -> Told) -> Row {
    Row { verb, answers, call }
}

/// Verbs about a booking: for whoever has it, and for staff who manage bookings.
const THEIRS: &str = "uyf yf fyyy y";
/// Verbs about customers' own accounts.
const CUSTOMERS: &str = "uuu yy ffff f";
/// Verbs of the office.
const OFFICE: &str = "uuu ff fyyy y";
/// Verbs of those who make the programme.
const EDITORS: &str = "uuu ff ffyy y";

/// Verbs of whoever stands at the door.
const GATE: &str = "uuu ff yyyy y";

/// A ticket of the scene's booking, when the doors are open.
fn at_the_gate(s: &Scene) -> CheckIn {
    let booking = s.sold();
    let token = block_on(s.bookings().tickets(&Actor::System, booking)).unwrap().remove(0).token;
    s.house.clock.advance(s.cinema.show.starts_at.since(s.house.kitflik.now()));
    CheckIn::token(s.cinema.show.id, token, "front", "1")
}

pub fn rows() -> Vec<Row> {
    [bookings(), catalog(), accounts(), super::staff::rows(), reports(), jobs(), mail()]
        .into_iter()
        .flatten()
        .collect()
}

fn bookings() -> Vec<Row> {
    vec![
        row("Bookings::hold", "yyy yy fyyy y", |s| {
            told(s.bookings().hold(&s.actor, &HoldSeats::best(s.cinema.show.id, 2)))
        }),
        row("Bookings::quote", "yyy yy yyyy y", |s| {
            let (seats, ticket_types) = (seats(&["C1", "C2"]), Vec::new());
            let request = QuoteSeats { seats, ticket_types, discount_code: None, customer: None };
            told(s.bookings().quote(&s.actor, s.cinema.show.id, &request))
        }),
        row("Bookings::change_seats", THEIRS, |s| {
            let request = ChangeSeats {
                command: None,
                seats: seats(&["C1", "C2"]),
                ticket_types: Vec::new(),
                discount_code: None,
            };
            told(s.bookings().change_seats(&s.actor, s.booking, &request))
        }),
        row("Bookings::extend", THEIRS, |s| {
            s.house.clock.advance(std::time::Duration::from_secs(60));
            told(s.bookings().extend(&s.actor, s.booking, None))
        }),
        row("Bookings::release", THEIRS, |s| told(s.bookings().release(&s.actor, s.booking, None))),
        row("Bookings::confirm", THEIRS, |s| {
            told(s.bookings().confirm(&s.actor, s.booking, &ConfirmBooking::counter()))
        }),
        row("Bookings::refund", OFFICE, |s| {
            let request = RefundBooking::new(Money::new(1, Currency::EUR), "Goodwill");
            told(s.bookings().refund(&s.actor, paid(s), &request))
        }),
        row("Bookings::take_payment", OFFICE, |s| {
            told(s.bookings().take_payment(&s.actor, s.sold(), &TakePayment::default()))
        }),
        row("Bookings::hand_out_refund", OFFICE, |s| {
            let booking = paid(s);
            block_on(s.bookings().cancel(&Actor::System, booking, &CancelBooking::new())).unwrap();
            told(s.bookings().hand_out_refund(&s.actor, booking, &HandOutRefund::default()))
        }),
        row("Bookings::cancel", THEIRS, |s| {
            told(s.bookings().cancel(&s.actor, s.sold(), &CancelBooking::because("It rains.")))
        }),
        row("Bookings::cancellation_terms", THEIRS, |s| {
            told(s.bookings().cancellation_terms(&s.actor, s.sold(), &[]))
        }),
        row("Bookings::block_seats", OFFICE, |s| {
            let request = BlockSeats::new(seats(&["C1", "C2"]), "For the critics");
            told(s.bookings().block_seats(&s.actor, s.cinema.show.id, &request))
        }),
        row("Bookings::unblock_seats", OFFICE, |s| {
            let request = UnblockSeats { command: None, seats: seats(&["C1", "C2"]) };
            told(s.bookings().unblock_seats(&s.actor, s.cinema.show.id, &request))
        }),
        row("Bookings::house_seats", OFFICE, |s| told(s.bookings().house_seats(&s.actor, s.cinema.show.id))),
        row("Bookings::get", THEIRS, |s| told(s.bookings().get(&s.actor, s.booking))),
        row("Bookings::mine", CUSTOMERS, |s| told(s.bookings().mine(&s.actor, &PageRequest::default()))),
        row("Bookings::list", OFFICE, |s| told(s.bookings().list(&s.actor, &BookingQuery::default()))),
        row("Bookings::tickets", THEIRS, |s| told(s.bookings().tickets(&s.actor, s.sold()))),
        row("Bookings::qr_svg", THEIRS, |s| {
            let (booking, ticket) = s.ticket();
            told(s.bookings().qr_svg(&s.actor, booking, ticket))
        }),
        row("Bookings::qr_png", THEIRS, |s| {
            let (booking, ticket) = s.ticket();
            told(s.bookings().qr_png(&s.actor, booking, ticket))
        }),
        row("Bookings::send_again", THEIRS, |s| {
            let booking = s.sold_with_address();
            told(s.bookings().send_again(&s.actor, booking, None))
        }),
        row("Bookings::calendar", THEIRS, |s| told(s.bookings().calendar(&s.actor, s.sold()))),
        row("Bookings::print", THEIRS, |s| told(s.bookings().print(&s.actor, s.sold()))),
        row("Bookings::check_in", GATE, |s| {
            let request = at_the_gate(s);
            told(s.bookings().check_in(&s.actor, &request))
        }),
        row("Bookings::undo_check_in", OFFICE, |s| {
            let request = at_the_gate(s);
            let admitted = block_on(s.bookings().check_in(&Actor::System, &request)).unwrap();
            let (booking_id, ticket_id) = (admitted.booking_id, admitted.ticket_id);
            let reason = "The wrong person".to_owned();
            let undo = UndoCheckIn { command: None, booking_id, ticket_id, reason };
            told(s.bookings().undo_check_in(&s.actor, &undo))
        }),
        row("Bookings::merge_check_ins", GATE, |s| {
            let (booking_id, ticket_id) = s.ticket();
            let (device, nonce, at) = ("tablet".to_owned(), "1".to_owned(), s.cinema.show.starts_at);
            let scan = Scan { show_id: s.cinema.show.id, booking_id, ticket_id, device, nonce, at };
            told(s.bookings().merge_check_ins(&s.actor, &MergeCheckIns { scans: vec![scan] }))
        }),
        row("Bookings::check_ins", GATE, |s| {
            told(s.bookings().check_ins(&s.actor, s.cinema.show.id, &CheckInQuery::default()))
        }),
        row("Bookings::check_in_count", GATE, |s| {
            told(s.bookings().check_in_count(&s.actor, s.cinema.show.id))
        }),
        row("Bookings::gate_pack", GATE, |s| told(s.bookings().gate_pack(&s.actor, s.cinema.show.id))),
        row("Bookings::revoke_ticket", OFFICE, |s| {
            let (booking, ticket) = s.ticket();
            told(s.bookings().revoke_ticket(&s.actor, booking, ticket, &RevokeTicket::because("Stolen")))
        }),
    ]
}

fn catalog() -> Vec<Row> {
    vec![
        row("Catalog::add_movie", EDITORS, |s| told(s.catalog().add_movie(&s.actor, &movie()))),
        row("Catalog::import_movies", EDITORS, |s| told(s.catalog().import_movies(&s.actor, &[movie()]))),
        row("Catalog::add_venue", EDITORS, |s| {
            let (name, city) = ("Odeon 2".to_owned(), "Berlin".to_owned());
            let venue = NewVenue { command: None, name, city, address: None, zone: kitflik_core::Zone::UTC };
            told(s.catalog().add_venue(&s.actor, &venue))
        }),
        row("Catalog::add_auditorium", EDITORS, |s| {
            let (venue_id, name) = (s.cinema.show.venue.id, "Hall 2".to_owned());
            let layout = Layout::from_text("Hall 2", "A: ##").unwrap();
            told(
                s.catalog()
                    .add_auditorium(&s.actor, &NewAuditorium { command: None, venue_id, name, layout }),
            )
        }),
        row("Catalog::add_price_card", EDITORS, |s| {
            let (category, ticket_type) = ("standard".parse().unwrap(), "adult".parse().unwrap());
            let card = NewPriceCard {
                command: None,
                name: "Morning".to_owned(),
                currency: Currency::EUR,
                prices: vec![CategoryPrice { category, ticket_type, amount_minor: 900 }],
                booking_fee_minor: 0,
                ticket_fee_minor: 0,
                rules: Vec::new(),
                tax: None,
            };
            told(s.catalog().add_price_card(&s.actor, &card))
        }),
        row("Catalog::add_voucher", EDITORS, |s| told(s.catalog().add_voucher(&s.actor, &voucher()))),
        row("Catalog::edit_voucher", EDITORS, |s| {
            let id = s.voucher();
            told(s.catalog().edit_voucher(&s.actor, id, None, &voucher()))
        }),
        row("Catalog::voucher", EDITORS, |s| told(s.catalog().voucher(&s.actor, s.voucher()))),
        row("Catalog::vouchers", EDITORS, |s| told(s.catalog().vouchers(&s.actor, &PageRequest::default()))),
        row("Catalog::edit_movie", EDITORS, |s| {
            told(s.catalog().edit_movie(&s.actor, s.cinema.movie.id, None, &movie()))
        }),
        row("Catalog::edit_venue", EDITORS, |s| {
            let venue = NewVenue {
                command: None,
                name: "Zoo".to_owned(),
                city: "Berlin".to_owned(),
                address: None,
                zone: s.cinema.show.venue.zone,
            };
            told(s.catalog().edit_venue(&s.actor, s.cinema.show.venue.id, None, &venue))
        }),
        row("Catalog::edit_auditorium", EDITORS, |s| {
            let edit = EditAuditorium { command: None, name: "Hall 3".to_owned() };
            told(s.catalog().edit_auditorium(&s.actor, s.cinema.auditorium.id, None, &edit))
        }),
        row("Catalog::edit_price_card", EDITORS, |s| {
            let card = NewPriceCard {
                command: None,
                name: "Late".to_owned(),
                currency: Currency::EUR,
                prices: s.cinema.card.prices.clone(),
                ..NewPriceCard::new("", Currency::EUR, Vec::new())
            };
            told(s.catalog().edit_price_card(&s.actor, s.cinema.card.id, None, &card))
        }),
        row("Catalog::set_layout", EDITORS, |s| {
            let layout = Layout::from_text("Hall 1", "A: ####").unwrap();
            let new = SetLayout { command: None, layout, shows: MoveShows::default() };
            told(s.catalog().set_layout(&s.actor, s.cinema.auditorium.id, None, &new))
        }),
        row("Catalog::preview_layout", EDITORS, |s| {
            let layout = Layout::from_text("Hall 1", "A: ####").unwrap();
            let new = SetLayout { command: None, layout, shows: MoveShows::default() };
            told(s.catalog().preview_layout(&s.actor, s.cinema.auditorium.id, &new))
        }),
        row("Catalog::archive", EDITORS, |s| {
            told(s.catalog().archive(&s.actor, s.cinema.movie.id.into(), None, None))
        }),
        row("Catalog::restore", EDITORS, |s| {
            told(s.catalog().restore(&s.actor, s.cinema.movie.id.into(), None, None))
        }),
        row("Catalog::delete", EDITORS, |s| {
            let movie = block_on(s.catalog().add_movie(&Actor::System, &movie())).unwrap();
            told(s.catalog().delete(&s.actor, movie.id.into(), None, None))
        }),
        row("Catalog::archived_movies", EDITORS, |s| {
            told(s.catalog().archived_movies(&s.actor, &PageRequest::default()))
        }),
        row("Catalog::archived_venues", EDITORS, |s| {
            told(s.catalog().archived_venues(&s.actor, &PageRequest::default()))
        }),
        row("Catalog::archived_auditoriums", EDITORS, |s| {
            told(s.catalog().archived_auditoriums(&s.actor, &PageRequest::default()))
        }),
        row("Catalog::archived_price_cards", EDITORS, |s| {
            told(s.catalog().archived_price_cards(&s.actor, &PageRequest::default()))
        }),
        row("Catalog::add_show", EDITORS, |s| {
            let (movie, hall, card) = (s.cinema.movie.id, s.cinema.auditorium.id, s.cinema.card.id);
            let show = NewShow::new(movie, hall, card, "2026-11-28T20:00".parse().unwrap());
            told(s.catalog().add_show(&s.actor, &show))
        }),
        row("Catalog::add_shows", EDITORS, |s| {
            let (movie, hall, card) = (s.cinema.movie.id, s.cinema.auditorium.id, s.cinema.card.id);
            let (from, to) = ("2026-11-28".parse().unwrap(), "2026-11-30".parse().unwrap());
            let shows = RepeatShow::daily(movie, hall, card, from, to, vec!["20:00".parse().unwrap()]);
            told(s.catalog().add_shows(&s.actor, &shows))
        }),
        row("Catalog::copy_week", EDITORS, |s| {
            let copy = CopyWeek {
                command: None,
                venue_id: None,
                auditorium_id: Some(s.cinema.auditorium.id),
                from: "2026-11-23".parse().unwrap(),
                to: "2026-11-30".parse().unwrap(),
                clock_change: None,
                skip_clashes: false,
            };
            told(s.catalog().copy_week(&s.actor, &copy))
        }),
        row("Catalog::edit_show", EDITORS, |s| {
            told(s.catalog().edit_show(&s.actor, s.cinema.show.id, None, &EditShow::new(s.cinema.card.id)))
        }),
        row("Catalog::move_show", EDITORS, |s| {
            let to = MoveShow::to_time("2026-11-29T20:00".parse().unwrap());
            told(s.catalog().move_show(&s.actor, s.cinema.show.id, None, &to))
        }),
        row("Catalog::cancel_show", EDITORS, |s| {
            let request = CancelShow::because("The projector broke.");
            told(s.catalog().cancel_show(&s.actor, s.cinema.show.id, &request))
        }),
        row("Catalog::show_cancellation", OFFICE, |s| {
            told(s.catalog().show_cancellation(&s.actor, s.cancelled_show()))
        }),
        row("Catalog::close_sales", EDITORS, |s| {
            told(s.catalog().close_sales(&s.actor, s.cinema.show.id, None, None))
        }),
        row("Catalog::open_sales", EDITORS, |s| {
            told(s.catalog().open_sales(&s.actor, s.cinema.show.id, None, None))
        }),
        row("Catalog::delete_show", EDITORS, |s| {
            let (movie, hall, card) = (s.cinema.movie.id, s.cinema.auditorium.id, s.cinema.card.id);
            let show = NewShow::new(movie, hall, card, "2026-11-28T20:00".parse().unwrap());
            let show = pollster::block_on(s.catalog().add_show(&Actor::System, &show)).unwrap();
            told(s.catalog().delete_show(&s.actor, show.id, None, None))
        }),
    ]
}

fn accounts() -> Vec<Row> {
    vec![
        row("Users::me", CUSTOMERS, |s| told(s.users().me(&s.actor))),
        row("Users::update_profile", CUSTOMERS, |s| {
            told(s.users().update_profile(&s.actor, &UpdateProfile::default()))
        }),
        row("Users::change_password", CUSTOMERS, |s| {
            let (old, new) = (PASSWORD.to_owned(), "another password".to_owned());
            let request = ChangePassword { command: None, old, new, session: None, address: None };
            told(s.users().change_password(&s.actor, &request))
        }),
        row("Users::change_email", CUSTOMERS, |s| told(s.users().change_email(&s.actor, &new_email()))),
        row("Users::confirm_email", CUSTOMERS, |s| {
            let asked = told(s.users().change_email(&s.actor, &new_email()));
            let code = Some(if asked.is_ok() { s.mailed_code() } else { "12345678".to_owned() });
            let request = ConfirmEmail { command: None, token: None, code, address: None };
            told(s.users().confirm_email(&s.actor, &request))
        }),
        row("Users::list_sessions", CUSTOMERS, |s| told(s.users().list_sessions(&s.actor, None))),
        row("Users::revoke_session", CUSTOMERS, |s| {
            told(s.users().revoke_session(&s.actor, s.session(), None))
        }),
        row("Users::log_out_everywhere", CUSTOMERS, |s| told(s.users().log_out_everywhere(&s.actor, None))),
        row("Users::export", CUSTOMERS, |s| told(s.users().export(&s.actor))),
        row("Users::delete", CUSTOMERS, |s| {
            let (password, bookings) = (PASSWORD.to_owned(), FutureBookings::Refuse);
            let request = DeleteAccount { command: None, password, bookings, address: None };
            told(s.users().delete(&s.actor, &request))
        }),
        row("Users::delete_customer", "uuu ff ffyy y", |s| {
            told(s.users().delete_customer(&s.actor, s.ada, &DeleteCustomer::default()))
        }),
        row("Users::list", OFFICE, |s| told(s.users().list(&s.actor, &UserQuery::default()))),
        row("Users::view", OFFICE, |s| told(s.users().view(&s.actor, s.ada, &PageRequest::default()))),
    ]
}

fn jobs() -> Vec<Row> {
    vec![
        row("Jobs::list", EDITORS, |s| told(s.house.kitflik.jobs().list(&s.actor))),
        row("Jobs::pause", EDITORS, |s| {
            told(s.house.kitflik.jobs().pause(&s.actor, JobKind::NewReleases, None))
        }),
        row("Jobs::resume", EDITORS, |s| {
            told(s.house.kitflik.jobs().resume(&s.actor, JobKind::NewReleases, None))
        }),
        row("Jobs::run_now", EDITORS, |s| {
            told(s.house.kitflik.jobs().run_now(&s.actor, JobKind::NewReleases, None))
        }),
    ]
}

/// The day of the show.
const DAY: &str = "2026-11-27";

fn reports() -> Vec<Row> {
    vec![
        row("Reports::occupancy", OFFICE, |s| {
            told(s.house.kitflik.reports().occupancy(&s.actor, &OccupancyQuery::default()))
        }),
        row("Reports::dashboard", OFFICE, |s| told(s.house.kitflik.reports().dashboard(&s.actor))),
        row("Reports::occupancy_by", OFFICE, |s| {
            let by = OccupancyBy::Day;
            let query = OccupancyByQuery {
                from: DAY.parse().unwrap(),
                to: DAY.parse().unwrap(),
                by,
                venue_id: None,
                movie_id: None,
            };
            told(s.house.kitflik.reports().occupancy_by(&s.actor, &query))
        }),
        row("Reports::revenue", OFFICE, |s| {
            let by = RevenueBy::Day;
            let query = RevenueQuery {
                from: DAY.parse().unwrap(),
                to: DAY.parse().unwrap(),
                by,
                venue_id: None,
                movie_id: None,
            };
            told(s.house.kitflik.reports().revenue(&s.actor, &query))
        }),
        row("Reports::settlement", EDITORS, |s| {
            told(s.house.kitflik.reports().settlement(&s.actor, &SettlementQuery::of(DAY.parse().unwrap())))
        }),
    ]
}

fn mail() -> Vec<Row> {
    vec![
        row("Notify::list", EDITORS, |s| {
            told(s.house.kitflik.notify().list(&s.actor, &MailQuery::default()))
        }),
        row("Notify::unsubscribe_link", "fff ff ffff y", |s| {
            told(async { s.house.kitflik.notify().unsubscribe_link(&s.actor, s.ada) })
        }),
        row("Notify::resend", EDITORS, |s| {
            let mail = s.dead_mail();
            told(s.house.kitflik.notify().resend(&s.actor, mail, None))
        }),
    ]
}

fn new_email() -> ChangeEmail {
    let (email, password) = ("new@example.org".to_owned(), PASSWORD.to_owned());
    ChangeEmail { command: None, email, password, address: None }
}

fn movie() -> NewMovie {
    NewMovie { title: "Brazil".to_owned(), ..NewMovie::default() }
}

pub fn voucher() -> NewVoucher {
    NewVoucher::new("SPRING", DiscountKind::BasisPoints(1_000))
}

/// The booking, once it is sold and paid at the counter.
fn paid(s: &Scene) -> BookingId {
    let booking = s.sold();
    block_on(s.bookings().take_payment(&Actor::System, booking, &TakePayment::default())).unwrap();
    booking
}

const PROGRAMME: &str = "what is shown where is for everybody to see";
const SECRET: &str = "a password or a token in the request says who it is";
const HOST: &str = "only the host program can call it, and it asks nobody";

/// Verbs that do not ask who calls, and why.
pub const OPEN: &[(&str, &str)] = &[
    ("Bookings::best_available", PROGRAMME),
    ("Bookings::payment_event", "the signature of the payment provider says who it is"),
    ("Bookings::seats", PROGRAMME),
    ("Bookings::seats_good_for", PROGRAMME),
    ("Bookings::seats_svg", PROGRAMME),
    ("Bookings::seats_touched", PROGRAMME),
    ("Catalog::auditorium", PROGRAMME),
    ("Catalog::auditoriums", PROGRAMME),
    ("Catalog::behind", PROGRAMME),
    ("Catalog::export_layout", PROGRAMME),
    ("Catalog::layout", PROGRAMME),
    ("Catalog::layout_svg", PROGRAMME),
    ("Catalog::movie", PROGRAMME),
    ("Catalog::movies", PROGRAMME),
    ("Catalog::price_card", PROGRAMME),
    ("Catalog::price_cards", PROGRAMME),
    ("Catalog::schedule", PROGRAMME),
    ("Catalog::show", PROGRAMME),
    ("Catalog::shows_of", PROGRAMME),
    ("Catalog::venue", PROGRAMME),
    ("Catalog::venues", PROGRAMME),
    ("Users::authenticate", SECRET),
    ("Users::log_in", SECRET),
    ("Users::log_out", SECRET),
    ("Users::refresh", SECRET),
    ("Users::session", SECRET),
    ("Users::verify_email", SECRET),
    ("Users::reset_password", SECRET),
    ("Users::forgot_password", "the mail goes to the account's owner, whoever asks"),
    ("Users::resend_verification", "the mail goes to the account's owner, whoever asks"),
    ("Users::register", "whoever asks has no account yet"),
    ("Notify::is_unsubscribe_token", SECRET),
    ("Notify::unsubscribe", SECRET),
    ("Staff::accept", SECRET),
    ("Staff::authenticate", SECRET),
    ("Staff::log_in", SECRET),
    ("Staff::log_out", SECRET),
    ("Staff::refresh", SECRET),
    ("Staff::has_any", HOST),
    ("Staff::make_first", HOST),
    ("Kitflik::booking_token", HOST),
    ("Kitflik::builder", HOST),
    ("Kitflik::has_the_key", HOST),
    ("Kitflik::house_name", PROGRAMME),
    ("Kitflik::now", HOST),
    ("Kitflik::payment_providers", PROGRAMME),
    ("Kitflik::ticket_key", "a public key is public"),
    ("Kitflik::ticket_keys", "a public key is public"),
    ("Kitflik::token_keys", "a public key is public"),
    ("Kitflik::tick", HOST),
];
