//! Customers' accounts and bookings, as staff find them.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::time::Duration;

use common::{HALL, House, house, seats};
use kitflik_core::{
    Actor, BookingId, BookingQuery, BookingStatus, CancelBooking, CancelledBy, ConfirmBooking, DeleteAccount,
    DeleteCustomer, ErrorCode, FutureBookings, HoldSeats, PageRequest, RegisterUser, ShowId, Timestamp,
    UserError, UserId, UserQuery,
};
use pollster::block_on;

/// An account, a second later than whatever was before.
fn register(house: &House, email: &str, name: &str) -> UserId {
    house.clock.advance(Duration::from_secs(1));
    let (email, name, password) = (email.to_owned(), name.to_owned(), "correct horse".to_owned());
    block_on(house.kitflik.users().register(&RegisterUser { command: None, email, password, name }))
        .unwrap()
        .id
}

fn hold(house: &House, show: ShowId, user: UserId, ids: &[&str]) -> BookingId {
    house.clock.advance(Duration::from_secs(1));
    let request = HoldSeats::seats(show, seats(ids));
    block_on(house.kitflik.bookings().hold(&Actor::User { id: user }, &request)).unwrap().id
}

fn buy(house: &House, show: ShowId, user: UserId, ids: &[&str]) -> BookingId {
    let id = hold(house, show, user, ids);
    let confirm = ConfirmBooking::paid_by("test", None);
    block_on(house.kitflik.bookings().confirm(&Actor::User { id: user }, id, &confirm)).unwrap();
    id
}

/// All pages of a search, and how many there were.
fn find(house: &House, q: Option<&str>, limit: u32) -> (Vec<UserId>, usize) {
    let page = PageRequest { cursor: None, limit: Some(limit) };
    let mut query = UserQuery { q: q.map(str::to_owned), page };
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = block_on(house.kitflik.users().list(&Actor::System, &query)).unwrap();
        found.extend(page.items.iter().map(|user| user.id));
        pages += 1;
        match page.next_cursor {
            Some(cursor) => query.page.cursor = Some(cursor),
            None => return (found, pages),
        }
    }
}

#[test]
fn customers_are_found_by_address_and_name_the_newest_first() {
    let house = house();
    let ada = register(&house, "ada@example.org", "Ada Lovelace");
    let adam = register(&house, "adam@example.com", "Adam");
    let eve = register(&house, "EVE@example.org", "Eve Ångström");
    for limit in [1, 2, 3, 100] {
        assert_eq!(find(&house, None, limit), (vec![eve, adam, ada], 3_usize.div_ceil(limit as usize)));
        assert_eq!(find(&house, Some("example.org"), limit).0, [eve, ada]);
        assert_eq!(find(&house, Some("ADA"), limit).0, [adam, ada]);
    }
    assert_eq!(find(&house, Some(" lovelace "), 10).0, [ada]);
    assert_eq!(find(&house, Some("ÅNG"), 10).0, [eve]);
    // A whole address is that account, even where it is a part of another's.
    let xada = register(&house, "x.ada@example.org", "Xaver");
    assert_eq!(find(&house, Some(" Ada@Example.org"), 10).0, [ada]);
    assert_eq!(find(&house, Some("da@example.org"), 10).0, [xada, ada]);
    assert_eq!(find(&house, Some("nobody"), 10), (vec![], 1));
    for (q, page, path) in [
        (Some("x".repeat(201)), PageRequest::default(), "q"),
        (Some("a\nb".to_owned()), PageRequest::default(), "q"),
        (None, PageRequest { cursor: Some("x".to_owned()), limit: None }, "cursor"),
        (None, PageRequest { cursor: None, limit: Some(0) }, "limit"),
    ] {
        let error = block_on(house.kitflik.users().list(&Actor::System, &UserQuery { q, page })).unwrap_err();
        assert_eq!(kitflik_core::Error::from(error).fields()[0].path, path);
    }
}

/// Who is rare among many: a call stops after a thousand, and says where to go on.
#[test]
fn a_search_through_many_customers_goes_on_where_it_stopped() {
    let house = house();
    let ada = register(&house, "ada@example.org", "Ada");
    for number in 0..1_005 {
        register(&house, &format!("{number}@example.com"), "Somebody");
    }
    let query = UserQuery { q: Some("ada".to_owned()), page: PageRequest::default() };
    let first = block_on(house.kitflik.users().list(&Actor::System, &query)).unwrap();
    assert!(first.items.is_empty() && first.next_cursor.is_some());
    assert_eq!(find(&house, Some("ada"), 20), (vec![ada], 2));
    assert_eq!(find(&house, None, 100).0.len(), 1_006);
}

