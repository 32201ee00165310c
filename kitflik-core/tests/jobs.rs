//! What the house does by itself, by the clock.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;
#[path = "jobs/faults.rs"]
mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use common::{Cinema, Dying, HALL, House, Slow, house, house_on};
use kitflik_core::testing::ports::{Mailbox, ManualClock, PlainHasher, SeededEntropy};
use kitflik_core::{
    Actor, AuditQuery, CancelBooking, ConfirmBooking, Durability, Email, ErrorCode, HoldSeats, JobKind,
    JobView, Kitflik, MasterKey, MemoryStorage, MoveShow, NewMovie, NewShow, NewStaff, Policy, Read,
    RegisterUser, Role, ShowId, Storage, Timestamp, UpdateProfile, Write, Zone,
};
use pollster::block_on;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Another process over the same store, which does its jobs.
fn process(house: &House, storage: Arc<dyn Storage>, seed: u64, edit: impl FnOnce(&mut Policy)) -> Kitflik {
    let mut policy = Policy::default();
    policy.view_max_age = None;
    edit(&mut policy);
    Kitflik::builder(storage, MasterKey::new([7; 32]))
        .clock(house.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(seed)))
        .password_hasher(Arc::new(PlainHasher))
        .mailer(house.mailbox.clone())
        .policy(policy)
        .build()
        .unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn turn_to(clock: &ManualClock, time: Timestamp) {
    clock.shift(time.millis() - kitflik_core::Clock::now(clock).millis());
}

/// Changes a stored record, past the engine.
fn edit(
    storage: &Arc<dyn Storage>,
    key: &str,
    new_key: Option<&str>,
    change: impl FnOnce(&mut serde_json::Value),
) {
    let rows = block_on(storage.read(vec![Read::Get { key: key.to_owned() }])).unwrap();
    let mut value: serde_json::Value = serde_json::from_slice(&rows[0][0].value).unwrap();
    change(&mut value);
    let (key, value) = (new_key.unwrap_or(key).to_owned(), serde_json::to_vec(&value).unwrap());
    let writes = vec![Write::Put { key, value }];
    let batch = kitflik_core::Batch { checks: Vec::new(), writes, durability: Durability::Durable };
    block_on(storage.commit(batch)).unwrap();
}

/// A customer who wants to hear of offers, at an address that is verified.
fn customer(house: &House, name: &str) -> Actor {
    let (email, password) = (format!("{name}@example.org"), "correct horse".to_owned());
    let new = RegisterUser { command: None, email, password, name: name.to_owned() };
    let actor = Actor::User { id: block_on(house.kitflik.users().register(&new)).unwrap().id };
    let Actor::User { id } = &actor else { unreachable!() };
    edit(&house.storage, &format!("user/{id}"), None, |user| user["email_verified"] = true.into());
    let wants = UpdateProfile { marketing_consent: Some(true), ..UpdateProfile::default() };
    block_on(house.kitflik.users().update_profile(&actor, &wants)).unwrap();
    actor
}

fn premiere(house: &House, cinema: &Cinema, title: &str, start: &str) -> ShowId {
    let (catalog, system) = (house.kitflik.catalog(), Actor::System);
    let movie = NewMovie { title: title.to_owned(), ..NewMovie::default() };
    let movie = block_on(catalog.add_movie(&system, &movie)).unwrap();
    let mut show = NewShow::new(movie.id, cinema.auditorium.id, cinema.card.id, start.parse().unwrap());
    show.duration_minutes = Some(90);
    block_on(catalog.add_show(&system, &show)).unwrap().id
}

fn mails(mailbox: &Mailbox, subject: &str) -> Vec<Email> {
    mailbox.mails().into_iter().filter(|mail| mail.subject.starts_with(subject)).collect()
}

/// The time that the id of a mail begins with.
fn made_at(mail: &Email) -> Timestamp {
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&mail.id.as_bytes()[..6]);
    Timestamp::from_millis(i64::from_be_bytes(millis))
}

const NEWS: &str = "New at KitFlik";

/// Ticks until it is quiet.
fn settle(kitflik: &Kitflik) {
    for _ in 0..100 {
        let next = block_on(kitflik.tick()).unwrap();
        if next.is_none_or(|next| next > kitflik.now()) {
            return;
        }
    }
    panic!("a tick always wants another one");
}

fn job(kitflik: &Kitflik, job: JobKind) -> JobView {
    let jobs = block_on(kitflik.jobs().list(&Actor::System)).unwrap();
    jobs.into_iter().find(|view| view.job == job).unwrap()
}

