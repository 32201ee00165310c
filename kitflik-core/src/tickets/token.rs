//! Tickets as signed tokens, which a gate can verify without a network.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::Serialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::error::ErrorCode;
use crate::ids::{BookingId, ShowId, TicketId};
use crate::seats::layout::SeatNo;
use crate::time::Timestamp;

const PREFIX: &str = "KF1.";
const VERSION: u8 = 1;
/// Version, key id, ticket, booking, show, seat, and two times of five bytes: seconds that last for 34,000
/// years.
const PAYLOAD_BYTES: usize = 1 + 4 + 3 * 16 + 2 + 2 * 5;
const TOKEN_BYTES: usize = PAYLOAD_BYTES + Signature::BYTE_SIZE;

/// The id of the ticket for one seat of a booking. It is always the same, so that a repeated confirmation
/// makes no second ticket.
#[must_use]
pub(crate) fn ticket_id(booking: BookingId, seat: SeatNo) -> TicketId {
    let digest = Sha256::new()
        .chain_update(b"kitflik ticket 1")
        .chain_update(booking.as_bytes())
        .chain_update(seat.0.to_be_bytes())
        .finalize();
    TicketId::from_digest(first(&digest))
}

/// The id of the ticket that stands in for one that was revoked: the first is generation 1.
#[must_use]
pub(crate) fn reissued_ticket_id(booking: BookingId, seat: SeatNo, generation: u8) -> TicketId {
    if generation == 0 {
        return ticket_id(booking, seat);
    }
    let digest = Sha256::new()
        .chain_update(b"kitflik ticket again 1")
        .chain_update(booking.as_bytes())
        .chain_update(seat.0.to_be_bytes())
        .chain_update([generation])
        .finalize();
    TicketId::from_digest(first(&digest))
}

/// The first bytes of a longer text; zeros where it is shorter.
fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// What a ticket says. It holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TicketClaims {
    /// The ticket.
    pub ticket: TicketId,
    /// The booking that it is part of.
    pub booking: BookingId,
    /// The show.
    pub show: ShowId,
    /// The seat, in the layout of the show.
    pub seat: SeatNo,
    /// From when it admits. A token keeps whole seconds from 1970 on.
    pub valid_from: Timestamp,
    /// Until when it admits, that second included. A token keeps whole seconds from 1970 on.
    pub valid_until: Timestamp,
}

impl TicketClaims {
    /// Checks the time at the gate. A token that verifies says nothing about the time yet.
    ///
    /// # Errors
    /// [`TicketError::TooEarly`] and [`TicketError::Expired`], with the bound.
    pub fn check_window(&self, now: Timestamp) -> Result<(), TicketError> {
        check_window(self.valid_from, self.valid_until, now)
    }
}

/// Checks a time against the window in which a ticket admits, its last second included.
pub(crate) fn check_window(from: Timestamp, until: Timestamp, now: Timestamp) -> Result<(), TicketError> {
    if now < from {
        return Err(TicketError::TooEarly { from });
    }
    if now.seconds() > until.seconds() {
        return Err(TicketError::Expired { until });
    }
    Ok(())
}

/// Why a ticket does not admit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TicketError {
    /// Not a token of KitFlik, or cut or mistyped.
    #[error("this is not a ticket: expected KF1. and 172 more characters")]
    Malformed,
    /// A token of a form that this program does not know.
    #[error("this ticket is of another version: update the program that reads it")]
    UnknownVersion,
    /// Signed with a key that this program does not have.
    #[error("this ticket is signed with another key: load the keys of this house")]
    UnknownKey,
    /// Altered or forged.
    #[error("this ticket is not genuine: its signature does not match")]
    BadSignature,
    /// Before its time.
    #[error("this ticket admits from {from}")]
    TooEarly {
        /// From when it admits.
        from: Timestamp,
    },
    /// After its time.
    #[error("this ticket admitted until {until}")]
    Expired {
        /// Until when it admitted.
        until: Timestamp,
    },
    /// Of a show that is not let in here.
    #[error("this ticket is for another show: {right}")]
    WrongShow {
        /// The show.
        show: ShowId,
        /// What, when and where, for people; its id where nothing more is known.
        right: String,
    },
    /// Its booking was cancelled, or this ticket was given back.
    #[error("this ticket was cancelled: its seat is not part of a sale any more")]
    Cancelled,
    /// Staff have made it invalid.
    #[error("this ticket was revoked: {reason}")]
    Revoked {
        /// Why.
        reason: String,
    },
    /// Somebody went in with it.
    #[error("this ticket was used at {at} at {device}")]
    AlreadyUsed {
        /// When, for the first time.
        at: Timestamp,
        /// Where.
        device: String,
    },
    /// This scan let somebody in and was undone by staff since.
    #[error("this check-in was undone by staff: scan the ticket anew")]
    ScanUndone,
}

