//! What mails say, and in whose name.

use kitflik_core::Policy;

use super::super::mail::Sender;
use super::{Failure, Layers};

impl Layers {
    pub(super) fn sender(&self) -> Result<Sender, Failure> {
        let Some(given) = self.get("mail_from") else { return Ok(Sender::default()) };
        given.value.parse().map_err(|error| given.refuse(&format!("is no sender: {error}")))
    }

    /// An address that links can begin with.
    pub(super) fn public_url(&self) -> Result<Option<String>, Failure> {
        let Some(given) = self.get("public_url") else { return Ok(None) };
        let rest = given.value.strip_prefix("https://").or_else(|| given.value.strip_prefix("http://"));
        let good = rest.is_some_and(|rest| {
            let visible = rest.bytes().all(|byte| byte.is_ascii_graphic() && !br#"?#@"<>\"#.contains(&byte));
            let host = rest.split('/').next().unwrap_or_default();
            visible && !host.is_empty() && host.bytes().any(|byte| byte.is_ascii_alphanumeric())
        });
        if good && given.value.len() <= 200 {
            return Ok(Some(given.value.trim_end_matches('/').to_owned()));
        }
        Err(given.refuse(
            "is no address of pages: expected http(s)://host, with a port and a path if there are any, such as \
             https://tickets.kino.example",
        ))
    }

    pub(super) fn default_locale(&self) -> Result<String, Failure> {
        let Some(given) = self.get("default_locale") else { return Ok(Policy::default().default_locale) };
        let part = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if given.value.len() >= 2 && given.value.split('-').all(part) {
            return Ok(given.value);
        }
        Err(given.refuse("is no language: expected a tag such as en or de-AT"))
    }
}
