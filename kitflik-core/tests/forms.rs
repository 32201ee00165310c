//! What is on disk and on the wire is a contract: a changed snapshot is a changed form, and wants a migration or a note
//! in the changelog.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use common::{House, house_on, seats};
use insta::{assert_json_snapshot, assert_snapshot};
use kitflik_core::{
    Actor, BlockSeats, BookingError, CancelBooking, CancelShow, CheckIn, CommandId, ConfirmBooking,
    DeleteAccount, DiscountKind, Email, HoldSeats, JobKind, Kitflik, LogIn, MailError, Mailer, MasterKey,
    MemoryStorage, MoveShow, MovieQuery, NewMovie, NewShow, NewStaff, NewVoucher, PageRequest, Policy,
    RegisterUser, RevokeTicket, Role, SalesChannel, SeatTicketType, StaffLogIn, TestPayments,
};
use pollster::block_on;

const PLAN: &str = "category s Standard\ncategory p Premium #d4a017\nA: ss_ss@+\nB: PP<>pp\n";

fn command(name: &str) -> Option<CommandId> {
    Some(name.parse().unwrap())
}

/// A mail server that refuses for good, but for reminders and reports.
struct Refusing;

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, mail: Email) -> Result<(), MailError> {
        if mail.subject.starts_with("Soon: ") || mail.subject.starts_with("Occupancy, ") {
            return Err(MailError::Temporary { reason: "451 later".to_owned() });
        }
        Err(MailError::Permanent { reason: "550 no such mailbox".to_owned() })
    }
}