impl TicketError {
    /// A stable name of the refusal.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::TicketMalformed,
            Self::UnknownVersion => ErrorCode::TicketUnknownVersion,
            Self::UnknownKey => ErrorCode::TicketUnknownKey,
            Self::BadSignature => ErrorCode::TicketBadSignature,
            Self::TooEarly { .. } => ErrorCode::TicketTooEarly,
            Self::Expired { .. } => ErrorCode::TicketExpired,
            Self::WrongShow { .. } => ErrorCode::TicketWrongShow,
            Self::Cancelled => ErrorCode::TicketCancelled,
            Self::Revoked { .. } => ErrorCode::TicketRevoked,
            Self::AlreadyUsed { .. } => ErrorCode::TicketAlreadyUsed,
            Self::ScanUndone => ErrorCode::TicketScanUndone,
        }
    }
}

/// Signs tickets. The key is erased from memory when the signer is dropped.
pub struct TicketSigner {
    key: SigningKey,
    public: TicketKey,
}

impl fmt::Debug for TicketSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketSigner").field("public", &self.public).finish_non_exhaustive()
    }
}

impl TicketSigner {
    /// A signer with the key of these 32 secret bytes.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&seed);
        let public = TicketKey::new(key.verifying_key());
        Self { key, public }
    }

    /// The key that gates need to verify what this signer signs.
    #[must_use]
    pub fn public_key(&self) -> TicketKey {
        self.public.clone()
    }

    /// The token of a ticket: `KF1.` and base64url, 176 characters in all. The same claims give the same
    /// token. Times are cut to whole seconds, and times before 1970 become 1970.
    ///
    /// ```
    /// use kitflik_core::{BookingId, Layout, SeatId, ShowId, TicketClaims, TicketId, TicketSigner};
    /// let layout = Layout::from_text("Screen 1", "A: ###")?;
    /// let claims = TicketClaims {
    ///     ticket: TicketId::from_bytes([1; 16]),
    ///     booking: BookingId::from_bytes([2; 16]),
    ///     show: ShowId::from_bytes([3; 16]),
    ///     seat: layout.number(&SeatId::new("A2")?).ok_or("no such seat")?,
    ///     valid_from: "2026-11-27T18:00:00Z".parse()?,
    ///     valid_until: "2026-11-27T22:00:00Z".parse()?,
    /// };
    /// let signer = TicketSigner::from_seed([7; 32]);
    /// let token = signer.sign(&claims);
    /// let verified = signer.public_key().verify(&token)?;
    /// assert_eq!(verified, claims);
    /// verified.check_window("2026-11-27T19:30:00Z".parse()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sign(&self, claims: &TicketClaims) -> String {
        let mut token = Vec::with_capacity(TOKEN_BYTES);
        token.push(VERSION);
        token.extend(self.public.id);
        token.extend(claims.ticket.as_bytes());
        token.extend(claims.booking.as_bytes());
        token.extend(claims.show.as_bytes());
        token.extend(claims.seat.0.to_be_bytes());
        for time in [claims.valid_from, claims.valid_until] {
            let [_, _, _, seconds @ ..] = time.seconds().max(0).to_be_bytes();
            token.extend(seconds);
        }
        let signature = self.key.sign(&token);
        token.extend(signature.to_bytes());
        let mut text = PREFIX.to_owned();
        BASE64URL_NOPAD.encode_append(&token, &mut text);
        text
    }
}

/// A public key that verifies tickets. As text it is base64url, 43 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketKey {
    id: [u8; 4],
    key: VerifyingKey,
}

impl TicketKey {
    fn new(key: VerifyingKey) -> Self {
        Self { id: first(&Sha256::digest(key.as_bytes())), key }
    }

    /// The key of these 32 bytes.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] if they are no Ed25519 public key, or one that would verify anything.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, TicketError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| TicketError::Malformed)?;
        if key.is_weak() { Err(TicketError::Malformed) } else { Ok(Self::new(key)) }
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Verifies a token, strictly: only what [`TicketSigner::sign`] makes is genuine, in exactly that
    /// spelling. The time is checked by [`TicketClaims::check_window`], the single use by check-in.
    ///
    /// # Errors
    /// [`TicketError`] says what is wrong with the token.
    pub fn verify(&self, token: &str) -> Result<TicketClaims, TicketError> {
        verify(token, std::slice::from_ref(self))
    }
}

impl fmt::Display for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(self.as_bytes()))
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketKey({self})")
    }
}

impl FromStr for TicketKey {
    type Err = TicketError;

