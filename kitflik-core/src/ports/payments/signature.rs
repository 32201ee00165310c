//! How providers sign their events: HMAC-SHA256 over a time and the body, as Stripe and many others do.

use std::time::Duration;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::EventError;
use crate::time::Timestamp;

/// Checks and makes signatures of the form `t=1795780800,v1=5257a8…`: seconds since 1970, and the HMAC-SHA256 of
/// `{t}.{body}` under a secret that the provider and the house share, in hexadecimal digits. More than one `v1` may
/// stand there, while a secret is exchanged; one that is right is enough.
///
/// ```
/// use kitflik_core::{EventSignature, Timestamp};
/// let secret = EventSignature::new(b"whsec_of_the_house");
/// let now: Timestamp = "2026-11-27T12:00:00Z".parse()?;
/// let signature = secret.sign("{}", now);
/// assert!(secret.verify(&signature, "{}", now).is_ok());
/// assert!(secret.verify(&signature, "{ }", now).is_err());
/// # Ok::<(), kitflik_core::InvalidTime>(())
/// ```
#[derive(Clone)]
pub struct EventSignature {
    key: Hmac<Sha256>,
    tolerance: Duration,
}

impl std::fmt::Debug for EventSignature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventSignature").field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

/// How old a signature may be, and how far ahead its clock.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

impl EventSignature {
    /// With a secret, and five minutes of tolerance.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        // A key of HMAC may have any length, so this cannot fail.
        let key = Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default()));
        Self { key, tolerance: TOLERANCE }
    }

    /// With another tolerance.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        Self { tolerance, ..self }
    }

    fn over(&self, seconds: &str, body: &str) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        for part in [seconds, ".", body] {
            mac.update(part.as_bytes());
        }
        mac
    }

    /// The signature of a body.
    #[must_use]
    pub fn sign(&self, body: &str, at: Timestamp) -> String {
        let seconds = at.millis().div_euclid(1000).to_string();
        let digest = self.over(&seconds, body).finalize().into_bytes();
        format!("t={seconds},v1={}", HEXLOWER.encode(&digest))
    }

    /// Whether a body was signed with the secret, not long before `now`. The comparison takes the same time wherever a
    /// signature is wrong.
    ///
    /// # Errors
    /// [`EventError::BadSignature`].
    pub fn verify(&self, signature: &str, body: &str, now: Timestamp) -> Result<(), EventError> {
        let bad = |reason: &str| EventError::BadSignature { reason: reason.to_owned() };
        let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
        let seconds = parts().find(|(name, _)| *name == "t").map(|(_, value)| value);
        let seconds = seconds.ok_or_else(|| bad("it has no time: expected t=…,v1=…"))?;
        let given = parts().filter(|(name, _)| *name == "v1");
        let given = given.filter_map(|(_, value)| HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok());
        let mut right = false;
        for digest in given.take(8) {
            right |= self.over(seconds, body).verify_slice(&digest).is_ok();
        }
        if !right {
            return Err(bad("no v1 in it is right"));
        }
        // Only what is signed is read.
        let at = seconds.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1000));
        let at = at.ok_or_else(|| bad("its time is no number of seconds"))?;
        let apart = Duration::from_millis(now.millis().abs_diff(at));
        if apart > self.tolerance {
            return Err(bad("its time is too far from now"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn a_signature_is_the_one_that_others_make() {
        // printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac secret
        let signature = EventSignature::new(b"secret").sign("{\"id\":\"evt_1\"}", at(1_700_000_000));
        assert_eq!(
            signature,
            "t=1700000000,v1=af784f27423c462e20039559cd4264140f7b7ed4c9090e26fd663faa5eeb8dda"
        );
    }

    #[test]
    fn what_was_altered_is_too_old_or_signed_by_others_is_refused() {
        let (ours, theirs) = (EventSignature::new(b"ours"), EventSignature::new(b"theirs"));
        let now = at(1_700_000_000);
        let signature = ours.sign("body", now);
        ours.verify(&signature, "body", now).unwrap();
        ours.verify(&signature, "body", at(1_700_000_300)).unwrap();
        ours.verify(&signature, "body", at(1_699_999_700)).unwrap();
        // While a secret is exchanged there are two.
        let other = theirs.sign("body", now).split_once(",").unwrap().1.to_owned();
        ours.verify(&format!("{signature},{other}"), "body", now).unwrap();
        ours.verify(&format!("t=1700000000,{other},{}", &signature[13..]), "body", now).unwrap();
        for (signature, body, when) in [
            (signature.as_str(), "Body", now),
            (signature.as_str(), "body", at(1_700_000_301)),
            (signature.as_str(), "body", at(1_699_999_699)),
            (theirs.sign("body", now).as_str(), "body", now),
            (signature.replace("t=17", "t=18").as_str(), "body", at(1_800_000_000)),
            (&signature[..signature.len() - 2], "body", now),
            ("t=1700000000", "body", now),
            ("v1=00", "body", now),
            ("", "body", now),
            ("t=,v1=", "body", now),
        ] {
            let refused = ours.verify(signature, body, when).unwrap_err();
            assert!(matches!(refused, EventError::BadSignature { .. }), "{signature}: {refused}");
        }
    }
}
