//! Tickets: no text is taken for one, every claim survives its token, and a gate without a network lets in once.
#![no_main]

use arbitrary::Arbitrary;
use kitflik_core::{
    BookingId, GateError, GatePack, Layout, OfflineGate, SeatNo, ShowId, TicketClaims, TicketError, TicketId,
    TicketKey, TicketSigner, Timestamp,
};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    text: String,
    seed: [u8; 32],
    ids: [[u8; 16]; 3],
    seat: u8,
    from: i64,
    until: i64,
    /// A byte of the token to alter, and how.
    place: u8,
    flip: u8,
}

fn seat(number: u8) -> SeatNo {
    let seats = "#".repeat(200);
    let layout = Layout::from_text("Hall", &format!("A: {seats}")).expect("a layout");
    let seat = &layout.seats()[usize::from(number) % 200];
    layout.number(&seat.id).expect("a seat of the layout")
}

fuzz_target!(|input: Input| {
    let signer = TicketSigner::from_seed(input.seed);
    let key = signer.public_key();
    assert!(key.verify(&input.text).is_err(), "an arbitrary text is no ticket");
    assert!(key.verify(&format!("KF1.{}", input.text)).is_err());
    if let Ok(parsed) = input.text.parse::<TicketKey>() {
        assert_eq!(parsed.to_string(), input.text);
    }

    let claims = TicketClaims {
        ticket: TicketId::from_bytes(input.ids[0]),
        booking: BookingId::from_bytes(input.ids[1]),
        show: ShowId::from_bytes(input.ids[2]),
        seat: seat(input.seat),
        valid_from: Timestamp::from_millis(input.from),
        valid_until: Timestamp::from_millis(input.until),
    };
    let token = signer.sign(&claims);
    let read = key.verify(&token).expect("what was signed is genuine");
    let seconds = |time: Timestamp| Timestamp::from_millis(time.seconds().max(0) * 1000);
    let (valid_from, valid_until) = (seconds(claims.valid_from), seconds(claims.valid_until));
    assert_eq!(read, TicketClaims { valid_from, valid_until, ..claims });
    assert_eq!(signer.sign(&read), token, "one ticket has one spelling");

    let mut altered = token.clone().into_bytes();
    let place = usize::from(input.place) % altered.len();
    altered[place] ^= input.flip & 0x7f;
    let altered = String::from_utf8(altered).unwrap_or_default();
    assert_eq!(key.verify(&altered).is_ok(), altered == token, "{altered}");

    let mut gate = gate(&read, key.to_string());
    let now = read.valid_from;
    for text in [&input.text, &altered] {
        let refused = gate.scan(text, "1", now);
        assert!(refused.is_err() || text.trim() == token, "{text} lets in");
    }
    let open = read.valid_from <= read.valid_until;
    match gate.scan(&token, "1", now) {
        Ok(admitted) => {
            assert!(open && admitted.scan.ticket_id == read.ticket);
            assert_eq!(gate.scan(&token, "1", now).as_ref(), Ok(&admitted), "a repeat");
            let again = gate.scan(&token, "2", now);
            assert!(matches!(again, Err(GateError::Ticket(TicketError::AlreadyUsed { .. }))));
            let log = gate.log();
            let pack = gate.pack().clone();
            let mut resumed = OfflineGate::resume(pack, "gate", &log).expect("its own log");
            assert!(resumed.scan(&token, "3", now).is_err());
        }
        Err(refused) => assert!(!open, "{refused}"),
    }
    // Whatever is in a log, it is read or refused.
    let _ = kitflik_core::read_log(&input.text);
});

fn gate(claims: &TicketClaims, key: String) -> OfflineGate {
    let pack = GatePack {
        show_id: claims.show,
        title: "Alien".to_owned(),
        place: "Hall".to_owned(),
        starts_at: claims.valid_from,
        admits_from: claims.valid_from,
        admits_until: claims.valid_until,
        public_keys: vec![key],
        seats: Vec::new(),
        tickets: Vec::new(),
        refused: Vec::new(),
        used: Vec::new(),
        version: String::new(),
        made_at: claims.valid_from,
    };
    OfflineGate::new(pack, "gate").expect("a gate")
}
