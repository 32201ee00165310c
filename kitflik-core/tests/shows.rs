//! Shows that are changed: edited, moved, closed and deleted, with what that means for whoever has tickets.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Cinema, Dying, HALL, House, house, house_on, seats};
use kitflik_core::testing::ports::{PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, AuditoriumView, BlockSeats, BookingView, CatalogError, CategoryPrice, ChangeSeats, ConfirmBooking,
    EditShow, Error, ErrorCode, HoldSeats, Kitflik, Layout, MasterKey, MemoryStorage, Money, MoveShow,
    NewAuditorium, NewPriceCard, NewShow, NewVenue, ShowId, ShowStatus, ShowView, TicketError, UnblockSeats,
};
use pollster::block_on;

fn to_time(local: &str) -> MoveShow {
    MoveShow::to_time(local.parse().unwrap())
}

fn move_show(house: &House, show: ShowId, to: &MoveShow) -> Result<ShowView, CatalogError> {
    block_on(house.kitflik.catalog().move_show(&Actor::System, show, None, to))
}

fn delete(house: &House, show: ShowId) -> Result<(), CatalogError> {
    block_on(house.kitflik.catalog().delete_show(&Actor::System, show, None, None))
}

fn hold(house: &House, show: ShowId, names: &[&str]) -> BookingView {
    let request = HoldSeats::seats(show, seats(names)).customer("Ada", "ada@example.org");
    block_on(house.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap()
}

fn buy(house: &House, show: ShowId, names: &[&str]) -> (BookingView, Actor) {
    let held = hold(house, show, names);
    let guest = Actor::guest_with(held.booking_token.clone().unwrap());
    let sold = block_on(house.kitflik.bookings().confirm(&guest, held.id, &ConfirmBooking::counter()));
    (sold.unwrap(), guest)
}

fn subjects(house: &House) -> Vec<String> {
    block_on(house.kitflik.tick()).unwrap();
    house.mailbox.mails().into_iter().map(|mail| mail.subject).collect()
}

fn hall(house: &House, cinema: &Cinema, plan: &str) -> AuditoriumView {
    let layout = Layout::from_text("Hall 2", plan).unwrap();
    let hall =
        NewAuditorium { command: None, venue_id: cinema.show.venue.id, name: "Hall 2".to_owned(), layout };
    block_on(house.kitflik.catalog().add_auditorium(&Actor::System, &hall)).unwrap()
}

fn another(house: &House, cinema: &Cinema, local: &str) -> ShowView {
    let show = NewShow::new(cinema.movie.id, cinema.auditorium.id, cinema.card.id, local.parse().unwrap());
    block_on(house.kitflik.catalog().add_show(&Actor::System, &show)).unwrap()
}

#[test]
fn a_show_is_not_moved_into_the_past() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let refused = move_show(&house, show, &to_time("2025-11-28T21:00")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    move_show(&house, show, &to_time("2026-11-28T21:00")).unwrap();
}

#[test]
fn another_currency_prices_a_hold_anew() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let held = hold(&house, cinema.show.id, &["A1"]);
    let prices = cinema.card.prices.iter().cloned();
    let prices = prices.map(|price| CategoryPrice { amount_minor: 1_700, ..price }).collect();
    let yen = NewPriceCard::new("Yen", "JPY".parse().unwrap(), prices);
    let yen = block_on(house.kitflik.catalog().add_price_card(&Actor::System, &yen)).unwrap();
    let edit = EditShow::new(yen.id);
    block_on(house.kitflik.catalog().edit_show(&Actor::System, cinema.show.id, None, &edit)).unwrap();
    let guest = Actor::guest_with(held.booking_token.unwrap());
    let more = ChangeSeats {
        command: None,
        seats: seats(&["A1", "A2"]),
        ticket_types: Vec::new(),
        discount_code: None,
    };
    let changed = block_on(house.kitflik.bookings().change_seats(&guest, held.id, &more)).unwrap();
    assert_eq!(changed.quote.total, Money::new(3_400, "JPY".parse().unwrap()));
}