/// A future that is dropped, or comes to its end, after so many polls.
fn poll_some(future: impl Future, polls: u64) -> bool {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
}

#[test]
fn the_friday_job_runs_at_noon_of_the_venue_across_clock_changes_and_downtime() {
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    let luck = SeededEntropy::new(7);
    let storage: Arc<dyn Storage> = Arc::new(Slow(MemoryStorage::new()));
    let house = house_on(storage.clone());
    turn_to(&house.clock, at("2026-03-02T09:00:00Z"));
    let cinema = house.cinema(HALL, |show| show.starts_at_local = "2026-03-01T20:00".parse().unwrap());
    for name in ["ada", "bob", "cy"] {
        customer(&house, name);
    }
    settle(&house.kitflik);
    // A film has its first show each Saturday, from March until November.
    let mut day = at("2026-03-07T12:00:00Z");
    let mut fridays = Vec::new();
    while day < at("2026-11-20T00:00:00Z") {
        let date = day.in_zone(berlin).format("%Y-%m-%d").to_string();
        premiere(&house, &cinema, &format!("Film of {date}"), &format!("{date}T20:00"));
        let friday = day.minus(DAY).in_zone(berlin).format("%Y-%m-%dT12:00").to_string();
        fridays.push(friday.parse::<kitflik_core::LocalTime>().unwrap().resolve(berlin).unwrap());
        day = day.plus(7 * DAY);
    }
    // Nobody is there for two Fridays in June, and for one on either side of a change of the clocks.
    let away =
        [("2026-06-11T10:00:00Z", "2026-06-22T06:00:00Z"), ("2026-10-22T20:00:00Z", "2026-10-26T06:00:00Z")];
    let away = away.map(|(from, to)| (at(from), at(to)));
    let start = |seed| process(&house, storage.clone(), seed, |policy| policy.reminder_before = None);
    let mut engines: Vec<Kitflik> = (0..3).map(start).collect();
    let mut runs: BTreeMap<Timestamp, Timestamp> = BTreeMap::new();
    while house.kitflik.now() < at("2026-11-14T00:00:00Z") {
        let now = house.kitflik.now();
        if let Some((_, back)) = away.iter().find(|(from, to)| *from <= now && now < *to) {
            turn_to(&house.clock, *back);
            continue;
        }
        // Two at once, each of which may be cut off after any step; then somebody goes on.
        let pair = (luck.below(3) as usize, luck.below(3) as usize);
        let (cut, other_cut) = (luck.below(40), luck.below(40));
        let (mut one, mut other) = (Box::pin(engines[pair.0].tick()), Box::pin(engines[pair.1].tick()));
        for step in 0..40 {
            if step < cut && poll_some(one.as_mut(), 1) || step < other_cut && poll_some(other.as_mut(), 1) {
                break;
            }
        }
        drop((one, other));
        if luck.chance(20) {
            engines[luck.below(3) as usize] = start(luck.next());
        }
        settle(&engines[luck.below(3) as usize]);
        let view = job(&engines[0], JobKind::NewReleases);
        // Whoever was cut off has the run for a while.
        if let Some(last) = view.last_run {
            runs.insert(last.due, last.started_at);
        }
        house.clock.advance(Duration::from_secs(60 * (3 + luck.below(240))));
    }
    house.clock.advance(HOUR);
    settle(&engines[1]);
    let expected: BTreeSet<Timestamp> = fridays
        .iter()
        .copied()
        .filter(|due| {
            *due < at("2026-11-14T00:00:00Z") && due.in_zone(berlin).format("%d.%m.").to_string() != "12.06."
        })
        .collect();
    assert_eq!(runs.keys().copied().collect::<BTreeSet<_>>(), expected);
    for (due, started) in &runs {
        assert_eq!(due.in_zone(berlin).format("%a %H:%M:%S").to_string(), "Fri 12:00:00");
        let back = away.iter().find(|(from, to)| from <= due && due < to).map_or(*due, |(_, to)| *to);
        assert!(*started >= back && started.since(back) < 5 * HOUR, "due {due}, begun {started}");
    }
    // Whoever comes back on a Monday tells of the next Saturday, and there is nothing new on the Friday before it.
    let told = expected.len() - away.len();
    let news = mails(&house.mailbox, NEWS);
    let ids: BTreeSet<_> = news.iter().map(|mail| mail.id).collect();
    // A mail that was cut off while it went out goes out again, and is the same.
    assert_eq!(ids.len(), 3 * told);
    for name in ["ada", "bob", "cy"] {
        let theirs: Vec<&Email> = news.iter().filter(|mail| mail.to.starts_with(name)).collect();
        let films: BTreeSet<&str> = theirs
            .iter()
            .flat_map(|mail| mail.text.lines())
            .filter(|line| line.starts_with("Film of"))
            .collect();
        let ids: BTreeSet<_> = theirs.iter().map(|mail| mail.id).collect();
        assert_eq!((ids.len(), films.len()), (told, told), "{name}");
    }
}

