//! Mail that arrives: languages, back-off, mail that is given up and sent again, links that end it.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use common::{HALL, House, house, seats};
use kitflik_core::testing::ports::SeededEntropy;
use kitflik_core::{
    Actor, Batch, BookingId, BookingStatus, ConfirmBooking, DeleteAccount, Durability, Email, ErrorCode,
    FutureBookings, HoldSeats, Kitflik, MailError, MailQuery, MailState, MailTemplates, MailView, Mailer,
    MasterKey, PageRequest, Policy, Read, RegisterUser, ShowId, UpdateProfile, UserId, Write,
};
use parking_lot::Mutex;
use pollster::block_on;

/// A mail server that answers as it is told, and takes its time.
#[derive(Default)]
struct Post {
    /// Fails half of the time, as this luck has it.
    luck: Mutex<Option<SeededEntropy>>,
    /// What it says to the next mails; then it takes all.
    answers: Mutex<VecDeque<MailError>>,
    /// Mails that it was asked to send, whatever it said.
    tried: Mutex<Vec<Email>>,
    taken: Mutex<Vec<Email>>,
    /// Now, and at most.
    at_once: Mutex<(usize, usize)>,
}

#[async_trait]
impl Mailer for Post {
    async fn send(&self, email: Email) -> Result<(), MailError> {
        {
            let mut at_once = self.at_once.lock();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        let mut waited = false;
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        self.at_once.lock().0 -= 1;
        self.tried.lock().push(email.clone());
        if self.luck.lock().as_ref().is_some_and(|luck| luck.chance(50)) {
            return Err(temporary());
        }
        if let Some(error) = self.answers.lock().pop_front() {
            return Err(error);
        }
        self.taken.lock().push(email);
        Ok(())
    }
}

impl Post {
    fn says(&self, answers: impl IntoIterator<Item = MailError>) {
        self.answers.lock().extend(answers);
    }

    fn subjects(&self) -> Vec<String> {
        self.taken.lock().iter().map(|mail| mail.subject.clone()).collect()
    }
}

fn temporary() -> MailError {
    MailError::Temporary { reason: "451 come again".to_owned() }
}

fn permanent() -> MailError {
    MailError::Permanent { reason: "550 no such mailbox".to_owned() }
}

fn resting() -> MailError {
    MailError::Resting { reason: "no answer three times".to_owned() }
}

/// Another engine over the same store, with this post.
fn with_post(house: &House, edit: impl FnOnce(&mut Policy)) -> (Kitflik, Arc<Post>) {
    let post = Arc::new(Post::default());
    let mut policy = Policy::default();
    policy.view_max_age = None;
    edit(&mut policy);
    let kitflik = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(2)))
        .password_hasher(house.hasher.clone())
        .mailer(post.clone())
        .policy(policy)
        .build()
        .unwrap();
    (kitflik, post)
}

fn register(kitflik: &Kitflik, name: &str) -> UserId {
    let email = format!("{}@example.org", name.to_lowercase());
    let (password, name) = ("correct horse".to_owned(), name.to_owned());
    block_on(kitflik.users().register(&RegisterUser { command: None, email, password, name })).unwrap().id
}

fn speaks(kitflik: &Kitflik, user: UserId, locale: &str) {
    let update = UpdateProfile { locale: Some(Some(locale.to_owned())), ..UpdateProfile::default() };
    block_on(kitflik.users().update_profile(&Actor::User { id: user }, &update)).unwrap();
}

fn buy(kitflik: &Kitflik, actor: &Actor, show: ShowId, ids: &[&str]) -> BookingId {
    let hold = HoldSeats::seats(show, seats(ids));
    let hold = if matches!(actor, Actor::User { .. }) { hold } else { hold.customer("Cy", "cy@example.org") };
    let held = block_on(kitflik.bookings().hold(actor, &hold)).unwrap();
    let confirm = ConfirmBooking::counter();
    block_on(kitflik.bookings().confirm(&Actor::System, held.id, &confirm)).unwrap().id
}

fn listed(kitflik: &Kitflik, state: MailState) -> Vec<MailView> {
    let query = MailQuery { state, ..MailQuery::default() };
    block_on(kitflik.notify().list(&Actor::System, &query)).unwrap().items
}

/// Ticks until nothing waits, as if time flew.
fn until_quiet(house: &House, kitflik: &Kitflik) {
    for _ in 0..200 {
        block_on(kitflik.tick()).unwrap();
        let Some(next) = listed(kitflik, MailState::Waiting).first().and_then(|mail| mail.due_at) else {
            return;
        };
        house.clock.advance(next.since(kitflik.now()) + Duration::from_millis(1));
    }
    panic!("mail still waits: {:?}", listed(kitflik, MailState::Waiting));
}