    fn from_str(text: &str) -> Result<Self, TicketError> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| TicketError::Malformed)?;
        Self::from_bytes(bytes.as_slice().try_into().map_err(|_| TicketError::Malformed)?)
    }
}

/// The keys of a house: the one that signs now, and older ones whose tickets are still about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TicketKeys(pub Vec<TicketKey>);

impl TicketKeys {
    /// Verifies a token with the key that it names; see [`TicketKey::verify`].
    ///
    /// # Errors
    /// [`TicketError`] says what is wrong with the token.
    pub fn verify(&self, token: &str) -> Result<TicketClaims, TicketError> {
        verify(token, &self.0)
    }
}

fn verify(token: &str, keys: &[TicketKey]) -> Result<TicketClaims, TicketError> {
    use TicketError::{BadSignature, Malformed, UnknownKey, UnknownVersion};
    let Some(text) = token.strip_prefix(PREFIX) else {
        return Err(if is_other_version(token) { UnknownVersion } else { Malformed });
    };
    // The length first, so that no long text is ever decoded.
    if BASE64URL_NOPAD.decode_len(text.len()) != Ok(TOKEN_BYTES) {
        return Err(Malformed);
    }
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Malformed)?;
    let (payload, signature) = bytes.split_first_chunk::<PAYLOAD_BYTES>().ok_or(Malformed)?;
    let mut fields = Fields(payload);
    if fields.take::<1>()? != [VERSION] {
        return Err(UnknownVersion);
    }
    let id: [u8; 4] = fields.take()?;
    let signature = Signature::from_slice(signature).map_err(|_| Malformed)?;
    // Four bytes can name two keys; the signature decides.
    let mut named = keys.iter().filter(|key| key.id == id).peekable();
    named.peek().ok_or(UnknownKey)?;
    if !named.any(|key| key.key.verify_strict(payload, &signature).is_ok()) {
        return Err(BadSignature);
    }
    Ok(TicketClaims {
        ticket: TicketId::from_bytes(fields.take()?),
        booking: BookingId::from_bytes(fields.take()?),
        show: ShowId::from_bytes(fields.take()?),
        seat: SeatNo(u16::from_be_bytes(fields.take()?)),
        valid_from: fields.time()?,
        valid_until: fields.time()?,
    })
}

