//! The cookies of browsers' sessions: tokens that no script can read. A command that comes with them must prove that a
//! page of this house sent it.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::body::malformed;
use crate::problem::{Problem, ProblemCode};

const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How long a browser keeps a customer's cookies, in seconds. The tokens in them end by themselves.
const KEEP: u32 = 30 * 24 * 60 * 60;

/// Whose session. The cookies of staff are looked at by staff's routes only, and those of customers by all
/// others: so one browser may have both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Customer,
    Staff,
}

/// What a cookie holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Access,
    Refresh,
}

/// Where browsers come by https, the prefix makes them refuse such a cookie from any other host, a
/// neighbouring one too, and over http.
fn name(whose: Whose, token: Token, https: bool) -> &'static str {
    match (whose, token, https) {
        (Whose::Customer, Token::Access, true) => "__Host-kitflik",
        (Whose::Customer, Token::Refresh, true) => "__Host-kitflik-refresh",
        (Whose::Staff, Token::Access, true) => "__Host-kitflik-staff",
        (Whose::Staff, Token::Refresh, true) => "__Host-kitflik-staff-refresh",
        (Whose::Customer, Token::Access, false) => "kitflik",
        (Whose::Customer, Token::Refresh, false) => "kitflik-refresh",
        (Whose::Staff, Token::Access, false) => "kitflik-staff",
        (Whose::Staff, Token::Refresh, false) => "kitflik-staff-refresh",
    }
}

/// The token in a cookie of the request.
pub(crate) fn find(
    headers: &HeaderMap,
    whose: Whose,
    token: Token,
    https: bool,
) -> Result<Option<&str>, Problem> {
    let name = name(whose, token, https);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(other, _)| *other == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        // Whoever can set a second one must not choose which of them counts.
        (Some(_), Some(_)) => Err(malformed(format!("the cookie {name} comes twice"))),
        (found, _) => Ok(found.filter(|value| !value.is_empty())),
    }
}

/// The header that gives a browser a token, or takes it away.
pub(crate) fn set(whose: Whose, token: Token, https: bool, value: Option<&str>) -> Option<HeaderValue> {
    let name = name(whose, token, https);
    let secure = if https { "; Secure" } else { "" };
    let age = match (value, whose) {
        (None, _) => "; Max-Age=0".to_owned(),
        (Some(_), Whose::Customer) => format!("; Max-Age={KEEP}"),
        // Until the browser is closed: box offices share machines.
        (Some(_), Whose::Staff) => String::new(),
    };
    let value = value.unwrap_or_default();
    HeaderValue::try_from(format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")).ok()
}

/// What a page sends with its commands. Whoever cannot read the session's cookie cannot make it, and it is of
/// no use with another session's.
pub(crate) fn csrf_token(access: &str) -> String {
    BASE64URL_NOPAD.encode(&mac(access).finalize().into_bytes())
}

fn mac(access: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length; a key of one block needs no error path.
    let mut block = [0; 64];
    block[..32].copy_from_slice(&Sha256::digest(access));
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(b"kitflik csrf token 1");
    mac
}

fn refused(detail: &str) -> Problem {
    Problem::new(ProblemCode::CsrfFailed, detail)
}

/// Refuses what a browser sends for a page of another site.
pub(crate) fn from_this_site(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let same = match (text(&FETCH_SITE), text(&header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(&header::HOST)
        }
        // No browser; then the token alone counts.
        (None, None) => true,
    };
    if same { Ok(()) } else { Err(refused("the request comes from a page of another site")) }
}

/// Refuses a command with a session's cookie that no page of this house has sent.
pub(crate) fn guard(method: &Method, headers: &HeaderMap, access: &str) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    from_this_site(headers)?;
    let claimed = headers.get(CSRF_TOKEN).and_then(|value| BASE64URL_NOPAD.decode(value.as_bytes()).ok());
    match claimed {
        Some(claimed) if mac(access).verify_slice(&claimed).is_ok() => Ok(()),
        _ => Err(refused("X-CSRF-Token must be the csrf_token that the session's own GET gives")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_the_cookie_of_that_name_counts_and_only_once() {
        let find = |pairs: &[_], https| {
            let headers = headers(pairs);
            find(&headers, Whose::Customer, Token::Access, https).map(|found| found.map(str::to_owned))
        };
        let both = [("cookie", "kitflik-refresh=r; kitflik=one"), ("cookie", "__Host-kitflik=two")];
        assert_eq!(find(&both, false), Ok(Some("one".to_owned())));
        assert_eq!(find(&both, true), Ok(Some("two".to_owned())));
        assert_eq!(find(&[("cookie", "kitflik=")], false), Ok(None));
        assert_eq!(find(&[("cookie", "xkitflik=one; kitflik")], false), Ok(None));
        assert!(find(&[("cookie", "kitflik=one; kitflik=two")], false).is_err());
        assert!(find(&[("cookie", "kitflik=one"), ("cookie", "kitflik=one")], false).is_err());
    }

    #[test]
    fn by_https_cookies_are_bound_to_the_host() {
        let set = |https, value| set(Whose::Staff, Token::Access, https, value).unwrap();
        assert_eq!(
            set(true, Some("x.y")),
            "__Host-kitflik-staff=x.y; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(set(false, None), "kitflik-staff=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }

    #[test]
    fn a_command_needs_the_sessions_own_token_and_a_page_of_ours() {
        let (token, other) = (csrf_token("access"), csrf_token("other"));
        let ok = |pairs: &[_]| guard(&Method::POST, &headers(pairs), "access").is_ok();
        assert!(ok(&[("x-csrf-token", &token)]));
        assert!(ok(&[("x-csrf-token", &token), ("sec-fetch-site", "same-origin")]));
        assert!(ok(&[
            ("x-csrf-token", &token),
            ("origin", "http://a.example:8080"),
            ("host", "a.example:8080")
        ]));
        for site in ["cross-site", "same-site", "none"] {
            assert!(!ok(&[("x-csrf-token", &token), ("sec-fetch-site", site)]), "{site}");
        }
        for origin in ["http://b.example", "null", "http://a.example:81"] {
            assert!(!ok(&[("x-csrf-token", &token), ("origin", origin), ("host", "a.example")]), "{origin}");
        }
        assert!(!ok(&[("x-csrf-token", &token), ("origin", "http://a.example")]));
        assert!(!ok(&[]));
        assert!(!ok(&[("x-csrf-token", &other)]));
        assert!(!ok(&[("x-csrf-token", &token[1..])]));
        assert!(guard(&Method::GET, &HeaderMap::new(), "access").is_ok());
    }
}
