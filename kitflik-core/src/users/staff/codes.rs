//! The rules of one-time codes (RFC 6238) and of recovery codes.

use std::time::Duration;

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use totp_rs::{Algorithm, TOTP};

use crate::ids::StaffId;
use crate::keyring::KeyRing;
use crate::store::records::SecondFactor;
use crate::time::Timestamp;

const DIGITS: usize = 6;
/// Seconds that a code is shown for.
const STEP: u64 = 30;
/// Letters and digits of a recovery code: 50 random bits.
const RECOVERY_CHARS: usize = 10;
/// Recovery codes that are given at once.
pub(super) const RECOVERY_CODES: usize = 10;
/// Wrong codes in a row after which somebody has to wait.
const FREE: u32 = 5;
/// How long, in seconds; it doubles with each more.
const FIRST_PAUSE: i64 = 30;
const LONGEST_PAUSE: i64 = 15 * 60;

/// The time step whose code this is: the current one, or a neighbour, for clocks that are a little wrong and people
/// who type slowly.
pub(super) fn step_of(secret: [u8; 20], code: &str, now: Timestamp) -> Option<u64> {
    let totp = TOTP::new_unchecked(Algorithm::SHA1, DIGITS, 0, STEP, secret.to_vec());
    let current = u64::try_from(now.seconds()).ok()? / STEP;
    let steps = [current, current.saturating_sub(1), current + 1];
    steps.into_iter().find(|step| same(totp.generate(step * STEP).as_bytes(), code.as_bytes()))
}

/// Takes as long for a code that is nearly right as for any other.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |other, (l, r)| other | (l ^ r)) == 0
}

/// A code as it is compared: people type spaces and hyphens.
fn bare(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_ascii_lowercase()
}

/// What becomes of a second factor when somebody shows a code.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// It was right, and is used up.
    Right(SecondFactor),
    /// It was not.
    Wrong(SecondFactor),
    /// It was not looked at: there were too many wrong ones.
    Wait {
        /// For so long.
        left: Duration,
    },
}

/// Looks at a code: of the app, or a recovery code.
pub(super) fn show(
    keys: &KeyRing,
    staff: StaffId,
    factor: &SecondFactor,
    code: &str,
    now: Timestamp,
) -> Shown {
    if let Some(until) = factor.wait_until.filter(|until| *until > now.millis()) {
        return Shown::Wait { left: Timestamp::from_millis(until).since(now) };
    }
    let code = bare(code);
    let right = SecondFactor { wrong: 0, wait_until: None, ..factor.clone() };
    if code.len() == DIGITS && code.bytes().all(|digit| digit.is_ascii_digit()) {
        // It may have been covered before a rotation of the keys; from now on the current one covers it.
        if let Some((salt, secret)) = keys.generations().find_map(|keys| keys.unmask(staff, &factor.masked))
            && let Some(step) = step_of(secret, &code, now)
            && step > factor.last_step
        {
            return Shown::Right(SecondFactor {
                masked: keys.current().mask(staff, salt, secret),
                last_step: step,
                ..right
            });
        }
    } else if code.len() == RECOVERY_CHARS {
        let known = |stored: &String| keys.any(|keys| keys.is_recovery_code(staff, &code, stored));
        let used = factor.recovery.iter().position(known);
        if let Some(used) = used {
            let mut right = right;
            right.recovery.remove(used);
            return Shown::Right(right);
        }
    }
    let wrong = factor.wrong.saturating_add(1);
    let pause = wrong
        .checked_sub(FREE)
        .map(|times| FIRST_PAUSE.saturating_mul(1 << times.min(16)).min(LONGEST_PAUSE));
    let wait_until = pause.map(|seconds| now.millis() + 1000 * seconds);
    Shown::Wrong(SecondFactor { wrong, wait_until, ..factor.clone() })
}

/// A recovery code from seven random bytes, as it is compared.
fn recovery_code(random: [u8; 7]) -> String {
    let mut code = BASE32_NOPAD.encode(&random).to_ascii_lowercase();
    code.truncate(RECOVERY_CHARS);
    code
}

/// New recovery codes: as they are shown, and as they are stored.
pub(super) fn recovery_codes(
    keys: &KeyRing,
    staff: StaffId,
    random: impl Fn() -> [u8; 7],
) -> (Vec<String>, Vec<String>) {
    (0..RECOVERY_CODES)
        .map(|_| {
            let code = recovery_code(random());
            let (left, right) = code.split_at(RECOVERY_CHARS / 2);
            (format!("{left}-{right}"), keys.current().recovery_code(staff, &code))
        })
        .unzip()
}

