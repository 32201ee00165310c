use super::*;
use crate::ids::MailId;
use crate::limits;

#[test]
fn ranges_hold_their_keys_and_no_others() {
    let show = ShowId::from_bytes([0xab; 16]);
    let other = ShowId::from_bytes([0xac; 16]);
    let range = seats(show);
    let within = |key: &str| range.start.as_str() <= key && key < range.end.as_str();
    assert!(within(&seat(show, SeatNo(0)).key));
    assert!(within(&seat(show, SeatNo(9_999)).key));
    assert!(!within(&seat(other, SeatNo(0)).key));
    assert_eq!(seat_number(&seat(show, SeatNo(417)).key), Some(SeatNo(417)));
}

#[test]
fn keys_sort_as_their_numbers() {
    let show = ShowId::from_bytes([1; 16]);
    assert!(seat(show, SeatNo(9)).key < seat(show, SeatNo(10)).key);
    assert_eq!(seat(show, SeatNo(u16::MAX)).key, format!("seat/{show}/65535"));
    assert_eq!(seat(show, SeatNo(407)).key, format!("seat/{show}/00407"));
    let mail = MailId::from_bytes([1; 16]);
    let at = |millis| outbox(Timestamp::from_millis(millis), mail).key;
    assert!(at(999) < at(1_000) && at(1_000) < at(253_402_300_799_999));
}

#[test]
fn keys_tell_what_they_are_about() {
    let (staff, show) = (StaffId::from_bytes([1; 16]), ShowId::from_bytes([2; 16]));
    assert_eq!(audited(&audit_entry(staff, 7).key), Some((staff, 7)));
    assert_eq!(audited(&audit_head(staff).key), Some((staff, 0)));
    assert_eq!(audited(&audit_time(Timestamp::from_millis(5), staff, 9).key), Some((staff, 9)));
    assert_eq!(audited("audit/nobody/1"), None);
    assert_eq!(subject(&seat(show, SeatNo(3)).key), Some(format!("seat/{show}").as_str()));
    assert_eq!(subject(&catalog().key), None);
    assert_eq!(subject(&staff_email("bo@example.org").key), None);
}

#[test]
fn the_longest_key_fits() {
    let auditorium = AuditoriumId::from_bytes([1; 16]);
    let show = ShowId::from_bytes([1; 16]);
    let key = scheduled_show(auditorium, Timestamp::from_millis(i64::MAX), show).key;
    assert!(key.len() <= limits::MAX_KEY_BYTES, "{}", key.len());
    assert!(cap(show, &"x".repeat(10_000)).key.len() <= limits::MAX_KEY_BYTES);
}
