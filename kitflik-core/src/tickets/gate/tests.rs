use super::*;
use crate::seats::layout::SeatNo;
use crate::tickets::token::{TicketClaims, TicketSigner, ticket_id};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn signer() -> TicketSigner {
    TicketSigner::from_seed([7; 32])
}

fn booking() -> BookingId {
    BookingId::from_bytes([2; 16])
}

fn show() -> ShowId {
    ShowId::from_bytes([3; 16])
}

fn claims(seat: u16) -> TicketClaims {
    let seat = SeatNo(seat);
    TicketClaims {
        ticket: ticket_id(booking(), seat),
        booking: booking(),
        show: show(),
        seat,
        valid_from: at(100),
        valid_until: at(200),
    }
}

fn token(seat: u16) -> String {
    signer().sign(&claims(seat))
}

fn pack() -> GatePack {
    let seat = |label: &str| GateSeat { label: label.to_owned(), section: "Stalls".to_owned() };
    let child =
        GateTicket { ticket_id: claims(0).ticket, seat: 0, ticket_type: "child".parse().unwrap(), due: true };
    GatePack {
        show_id: show(),
        title: "Alien".to_owned(),
        place: "Hall 1".to_owned(),
        starts_at: at(150),
        admits_from: at(100),
        admits_until: at(200),
        public_keys: vec![signer().public_key().to_string()],
        seats: vec![seat("A1"), seat("A2"), seat("A3")],
        tickets: vec![child],
        refused: vec![RefusedTicket { ticket_id: claims(2).ticket, revoked: true }],
        used: Vec::new(),
        version: "1".to_owned(),
        made_at: at(90),
    }
}

fn gate() -> OfflineGate {
    OfflineGate::new(pack(), "left").unwrap()
}

fn code(gate: &mut OfflineGate, token: &str, nonce: &str, now: i64) -> ErrorCode {
    gate.scan(token, nonce, at(now)).unwrap_err().code()
}

#[test]
fn it_lets_in_once_and_says_what_it_knows() {
    let mut gate = gate();
    let known = gate.scan(&token(0), "n1", at(120)).unwrap();
    assert_eq!(known.label.as_deref(), Some("A1"));
    assert_eq!(known.ticket_type.as_ref().map(TicketType::as_str), Some("child"));
    assert_eq!(known.due, Some(true));
    assert_eq!(gate.scan(&token(0), "n1", at(130)).unwrap(), known, "a repeat");
    let used = gate.scan(&token(0), "n2", at(131)).unwrap_err();
    assert_eq!(used, TicketError::AlreadyUsed { at: at(120), device: "left".to_owned() }.into());
    let sold_later = gate.scan(&token(1), "n3", at(132)).unwrap();
    assert_eq!(
        (sold_later.label.as_deref(), sold_later.ticket_type, sold_later.due),
        (Some("A2"), None, None)
    );
    assert_eq!(gate.scans().len(), 2);
}

#[test]
fn each_refusal_has_its_own_code() {
    let mut gate = gate();
    let mut refused = |token: &str, now| code(&mut gate, token, "n", now);
    assert_eq!(refused("KF1.x", 120), ErrorCode::TicketMalformed);
    assert_eq!(refused("KF9.x", 120), ErrorCode::TicketUnknownVersion);
    let stranger = TicketSigner::from_seed([8; 32]).sign(&claims(0));
    assert_eq!(refused(&stranger, 120), ErrorCode::TicketUnknownKey);
    let (head, tail) = (token(0), token(1));
    let forged = format!("{}{}", &head[..head.len() - 80], &tail[tail.len() - 80..]);
    assert_eq!(refused(&forged, 120), ErrorCode::TicketBadSignature);
    let other = signer().sign(&TicketClaims { show: ShowId::from_bytes([4; 16]), ..claims(0) });
    assert_eq!(refused(&other, 120), ErrorCode::TicketWrongShow);
    assert_eq!(refused(&token(0), 99), ErrorCode::TicketTooEarly);
    assert_eq!(refused(&token(0), 201), ErrorCode::TicketExpired);
    assert_eq!(refused(&token(2), 120), ErrorCode::TicketRevoked);
    let gone = RefusedTicket { ticket_id: claims(1).ticket, revoked: false };
    gate.renew(GatePack { refused: vec![gone], ..pack() }).unwrap();
    assert_eq!(code(&mut gate, &token(1), "n", 120), ErrorCode::TicketCancelled);
    assert_eq!(code(&mut gate, &token(0), "", 120), ErrorCode::ValidationFailed);
    assert!(gate.scans().is_empty());
}