#[test]
fn an_edit_replaces_all_but_what_where_and_when() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let (id, before) = (cinema.show.id, &cinema.show);
    let edit = EditShow {
        subtitles: Some("de".to_owned()),
        max_seats_per_customer: Some(4),
        sales_close_minutes_before: Some(10),
        ..EditShow::new(cinema.card.id)
    };
    let edited = block_on(catalog.edit_show(&Actor::System, id, Some(before.revision), &edit)).unwrap();
    assert_ne!(edited.revision, before.revision);
    assert_eq!((edited.language.as_deref(), edited.subtitles.as_deref()), (None, Some("de")));
    assert_eq!(edited.max_seats_per_customer, Some(4));
    assert_eq!(edited.sales_close_at.to_string(), "2026-11-27T18:50:00Z");
    assert_eq!((edited.starts_at, edited.ends_at), (before.starts_at, before.ends_at));
    // Nothing said of the window: it stays.
    let plain = EditShow::new(cinema.card.id);
    let again = block_on(catalog.edit_show(&Actor::System, id, Some(edited.revision), &plain)).unwrap();
    assert_eq!(again.sales_close_at, edited.sales_close_at);
    let stale = block_on(catalog.edit_show(&Actor::System, id, Some(edited.revision), &plain)).unwrap_err();
    assert_eq!((stale.code(), stale.revision()), (ErrorCode::StaleRevision, Some(again.revision)));
    let faults = EditShow { language: Some("x".repeat(33)), sales_open_days_before: Some(9999), ..plain };
    let faults = Error::from(block_on(catalog.edit_show(&Actor::System, id, None, &faults)).unwrap_err());
    let paths: Vec<&str> = faults.fields().iter().map(|field| field.path.as_str()).collect();
    assert_eq!(paths, ["sales_open_days_before", "language"]);
}

#[test]
fn closed_sales_open_again() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let catalog = house.kitflik.catalog();
    let closed = block_on(catalog.close_sales(&Actor::System, show, None, None)).unwrap();
    assert_eq!(closed.status, ShowStatus::Closed);
    let request = HoldSeats::best(show, 1);
    let refused = block_on(house.kitflik.bookings().hold(&Actor::guest(), &request)).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ShowNotOnSale);
    let open = block_on(catalog.open_sales(&Actor::System, show, Some(closed.revision), None)).unwrap();
    assert_eq!(open.status, ShowStatus::OnSale);
    let stale = block_on(catalog.close_sales(&Actor::System, show, Some(closed.revision), None));
    assert_eq!(stale.unwrap_err().code(), ErrorCode::StaleRevision);
}

#[test]
fn a_moved_show_keeps_its_seats_and_tells_its_holders() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let id = cinema.show.id;
    let (sold, guest) = buy(&house, id, &["A1", "A2"]);
    hold(&house, id, &["C1"]);
    let bookings = house.kitflik.bookings();
    let before = block_on(bookings.tickets(&guest, sold.id)).unwrap();
    assert_eq!(subjects(&house), ["Your tickets: Alien"]);
    let moved = move_show(&house, id, &to_time("2026-11-28T21:00")).unwrap();
    assert_eq!(moved.starts_at.to_string(), "2026-11-28T20:00:00Z");
    assert_eq!((moved.sales_close_at, moved.status), (moved.starts_at, ShowStatus::OnSale));
    assert_eq!(moved.ends_at.since(moved.starts_at), Duration::from_secs(147 * 60));
    // One mail to whoever has tickets, none to whoever only holds.
    assert_eq!(subjects(&house), ["Your tickets: Alien", "Moved: Alien"]);
    let mail = house.mailbox.mails().pop().unwrap();
    assert_eq!(mail.to, "ada@example.org");
    assert!(mail.text.contains("Saturday, 28 November 2026, 21:00"), "{}", mail.text);
    assert!(mail.text.contains("the old time, Friday, 27 November 2026, 20:00, Hall 1"), "{}", mail.text);
    // The tickets are the same ones, for the new time.
    let after = block_on(bookings.tickets(&guest, sold.id)).unwrap();
    assert_eq!(after[0].id, before[0].id);
    let key = house.kitflik.ticket_key();
    let doors = "2026-11-28T19:30:00Z".parse().unwrap();
    key.verify(&after[0].token).unwrap().check_window(doors).unwrap();
    let old = key.verify(&before[0].token).unwrap().check_window(doors);
    assert!(matches!(old, Err(TicketError::Expired { .. })));
    let calendar = block_on(bookings.calendar(&guest, sold.id)).unwrap();
    assert!(calendar.contains("DTSTART:20261128T200000Z"), "{calendar}");
    // Nothing is told twice, and a longer show is not another show.
    let longer = MoveShow { duration_minutes: Some(180), ..MoveShow::default() };
    let longer = move_show(&house, id, &longer).unwrap();
    assert_eq!(longer.ends_at.since(longer.starts_at), Duration::from_secs(180 * 60));
    assert_eq!(subjects(&house).len(), 2);
    assert_eq!(bookings_of(&house, &guest, &sold), sold.seats.len());
}

