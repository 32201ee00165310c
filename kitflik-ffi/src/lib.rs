//! KitFlik for Kotlin, Swift and Python: what a gate needs to check tickets without a network.
#![allow(unsafe_code, reason = "the scaffolding that uniffi generates")]

#[cfg(target_arch = "wasm32")]
compile_error!("uniffi does not build for wasm32: use the package `kitflik-wasm`");

use kitflik_core::{TicketClaims, TicketError, TicketKey, TicketKeys, Timestamp};

uniffi::setup_scaffolding!();

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum GateError {
    /// What was scanned does not admit.
    #[error("{detail}")]
    Refused {
        /// A stable name, such as `ticket_expired`.
        code: String,
        /// What is wrong, for people.
        detail: String,
    },
}

impl From<TicketError> for GateError {
    fn from(error: TicketError) -> Self {
        Self::Refused { code: error.code().to_owned(), detail: error.to_string() }
    }
}

/// What a genuine ticket says. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Ticket {
    /// The ticket's id.
    pub ticket: String,
    /// The booking that it is part of.
    pub booking: String,
    /// The show that it admits to.
    pub show: String,
    /// The place of its seat in the list of the layout's seats.
    pub seat: u32,
    /// From when it admits.
    pub valid_from: i64,
    /// Until when it admits, that second included.
    pub valid_until: i64,
}

impl From<TicketClaims> for Ticket {
    fn from(claims: TicketClaims) -> Self {
        Self {
            ticket: claims.ticket.to_string(),
            booking: claims.booking.to_string(),
            show: claims.show.to_string(),
            seat: u32::try_from(claims.seat.index()).unwrap_or(u32::MAX),
            valid_from: claims.valid_from.millis(),
            valid_until: claims.valid_until.millis(),
        }
    }
}

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
    /// [`GateError::Refused`] for a text that is no key.
    #[uniffi::constructor]
    pub fn new(public_keys: Vec<String>) -> Result<Self, GateError> {
        let keys: Result<Vec<TicketKey>, TicketError> = public_keys.iter().map(|key| key.parse()).collect();
        Ok(Self { keys: TicketKeys(keys?) })
    }

    /// Whether a ticket is genuine and admits at this time. Whether it was used before, the scanner must remember.
    ///
    /// # Errors
    /// [`GateError::Refused`] says why not.
    pub fn check(&self, token: String, now_millis: i64) -> Result<Ticket, GateError> {
        let claims = self.keys.verify(&token)?;
        claims.check_window(Timestamp::from_millis(now_millis))?;
        Ok(claims.into())
    }
}

#[cfg(test)]
mod tests {
    use kitflik_core::{BookingId, Layout, SeatId, ShowId, TicketId, TicketSigner};

    use super::*;

    fn code(outcome: Result<Ticket, GateError>) -> String {
        let GateError::Refused { code, detail } = outcome.unwrap_err();
        assert!(!detail.is_empty());
        code
    }

    #[test]
    fn a_gate_lets_in_what_its_house_signed_while_it_is_valid() {
        let layout = Layout::from_text("Hall", "A: ###").unwrap();
        let claims = TicketClaims {
            ticket: TicketId::from_bytes([1; 16]),
            booking: BookingId::from_bytes([2; 16]),
            show: ShowId::from_bytes([3; 16]),
            seat: layout.number(&SeatId::new("A2").unwrap()).unwrap(),
            valid_from: Timestamp::from_millis(1_000),
            valid_until: Timestamp::from_millis(9_000),
        };
        let (now, old) = (TicketSigner::from_seed([7; 32]), TicketSigner::from_seed([6; 32]));
        let keys = vec![now.public_key().to_string(), old.public_key().to_string()];
        let gate = Gate::new(keys).unwrap();
        for signer in [&now, &old] {
            let ticket = gate.check(signer.sign(&claims), 5_000).unwrap();
            assert_eq!((ticket.seat, ticket.show), (1, claims.show.to_string()));
        }
        assert_eq!(code(gate.check(now.sign(&claims), 500)), "ticket_too_early");
        assert_eq!(code(gate.check(now.sign(&claims), 10_000)), "ticket_expired");
        let stranger = TicketSigner::from_seed([8; 32]).sign(&claims);
        assert_eq!(code(gate.check(stranger, 5_000)), "ticket_unknown_key");
        assert_eq!(code(gate.check("KF1.".to_owned(), 5_000)), "ticket_malformed");
        assert!(Gate::new(vec!["no key".to_owned()]).is_err());
    }
}