#[test]
fn a_customer_is_seen_with_what_they_bought() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (ada, bob) = (register(&house, "ada@example.org", "Ada"), register(&house, "bob@example.org", "Bob"));
    let first = buy(&house, show, ada, &["A1", "A2"]);
    buy(&house, show, bob, &["A3", "A4"]);
    hold(&house, show, ada, &["B1", "B2"]);
    let second = buy(&house, show, ada, &["C1", "C2"]);
    let undo = CancelBooking::new();
    block_on(house.kitflik.bookings().cancel(&Actor::User { id: ada }, first, &undo)).unwrap();
    let users = house.kitflik.users();
    let view = |cursor: Option<String>| {
        let page = PageRequest { cursor, limit: Some(1) };
        block_on(users.view(&Actor::System, ada, &page)).unwrap()
    };
    let page = view(None);
    assert_eq!((page.user.email.as_str(), page.user.name.as_str()), ("ada@example.org", "Ada"));
    assert_eq!(page.bookings.items[0].id, second);
    let page = view(page.bookings.next_cursor);
    assert_eq!((page.bookings.items[0].id, page.bookings.items[0].status), (first, BookingStatus::Cancelled));
    assert_eq!(page.bookings.next_cursor, None);
    let nobody = block_on(users.view(&Actor::System, UserId::from_bytes([1; 16]), &PageRequest::default()));
    assert_eq!(nobody.unwrap_err().code(), ErrorCode::NotFound);
    let page = PageRequest { cursor: Some("x".to_owned()), limit: None };
    let refused = block_on(users.view(&Actor::System, ada, &page)).unwrap_err();
    assert_eq!(kitflik_core::Error::from(refused).fields()[0].path, "cursor");
}

#[test]
fn bookings_are_listed_by_customer_and_time() {
    let house = house();
    let (show, other) = (house.cinema(HALL, |_| {}).show.id, house.cinema(HALL, |_| {}).show.id);
    let (ada, bob) = (register(&house, "ada@example.org", "Ada"), register(&house, "bob@example.org", "Bob"));
    let one = buy(&house, show, ada, &["A1", "A2"]);
    let two = buy(&house, other, ada, &["A1", "A2"]);
    let bobs = buy(&house, show, bob, &["A3", "A4"]);
    let held = hold(&house, show, ada, &["B1", "B2"]);
    let three = buy(&house, show, ada, &["C1", "C2"]);
    let undo = CancelBooking::because("It rains.");
    block_on(house.kitflik.bookings().cancel(&Actor::System, two, &undo)).unwrap();
    let list = |query: BookingQuery| {
        let (mut found, mut query) = (Vec::new(), query);
        loop {
            let page = block_on(house.kitflik.bookings().list(&Actor::System, &query)).unwrap();
            found.extend(page.items.iter().map(|booking| booking.id));
            match page.next_cursor {
                Some(cursor) => query.page.cursor = Some(cursor),
                None => return found,
            }
        }
    };
    let made = |id: BookingId| block_on(house.kitflik.bookings().get(&Actor::System, id)).unwrap().created_at;
    for limit in [1, 2, 100] {
        let page = PageRequest { cursor: None, limit: Some(limit) };
        let all = BookingQuery { page, ..BookingQuery::default() };
        let of = |user_id: UserId, status: Option<BookingStatus>| {
            list(BookingQuery { user_id: Some(user_id), status, ..all.clone() })
        };
        assert_eq!(of(ada, None), [three, two, one]);
        assert_eq!(of(ada, Some(BookingStatus::Confirmed)), [three, one]);
        assert_eq!(of(ada, Some(BookingStatus::Cancelled)), [two]);
        assert_eq!(of(ada, Some(BookingStatus::Held)), [held]);
        assert_eq!(of(bob, None), [bobs]);
        let of_show =
            |status| list(BookingQuery { user_id: Some(ada), show_id: Some(show), status, ..all.clone() });
        assert_eq!(of_show(None), [three, one]);
        assert_eq!(of_show(Some(BookingStatus::Held)), [held]);
        assert_eq!(list(BookingQuery { status: Some(BookingStatus::Cancelled), ..all.clone() }), [two]);
        let within = |from: Option<Timestamp>, to: Option<Timestamp>, query: &BookingQuery| {
            list(BookingQuery { from, to, ..query.clone() })
        };
        // `from` is in it, and `to` is not, whichever way they are found.
        assert_eq!(within(Some(made(two)), None, &all), [three, held, bobs, two]);
        assert_eq!(within(None, Some(made(held)), &all), [bobs, two, one]);
        assert_eq!(within(Some(made(two)), Some(made(held)), &all), [bobs, two]);
        let adas = BookingQuery { user_id: Some(ada), ..all.clone() };
        assert_eq!(within(Some(made(two)), Some(made(three)), &adas), [two]);
        let sold =
            BookingQuery { show_id: Some(show), status: Some(BookingStatus::Confirmed), ..all.clone() };
        assert_eq!(within(Some(made(two)), Some(made(three)), &sold), [bobs]);
        assert_eq!(within(Some(made(one)), Some(made(three)), &sold), [bobs, one]);
    }
    let refused =
        |query: BookingQuery| block_on(house.kitflik.bookings().list(&Actor::System, &query)).unwrap_err();
    let nobody = BookingQuery { user_id: Some(UserId::from_bytes([1; 16])), ..BookingQuery::default() };
    assert_eq!(refused(nobody).code(), ErrorCode::NotFound);
    let never = BookingQuery { from: Some(made(two)), to: Some(made(two)), ..BookingQuery::default() };
    assert_eq!(kitflik_core::Error::from(refused(never)).fields()[0].path, "to");
}