#[test]
fn everybody_reads_their_own_language() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |policy| policy.default_locale = "de-AT".to_owned());
    let ada = register(&kitflik, "Ada");
    speaks(&kitflik, ada, "en-GB");
    let bob = register(&kitflik, "Bob");
    // There are no mails in their language: they get the house's.
    speaks(&kitflik, bob, "fi");
    buy(&kitflik, &Actor::User { id: ada }, show, &["A1", "A2"]);
    buy(&kitflik, &Actor::User { id: bob }, show, &["A3", "A4"]);
    buy(&kitflik, &Actor::System, show, &["B1", "B2"]);
    block_on(kitflik.tick()).unwrap();
    let taken = post.taken.lock();
    let of = |email: &str, subject: &str| {
        let found = taken.iter().find(|mail| mail.to == email && mail.subject == subject);
        found.unwrap_or_else(|| panic!("{email} has no {subject}: {:?}", post.subjects())).clone()
    };
    assert!(of("ada@example.org", "Welcome to KitFlik").html.contains("lang=\"en\""));
    let english = of("ada@example.org", "Your tickets: Alien");
    assert!(english.text.contains("Friday, 27 November 2026, 20:00"), "{}", english.text);
    assert!(english.text.contains("12.00 EUR"), "{}", english.text);
    of("bob@example.org", "Willkommen bei KitFlik");
    for email in ["bob@example.org", "cy@example.org"] {
        let german = of(email, "Ihre Tickets: Alien");
        assert!(german.text.contains("Freitag, 27. November 2026, 20:00 Uhr"), "{}", german.text);
        assert!(german.text.contains("Erwachsene, 12,00\u{a0}€"), "{}", german.text);
        let calendar = german.attachments.iter().find(|file| file.file_name == "show.ics").unwrap();
        assert!(String::from_utf8(calendar.content.clone()).unwrap().contains("Plätze "));
    }
}

#[test]
fn a_refused_mail_is_kept_and_sent_again_under_its_id() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    let booking = buy(&kitflik, &Actor::System, show, &["A1", "A2"]);
    post.says([permanent()]);
    block_on(kitflik.tick()).unwrap();
    assert_eq!(listed(&kitflik, MailState::Waiting), []);
    let dead = listed(&kitflik, MailState::Dead).remove(0);
    assert_eq!((dead.state, dead.kind.as_str(), dead.attempts), (MailState::Dead, "booking_confirmed", 1));
    assert_eq!((dead.to.as_str(), dead.booking_id, dead.due_at), ("cy@example.org", Some(booking), None));
    assert_eq!(dead.promised_at, kitflik.now());
    assert!(dead.last_error.unwrap().contains("550 no such mailbox"));

    let command = "resend".parse().unwrap();
    let resend = || block_on(kitflik.notify().resend(&Actor::System, dead.id, Some(&command)));
    let waiting = resend().unwrap();
    assert_eq!(
        (waiting.state, waiting.attempts, waiting.due_at),
        (MailState::Waiting, 0, Some(kitflik.now()))
    );
    assert_eq!(listed(&kitflik, MailState::Waiting), std::slice::from_ref(&waiting));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(post.taken.lock()[0].id, dead.id);
    assert_eq!(post.tried.lock()[0].id, dead.id);
    // The answer to a repeat, which sends nothing; another command finds nothing to send.
    assert_eq!(resend().unwrap(), waiting);
    block_on(kitflik.tick()).unwrap();
    assert_eq!(post.taken.lock().len(), 1);
    let gone = block_on(kitflik.notify().resend(&Actor::System, dead.id, None)).unwrap_err();
    assert_eq!(gone.code(), ErrorCode::NotFound);
}

#[test]
fn what_fails_half_of_the_time_arrives_with_one_id() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    *post.luck.lock() = Some(SeededEntropy::new(3));
    for ids in [["A1", "A2"], ["A3", "A4"], ["A5", "A6"], ["A7", "A8"], ["B1", "B2"], ["B3", "B4"]] {
        buy(&kitflik, &Actor::System, show, &ids);
    }
    let promised: BTreeSet<_> = listed(&kitflik, MailState::Waiting).iter().map(|mail| mail.id).collect();
    until_quiet(&house, &kitflik);
    let taken: Vec<_> = post.taken.lock().iter().map(|mail| mail.id).collect();
    assert_eq!(taken.iter().copied().collect::<BTreeSet<_>>(), promised);
    assert_eq!(taken.len(), promised.len(), "a mail that was taken is not sent again");
    assert!(post.tried.lock().len() > taken.len(), "some have failed");
    assert_eq!(post.at_once.lock().1, 4, "so many are on their way at the same time");
}