#[test]
fn a_run_in_pages_goes_on_wherever_it_was_cut_off() {
    for cut in 0..12 {
        let house = house();
        let cinema = house.cinema(HALL, |_| {});
        // More than two pages; some do not want news.
        for number in 0..25 {
            customer(&house, &format!("c{number}"));
        }
        let one = block_on(house.storage.read(vec![Read::Scan {
            start: "user/".to_owned(),
            end: "user0".to_owned(),
            limit: 1,
            reverse: false,
        }]))
        .unwrap()[0][0]
            .key
            .clone();
        for number in 0..230_u32 {
            let id = format!("user/019c0000-0000-7000-8000-{number:012}");
            edit(&house.storage, &one, Some(&id), |user| {
                user["email"] = format!("d{number}@example.org").into();
                user["marketing_consent"] = (number % 10 != 0).into();
                user["email_verified"] = (number % 10 != 1).into();
            });
        }
        settle(&house.kitflik);
        premiere(&house, &cinema, "Solaris", "2026-12-05T20:00");
        turn_to(&house.clock, at("2026-12-04T11:00:00Z"));
        let dying = Arc::new(Dying::new(house.storage.clone(), Some(cut)));
        let first = process(&house, dying, 50, |_| {});
        let _ = block_on(first.tick());
        house.clock.advance(Duration::from_secs(121));
        settle(&process(&house, house.storage.clone(), 51, |_| {}));
        let news = mails(&house.mailbox, NEWS);
        let (ids, to): (BTreeSet<_>, BTreeSet<_>) =
            news.iter().map(|mail| (mail.id, mail.to.clone())).unzip();
        assert_eq!((ids.len(), to.len()), (25 + 184, 25 + 184), "cut after {cut} batches");
        let last = job(&house.kitflik, JobKind::NewReleases).last_run.unwrap();
        assert_eq!((last.mails, last.error), (209, None));
    }
}

#[test]
fn news_are_of_new_films_to_those_who_want_them() {
    let house = house();
    let kitflik = process(&house, house.storage.clone(), 9, |_| {});
    let cinema = house.cinema(HALL, |show| show.starts_at_local = "2026-11-01T20:00".parse().unwrap());
    let ada = customer(&house, "ada");
    let bob = customer(&house, "bob");
    settle(&kitflik);
    let friday = |week: u32| turn_to(&house.clock, at("2026-12-04T11:00:00Z").plus(7 * DAY * week));
    let films = || -> Vec<String> {
        let news = mails(&house.mailbox, NEWS);
        let theirs = news.iter().filter(|mail| mail.to == "ada@example.org");
        theirs
            .flat_map(|mail| mail.text.lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| line.starts_with("Film"))
            .collect()
    };
    // An old film that is still on, and one that starts the week after next.
    let old = NewShow::new(
        cinema.movie.id,
        cinema.auditorium.id,
        cinema.card.id,
        "2026-12-06T20:00".parse().unwrap(),
    );
    block_on(house.kitflik.catalog().add_show(&Actor::System, &old)).unwrap();
    premiere(&house, &cinema, "Film B", "2026-12-14T20:00");
    friday(0);
    settle(&kitflik);
    let view = job(&kitflik, JobKind::NewReleases);
    assert_eq!((view.last_run.unwrap().mails, films().len()), (0, 0));
    // One that is added after its Friday, and is still new on the next.
    turn_to(&house.clock, at("2026-12-05T11:00:00Z"));
    premiere(&house, &cinema, "Film A", "2026-12-07T20:00");
    let again = block_on(house.kitflik.catalog().movies(&Default::default())).unwrap();
    let a = again.items.iter().find(|movie| movie.title == "Film A").unwrap().id;
    let show = NewShow::new(a, cinema.auditorium.id, cinema.card.id, "2026-12-12T17:00".parse().unwrap());
    block_on(house.kitflik.catalog().add_show(&Actor::System, &show)).unwrap();
    friday(1);
    // Bob changes his mind between the promise and the mail.
    let silent = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32]));
    let silent = silent.clock(house.clock.clone()).mailer(Arc::new(Greylisting)).build().unwrap();
    block_on(silent.tick()).unwrap();
    let no = UpdateProfile { marketing_consent: Some(false), ..UpdateProfile::default() };
    block_on(house.kitflik.users().update_profile(&bob, &no)).unwrap();
    house.clock.advance(HOUR);
    settle(&kitflik);
    assert_eq!(films(), ["Film A", "Film B"]);
    assert_eq!(made_at(&mails(&house.mailbox, NEWS)[0]), at("2026-12-11T11:00:00Z"));
    assert_eq!(mails(&house.mailbox, NEWS).len(), 1);
    let mail = &mails(&house.mailbox, NEWS)[0];
    assert!(
        mail.html.contains("Film A") && mail.text.contains("Saturday, 12 December 2026, 17:00, Odeon"),
        "{}",
        mail.text
    );
    // Nothing is new twice.
    friday(2);
    settle(&kitflik);
    assert_eq!(films().len(), 2);
    drop(ada);
}