fn bookings_of(house: &House, guest: &Actor, sold: &BookingView) -> usize {
    block_on(house.kitflik.bookings().get(guest, sold.id)).unwrap().seats.len()
}

#[test]
fn a_show_moves_only_where_nothing_is() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let id = cinema.show.id;
    let late = another(&house, &cinema, "2026-11-27T22:27");
    match move_show(&house, id, &to_time("2026-11-27T20:01")).unwrap_err() {
        CatalogError::ShowOverlap(clash) => assert_eq!(clash.show_id, late.id),
        other => panic!("{other}"),
    }
    // Its own place is none that is taken.
    move_show(&house, id, &to_time("2026-11-27T19:30")).unwrap();
    let late = move_show(&house, late.id, &to_time("2026-11-27T21:57")).unwrap();
    let longer = MoveShow { duration_minutes: Some(148), ..MoveShow::default() };
    assert_eq!(move_show(&house, id, &longer).unwrap_err().code(), ErrorCode::ShowOverlap);
    // The place that it left is free, and the one that it took is not.
    another(&house, &cinema, "2026-11-28T00:24");
    let stale = block_on(house.kitflik.catalog().move_show(
        &Actor::System,
        late.id,
        Some(late.revision - 1),
        &to_time("2026-11-29T20:00"),
    ));
    assert_eq!(stale.unwrap_err().code(), ErrorCode::StaleRevision);
    let gap = Error::from(move_show(&house, id, &to_time("2027-03-28T02:30")).unwrap_err());
    assert_eq!(gap.fields()[0].code, "ambiguous");
    assert_eq!(move_show(&house, id, &MoveShow::default()).unwrap_err().code(), ErrorCode::ValidationFailed);
    house.clock.advance(Duration::from_secs(24 * 60 * 60));
    let over = Error::from(move_show(&house, id, &to_time("2026-12-01T20:00")).unwrap_err());
    assert_eq!(over.fields()[0].code, "over");
}

