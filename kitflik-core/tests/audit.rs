//! The log of what staff did.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

mod common;

use std::sync::Arc;

use common::{House, house, house_on};
use kitflik_core::{
    Actor, AuditEntryView, AuditFaultKind, AuditQuery, Batch, Commit, Durability, ErrorCode, HoldSeats,
    MemoryStorage, NewMovie, NewStaff, PageRequest, Read, RefreshSession, Role, Row, StaffId, StaffLogIn,
    Write,
};
use pollster::block_on;

fn member(number: u8) -> Actor {
    Actor::Staff { id: StaffId::from_bytes([number; 16]), role: Role::Manager }
}

fn admin() -> Actor {
    Actor::Staff { id: StaffId::from_bytes([9; 16]), role: Role::Admin }
}

fn add_movie(house: &House, actor: &Actor, title: &str) {
    let movie = NewMovie { title: title.to_owned(), ..NewMovie::default() };
    block_on(house.kitflik.catalog().add_movie(actor, &movie)).unwrap();
}

fn log(house: &House, staff_id: Option<StaffId>) -> Vec<AuditEntryView> {
    let query = AuditQuery { staff_id, ..AuditQuery::default() };
    block_on(house.kitflik.staff().audit(&admin(), &query)).unwrap().items
}

/// Two members of staff, with five and three entries.
fn busy() -> House {
    let house = house();
    for title in ["Alien", "Brazil", "Casablanca", "Dune", "Eraserhead"] {
        add_movie(&house, &member(1), title);
    }
    for title in ["Fargo", "Gilda", "Heat"] {
        add_movie(&house, &member(2), title);
    }
    house
}

fn rows(house: &House, prefix: &str) -> Vec<Row> {
    let (start, end) = (format!("{prefix}/"), format!("{prefix}0"));
    let scan = Read::Scan { start, end, limit: 1000, reverse: false };
    block_on(house.storage.read(vec![scan])).unwrap().remove(0)
}

fn key(staff: u8, number: u64) -> String {
    format!("audit/{}/{number:012}", StaffId::from_bytes([staff; 16]))
}

fn write(house: &House, writes: Vec<Write>) {
    let batch = Batch { checks: Vec::new(), writes, durability: Durability::Durable };
    let done = block_on(house.storage.commit(batch)).unwrap();
    assert!(matches!(done, Commit::Applied { .. }));
}

fn value(house: &House, key: &str) -> Vec<u8> {
    let read = Read::Get { key: key.to_owned() };
    block_on(house.storage.read(vec![read])).unwrap().remove(0).remove(0).value
}

fn delete(house: &House, key: &str) {
    write(house, vec![Write::Delete { key: key.to_owned() }]);
}

fn put(house: &House, key: &str, value: Vec<u8>) {
    write(house, vec![Write::Put { key: key.to_owned(), value }]);
}

/// The fault that a verification names: kind, whose, and where.
fn fault(house: &House) -> Option<(AuditFaultKind, Option<StaffId>, Option<u64>)> {
    let report = block_on(house.kitflik.staff().verify_audit(&Actor::System)).unwrap();
    report.fault.map(|fault| (fault.kind, fault.staff_id, fault.number))
}

fn at(
    kind: AuditFaultKind,
    staff: u8,
    number: impl Into<Option<u64>>,
) -> Option<(AuditFaultKind, Option<StaffId>, Option<u64>)> {
    Some((kind, Some(StaffId::from_bytes([staff; 16])), number.into()))
}

#[test]
fn whatever_staff_do_is_in_the_log() {
    let house = house();
    let show = house.cinema(common::HALL, |_| {}).show;
    assert!(log(&house, None).is_empty(), "the host program is no member of staff");
    add_movie(&house, &member(1), "Alien");
    let movies = [NewMovie { title: "Brazil".to_owned(), ..NewMovie::default() }];
    block_on(house.kitflik.catalog().import_movies(&member(1), &movies)).unwrap();
    // The second import changes nothing.
    block_on(house.kitflik.catalog().import_movies(&member(1), &movies)).unwrap();
    let hold = HoldSeats::best(show.id, 2).customer("Ada", "ada@example.org");
    let held = block_on(house.kitflik.bookings().hold(&member(2), &hold)).unwrap();
    block_on(house.kitflik.bookings().release(&member(2), held.id, None)).unwrap();
    let log = log(&house, None);
    let verbs: Vec<&str> = log.iter().map(|entry| entry.verb.as_str()).collect();
    assert_eq!(verbs.len(), 4, "{verbs:?}");
    for verb in ["add_movie", "import_movies", "hold", "release"] {
        assert!(verbs.contains(&verb), "{verb} is not in {verbs:?}");
    }
    let hold = log.iter().find(|entry| entry.verb == "hold").unwrap();
    assert_eq!(hold.subjects, [format!("booking/{}", held.id), format!("seat/{}", show.id)]);
    assert_eq!(
        (hold.staff_id, hold.number, hold.role),
        (StaffId::from_bytes([2; 16]), 1, Some(Role::Manager))
    );
    assert!(rows(&house, "audit").iter().all(|row| !String::from_utf8_lossy(&row.value).contains("ada@")));
    assert_eq!(fault(&house), None);
}