/// A mail server that asks everybody to come again.
struct Greylisting;

#[async_trait::async_trait]
impl kitflik_core::Mailer for Greylisting {
    async fn send(&self, _: Email) -> Result<(), kitflik_core::MailError> {
        Err(kitflik_core::MailError::Temporary { reason: "greylisted".to_owned() })
    }
}

fn buy(house: &House, show: ShowId, name: &str) -> kitflik_core::BookingId {
    let hold = HoldSeats::best(show, 2).customer(name, format!("{}@example.org", name.to_lowercase()));
    let booking = block_on(house.kitflik.bookings().hold(&Actor::System, &hold)).unwrap().id;
    block_on(house.kitflik.bookings().confirm(&Actor::System, booking, &ConfirmBooking::counter())).unwrap();
    booking
}

const SOON: &str = "Soon:";

#[test]
fn holders_are_reminded_once_some_hours_before() {
    let house = house();
    let kitflik = process(&house, house.storage.clone(), 9, |_| {});
    // It starts at 19:00Z: the reminder goes out at 16:00Z.
    let cinema = house.cinema(HALL, |_| {});
    let show = cinema.show.id;
    buy(&house, show, "Ada");
    let gone = buy(&house, show, "Bob");
    block_on(house.kitflik.bookings().cancel(&Actor::System, gone, &CancelBooking::because("Ill."))).unwrap();
    settle(&kitflik);
    assert!(block_on(kitflik.tick()).unwrap().is_some_and(|next| next <= at("2026-11-27T16:00:00Z")));
    assert_eq!(job(&kitflik, JobKind::ShowReminders).next_due, Some(at("2026-11-27T16:00:00Z")));
    turn_to(&house.clock, at("2026-11-27T15:59:59Z"));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, SOON).len(), 0);
    turn_to(&house.clock, at("2026-11-27T16:00:01Z"));
    buy(&house, show, "Cy");
    for seed in 0..3 {
        settle(&process(&house, house.storage.clone(), seed, |_| {}));
    }
    let soon = mails(&house.mailbox, SOON);
    assert_eq!(soon.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["ada@example.org"]);
    assert_eq!(made_at(&soon[0]), at("2026-11-27T16:00:00Z"), "an id begins with its time");
    let text = &soon[0].text;
    assert!(text.contains("Friday, 27 November 2026, 20:00 (Europe/Berlin)"), "{text}");
    assert!(text.contains("Alien") && text.contains("To be paid at the counter: 24.50 EUR"), "{text}");
    let last = job(&kitflik, JobKind::ShowReminders).last_run.unwrap();
    assert_eq!((last.mails, last.due), (1, at("2026-11-27T16:00:00Z")));
    house.clock.advance(5 * HOUR);
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, SOON).len(), 1);
    // What was only kept to remind nobody twice is forgotten.
    house.clock.advance(91 * DAY);
    settle(&kitflik);
    let scan =
        Read::Scan { start: "reminded/".to_owned(), end: "reminded0".to_owned(), limit: 10, reverse: false };
    assert!(block_on(house.storage.read(vec![scan])).unwrap()[0].is_empty());
}