#[test]
fn another_hall_must_have_the_same_seats_unless_nobody_has_any() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let id = cinema.show.id;
    let other = hall(&house, &cinema, "A: ####\n");
    let there = MoveShow::to_auditorium(other.id);
    let held = hold(&house, id, &["A1", "A2"]);
    let refused = move_show(&house, id, &there).unwrap_err();
    assert!(refused.to_string().contains(&format!("by 1 bookings: {}", held.id)), "{refused}");
    assert_eq!(refused.code(), ErrorCode::InUse);
    // The show is on sale as before.
    let sale = hold(&house, id, &["B1", "B2"]);
    let guest = Actor::guest_with(sale.booking_token.clone().unwrap());
    block_on(house.kitflik.bookings().release(&guest, sale.id, None)).unwrap();
    // A hold that is over does not stand in the way, and is over for good.
    house.clock.advance(Duration::from_secs(10 * 60 + 5));
    let moved = move_show(&house, id, &there).unwrap();
    assert_eq!((moved.auditorium.id, moved.layout_id), (other.id, other.layout_id));
    let guest = Actor::guest_with(held.booking_token.clone().unwrap());
    let late = block_on(house.kitflik.bookings().confirm(&guest, held.id, &ConfirmBooking::counter()));
    assert_eq!(late.unwrap_err().code(), ErrorCode::HoldExpired);
    let map = block_on(house.kitflik.bookings().seats(id)).unwrap();
    assert_eq!(map.view().states, "....");
    buy(&house, id, &["A3", "A4"]);
    // And its old hall is free.
    another(&house, &cinema, "2026-11-27T20:00");
}

#[test]
fn only_a_show_without_bookings_is_deleted() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let id = cinema.show.id;
    let (sold, guest) = buy(&house, id, &["A1", "A2"]);
    assert_eq!(delete(&house, id).unwrap_err().code(), ErrorCode::InUse);
    // A sale that was undone is part of the books.
    block_on(house.kitflik.bookings().cancel(&guest, sold.id, &Default::default())).unwrap();
    let refused = delete(&house, id).unwrap_err();
    assert!(refused.to_string().contains(&sold.id.to_string()), "{refused}");
    hold(&house, id, &["A1"]);
    let next = another(&house, &cinema, "2026-11-28T20:00");
    hold(&house, next.id, &["A1"]);
    assert_eq!(delete(&house, next.id).unwrap_err().code(), ErrorCode::InUse);
    house.clock.advance(Duration::from_secs(10 * 60 + 5));
    let show = block_on(house.kitflik.catalog().show(next.id)).unwrap();
    let stale = house.kitflik.catalog();
    let stale = block_on(stale.delete_show(&Actor::System, next.id, Some(show.revision - 1), None));
    assert_eq!(stale.unwrap_err().code(), ErrorCode::StaleRevision);
    block_on(house.kitflik.catalog().delete_show(&Actor::System, next.id, Some(show.revision), None))
        .unwrap();
    let gone = block_on(house.kitflik.catalog().show(next.id)).unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
    assert_eq!(delete(&house, next.id).unwrap_err().code(), ErrorCode::NotFound);
    another(&house, &cinema, "2026-11-28T20:00");
}

#[test]
fn blocked_seats_do_not_move_to_a_hall_of_other_seats() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let id = cinema.show.id;
    let there = MoveShow::to_auditorium(hall(&house, &cinema, "A: ####\n").id);
    let block = BlockSeats::new(seats(&["A1"]), "For the critics");
    block_on(house.kitflik.bookings().block_seats(&Actor::System, id, &block)).unwrap();
    let refused = move_show(&house, id, &there).unwrap_err();
    assert!(refused.to_string().contains("a blocked seat"), "{refused}");
    let unblock = UnblockSeats { command: None, seats: seats(&["A1"]) };
    block_on(house.kitflik.bookings().unblock_seats(&Actor::System, id, &unblock)).unwrap();
    move_show(&house, id, &there).unwrap();
    let block = BlockSeats::new(seats(&["A4"]), "For the critics");
    block_on(house.kitflik.bookings().block_seats(&Actor::System, id, &block)).unwrap();
    delete(&house, id).unwrap();
}

/// Another process that dies after some batches.
fn dying(house: &House, batches: u32) -> Kitflik {
    Kitflik::builder(Arc::new(Dying::new(house.storage.clone(), Some(batches))), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(9)))
        .password_hasher(Arc::new(PlainHasher))
        .build()
        .unwrap()
}

