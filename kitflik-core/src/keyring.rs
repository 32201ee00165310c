//! One master secret, one derived key for each purpose. Nothing of it is stored or logged.
//!
//! A house may have several generations of them at once: what is new is signed with the current one, and what a former
//! one has signed is still accepted.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;
use thiserror::Error;

use crate::ids::{BookingId, SessionId, StaffId};
use crate::tickets::token::TicketSigner;

/// The secret that all signing keys are derived from: 32 random bytes, made once and kept by the host.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// A text that is not a master key. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a master key is 64 hexadecimal digits")]
pub struct InvalidMasterKey;

impl MasterKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidMasterKey`].
    pub fn from_hex(text: &str) -> Result<Self, InvalidMasterKey> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).map_err(|_| InvalidMasterKey)?;
        bytes.try_into().map(Self).map_err(|_| InvalidMasterKey)
    }

    /// Eight letters and digits that tell this key from others. Derived one way, so they may be shown.
    #[must_use]
    pub fn id(&self) -> String {
        BASE32_NOPAD.encode(&self.derive::<5>("kitflik master key id 1")).to_lowercase()
    }

    fn derive<const N: usize>(&self, purpose: &str) -> [u8; N] {
        let mut key = [0; N];
        // A few bytes are far below the most that HKDF-SHA-256 gives, its only error.
        let expanded = Hkdf::<Sha256>::new(None, &self.0).expand(purpose.as_bytes(), &mut key);
        debug_assert!(expanded.is_ok());
        key
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// Every master key that the house accepts.
pub(crate) struct KeyRing {
    current: Generation,
    former: Vec<Generation>,
}

impl KeyRing {
    /// A key that is given twice counts once.
    pub(crate) fn new(current: &MasterKey, accepted: &[MasterKey]) -> Self {
        let current = Generation::new(current);
        let mut former: Vec<Generation> = Vec::with_capacity(accepted.len());
        for key in accepted {
            let key = Generation::new(key);
            if key.mark != current.mark && former.iter().all(|known| known.mark != key.mark) {
                former.push(key);
            }
        }
        Self { current, former }
    }

    /// What is new is signed with this one.
    pub(crate) fn current(&self) -> &Generation {
        &self.current
    }

    /// All, the current one first.
    pub(crate) fn generations(&self) -> impl Iterator<Item = &Generation> {
        std::iter::once(&self.current).chain(&self.former)
    }

    /// Whether one of them accepts: what is presented may have been signed before a rotation.
    pub(crate) fn any(&self, accepts: impl Fn(&Generation) -> bool) -> bool {
        self.generations().any(accepts)
    }

    /// What a repeat of a command must be equal in; the same on every platform, since a command may be repeated from
    /// another. Keyed, because requests hold passwords.
    pub(crate) fn request_digest(
        &self,
        verb: &str,
        request: &impl Serialize,
    ) -> Result<RequestDigest, serde_json::Error> {
        let request = serde_json::to_vec(&(verb, request))?;
        let former = self.former.iter().map(|keys| keys.request_digest(&request)).collect();
        Ok(RequestDigest { current: self.current.request_digest(&request), former })
    }
}

/// The digest of a request under each key.
#[derive(Debug)]
pub(crate) struct RequestDigest {
    /// The one to store.
    pub(crate) current: String,
    former: Vec<String>,
}

impl RequestDigest {
    /// Whether what was stored, perhaps before a rotation, is the digest of the same request.
    pub(crate) fn is(&self, stored: &str) -> bool {
        self.current == stored || self.former.iter().any(|former| former == stored)
    }
}

/// What is derived from one master key.
pub(crate) struct Generation {
    id: String,
    access: [u8; 32],
    staff_access: [u8; 32],
    access_seed: [u8; 32],
    staff_access_seed: [u8; 32],
    booking: Hmac<Sha256>,
    refresh: Hmac<Sha256>,
    request: Hmac<Sha256>,
    audit: Hmac<Sha256>,
    invitation: Hmac<Sha256>,
    factor: Hmac<Sha256>,
    account: Hmac<Sha256>,
    tickets: TicketSigner,
    mark: [u8; 32],
}

impl Generation {
    fn new(master: &MasterKey) -> Self {
        let derive = |purpose: &str| master.derive::<32>(purpose);
        Self {
            id: master.id(),
            access: derive("kitflik access token 1"),
            staff_access: derive("kitflik staff access token 1"),
            access_seed: derive("kitflik access token EdDSA 1"),
            staff_access_seed: derive("kitflik staff access token EdDSA 1"),
            booking: keyed(&derive("kitflik booking token 1")),
            refresh: keyed(&derive("kitflik refresh token 1")),
            request: keyed(&derive("kitflik request digest 1")),
            audit: keyed(&derive("kitflik audit seal 1")),
            invitation: keyed(&derive("kitflik staff invitation 1")),
            factor: keyed(&derive("kitflik second factor 1")),
            account: keyed(&derive("kitflik account 1")),
            tickets: TicketSigner::from_seed(derive("kitflik ticket 1")),
            mark: derive("kitflik master key mark 1"),
        }
    }

    /// Which one it is: [`MasterKey::id`].
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The key of customers' access tokens with HS256.
    pub(crate) fn access(&self) -> &[u8] {
        &self.access
    }

    /// The key of staff's access tokens with HS256.
    pub(crate) fn staff_access(&self) -> &[u8] {
        &self.staff_access
    }

    /// The private key of customers' access tokens with EdDSA.
    pub(crate) fn access_seed(&self) -> &[u8; 32] {
        &self.access_seed
    }

    /// The private key of staff's access tokens with EdDSA.
    pub(crate) fn staff_access_seed(&self) -> &[u8; 32] {
        &self.staff_access_seed
    }

    /// Tells master keys apart. Derived one way, so it may be stored.
    pub(crate) fn mark(&self) -> String {
        BASE64URL_NOPAD.encode(&self.mark)
    }

    pub(crate) fn tickets(&self) -> &TicketSigner {
        &self.tickets
    }

    /// Derived from the booking, so that it need not be stored.
    pub(crate) fn booking_token(&self, booking: BookingId) -> String {
        BASE64URL_NOPAD.encode(&mac(&self.booking, &[booking.as_bytes()]).finalize().into_bytes())
    }

    pub(crate) fn is_booking_token(&self, booking: BookingId, token: &str) -> bool {
        let Ok(claimed) = BASE64URL_NOPAD.decode(token.as_bytes()) else { return false };
        mac(&self.booking, &[booking.as_bytes()]).verify_slice(&claimed).is_ok()
    }

    /// Derived from the session and how often it was refreshed, so that it need not be stored.
    pub(crate) fn refresh_secret(&self, session: SessionId, generation: u64) -> Vec<u8> {
        mac(&self.refresh, &[session.as_bytes(), &generation.to_be_bytes()]).finalize().into_bytes().to_vec()
    }

    pub(crate) fn is_refresh_secret(&self, session: SessionId, generation: u64, claimed: &[u8]) -> bool {
        mac(&self.refresh, &[session.as_bytes(), &generation.to_be_bytes()]).verify_slice(claimed).is_ok()
    }

    /// What only the house can put under a part of the log of staff's actions.
    pub(crate) fn audit_seal(&self, sealed: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&mac(&self.audit, &[sealed]).finalize().into_bytes())
    }

    pub(crate) fn is_audit_seal(&self, sealed: &[u8], claimed: &str) -> bool {
        let Ok(claimed) = BASE64URL_NOPAD.decode(claimed.as_bytes()) else { return false };
        mac(&self.audit, &[sealed]).verify_slice(&claimed).is_ok()
    }

    /// Derived from the account and a random text that is replaced by each invitation, so that it need not be stored.
    pub(crate) fn invitation_secret(&self, staff: StaffId, nonce: &str) -> Vec<u8> {
        mac(&self.invitation, &[staff.as_bytes(), nonce.as_bytes()]).finalize().into_bytes().to_vec()
    }

    pub(crate) fn is_invitation_secret(&self, staff: StaffId, nonce: &str, claimed: &[u8]) -> bool {
        mac(&self.invitation, &[staff.as_bytes(), nonce.as_bytes()]).verify_slice(claimed).is_ok()
    }

    /// The secret of somebody's one-time codes, as it may be stored. Both sides need it, so it cannot be a hash: it is
    /// covered by a stream that only the key makes, and carries a tag by which another key is known to be another.
    pub(crate) fn mask(&self, staff: StaffId, salt: [u8; 16], secret: [u8; 20]) -> String {
        let masked = self.cover(staff, &salt, secret);
        let tag = mac(&self.factor, &[b"tag", staff.as_bytes(), &salt, &masked]).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&[&salt, masked.as_slice(), &tag[..16]].concat())
    }

    /// The secret and its salt; `None` if it was masked with another key or for another account.
    pub(crate) fn unmask(&self, staff: StaffId, stored: &str) -> Option<([u8; 16], [u8; 20])> {
        let bytes = BASE64URL_NOPAD.decode(stored.as_bytes()).ok()?;
        let (salt, rest) = bytes.split_first_chunk::<16>()?;
        let (masked, tag) = rest.split_first_chunk::<20>()?;
        let tag: &[u8; 16] = tag.try_into().ok()?;
        mac(&self.factor, &[b"tag", staff.as_bytes(), salt, masked]).verify_truncated_left(tag).ok()?;
        Some((*salt, self.cover(staff, salt, *masked)))
    }

    /// Covers what is open, and opens what is covered.
    fn cover(&self, staff: StaffId, salt: &[u8; 16], mut bytes: [u8; 20]) -> [u8; 20] {
        let stream = mac(&self.factor, &[b"mask", staff.as_bytes(), salt]).finalize().into_bytes();
        bytes.iter_mut().zip(stream).for_each(|(byte, cover)| *byte ^= cover);
        bytes
    }

    /// What is stored of a recovery code. It has 50 random bits, and the key is not in the store.
    pub(crate) fn recovery_code(&self, staff: StaffId, code: &str) -> String {
        let parts = [b"code".as_slice(), staff.as_bytes(), code.as_bytes()];
        BASE64URL_NOPAD.encode(&mac(&self.factor, &parts).finalize().into_bytes())
    }

    pub(crate) fn is_recovery_code(&self, staff: StaffId, code: &str, stored: &str) -> bool {
        let Ok(stored) = BASE64URL_NOPAD.decode(stored.as_bytes()) else { return false };
        mac(&self.factor, &[b"code", staff.as_bytes(), code.as_bytes()]).verify_slice(&stored).is_ok()
    }

    /// A secret of an account, such as a code that is mailed: derived, so that it need not be stored.
    pub(crate) fn account_secret(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.account_mac(purpose, parts).finalize().into_bytes().into()
    }

    /// Whether two texts are equal, in a time that does not tell how far they are.
    pub(crate) fn is_same(&self, claimed: &[u8], right: &[u8]) -> bool {
        let right = self.account_secret("compare", &[right]);
        self.account_mac("compare", &[claimed]).verify_slice(&right).is_ok()
    }

    /// Each part goes with its length, so that no two lists of parts read the same.
    fn account_mac(&self, purpose: &str, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.account.clone();
        for part in [purpose.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac
    }

    fn request_digest(&self, request: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&mac(&self.request, &[request]).finalize().into_bytes())
    }
}

/// Takes in the key once: that is half of the work of a short message.
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC takes keys of any length; a key of one block needs no error path.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::<Sha256>::new(&block.into())
}

fn mac(keyed: &Hmac<Sha256>, parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = keyed.clone();
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booking_tokens_belong_to_one_booking_and_one_house() {
        let keys = Generation::new(&MasterKey::new([1; 32]));
        let other = Generation::new(&MasterKey::new([2; 32]));
        let (mine, yours) = (BookingId::from_bytes([1; 16]), BookingId::from_bytes([2; 16]));
        let token = keys.booking_token(mine);
        assert!(keys.is_booking_token(mine, &token));
        assert!(!keys.is_booking_token(yours, &token));
        assert!(!other.is_booking_token(mine, &token));
        assert!(!keys.is_booking_token(mine, ""));
        assert!(!keys.is_booking_token(mine, &token[1..]));
    }

    #[test]
    fn masked_secrets_open_with_their_key_for_their_account_only() {
        let keys = Generation::new(&MasterKey::new([1; 32]));
        let other = Generation::new(&MasterKey::new([2; 32]));
        let (mine, yours) = (StaffId::from_bytes([1; 16]), StaffId::from_bytes([2; 16]));
        let (salt, secret) = ([3; 16], *b"12345678901234567890");
        let stored = keys.mask(mine, salt, secret);
        assert_eq!(keys.unmask(mine, &stored), Some((salt, secret)));
        assert_eq!(keys.unmask(yours, &stored), None);
        assert_eq!(other.unmask(mine, &stored), None);
        assert_ne!(keys.mask(mine, [4; 16], secret), stored);
        let bytes = BASE64URL_NOPAD.decode(stored.as_bytes()).unwrap();
        assert!(!bytes.windows(5).any(|window| secret.windows(5).any(|clear| clear == window)));
        for damaged in ["", "AAAA", &stored[1..], &stored.replace(&stored[30..32], "zz")] {
            assert_eq!(keys.unmask(mine, damaged), None, "{damaged}");
        }
    }

    #[test]
    fn master_keys_are_read_from_hex_and_never_shown() {
        let key = MasterKey::from_hex(&"0F".repeat(32)).unwrap();
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
        assert_eq!((key.id().len(), key.id() == MasterKey::new([1; 32]).id()), (8, false));
        assert!(MasterKey::from_hex("0f").is_err());
        assert!(MasterKey::from_hex(&"zz".repeat(32)).is_err());
    }

    #[test]
    fn the_current_key_signs_and_every_accepted_one_verifies() {
        let [first, second, third] = [1, 2, 3].map(|byte| MasterKey::new([byte; 32]));
        let booking = BookingId::from_bytes([1; 16]);
        let before = KeyRing::new(&first, &[]);
        let token = before.current().booking_token(booking);
        let after = KeyRing::new(&second, &[first.clone(), second.clone(), first]);
        assert_eq!(after.generations().map(Generation::id).collect::<Vec<_>>().len(), 2);
        assert!(after.any(|keys| keys.is_booking_token(booking, &token)));
        assert_ne!(after.current().booking_token(booking), token);
        assert!(!KeyRing::new(&second, &[third]).any(|keys| keys.is_booking_token(booking, &token)));

        let [stored, asked] = [&before, &after].map(|keys| keys.request_digest("hold", &"A1").unwrap());
        assert!(asked.is(&stored.current) && asked.is(&asked.current));
        assert!(!stored.is(&asked.current), "a key that is not accepted yet");
        assert!(!after.request_digest("hold", &"A2").unwrap().is(&stored.current));
    }
}
