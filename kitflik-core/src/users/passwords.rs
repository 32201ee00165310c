//! Which passwords are taken: by length, and not one that everybody tries first. No rules about kinds of characters:
//! they make passwords worse.

use crate::error::{Invalid, Validation};
use crate::kitflik::Engine;
use crate::limits;
use crate::users::UserError;

/// The most common passwords of eight characters and more, sorted. The digit before each says how many characters it
/// has in common with the one above.
static COMMON: &str = include_str!("common_passwords.txt");

fn is_common(password: &str) -> bool {
    let wanted = password.to_lowercase();
    let mut word = String::new();
    COMMON.lines().any(|line| {
        let shared = line.bytes().next().map_or(0, |digit| usize::from(digit.saturating_sub(b'0')));
        word.truncate(shared);
        word.push_str(line.get(1..).unwrap_or_default());
        word == wanted
    })
}

fn check_length(path: &str, password: &str, fields: &mut Validation) -> bool {
    let (least, most) = (limits::MIN_PASSWORD_CHARS, limits::MAX_PASSWORD_BYTES);
    if password.chars().count() < least {
        fields.refuse(path, "too_short", format!("{path} must have at least {least} characters"));
    } else if password.len() > most {
        fields.refuse(path, "too_long", format!("{path} must have at most {most} bytes"));
    } else {
        return true;
    }
    false
}

/// Refuses a new password that is too short, too long, or among the first that anybody would try for this person.
pub(super) fn check_password(path: &str, password: &str, email: &str, name: &str, fields: &mut Validation) {
    if !check_length(path, password, fields) {
        return;
    }
    let same = |text: &str| !text.is_empty() && text.trim().to_lowercase() == password.trim().to_lowercase();
    let local = email.trim().split('@').next().unwrap_or_default();
    if is_common(password) {
        fields.refuse(path, "too_common", format!("{path} is one of the most common: choose another"));
    } else if same(email) || same(local) || same(name) {
        let detail = format!("{path} must be neither the name nor the e-mail address");
        fields.refuse(path, "too_common", detail);
    }
}

impl Engine {
    /// Whether a password is right; `hash` is absent for an unknown address.
    pub(super) async fn is_password(&self, password: &str, hash: Option<&str>) -> Result<(), UserError> {
        if password.len() > limits::MAX_PASSWORD_BYTES {
            let most = limits::MAX_PASSWORD_BYTES;
            let detail = format!("password must have at most {most} bytes");
            return Err(Invalid::one("password", "too_long", detail).into());
        }
        let known = hash.is_some();
        // An unknown address costs as much time as a known one.
        let hash = hash.map_or_else(|| self.hasher.nobody(), ToOwned::to_owned);
        let right = self.hasher.verify(password.to_owned(), hash).await?;
        if right && known { Ok(()) } else { Err(UserError::InvalidCredentials) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<String> {
        let mut fields = Validation::default();
        check_password("password", password, "ada.lovelace@example.org", "Ada Lovelace", &mut fields);
        fields.finish().err().map(|invalid| invalid.errors[0].code.clone())
    }

    #[test]
    fn the_list_reads_back_sorted() {
        let (mut word, mut before, mut count) = (String::new(), String::new(), 0);
        for line in COMMON.lines() {
            word.truncate(line[..1].parse().unwrap());
            word.push_str(&line[1..]);
            assert!(word > before && word.len() >= limits::MIN_PASSWORD_CHARS, "{word} after {before}");
            assert_eq!(word, word.to_lowercase());
            before.clone_from(&word);
            count += 1;
        }
        assert!(count >= 3000, "{count}");
        assert!(COMMON.len() < 20_000);
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for common in ["password", "Password1", "12345678", "QWERTYUIOP", "iloveyou"] {
            assert_eq!(refused(common).as_deref(), Some("too_common"), "{common}");
        }
        for own in ["ada.lovelace@example.org", "ADA.lovelace", "ada lovelace"] {
            assert_eq!(refused(own).as_deref(), Some("too_common"), "{own}");
        }
        assert_eq!(refused("1234567").as_deref(), Some("too_short"));
        assert_eq!(refused(&"x".repeat(1025)).as_deref(), Some("too_long"));
        for good in ["correct horse battery", "aaaabbbb cccc", "пароль пароль", &"x".repeat(1024)]
        {
            assert_eq!(refused(good), None, "{good}");
        }
    }
}