fn delete(house: &House, actor: &Actor, id: UserId, bookings: FutureBookings) -> Result<(), UserError> {
    let request = DeleteCustomer { command: None, bookings };
    block_on(house.kitflik.users().delete_customer(actor, id, &request))
}

#[test]
fn staff_delete_an_account_that_has_nothing_ahead() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let (ada, bob) = (register(&house, "ada@example.org", "Ada"), register(&house, "bob@example.org", "Bob"));
    let (sold, held) = (buy(&house, show.id, ada, &["A1", "A2"]), hold(&house, show.id, ada, &["B1", "B2"]));
    let bobs = buy(&house, show.id, bob, &["A3", "A4"]);
    let refused = delete(&house, &Actor::System, ada, FutureBookings::Refuse).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::BookingState);
    house.clock.advance(show.ends_at.since(house.kitflik.now()));
    delete(&house, &Actor::System, ada, FutureBookings::Refuse).unwrap();
    let users = house.kitflik.users();
    assert_eq!(find(&house, None, 10).0, [bob]);
    assert_eq!(find(&house, Some("ada@example.org"), 10).0, []);
    let gone = block_on(users.view(&Actor::System, ada, &PageRequest::default())).unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
    let again = delete(&house, &Actor::System, ada, FutureBookings::Refuse).unwrap_err();
    assert_eq!(again.code(), ErrorCode::NotFound);
    // The sale stays, without a name, and the hold does not.
    let of = |id| block_on(house.kitflik.bookings().get(&Actor::System, id)).unwrap();
    assert_eq!((of(sold).status, of(sold).customer), (BookingStatus::Confirmed, None));
    assert_eq!(of(held).status, BookingStatus::Released);
    assert_eq!(of(bobs).status, BookingStatus::Confirmed);
    assert_eq!(house.payments.taken().len(), 2);
}

/// Customers may have to leave it to the house to cancel; the house may do it to the end.
#[test]
fn staff_delete_an_account_and_cancel_what_is_ahead() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show;
    let ada = register(&house, "ada@example.org", "Ada");
    let sold = buy(&house, show.id, ada, &["A1", "A2"]);
    house.clock.advance(show.starts_at.since(house.kitflik.now()));
    let by_ada = DeleteAccount {
        command: None,
        password: "correct horse".to_owned(),
        bookings: FutureBookings::Cancel,
        address: None,
    };
    let late = block_on(house.kitflik.users().delete(&Actor::User { id: ada }, &by_ada)).unwrap_err();
    assert_eq!(late.code(), ErrorCode::BookingState);
    delete(&house, &Actor::System, ada, FutureBookings::Cancel).unwrap();
    let cancelled = block_on(house.kitflik.bookings().get(&Actor::System, sold)).unwrap();
    assert_eq!((cancelled.status, cancelled.customer), (BookingStatus::Cancelled, None));
    assert_eq!(cancelled.cancellation.unwrap().by, CancelledBy::House);
    assert_eq!(house.payments.taken(), []);
    block_on(house.kitflik.tick()).unwrap();
    let subjects: Vec<String> = house.mailbox.mails().into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.contains(&"Cancelled: Alien".to_owned()), "{subjects:?}");
    assert_eq!(find(&house, None, 10).0, []);
}
