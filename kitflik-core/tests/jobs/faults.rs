//! Jobs that are many, off, changed or broken, and what they keep waiting: nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kitflik_core::{
    Actor, Durability, ErrorCode, JobKind, MailQuery, MailState, PageRequest, RegisterUser, Storage, Write,
};
use pollster::block_on;

use super::common::{HALL, house};
use super::{NEWS, SOON, at, buy, customer, edit, job, mails, premiere, process, settle, turn_to};

/// Writes a row that no record can be read from.
fn spoil(storage: &Arc<dyn Storage>, key: &str) {
    let writes = vec![Write::Put { key: key.to_owned(), value: b"[]".to_vec() }];
    let batch = kitflik_core::Batch { checks: Vec::new(), writes, durability: Durability::Durable };
    block_on(storage.commit(batch)).unwrap();
}

#[test]
fn a_welcome_does_not_wait_behind_the_news() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let Actor::User { id } = customer(&house, "ada") else { unreachable!() };
    for number in 0..130_u32 {
        let copy = format!("user/019c0000-0000-7000-8000-{number:012}");
        edit(&house.storage, &format!("user/{id}"), Some(&copy), |user| {
            user["email"] = format!("d{number}@example.org").into();
        });
    }
    let kitflik = process(&house, house.storage.clone(), 9, |_| {});
    settle(&kitflik);
    premiere(&house, &cinema, "Solaris", "2026-12-05T20:00");
    turn_to(&house.clock, at("2026-12-04T11:00:00Z"));
    block_on(kitflik.tick()).unwrap();
    assert_eq!(mails(&house.mailbox, NEWS).len(), 50);
    house.clock.advance(Duration::from_millis(5));
    let (email, password, name) =
        ("bob@example.org".to_owned(), "correct horse".to_owned(), "Bob".to_owned());
    block_on(house.kitflik.users().register(&RegisterUser { command: None, email, password, name })).unwrap();
    // Whoever looks sees both, in the order in which they are due, page by page.
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest { cursor, limit: Some(40) };
        let query = MailQuery { state: MailState::Waiting, page };
        let page = block_on(kitflik.notify().list(&Actor::System, &query)).unwrap();
        listed.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let ids: BTreeSet<_> = listed.iter().map(|mail| mail.id).collect();
    assert_eq!((listed.len(), ids.len()), (82, 82));
    assert!(listed.is_sorted_by_key(|mail| mail.due_at));
    block_on(kitflik.tick()).unwrap();
    let welcomed: Vec<String> = mails(&house.mailbox, "Welcome").into_iter().map(|mail| mail.to).collect();
    assert!(welcomed.contains(&"bob@example.org".to_owned()), "{welcomed:?}");
    assert_eq!(mails(&house.mailbox, NEWS).len(), 99);
    settle(&kitflik);
    assert_eq!(mails(&house.mailbox, NEWS).len(), 131);
}

#[test]
fn what_was_due_by_another_plan_or_while_it_was_off_is_not_made_up_for() {
    let house = house();
    house.cinema(HALL, |_| {});
    let news = JobKind::NewReleases;
    let with = |seed, plan: &str| {
        process(&house, house.storage.clone(), seed, |policy| {
            policy.set_job(JobKind::NewReleases, plan).unwrap()
        })
    };
    let friday = with(1, "0 0 12 * * FRI UTC");
    settle(&friday);
    // Another plan while a time of the old one has passed.
    turn_to(&house.clock, at("2026-12-05T10:00:00Z"));
    let daily = with(2, "0 30 9 * * * UTC");
    settle(&daily);
    assert_eq!(job(&daily, news).last_run, None);
    assert_eq!(job(&daily, news).next_due, Some(at("2026-12-06T09:30:00Z")));
    // Off for three days, then on again.
    let off = process(&house, house.storage.clone(), 3, |policy| policy.new_releases = None);
    settle(&off);
    turn_to(&house.clock, at("2026-12-08T10:00:00Z"));
    settle(&off);
    let daily = with(4, "0 30 9 * * * UTC");
    settle(&daily);
    assert_eq!(job(&daily, news).last_run, None);
    assert_eq!(job(&daily, news).next_due, Some(at("2026-12-09T09:30:00Z")));
    turn_to(&house.clock, at("2026-12-09T09:30:00Z"));
    settle(&daily);
    assert_eq!(job(&daily, news).last_run.map(|run| run.due), Some(at("2026-12-09T09:30:00Z")));
}

#[test]
fn a_job_that_cannot_be_read_keeps_no_other_and_no_mail_waiting() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let kitflik = process(&house, house.storage.clone(), 9, |_| {});
    settle(&kitflik);
    buy(&house, cinema.show.id, "Ada");
    spoil(&house.storage, "job/new_releases");
    turn_to(&house.clock, at("2026-11-27T16:00:00Z"));
    let error = block_on(kitflik.tick()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Internal);
    assert_eq!(mails(&house.mailbox, SOON).len(), 1);
}

#[test]
fn nothing_is_due_at_the_counter_for_what_is_free() {
    let house = house();
    let cinema = house.cinema(HALL, |_| {});
    let kitflik = process(&house, house.storage.clone(), 9, |_| {});
    let booking = buy(&house, cinema.show.id, "Ada");
    edit(&house.storage, &format!("booking/{booking}"), None, |row| row["total"]["amount_minor"] = 0.into());
    turn_to(&house.clock, at("2026-11-27T16:00:00Z"));
    settle(&kitflik);
    let confirmed = mails(&house.mailbox, "Your tickets");
    for mail in confirmed.iter().chain(&mails(&house.mailbox, SOON)) {
        assert!(!mail.text.to_lowercase().contains("be paid at the counter"), "{}", mail.text);
    }
    assert_eq!((confirmed.len(), mails(&house.mailbox, SOON).len()), (1, 1));
}
