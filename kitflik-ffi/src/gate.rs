//! What a gate needs: tickets are checked without a network, and shown as QR codes.

use kitflik_core::{KitflikError, TicketClaims, TicketError, TicketKey, TicketKeys, Timestamp};

use crate::guard::guard;

/// The public keys of a house: what a scanner at the door knows.
#[derive(Debug, uniffi::Object)]
pub struct Gate {
    keys: TicketKeys,
}

#[uniffi::export]
impl Gate {
    /// A gate of the house with these keys, as texts: the one that signs now, and older ones.
    ///
    /// # Errors
    /// `Ticket` for a text that is no key.
    #[uniffi::constructor]
    pub fn new(public_keys: Vec<String>) -> Result<Self, KitflikError> {
        let keys: Result<Vec<TicketKey>, TicketError> = public_keys.iter().map(|key| key.parse()).collect();
        Ok(Self { keys: TicketKeys(keys?) })
    }

    /// Whether a ticket is genuine and admits at this time. Whether it was used before, the scanner must remember.
    ///
    /// # Errors
    /// `Ticket` says why not.
    pub fn check(&self, token: String, now: Timestamp) -> Result<TicketClaims, KitflikError> {
        guard(|| {
            let claims = self.keys.verify(&token)?;
            claims.check_window(now)?;
            Ok::<_, TicketError>(claims)
        })
    }
}

/// The QR code of a text, such as a ticket's token, as an SVG picture.
///
/// # Errors
/// `Invalid` for a text that does not fit.
#[uniffi::export]
pub fn qr_svg(text: String) -> Result<String, KitflikError> {
    guard(|| kitflik_core::qr_svg(&text).map_err(KitflikError::invalid))
}

/// The QR code of a text, such as a ticket's token, as a PNG picture.
///
/// # Errors
/// `Invalid` for a text that does not fit.
#[uniffi::export]
pub fn qr_png(text: String) -> Result<Vec<u8>, KitflikError> {
    guard(|| kitflik_core::qr_png(&text).map_err(KitflikError::invalid))
}

#[cfg(test)]
mod tests {
    use kitflik_core::{BookingId, SeatId, ShowId, TicketId, TicketSigner};

    use super::*;

    fn code(outcome: Result<TicketClaims, KitflikError>) -> String {
        let Err(KitflikError::Ticket { code, detail }) = outcome else { panic!("{outcome:?}") };
        assert!(!detail.is_empty());
        code
    }

    #[test]
    fn a_gate_lets_in_what_its_house_signed_while_it_is_valid() {
        let layout = kitflik_core::Layout::from_text("Hall", "A: ###").unwrap();
        let at = Timestamp::from_millis;
        let claims = TicketClaims {
            ticket: TicketId::from_bytes([1; 16]),
            booking: BookingId::from_bytes([2; 16]),
            show: ShowId::from_bytes([3; 16]),
            seat: layout.number(&SeatId::new("A2").unwrap()).unwrap(),
            valid_from: at(1_000),
            valid_until: at(9_000),
        };
        let (now, old) = (TicketSigner::from_seed([7; 32]), TicketSigner::from_seed([6; 32]));
        let keys = vec![now.public_key().to_string(), old.public_key().to_string()];
        let gate = Gate::new(keys).unwrap();
        for signer in [&now, &old] {
            assert_eq!(gate.check(signer.sign(&claims), at(5_000)).unwrap(), claims);
        }
        assert_eq!(code(gate.check(now.sign(&claims), at(500))), "ticket_too_early");
        assert_eq!(code(gate.check(now.sign(&claims), at(10_000))), "ticket_expired");
        let stranger = TicketSigner::from_seed([8; 32]).sign(&claims);
        assert_eq!(code(gate.check(stranger, at(5_000))), "ticket_unknown_key");
        assert_eq!(code(gate.check("KF1.".to_owned(), at(5_000))), "ticket_malformed");
        assert!(Gate::new(vec!["no key".to_owned()]).is_err());
    }

    #[test]
    fn a_text_that_no_code_holds_is_refused() {
        assert!(qr_svg("KF1.x".to_owned()).unwrap().starts_with("<?xml") || qr_svg("x".to_owned()).is_ok());
        let refused = qr_png("x".repeat(10_000)).unwrap_err();
        assert!(matches!(refused, KitflikError::Invalid { .. }), "{refused}");
    }
}