fn is_other_version(token: &str) -> bool {
    let number = token.strip_prefix("KF").and_then(|rest| rest.split_once('.')).map(|(number, _)| number);
    number.is_some_and(|number| {
        (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], TicketError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(TicketError::Malformed)?;
        self.0 = rest;
        Ok(*field)
    }

    fn time(&mut self) -> Result<Timestamp, TicketError> {
        let mut seconds = [0; 8];
        seconds[3..].copy_from_slice(&self.take::<5>()?);
        Ok(Timestamp::from_millis(i64::from_be_bytes(seconds).saturating_mul(1000)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claims() -> TicketClaims {
        let booking = BookingId::from_bytes([0xB0; 16]);
        TicketClaims {
            ticket: ticket_id(booking, SeatNo(258)),
            booking,
            show: ShowId::from_bytes([0x50; 16]),
            seat: SeatNo(258),
            valid_from: "2026-11-27T18:30:00Z".parse().unwrap(),
            valid_until: "2026-11-27T22:00:00Z".parse().unwrap(),
        }
    }

    fn signer() -> TicketSigner {
        TicketSigner::from_seed([7; 32])
    }

    /// Signs what `change` makes of a payload, as a careless or newer signer would.
    fn signed(change: impl FnOnce(&mut Vec<u8>)) -> String {
        let token = signer().sign(&claims());
        let mut bytes = BASE64URL_NOPAD.decode(&token.as_bytes()[4..]).unwrap();
        bytes.truncate(PAYLOAD_BYTES);
        change(&mut bytes);
        let signature = signer().key.sign(&bytes).to_bytes();
        bytes.extend(signature);
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    #[test]
    fn the_token_is_a_contract() {
        let token = signer().sign(&claims());
        assert_eq!(token.len(), 176);
        let (key, ticket) = (signer().public_key(), claims().ticket);
        insta::assert_snapshot!(format!("{token}\nkey {key}\nticket {ticket}"));
        assert_eq!(signer().public_key().verify(&token), Ok(claims()));
        assert_eq!(signer().sign(&claims()), token, "the same claims give the same token");
    }

    #[test]
    fn keys_are_told_apart() {
        let other = TicketSigner::from_seed([8; 32]).public_key();
        let token = signer().sign(&claims());
        assert_eq!(other.verify(&token), Err(TicketError::UnknownKey));
        assert_eq!(TicketKeys::default().verify(&token), Err(TicketError::UnknownKey));
        assert_eq!(TicketKeys(vec![other.clone(), signer().public_key()]).verify(&token), Ok(claims()));
        // Another key that has the same id by chance.
        let twin = TicketKey { id: signer().public_key().id, key: other.key };
        assert_eq!(twin.verify(&token), Err(TicketError::BadSignature));
        assert_eq!(TicketKeys(vec![twin, signer().public_key()]).verify(&token), Ok(claims()));
    }

    #[test]
    fn keys_travel_as_text() {
        let key = signer().public_key();
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert_eq!(TicketKey::from_bytes(key.as_bytes()), Ok(key));
        assert_eq!("".parse::<TicketKey>(), Err(TicketError::Malformed));
        let weak = TicketKey::from_bytes(&[0; 32]);
        assert_eq!(weak, Err(TicketError::Malformed));
        assert!(!format!("{:?}", signer()).contains("seed"));
        assert!(format!("{:?}", signer()).starts_with("TicketSigner { public: TicketKey("));
    }

    #[test]
    fn what_is_not_a_token_is_refused_by_name() {
        let key = signer().public_key();
        let token = signer().sign(&claims());
        for junk in [
            "",
            "KF1.",
            "KF1",
            "kf1.",
            "A",
            "KF.",
            "KFx.",
            "KF1.%%%",
            "\u{1F3AB}",
            &token[4..],
            &token[..175],
        ] {
            assert_eq!(key.verify(junk), Err(TicketError::Malformed), "{junk}");
        }
        for padded in [format!("{token}="), format!("{token}A"), format!(" {token}"), format!("{token}\n")] {
            assert_eq!(key.verify(&padded), Err(TicketError::Malformed), "{padded}");
        }
        assert_eq!(key.verify(&token.replacen("KF1.", "KF2.", 1)), Err(TicketError::UnknownVersion));
        assert_eq!(key.verify(&signed(|payload| payload[0] = 2)), Err(TicketError::UnknownVersion));
        assert_eq!(key.verify(&signed(|payload| payload[1] ^= 1)), Err(TicketError::UnknownKey));
        assert_eq!(key.verify(&signed(|payload| payload.push(0))), Err(TicketError::Malformed));
    }

    #[test]
    fn times_are_whole_seconds_and_within_bounds() {
        let mut odd = claims();
        odd.valid_from = Timestamp::from_millis(-5_000);
        odd.valid_until = Timestamp::from_millis(1_999);
        let read = signer().public_key().verify(&signer().sign(&odd)).unwrap();
        assert_eq!((read.valid_from.millis(), read.valid_until.millis()), (0, 1_000));
        odd.valid_until = Timestamp::from_millis(i64::MAX);
        let read = signer().public_key().verify(&signer().sign(&odd)).unwrap();
        assert_eq!(read.valid_until.seconds(), odd.valid_until.seconds());
    }

    #[test]
    fn the_window_is_the_callers_to_check() {
        let claims = claims();
        let at =
            |text: &str| claims.check_window(text.parse().unwrap()).map_err(|error| error.code().as_str());
        assert_eq!(at("2026-11-27T18:29:59.999Z"), Err("ticket_too_early"));
        assert_eq!(at("2026-11-27T18:30:00Z"), Ok(()));
        assert_eq!(at("2026-11-27T22:00:00.999Z"), Ok(()));
        assert_eq!(at("2026-11-27T22:00:01Z"), Err("ticket_expired"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}", tail in "[A-Za-z0-9_-]{160,180}") {
            let key = signer().public_key();
            prop_assert!(key.verify(&text).is_err());
            let token = format!("KF1.{tail}");
            prop_assert!(key.verify(&token).is_err());
        }

        #[test]
        fn any_other_spelling_is_refused(place in 0..176_usize, other in "[ -~]") {
            let token = signer().sign(&claims());
            let mut altered = token.clone();
            altered.replace_range(place..=place, &other);
            let verified = signer().public_key().verify(&altered);
            prop_assert_eq!(verified.is_ok(), altered == token);
        }

        #[test]
        fn claims_survive(
            ids in any::<[[u8; 16]; 3]>(),
            seat in any::<u16>(),
            from in 0..253_402_300_799_i64,
            long in 0..100_000_i64,
        ) {
            let claims = TicketClaims {
                ticket: TicketId::from_bytes(ids[0]),
                booking: BookingId::from_bytes(ids[1]),
                show: ShowId::from_bytes(ids[2]),
                seat: SeatNo(seat),
                valid_from: Timestamp::from_millis(from * 1000),
                valid_until: Timestamp::from_millis(from.saturating_add(long).min(253_402_300_799) * 1000),
            };
            prop_assert_eq!(signer().public_key().verify(&signer().sign(&claims)), Ok(claims));
        }
    }
}