#[test]
fn a_refused_command_leaves_nothing() {
    let house = house();
    let movie = NewMovie::default();
    block_on(house.kitflik.catalog().add_movie(&member(1), &movie)).unwrap_err();
    assert!(log(&house, None).is_empty());
}

#[test]
fn a_repeated_command_is_logged_once() {
    let house = house();
    let command = Some("movie-1".parse().unwrap());
    let movie = NewMovie { command, title: "Alien".to_owned(), ..NewMovie::default() };
    for _ in 0..2 {
        block_on(house.kitflik.catalog().add_movie(&member(1), &movie)).unwrap();
    }
    assert_eq!(log(&house, None).len(), 1);
}

#[test]
fn sessions_of_staff_are_in_the_log() {
    let house = house();
    let (email, password) = ("boss@example.org".to_owned(), "correct horse battery".to_owned());
    let new = NewStaff {
        email: email.clone(),
        password: password.clone(),
        name: "Boss".to_owned(),
        role: Role::Admin,
    };
    let boss = block_on(house.kitflik.staff().make_first(&new)).unwrap();
    let pair = block_on(house.kitflik.staff().log_in(&StaffLogIn::new(email, password))).unwrap();
    let request = RefreshSession { command: None, refresh_token: pair.refresh_token };
    block_on(house.kitflik.staff().log_out(&request)).unwrap();
    let verbs: Vec<String> = log(&house, Some(boss.id)).into_iter().map(|entry| entry.verb).collect();
    assert_eq!(verbs, ["staff_log_out", "staff_log_in"]);
    assert_eq!(fault(&house), None);
}

#[test]
fn only_admins_read_the_log() {
    let house = house();
    let staff = house.kitflik.staff();
    for role in [Role::Manager, Role::BoxOffice, Role::Usher] {
        let actor = Actor::Staff { id: StaffId::from_bytes([1; 16]), role };
        let refused = block_on(staff.audit(&actor, &AuditQuery::default())).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Forbidden);
        assert_eq!(block_on(staff.verify_audit(&actor)).unwrap_err().code(), ErrorCode::Forbidden);
    }
    let refused = block_on(staff.audit(&Actor::guest(), &AuditQuery::default())).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Unauthenticated);
}

#[test]
fn pages_follow_each_other() {
    let house = busy();
    for staff_id in [None, Some(StaffId::from_bytes([1; 16]))] {
        let whole = log(&house, staff_id);
        assert_eq!(whole.len(), if staff_id.is_none() { 8 } else { 5 });
        let (mut pages, mut cursor) = (Vec::new(), None);
        loop {
            let page = PageRequest { cursor, limit: Some(3) };
            let page =
                block_on(house.kitflik.staff().audit(&admin(), &AuditQuery { staff_id, page })).unwrap();
            pages.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, whole);
    }
    let page = PageRequest { cursor: Some("1.2.3.4".to_owned()), limit: None };
    let refused = block_on(house.kitflik.staff().audit(&admin(), &AuditQuery { staff_id: None, page }));
    assert_eq!(refused.unwrap_err().code(), ErrorCode::ValidationFailed);
}

#[test]
fn what_nobody_touched_is_good() {
    let house = busy();
    let report = block_on(house.kitflik.staff().verify_audit(&admin())).unwrap();
    assert_eq!((report.chains, report.entries, report.fault), (2, 8, None));
}