/// The secret as people type it, and the address that apps read from a QR code.
pub(super) fn offer(secret: [u8; 20], house: &str, email: &str) -> (String, String) {
    let text = BASE32_NOPAD_NOCASE.encode(&secret);
    // Apps split the label at the first colon.
    let house = escaped(&house.replace(':', " "));
    let uri = format!(
        "otpauth://totp/{house}:{}?secret={text}&issuer={house}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        escaped(email)
    );
    (text, uri)
}

/// With everything escaped that could mean something in a URI.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::MasterKey;

    const SECRET: [u8; 20] = *b"12345678901234567890";
    fn staff() -> StaffId {
        StaffId::from_bytes([1; 16])
    }

    fn keys() -> KeyRing {
        KeyRing::new(&MasterKey::new([1; 32]), &[])
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1000 * seconds)
    }

    fn factor(keys: &KeyRing) -> SecondFactor {
        let recovery = recovery_codes(keys, staff(), || [7; 7]).1;
        SecondFactor {
            masked: keys.current().mask(staff(), [5; 16], SECRET),
            last_step: 0,
            recovery,
            wrong: 0,
            wait_until: None,
        }
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B; the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step_of(SECRET, code, at(seconds)), Some(seconds as u64 / 30), "{seconds}");
            for (late, known) in [(30, true), (-30, true), (61, false), (-61, false)] {
                assert_eq!(step_of(SECRET, code, at(seconds + late)).is_some(), known, "{seconds} {late}");
            }
        }
        assert_eq!(step_of(SECRET, "", at(59)), None);
        assert_eq!(step_of(SECRET, "287082", Timestamp::from_millis(-1000)), None);
    }

    #[test]
    fn a_code_opens_once_and_none_before_it() {
        let keys = keys();
        let Shown::Right(used) = show(&keys, staff(), &factor(&keys), "050 471", at(1_111_111_111)) else {
            panic!("it is right");
        };
        assert_eq!(used.last_step, 37_037_037);
        assert!(matches!(show(&keys, staff(), &used, "050471", at(1_111_111_111)), Shown::Wrong(_)));
        // The one of the step before, which is still within the window.
        assert!(matches!(show(&keys, staff(), &used, "081804", at(1_111_111_111)), Shown::Wrong(_)));
        let other = StaffId::from_bytes([2; 16]);
        assert!(matches!(show(&keys, other, &factor(&keys), "050471", at(1_111_111_111)), Shown::Wrong(_)));
    }

    #[test]
    fn a_recovery_code_opens_once() {
        let keys = keys();
        let (shown, stored) = recovery_codes(&keys, staff(), || [7; 7]);
        assert_eq!((shown.len(), shown[0].len()), (10, 11));
        let factor = SecondFactor { recovery: stored[..1].to_vec(), ..factor(&keys) };
        let typed = shown[0].to_uppercase().replace('-', " ");
        let Shown::Right(used) = show(&keys, staff(), &factor, &typed, at(59)) else { panic!("it is right") };
        assert!(used.recovery.is_empty());
        assert!(matches!(show(&keys, staff(), &used, &typed, at(59)), Shown::Wrong(_)));
        assert!(!stored[0].contains(&shown[0].replace('-', "")));
    }

    #[test]
    fn guesses_have_to_wait() {
        let keys = keys();
        let (mut factor, mut now, mut waits) = (factor(&keys), at(1_000_000_000), Vec::new());
        for _ in 0..40 {
            match show(&keys, staff(), &factor, "000000", now) {
                Shown::Wrong(next) => factor = next,
                Shown::Wait { left } => {
                    waits.push(left.as_secs());
                    now = now.plus(left);
                }
                Shown::Right(_) => panic!("a guess was right"),
            }
        }
        assert_eq!(waits[..7], [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(factor.wrong, 40 - waits.len() as u32);
        // What is right ends it.
        let Shown::Right(after) =
            show(&keys, staff(), &SecondFactor { wait_until: None, ..factor }, "279037", at(2_000_000_000))
        else {
            panic!("it is right");
        };
        assert_eq!((after.wrong, after.wait_until), (0, None));
    }

    #[test]
    fn apps_can_read_the_offer() {
        let (secret, uri) = offer(SECRET, "Kino: Süd", "ada+x@example.org");
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            uri,
            "otpauth://totp/Kino%20%20S%C3%BCd:ada%2Bx%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Kino%20%20S%C3%BCd&algorithm=SHA1&digits=6&period=30"
        );
    }
}