#[test]
fn a_deletion_that_was_cut_off_lets_the_show_go_on() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let dead = dying(&house, 1);
    let cut_off = block_on(dead.catalog().delete_show(&Actor::System, show, None, None));
    assert_eq!(cut_off.unwrap_err().code(), ErrorCode::Unavailable);
    let request = HoldSeats::best(show, 1);
    let hold = || block_on(house.kitflik.bookings().hold(&Actor::guest(), &request));
    assert_eq!(hold().unwrap_err().code(), ErrorCode::Contended);
    block_on(house.kitflik.tick()).unwrap();
    assert_eq!(hold().unwrap_err().code(), ErrorCode::Contended, "somebody may still be at it");
    house.clock.advance(Duration::from_secs(61));
    block_on(house.kitflik.tick()).unwrap();
    hold().unwrap();
}

#[test]
fn holders_are_told_by_whoever_comes_next() {
    let house = house_on(Arc::new(MemoryStorage::new()));
    let cinema = house
        .cinema(&"ABCDEFGH".chars().map(|row| format!("{row}: ##########\n")).collect::<String>(), |_| {});
    let id = cinema.show.id;
    let mut sold = 0;
    for row in "ABCDEFGH".chars() {
        for place in 0..5 {
            buy(&house, id, &[&format!("{row}{}", 2 * place + 1), &format!("{row}{}", 2 * place + 2)]);
            sold += 1;
        }
    }
    assert_eq!(sold, 40);
    let dead = dying(&house, 1);
    let moved = block_on(dead.catalog().move_show(&Actor::System, id, None, &to_time("2026-11-28T20:00")));
    assert_eq!(moved.unwrap().starts_at.to_string(), "2026-11-28T19:00:00Z");
    let told = || house.mailbox.mails().iter().filter(|mail| mail.subject == "Moved: Alien").count();
    // The first step tells 32, the second the rest.
    for _ in 0..6 {
        block_on(house.kitflik.tick()).unwrap();
    }
    assert_eq!(told(), 40);
    house.clock.advance(Duration::from_secs(3600));
    block_on(house.kitflik.tick()).unwrap();
    assert_eq!(told(), 40);
}

#[test]
fn the_old_time_is_told_on_the_old_venues_clocks() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    buy(&house, cinema.show.id, &["A1"]);
    let london = NewVenue {
        command: None,
        name: "Regent".to_owned(),
        city: "London".to_owned(),
        address: None,
        zone: "Europe/London".parse().unwrap(),
    };
    let venue_id = block_on(catalog.add_venue(&Actor::System, &london)).unwrap().id;
    let layout = Layout::from_text("Hall 1", HALL).unwrap();
    let there = NewAuditorium { command: None, venue_id, name: "Screen 1".to_owned(), layout };
    let there = block_on(catalog.add_auditorium(&Actor::System, &there)).unwrap();
    assert_eq!(there.layout_id, cinema.auditorium.layout_id);
    move_show(&house, cinema.show.id, &MoveShow::to_auditorium(there.id)).unwrap();
    subjects(&house);
    let mails = house.mailbox.mails();
    let text = &mails.iter().find(|mail| mail.subject.starts_with("Moved: ")).unwrap().text;
    assert!(text.contains("the old time, Friday, 27 November 2026, 20:00, Hall 1"), "{text}");
}

#[test]
fn no_show_changes_to_prices_that_are_archived() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let prices = cinema.card.prices.clone();
    let old = NewPriceCard::new("Old", cinema.card.currency, prices);
    let old = block_on(catalog.add_price_card(&Actor::System, &old)).unwrap();
    let edit = |card| block_on(catalog.edit_show(&Actor::System, cinema.show.id, None, &EditShow::new(card)));
    edit(old.id).unwrap();
    edit(cinema.card.id).unwrap();
    block_on(catalog.archive(&Actor::System, old.id.into(), None, None)).unwrap();
    let refused = edit(old.id).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    assert!(refused.to_string().contains("archived: restore it first"), "{refused}");
    // Whoever has it keeps it.
    block_on(catalog.archive(&Actor::System, cinema.card.id.into(), None, None)).unwrap();
    edit(cinema.card.id).unwrap();
}
