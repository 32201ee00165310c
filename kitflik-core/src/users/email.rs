//! E-mail addresses: what is refused, how they are compared, and how they are shown.

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::error::Validation;
use crate::limits;

/// Outer spaces, upper case and the way in which accents are composed tell no addresses apart.
fn tidy(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(&text.trim().to_lowercase()).into_owned()
}

/// The form in which addresses are compared and mail is sent: the domain is in ASCII, so that each way to write an
/// international one is the same address.
pub(crate) fn normal_email(text: &str) -> String {
    let text = tidy(text);
    match text.rsplit_once('@') {
        Some((local, domain)) => match idna::domain_to_ascii_strict(domain) {
            Ok(domain) => format!("{local}@{domain}"),
            Err(_) => text,
        },
        None => text,
    }
}

/// The form in which an address is shown to people.
pub(super) fn shown_email(text: &str) -> String {
    let text = tidy(text);
    match text.rsplit_once('@') {
        Some((local, domain)) => match idna::domain_to_unicode(domain) {
            (domain, Ok(())) => format!("{local}@{domain}"),
            (_, Err(_)) => text,
        },
        None => text,
    }
}

/// Refuses what no mail could reach. Whether mail does arrive, only a mail can tell.
pub(crate) fn check_email(path: &str, text: &str, fields: &mut Validation) {
    let email = text.trim();
    let most = limits::MAX_EMAIL_BYTES;
    let bytes = email.len();
    if bytes > most {
        fields.refuse(path, "too_long", format!("{path} has {bytes} bytes, allowed are {most}"));
        return;
    }
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    let good = email.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && local.len() <= 64
            && !local.contains('@')
            && idna::domain_to_ascii_strict(domain)
                .is_ok_and(|ascii| ascii.contains('.') && !ascii.ends_with('.'))
    });
    if !good || email.contains(bad) {
        fields.refuse(path, "invalid", format!("{path} must be an e-mail address such as ada@example.org"));
        return;
    }
    let bytes = normal_email(email).len();
    if bytes > most {
        let detail = format!("{path} has {bytes} bytes with its domain in ASCII, allowed are {most}");
        fields.refuse(path, "too_long", detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(email: &str) -> bool {
        let mut fields = Validation::default();
        check_email("email", email, &mut fields);
        fields.finish().is_err()
    }

    #[test]
    fn addresses_are_checked_for_form() {
        for good in ["ada@example.org", " Ada.L+x@sub.example.org ", "用户@例子.测试", "o'neil@example.ie"]
        {
            assert!(!refused(good), "{good}");
        }
        for bad in ["", "ada", "@example.org", "ada@", "ada@example", "a b@example.org", "a@b@example.org"] {
            assert!(refused(bad), "{bad}");
        }
        for bad in ["a@-x.org", "a@x..org", "a\r\nBcc: b@x.org@example.org", "<a@example.org>", "a@x_y.org"] {
            assert!(refused(bad), "{bad}");
        }
    }

    #[test]
    fn the_longest_address_has_254_bytes() {
        let label = "b".repeat(60);
        let longest = format!("{}@{label}.{label}.{label}.bb.org", "a".repeat(64));
        assert_eq!(longest.len(), limits::MAX_EMAIL_BYTES);
        assert!(!refused(&longest));
        assert!(refused(&format!("a{longest}")));
        // It grows when its domain is put into ASCII.
        let wide = "ä".repeat(20);
        let domain = [wide.as_str(); 4].join(".");
        let email = format!("{}@{domain}.de", "a".repeat(64));
        assert!(email.len() <= limits::MAX_EMAIL_BYTES);
        assert_eq!(refused(&email), normal_email(&email).len() > limits::MAX_EMAIL_BYTES);
    }

    #[test]
    fn one_address_has_one_form() {
        for (one, other) in [
            (" Ada@Example.ORG", "ada@example.org"),
            ("ada@bücher.example", "ADA@BÜCHER.example"),
            ("ada@bücher.example", "ada@xn--bcher-kva.example"),
            ("ada@bu\u{308}cher.example", "ada@bücher.example"),
            ("e\u{301}va@example.org", "éva@example.org"),
        ] {
            assert_eq!(normal_email(one), normal_email(other), "{one} {other}");
            assert_eq!(shown_email(one), shown_email(other), "{one} {other}");
        }
        assert_eq!(normal_email("ada@bücher.example"), "ada@xn--bcher-kva.example");
        assert_eq!(shown_email("Ada@xn--bcher-kva.example"), "ada@bücher.example");
        for email in ["ada@bücher.example", "nonsense", "a@b_c", ""] {
            assert_eq!(normal_email(&shown_email(email)), normal_email(email));
        }
        assert_ne!(normal_email("ada@example.org"), normal_email("ada@example.com"));
    }
}