#[test]
fn a_mail_server_that_rests_costs_no_attempts() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    for ids in [["A1", "A2"], ["A3", "A4"], ["A5", "A6"], ["A7", "A8"], ["B1", "B2"], ["B3", "B4"]] {
        buy(&kitflik, &Actor::System, show, &ids);
    }
    post.says(std::iter::repeat_with(resting).take(4));
    let next = block_on(kitflik.tick()).unwrap().unwrap();
    assert_eq!(post.tried.lock().len(), 4, "the others are not even tried");
    assert!(listed(&kitflik, MailState::Waiting).iter().all(|mail| mail.attempts == 0));
    house.clock.advance(Duration::from_secs(1));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(post.tried.lock().len(), 4, "nor is the server asked before it has rested");
    assert!(next > kitflik.now());
    house.clock.advance(Duration::from_secs(60));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(post.taken.lock().len(), 6);
    assert_eq!(listed(&kitflik, MailState::Waiting), []);
}

#[test]
fn what_fails_for_days_is_given_up() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    buy(&kitflik, &Actor::System, show, &["A1", "A2"]);
    post.says(std::iter::repeat_with(temporary).take(200));
    let start = kitflik.now();
    until_quiet(&house, &kitflik);
    let dead = listed(&kitflik, MailState::Dead);
    assert_eq!((dead.len(), dead[0].attempts), (1, 80));
    let days = kitflik.now().since(start).as_secs_f64() / (24.0 * 60.0 * 60.0);
    assert!((3.0..4.0).contains(&days), "{days} days");
}

#[test]
fn nothing_waits_for_an_account_that_is_gone() {
    let house = house();
    let (kitflik, post) = with_post(&house, |_| {});
    let ada = register(&kitflik, "Ada");
    let delete = DeleteAccount {
        command: None,
        password: "correct horse".to_owned(),
        bookings: Default::default(),
        address: None,
    };
    // The welcome was not sent yet.
    block_on(kitflik.users().delete(&Actor::User { id: ada }, &delete)).unwrap();
    until_quiet(&house, &kitflik);
    assert_eq!(post.subjects(), ["Your account at KitFlik was deleted"]);

    // Nor is anything kept of it that cannot be sent.
    let bob = register(&kitflik, "Bob");
    block_on(kitflik.users().delete(&Actor::User { id: bob }, &delete)).unwrap();
    post.says([permanent(), permanent()]);
    until_quiet(&house, &kitflik);
    assert_eq!(listed(&kitflik, MailState::Dead), []);
}

#[test]
fn mail_that_was_given_up_goes_with_its_account_or_after_a_while() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    let ada = register(&kitflik, "Ada");
    buy(&kitflik, &Actor::User { id: ada }, show, &["A1", "A2"]);
    buy(&kitflik, &Actor::System, show, &["B1", "B2"]);
    post.says(std::iter::repeat_with(permanent).take(3));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(listed(&kitflik, MailState::Dead).len(), 3);
    // Her address is another now.
    let key = format!("user/{ada}");
    let rows = block_on(house.storage.read(vec![Read::Get { key: key.clone() }])).unwrap();
    let value = String::from_utf8(rows[0][0].value.clone()).unwrap();
    let value = value.replace("ada@example.org", "lovelace@example.org").into_bytes();
    put(&house, &key, value);
    let delete = DeleteAccount {
        command: None,
        password: "correct horse".to_owned(),
        bookings: FutureBookings::Cancel,
        address: None,
    };
    block_on(kitflik.users().delete(&Actor::User { id: ada }, &delete)).unwrap();
    let dead: Vec<String> = listed(&kitflik, MailState::Dead).into_iter().map(|mail| mail.to).collect();
    assert_eq!(dead, ["cy@example.org"]);
    until_quiet(&house, &kitflik);
    house.clock.advance(Duration::from_secs(89 * 24 * 60 * 60));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(listed(&kitflik, MailState::Dead).len(), 1);
    house.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(listed(&kitflik, MailState::Dead), []);
}

fn put(house: &House, key: &str, value: Vec<u8>) {
    let writes = vec![Write::Put { key: key.to_owned(), value }];
    let batch = Batch { checks: Vec::new(), writes, durability: Durability::Durable };
    block_on(house.storage.commit(batch)).unwrap();
}