#[test]
fn a_gate_goes_on_where_its_log_ends() {
    let mut first = gate();
    let admitted = first.scan(&token(0), "n1", at(120)).unwrap();
    let log = first.log();
    assert_eq!(log, log_line(&admitted.scan));
    let cut = format!("{log}{}", &log[..40]);
    for log in [&log, &cut] {
        let mut again = OfflineGate::resume(pack(), "left", log).unwrap();
        assert_eq!(code(&mut again, &token(0), "n2", 130), ErrorCode::TicketAlreadyUsed);
        assert_eq!(again.scan(&token(0), "n1", at(130)).unwrap(), admitted);
        assert_eq!(again.scans(), first.scans());
    }
    let damaged = format!("{}\n{log}", &log[..40]);
    let refused = OfflineGate::resume(pack(), "left", &damaged).unwrap_err();
    assert!(refused.to_string().starts_with("line 1 of the log is no scan"), "{refused}");
}

#[test]
fn a_line_that_was_cut_off_does_not_spoil_the_next() {
    let mut first = gate();
    first.scan(&token(0), "n1", at(120)).unwrap();
    let line = first.log();
    let second = gate().scan(&token(1), "n2", at(121)).unwrap().scan;
    let whole: Vec<Scan> = first.scans().iter().chain([&second]).cloned().collect();
    for end in 1..line.len() {
        let cut = format!("{line}{}", &line[..end]);
        // A host that writes the log anew, and one that goes on in the file as it is.
        let resumed = OfflineGate::resume(pack(), "left", &cut).unwrap();
        let anew = format!("{}{}", resumed.log(), log_line(&second));
        let joined = format!("{cut}{}", log_line(&second));
        // Only its end was missing: then it was written.
        let twice: Vec<Scan> = whole.iter().take(1).chain(&whole).cloned().collect();
        let expected = if end == line.len() - 1 { &twice } else { &whole };
        for log in [anew, joined] {
            assert_eq!(&read_log(&log).unwrap(), expected, "{log}");
        }
    }
    let spoilt = format!("{}{line}", line.replace("\"nonce\"", "\"n"));
    assert!(read_log(&spoilt).is_err(), "that is no cut");
    let named = Scan { device: "{\"show_id\":1}".to_owned(), ..second };
    assert_eq!(read_log(&log_line(&named)).unwrap(), [named]);
}

#[test]
fn what_was_used_before_the_pack_was_made_is_refused() {
    let used = GateUse { ticket_id: claims(0).ticket, at: at(95), device: "front".to_owned() };
    let mut gate = OfflineGate::new(GatePack { used: vec![used], ..pack() }, "left").unwrap();
    let refused = gate.scan(&token(0), "n", at(120)).unwrap_err();
    assert_eq!(refused, TicketError::AlreadyUsed { at: at(95), device: "front".to_owned() }.into());
    assert!(gate.scan(&token(1), "n", at(120)).is_ok());
    let renewed = GatePack { used: Vec::new(), ..pack() };
    gate.renew(renewed).unwrap();
    assert!(gate.scan(&token(0), "n", at(120)).is_ok(), "undone since");
    let mut old = serde_json::to_value(pack()).unwrap();
    old.as_object_mut().unwrap().remove("used");
    assert_eq!(serde_json::from_value::<GatePack>(old).unwrap(), pack(), "a pack without the list");
}

#[test]
fn a_pack_has_good_keys_and_is_of_the_same_show() {
    let other = GatePack { show_id: ShowId::from_bytes([4; 16]), ..pack() };
    let mut gate = gate();
    assert_eq!(gate.renew(other).unwrap_err().code(), ErrorCode::ValidationFailed);
    let bad = GatePack { public_keys: vec!["x".to_owned()], ..pack() };
    assert_eq!(gate.renew(bad.clone()).unwrap_err().code(), ErrorCode::TicketMalformed);
    assert!(gate.scan(&token(0), "n", at(120)).is_ok(), "the old pack stays");
    assert!(OfflineGate::new(bad, "left").is_err());
    assert_eq!(OfflineGate::new(pack(), "").unwrap_err().code(), ErrorCode::ValidationFailed);
    let text = serde_json::to_string(&pack()).unwrap();
    assert_eq!(serde_json::from_str::<GatePack>(&text).unwrap(), pack());
}