/// A day that writes a row of every kind.
fn a_day(house: &House) {
    let cinema = house.cinema(PLAN, |show| {
        show.max_seats_per_customer = Some(6);
        show.subtitles = Some("de".to_owned());
    });
    let show = &cinema.show;
    let kitflik = &house.kitflik;
    let bookings = kitflik.bookings();
    let text = |text: &str| text.to_owned();
    block_on(async {
        let (email, password) = (text("ada@example.org"), text("correct horse"));
        let ada = RegisterUser {
            command: command("register"),
            email: email.clone(),
            password: password.clone(),
            name: text("Ada"),
        };
        let ada = kitflik.users().register(&ada).await.unwrap();
        let log_in = LogIn { command: command("log in"), ..LogIn::new(email, password) };
        kitflik.users().log_in(&log_in).await.unwrap();
        let (email, password) = (text("boss@example.org"), text("battery staple"));
        let boss = NewStaff {
            email: email.clone(),
            password: password.clone(),
            name: text("Bo"),
            role: Role::Admin,
        };
        kitflik.staff().make_first(&boss).await.unwrap();
        kitflik.staff().log_in(&StaffLogIn::new(email, password)).await.unwrap();

        let voucher = NewVoucher {
            max_uses: Some(3),
            max_uses_per_customer: Some(2),
            ..NewVoucher::new("spring-10", DiscountKind::BasisPoints(1_000))
        };
        kitflik.catalog().add_voucher(&Actor::System, &voucher).await.unwrap();

        let mut hold = HoldSeats::seats(show.id, seats(&["A1", "A2"])).command("hold 1".parse().unwrap());
        let (seat, ticket_type) = ("A2".parse().unwrap(), "child".parse().unwrap());
        hold.ticket_types = vec![SeatTicketType { seat, ticket_type }];
        let actor = Actor::User { id: ada.id };
        let held = bookings.hold(&actor, &hold).await.unwrap();
        bookings.confirm(&actor, held.id, &ConfirmBooking::counter()).await.unwrap();
        bookings.send_again(&actor, held.id, None).await.unwrap();
        let first = held.id;

        let best = HoldSeats::best(show.id, 2).customer("Bob", "bob@example.org").discount_code("Spring-10");
        let held = bookings.hold(&Actor::guest(), &best).await.unwrap();
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let unanswered = ConfirmBooking::paid_by("test", Some(text("timeout_before")));
        let pending = bookings.confirm(&guest, held.id, &unanswered).await.unwrap_err();
        assert_eq!(pending, BookingError::PaymentPending);

        // The welcome is refused by a mail server, and so is a reminder; what is promised later waits.
        let mut policy = Policy::default();
        policy.reminder_before = Some(Duration::from_secs(7 * 60 * 60));
        let refusing = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .entropy(Arc::new(kitflik_core::testing::ports::SeededEntropy::new(2)))
            .mailer(Arc::new(Refusing))
            .policy(policy)
            .build()
            .unwrap();
        refusing.jobs().run_now(&Actor::System, JobKind::NewReleases, None).await.unwrap();
        refusing.jobs().run_now(&Actor::System, JobKind::OccupancyReport, None).await.unwrap();
        refusing.tick().await.unwrap();
        house.clock.advance(Duration::from_secs(1));
        let hold = HoldSeats::seats(show.id, seats(&["A3", "A4"])).customer("Cy", "cy@example.org");
        let held = bookings.hold(&Actor::System, &hold).await.unwrap();
        let paid = ConfirmBooking::paid_by("test", Some(text("intent 7")));
        bookings.confirm(&Actor::System, held.id, &paid).await.unwrap();
        assert!(kitflik.has_the_key().await.unwrap());
        kitflik.users().log_in(&LogIn::new("ada@example.org", "guess")).await.unwrap_err();

        // An account whose deletion was cut off.
        let (email, password) = (text("di@example.org"), text("staple battery"));
        let di = RegisterUser { command: None, email, password: password.clone(), name: text("Di") };
        let actor = Actor::User { id: kitflik.users().register(&di).await.unwrap().id };
        let dying = Arc::new(common::Dying::new(house.storage.clone(), Some(1)));
        let dying = Kitflik::builder(dying, MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .entropy(Arc::new(kitflik_core::testing::ports::SeededEntropy::new(3)))
            .password_hasher(house.hasher.clone())
            .build()
            .unwrap();
        let delete = DeleteAccount { command: None, password, bookings: Default::default(), address: None };
        let again = Arc::new(common::Dying::new(house.storage.clone(), Some(0)));
        let cut_off = Kitflik::builder(again.clone(), MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .entropy(Arc::new(kitflik_core::testing::ports::SeededEntropy::new(4)))
            .password_hasher(house.hasher.clone())
            .build()
            .unwrap();
        // A deletion of a show that was cut off, and a move of one whose holders are not told yet.
        let next = NewShow::new(
            cinema.movie.id,
            cinema.auditorium.id,
            cinema.card.id,
            "2026-12-24T20:00".parse().unwrap(),
        );
        let next = kitflik.catalog().add_show(&Actor::System, &next).await.unwrap().id;
        again.live_for(Some(1));
        cut_off.catalog().delete_show(&Actor::System, next, None, None).await.unwrap_err();
        again.live_for(Some(1));
        let later = MoveShow::to_time("2026-11-27T20:30".parse().unwrap());
        cut_off.catalog().move_show(&Actor::System, cinema.show.id, None, &later).await.unwrap();
        // A show that was cancelled, and whose bookings are not undone yet; of one, a ticket had gone back before.
        let last = NewShow::new(
            cinema.movie.id,
            cinema.auditorium.id,
            cinema.card.id,
            "2026-12-26T20:00".parse().unwrap(),
        );
        let last = kitflik.catalog().add_show(&Actor::System, &last).await.unwrap().id;
        let pair = HoldSeats::seats(last, seats(&["A1", "A2"]));
        let pair = bookings.hold(&Actor::System, &pair).await.unwrap().id;
        bookings.confirm(&Actor::System, pair, &ConfirmBooking::counter()).await.unwrap();
        let one = CancelBooking::because("Ill").seats(seats(&["A2"]));
        bookings.cancel(&Actor::System, pair, &one).await.unwrap();
        again.live_for(Some(1));
        let why = CancelShow::because("The projector broke.");
        cut_off.catalog().cancel_show(&Actor::System, last, &why).await.unwrap();
        dying.users().delete(&actor, &delete).await.unwrap_err();

        let mut block = BlockSeats::new(seats(&["A5", "A6"]), "For the critics");
        (block.channels, block.release_minutes_before) = (vec![SalesChannel::BoxOffice], Some(60));
        bookings.block_seats(&Actor::System, show.id, &block).await.unwrap();

        // A provider that tells of its own accord what it did.
        let bank = Arc::new(TestPayments::new().with_events(b"secret"));
        let telling = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
            .clock(house.clock.clone())
            .entropy(Arc::new(kitflik_core::testing::ports::SeededEntropy::new(5)))
            .payments("bank", bank.clone())
            .build()
            .unwrap();
        let hold = HoldSeats::seats(show.id, seats(&["B1", "B2"]));
        let held = telling.bookings().hold(&Actor::System, &hold).await.unwrap();
        let paid = ConfirmBooking::paid_by("bank", None);
        telling.bookings().confirm(&Actor::System, held.id, &paid).await.unwrap();
        for event in bank.events(telling.now()) {
            telling.bookings().payment_event("bank", event.headers, event.body).await.unwrap();
        }

        // The evening: a ticket is used, and another one is not valid any more.
        let tickets = bookings.tickets(&Actor::System, first).await.unwrap();
        let lost = RevokeTicket::because("Lost");
        bookings.revoke_ticket(&Actor::System, first, tickets[0].id, &lost).await.unwrap();
        house.clock.advance(show.starts_at.since(kitflik.now()));
        let scan = CheckIn::token(show.id, tickets[1].token.clone(), "front", "1");
        bookings.check_in(&Actor::System, &scan).await.unwrap();
    });
}

#[test]
fn every_stored_row_has_its_form() {
    let storage = Arc::new(MemoryStorage::new());
    let house = house_on(storage.clone());
    a_day(&house);
    let (mut told, mut kinds) = (String::new(), BTreeSet::new());
    for row in storage.rows() {
        let value = String::from_utf8(row.value).unwrap();
        writeln!(told, "{}\n  {value}", row.key).unwrap();
        kinds.insert(row.key.split('/').next().unwrap().to_owned());
    }
    assert_snapshot!("stored_rows", told);
    // The table of all keys: nothing in it goes unseen.
    let table = include_str!("../src/store/keys.rs");
    let rows = table.lines().skip_while(|line| !line.contains("key   ")).skip(1);
    let rows = rows.take_while(|line| !line.contains("```")).filter_map(|line| line.strip_prefix("//! "));
    for row in rows {
        let kind = row.split(['/', ' ']).next().unwrap();
        assert!(kinds.contains(kind), "no row of the kind {kind} was written");
    }
}

#[test]
fn no_secret_is_stored() {
    let storage = Arc::new(MemoryStorage::new());
    let house = common::house_hashing_on(storage.clone());
    a_day(&house);
    for row in storage.rows() {
        let value = String::from_utf8(row.value).unwrap();
        for secret in ["correct horse", "battery staple", "eyJ"] {
            assert!(!value.contains(secret), "{} holds {secret}: {value}", row.key);
        }
    }
}

#[test]
fn every_view_has_its_form() {
    let house = house_on(Arc::new(MemoryStorage::new()));
    let cinema = house.cinema(PLAN, |_| {});
    let (kitflik, show) = (&house.kitflik, &cinema.show);
    let (catalog, bookings) = (kitflik.catalog(), kitflik.bookings());
    let text = |text: &str| text.to_owned();
    block_on(async {
        let movie = NewMovie {
            command: None,
            title: text("The Long Night"),
            genres: vec![text("Drama"), text("Crime")],
            director: Some(text("A. Director")),
            rating: Some(text("PG-13")),
            runtime_minutes: Some(101),
            release_date: Some("1998-06-12".parse().unwrap()),
            distributor: Some(text("A Distributor")),
            synopsis: Some(text("A night, and it is long.")),
        };
        catalog.add_movie(&Actor::System, &movie).await.unwrap();
        let limit = Some(1);
        let query = MovieQuery { page: PageRequest { cursor: None, limit }, ..MovieQuery::default() };
        let page = catalog.movies(&query).await.unwrap();
        assert_json_snapshot!("page_of_movies", page);
        let query = MovieQuery { q: Some(text("alien")), facets: true, ..MovieQuery::default() };
        assert_json_snapshot!("movies_with_facets", catalog.movies(&query).await.unwrap());
        assert_json_snapshot!("movie", cinema.movie);
        assert_json_snapshot!("venue", catalog.venue(show.venue.id).await.unwrap());
        assert_json_snapshot!("layout", *catalog.layout(show.layout_id).await.unwrap());
        assert_json_snapshot!("price_card", cinema.card);
        assert_json_snapshot!("show", catalog.show(show.id).await.unwrap());

        let request = HoldSeats::best(show.id, 2).customer("Ada", "ada@example.org");
        let held = bookings.hold(&Actor::guest(), &request).await.unwrap();
        assert_json_snapshot!("booking_held", held);
        let guest = Actor::guest_with(held.booking_token.unwrap());
        let paid = ConfirmBooking::paid_by("test", Some(text("intent 7")));
        assert_json_snapshot!("booking_confirmed", bookings.confirm(&guest, held.id, &paid).await.unwrap());
        assert_json_snapshot!("tickets", bookings.tickets(&guest, held.id).await.unwrap());
        assert_json_snapshot!("seat_map", bookings.seats(show.id).await.unwrap().view());

        let (email, password, name) = (text("ada@example.org"), text("correct horse"), text("Ada"));
        let ada = RegisterUser { command: None, email: email.clone(), password: password.clone(), name };
        assert_json_snapshot!("user", kitflik.users().register(&ada).await.unwrap());
        let tokens = kitflik.users().log_in(&LogIn::new(email, password)).await.unwrap();
        assert_json_snapshot!("tokens", tokens);
        let staff = NewStaff {
            email: text("bo@example.org"),
            password: text("battery staple"),
            name: text("Bo"),
            role: Role::BoxOffice,
        };
        assert_json_snapshot!("staff", kitflik.staff().make_first(&staff).await.unwrap());

        let undone = HoldSeats::best(show.id, 1).customer("Ada", "ada@example.org");
        let undone = bookings.hold(&Actor::System, &undone).await.unwrap().id;
        bookings.confirm(&Actor::System, undone, &paid).await.unwrap();
        let undo = CancelBooking::because("The projector broke.");
        let undone = bookings.cancel(&Actor::System, undone, &undo).await.unwrap();
        assert_json_snapshot!("booking_cancelled", undone);
    });
}