#[test]
fn a_reminder_moves_with_its_show() {
    let house = house();
    let kitflik = process(&house, house.storage.clone(), 9, |_| {});
    let cinema = house.cinema(HALL, |_| {});
    let catalog = house.kitflik.catalog();
    let go = |show: ShowId, to: &str| {
        block_on(catalog.move_show(&Actor::System, show, None, &MoveShow::to_time(to.parse().unwrap())))
            .unwrap();
    };
    buy(&house, cinema.show.id, "Ada");
    // To tomorrow, before the reminder was sent.
    go(cinema.show.id, "2026-11-28T20:00");
    turn_to(&house.clock, at("2026-11-27T18:00:00Z"));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, SOON).len(), 0);
    turn_to(&house.clock, at("2026-11-28T16:00:00Z"));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, SOON).len(), 1);
    // To the day after: whoever was reminded is not again; who buys meanwhile is.
    go(cinema.show.id, "2026-11-29T20:00");
    buy(&house, cinema.show.id, "Bob");
    turn_to(&house.clock, at("2026-11-29T16:00:00Z"));
    settle(&kitflik);
    let to: Vec<String> = mails(&house.mailbox, SOON).into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["ada@example.org", "bob@example.org"]);
    // A show that moves into its own last hours: the mail about the move says it.
    let other = premiere(&house, &cinema, "Stalker", "2026-12-02T20:00");
    buy(&house, other, "Cy");
    go(other, "2026-11-29T18:00");
    turn_to(&house.clock, at("2026-11-29T16:30:00Z"));
    settle(&kitflik);
    assert_eq!((mails(&house.mailbox, SOON).len(), mails(&house.mailbox, "Moved:").len()), (2, 3));
}

#[test]
fn managers_get_last_weeks_occupancy() {
    let house = house();
    let kitflik =
        process(&house, house.storage.clone(), 9, |policy| policy.zone = "America/New_York".parse().ok());
    let cinema = house.cinema("A: ##########\n", |_| {});
    buy(&house, cinema.show.id, "Ada");
    buy(&house, cinema.show.id, "Bob");
    let text = |text: &str| text.to_owned();
    let boss = NewStaff {
        email: text("boss@example.org"),
        password: text("battery staple"),
        name: text("Bo"),
        role: Role::Admin,
    };
    let boss = block_on(house.kitflik.staff().make_first(&boss)).unwrap().id;
    for (number, role) in ["manager", "usher", "box_office", "manager"].into_iter().enumerate() {
        let id = format!("staff/019c0000-0000-7000-8000-{number:012}");
        edit(&house.storage, &format!("staff/{boss}"), Some(&id), |staff| {
            staff["email"] = format!("{role}{number}@example.org").into();
            staff["role"] = role.into();
            staff["disabled"] = (number == 3).into();
        });
    }
    settle(&kitflik);
    // Monday at eight in New York.
    turn_to(&house.clock, at("2026-11-30T12:59:59Z"));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, "Occupancy").len(), 0);
    turn_to(&house.clock, at("2026-11-30T13:00:00Z"));
    settle(&kitflik);
    settle(&kitflik);
    let reports = mails(&house.mailbox, "Occupancy, 23 November 2026 to 29 November 2026");
    let to: BTreeSet<&str> = reports.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, BTreeSet::from(["boss@example.org", "manager0@example.org"]));
    assert_eq!(reports.len(), 2);
    let line = "Friday, 27 November 2026, 20:00, Hall 1, Alien: 4 of 10, 40 %, 49.00 EUR";
    assert!(reports[0].text.contains(line), "{}", reports[0].text);
    assert!(reports[0].html.contains("49.00 EUR"), "{}", reports[0].html);
}