#[test]
fn altered_entries_are_found() {
    let house = busy();
    let text = String::from_utf8(value(&house, &key(1, 3))).unwrap();
    put(&house, &key(1, 3), text.replace("add_movie", "add_venue").into_bytes());
    assert_eq!(fault(&house), at(AuditFaultKind::Altered, 1, 3));
    put(&house, &key(1, 3), text.clone().into_bytes());
    assert_eq!(fault(&house), None);
    put(&house, &key(1, 3), b"{}".to_vec());
    assert_eq!(fault(&house), at(AuditFaultKind::Altered, 1, 3));
}

#[test]
fn removed_entries_are_found() {
    let house = busy();
    delete(&house, &key(2, 1));
    assert_eq!(fault(&house), at(AuditFaultKind::Missing, 2, 1));
    delete(&house, &key(1, 4));
    assert_eq!(fault(&house), at(AuditFaultKind::Missing, 1, 4));
}

#[test]
fn reordered_entries_are_found() {
    let house = busy();
    let (second, third) = (value(&house, &key(1, 2)), value(&house, &key(1, 3)));
    put(&house, &key(1, 2), third);
    put(&house, &key(1, 3), second);
    assert_eq!(fault(&house), at(AuditFaultKind::Altered, 1, 2));
    // Nor does an entry pass for another's.
    let house = busy();
    let foreign = value(&house, &key(2, 1));
    put(&house, &key(1, 1), foreign);
    assert_eq!(fault(&house), at(AuditFaultKind::Altered, 1, 1));
}

#[test]
fn a_tail_that_was_cut_off_is_found() {
    let house = busy();
    delete(&house, &key(1, 5));
    assert_eq!(fault(&house), at(AuditFaultKind::CutOff, 1, 5));
    delete(&house, &key(1, 4));
    assert_eq!(fault(&house), at(AuditFaultKind::CutOff, 1, 4));
    // With a head that says so: nobody without the key can seal it.
    let head = format!("audit-head/{}", StaffId::from_bytes([1; 16]));
    let text = String::from_utf8(value(&house, &head)).unwrap();
    let last: serde_json::Value = serde_json::from_slice(&value(&house, &key(1, 3))).unwrap();
    let mut forged: serde_json::Value = serde_json::from_str(&text).unwrap();
    forged["count"] = 3.into();
    forged["hash"] = last["hash"].clone();
    put(&house, &head, forged.to_string().into_bytes());
    assert_eq!(fault(&house), at(AuditFaultKind::ForgedHead, 1, None));
}

#[test]
fn entries_that_were_added_are_found() {
    let house = busy();
    put(&house, &key(1, 6), value(&house, &key(1, 5)));
    assert_eq!(fault(&house), at(AuditFaultKind::Surplus, 1, 6));
    let house = busy();
    put(&house, &key(7, 1), value(&house, &key(1, 1)));
    assert_eq!(fault(&house), at(AuditFaultKind::HeadMissing, 7, None));
}

#[test]
fn a_chain_that_is_gone_as_a_whole_is_found() {
    let house = busy();
    for row in rows(&house, "audit").iter().filter(|row| row.key.starts_with(&key(2, 0)[..40])) {
        delete(&house, &row.key);
    }
    let head = format!("audit-head/{}", StaffId::from_bytes([2; 16]));
    delete(&house, &head);
    assert_eq!(fault(&house), Some((AuditFaultKind::ChainMissing, None, None)));
    let chains = String::from_utf8(value(&house, "audit-chains")).unwrap();
    put(&house, "audit-chains", chains.replace("\"chains\":2", "\"chains\":1").into_bytes());
    assert_eq!(fault(&house), Some((AuditFaultKind::ChainMissing, None, None)));
}

#[test]
fn an_entry_that_lists_leave_out_is_found() {
    let house = busy();
    let listed = rows(&house, "audit-time");
    let place = listed.iter().find(|row| row.key.ends_with(&key(1, 2)["audit/".len()..])).unwrap();
    delete(&house, &place.key);
    assert_eq!(fault(&house), at(AuditFaultKind::Unlisted, 1, 2));
}

#[test]
fn commands_at_the_same_time_write_one_chain() {
    let house = house_on(Arc::new(common::Slow(MemoryStorage::new())));
    let add = async |title: &str| {
        let movie = NewMovie { title: title.to_owned(), ..NewMovie::default() };
        house.kitflik.catalog().add_movie(&member(1), &movie).await.map(drop)
    };
    let done = block_on(futures_util::future::join_all(["Alien", "Brazil", "Casablanca"].map(add)));
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let log = log(&house, Some(StaffId::from_bytes([1; 16])));
    assert_eq!(log.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(fault(&house), None);
}