#[test]
fn a_mail_that_cannot_be_read_keeps_nothing_waiting() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    for number in 0..60 {
        let key = format!("outbox/{number:015}/019c0000-0000-7000-8000-{number:012}");
        put(&house, &key, b"[]".to_vec());
    }
    buy(&kitflik, &Actor::System, show, &["A1", "A2"]);
    // It is told, and put off.
    assert_eq!(block_on(kitflik.tick()).unwrap_err().code(), ErrorCode::Internal);
    assert_eq!(block_on(kitflik.tick()).unwrap_err().code(), ErrorCode::Internal);
    assert_eq!(post.subjects(), ["Your tickets: Alien"]);
    block_on(kitflik.tick()).unwrap();
}

#[test]
fn pages_of_waiting_and_dead_mail_hold_each_once() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    for ids in [["A1", "A2"], ["A3", "A4"], ["A5", "A6"], ["A7", "A8"], ["B1", "B2"]] {
        buy(&kitflik, &Actor::System, show, &ids);
        house.clock.advance(Duration::from_secs(1));
    }
    let all = |state| {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let query = MailQuery { state, page: PageRequest { cursor, limit: Some(2) } };
            let page = block_on(kitflik.notify().list(&Actor::System, &query)).unwrap();
            assert!(page.items.len() <= 2);
            found.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return found;
            }
        }
    };
    let waiting = all(MailState::Waiting);
    assert_eq!(waiting.len(), 5);
    assert!(waiting.is_sorted_by_key(|mail| mail.due_at));
    post.says(std::iter::repeat_with(permanent).take(5));
    block_on(kitflik.tick()).unwrap();
    let mut ids: Vec<_> = waiting.iter().map(|mail| mail.id).collect();
    ids.reverse();
    assert_eq!(all(MailState::Dead).iter().map(|mail| mail.id).collect::<Vec<_>>(), ids, "the newest first");
    for state in [MailState::Waiting, MailState::Dead] {
        let page = PageRequest { cursor: Some("nonsense".to_owned()), limit: None };
        let refused =
            block_on(kitflik.notify().list(&Actor::System, &MailQuery { state, page })).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::ValidationFailed);
    }
}

#[test]
fn a_confirmation_is_sent_again_once_in_a_while() {
    let house = house();
    let show = house.cinema(HALL, |_| {}).show.id;
    let (kitflik, post) = with_post(&house, |_| {});
    let bookings = kitflik.bookings();
    let booking = buy(&kitflik, &Actor::System, show, &["A1", "A2"]);
    block_on(kitflik.tick()).unwrap();
    let again = || block_on(bookings.send_again(&Actor::System, booking, None));
    again().unwrap();
    block_on(kitflik.tick()).unwrap();
    assert_eq!(post.subjects(), ["Your tickets: Alien", "Your tickets: Alien"]);
    let ids: BTreeSet<_> = post.taken.lock().iter().map(|mail| mail.id).collect();
    assert_eq!(ids.len(), 2, "it is another mail: receivers do not drop it");
    house.clock.advance(Duration::from_secs(299));
    let refused = kitflik_core::Error::from(again().unwrap_err());
    assert_eq!(
        (refused.code(), refused.retry_after()),
        (ErrorCode::TooManyRequests, Some(Duration::from_secs(1)))
    );
    house.clock.advance(Duration::from_secs(1));
    again().unwrap();

    let held = HoldSeats::seats(show, seats(&["B1", "B2"])).customer("Cy", "cy@example.org");
    let held = block_on(bookings.hold(&Actor::System, &held)).unwrap();
    assert_eq!(held.status, BookingStatus::Held);
    let early = block_on(bookings.send_again(&Actor::System, held.id, None)).unwrap_err();
    assert_eq!(early.code(), ErrorCode::BookingState);
}

#[test]
fn a_house_has_its_own_words() {
    let house = house();
    let own = [("en/welcome.txt", "Subject: Hi {{ name }}\n\nThis is {{ house }}.\n")];
    let own = own.map(|(name, source)| (name.to_owned(), source.to_owned()));
    let post = Arc::new(Post::default());
    let kitflik = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .password_hasher(house.hasher.clone())
        .mailer(post.clone())
        .mail_templates(MailTemplates::with_own(own).unwrap())
        .build()
        .unwrap();
    register(&kitflik, "Ada");
    block_on(kitflik.tick()).unwrap();
    let mail = post.taken.lock().remove(0);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("Hi Ada", "This is KitFlik."));
    assert!(mail.html.contains("Welcome, Ada"), "{}", mail.html);
}

#[test]
fn only_a_link_of_the_house_ends_mails() {
    let house = house();
    let (kitflik, _) = with_post(&house, |_| {});
    for forged in ["", "AAAA", "nonsense!", &"A".repeat(43)] {
        assert!(!kitflik.notify().is_unsubscribe_token(forged));
        let refused = block_on(kitflik.notify().unsubscribe(forged)).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidCode);
    }
}