#[test]
fn staff_pause_resume_and_run_jobs() {
    let house = house();
    let kitflik = process(&house, house.storage.clone(), 9, |policy| policy.occupancy_report = None);
    let cinema = house.cinema(HALL, |_| {});
    customer(&house, "ada");
    settle(&kitflik);
    let manager = Actor::Staff { id: kitflik_core::StaffId::from_bytes([9; 16]), role: Role::Manager };
    let (jobs, news) = (kitflik.jobs(), JobKind::NewReleases);
    let listed = block_on(jobs.list(&manager)).unwrap();
    assert_eq!(listed.iter().map(|view| view.job).collect::<Vec<_>>(), JobKind::ALL);
    assert_eq!(listed[0].next_due, Some(at("2026-12-04T11:00:00Z")));
    assert_eq!(
        (listed[0].cron.as_deref(), listed[0].zone),
        (Some("0 0 12 * * FRI"), "Europe/Berlin".parse().ok())
    );
    assert_eq!((listed[1].minutes_before, listed[1].next_due), (Some(180), Some(at("2026-11-27T16:00:00Z"))));
    assert_eq!((listed[2].cron.as_deref(), listed[2].next_due), (None, None));
    let off = block_on(jobs.run_now(&manager, JobKind::OccupancyReport, None)).unwrap_err();
    assert_eq!((off.code(), off.to_string().contains("off in the settings")), (ErrorCode::NotFound, true));

    // A pause: what falls into it is not made up for.
    assert!(block_on(jobs.pause(&manager, news, None)).unwrap().paused);
    premiere(&house, &cinema, "Solaris", "2026-12-05T20:00");
    turn_to(&house.clock, at("2026-12-05T11:00:00Z"));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, NEWS).len(), 0);
    let resumed = block_on(jobs.resume(&manager, news, None)).unwrap();
    assert_eq!((resumed.paused, resumed.next_due), (false, Some(at("2026-12-11T11:00:00Z"))));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, NEWS).len(), 0);

    // Run now, once for each command, even while it is paused.
    block_on(jobs.pause(&manager, news, None)).unwrap();
    let command = "run 1".parse().ok();
    let first = block_on(jobs.run_now(&manager, news, command.as_ref())).unwrap();
    settle(&kitflik);
    let again = block_on(jobs.run_now(&manager, news, command.as_ref())).unwrap();
    assert_eq!((&first, first.running.is_some()), (&again, true));
    assert_eq!(mails(&house.mailbox, NEWS).len(), 1);
    assert_eq!(job(&kitflik, news).last_run.map(|run| run.mails), Some(1));
    // There is nothing new any more.
    let second = block_on(jobs.run_now(&manager, news, None)).unwrap();
    assert_eq!((second.running, second.last_run.map(|run| run.mails)), (None, Some(0)));

    // Paused reminders wait; asked for, they go.
    let reminders = JobKind::ShowReminders;
    let other = premiere(&house, &cinema, "Stalker", "2026-12-08T20:00");
    buy(&house, other, "Bob");
    block_on(jobs.pause(&manager, reminders, None)).unwrap();
    turn_to(&house.clock, at("2026-12-08T17:00:00Z"));
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, SOON).len(), 0);
    block_on(jobs.run_now(&manager, reminders, None)).unwrap();
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, SOON).len(), 1);
    let view = job(&kitflik, reminders);
    assert_eq!((view.paused, view.running, view.last_run.map(|run| run.mails)), (true, None, Some(1)));

    let log = block_on(kitflik.staff().audit(&Actor::System, &AuditQuery::default())).unwrap();
    let told: BTreeSet<(String, Option<String>)> =
        log.items.into_iter().map(|entry| (entry.verb, entry.note)).collect();
    for verb in ["job_pause", "job_resume", "job_run"] {
        assert!(told.contains(&(verb.to_owned(), Some("new_releases".to_owned()))), "{told:?}");
    }
}

#[test]
fn a_job_that_was_never_due_is_not_made_up_for_and_a_new_plan_counts_anew() {
    let house = house();
    house.cinema(HALL, |_| {});
    let friday = process(&house, house.storage.clone(), 1, |_| {});
    settle(&friday);
    assert_eq!(job(&friday, JobKind::NewReleases).last_run, None);
    let daily = process(&house, house.storage.clone(), 2, |policy| {
        policy.set_job(JobKind::NewReleases, "0 30 9 * * * UTC").unwrap();
    });
    settle(&daily);
    assert_eq!(job(&daily, JobKind::NewReleases).next_due, Some(at("2026-11-28T09:30:00Z")));
    turn_to(&house.clock, at("2026-12-01T10:00:00Z"));
    settle(&daily);
    // Of four days that nobody was there for, the last is made up for.
    assert_eq!(
        job(&daily, JobKind::NewReleases).last_run.map(|run| run.due),
        Some(at("2026-12-01T09:30:00Z"))
    );
    assert_eq!(job(&daily, JobKind::NewReleases).next_due, Some(at("2026-12-02T09:30:00Z")));
    // An instance that sends no mail leaves jobs to those that do.
    let silent = Kitflik::builder(house.storage.clone(), MasterKey::new([7; 32])).clock(house.clock.clone());
    house.clock.advance(DAY);
    block_on(silent.build().unwrap().tick()).unwrap();
    assert_eq!(
        job(&daily, JobKind::NewReleases).last_run.map(|run| run.due),
        Some(at("2026-12-01T09:30:00Z"))
    );
}
