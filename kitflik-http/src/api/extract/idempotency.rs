//! The header `Idempotency-Key`: the client's name of a command, so that a repeat has no second effect.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use kitflik_core::{Actor, CommandId, limits};

use super::client::Client;
use crate::problem::Problem;

/// Guests' keys of this length are random enough to be nobody else's.
const SURELY_UNIQUE: usize = 16;

/// The header, if the request has it.
pub(crate) struct IdempotencyKey {
    key: Option<String>,
    from: Option<IpAddr>,
}

impl IdempotencyKey {
    /// The command's name. All guests share one space of names: short ones are kept apart by the client's
    /// address, so that two guests who both choose "1" do not meet. No key has a space, so no other key can
    /// be made to look like it.
    pub(crate) fn of(self, actor: &Actor) -> Option<CommandId> {
        let key = self.key?;
        let guest = matches!(actor, Actor::Guest { .. });
        let name = match self.from {
            Some(from) if guest && key.len() < SURELY_UNIQUE => format!("{from} {key}"),
            _ => key,
        };
        CommandId::new(name).ok()
    }

    /// The name of a command that nobody is logged in for.
    pub(crate) fn of_guest(self) -> Option<CommandId> {
        self.of(&Actor::guest())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Client(from) = Client::of(&parts.extensions);
        let mut keys = parts.headers.get_all("idempotency-key").iter();
        let Some(key) = keys.next() else { return Ok(Self { key: None, from }) };
        let most = limits::MAX_COMMAND_ID_CHARS;
        let good = (1..=most).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
        match key.to_str() {
            Ok(key) if good && keys.next().is_none() => Ok(Self { key: Some(key.to_owned()), from }),
            _ => {
                let detail = format!("Idempotency-Key must be once 1 to {most} visible ASCII characters");
                Err(Problem::field("Idempotency-Key", "invalid", detail))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(key: &str, from: Option<&str>, actor: &Actor) -> String {
        let from = from.map(|from| from.parse().unwrap());
        IdempotencyKey { key: Some(key.to_owned()), from }.of(actor).unwrap().to_string()
    }

    #[test]
    fn short_keys_of_guests_are_their_own() {
        let guest = Actor::guest();
        assert_eq!(named("1", Some("192.0.2.1"), &guest), "192.0.2.1 1");
        assert_eq!(named("1", None, &guest), "1");
        assert_eq!(named(&"x".repeat(16), Some("192.0.2.1"), &guest), "x".repeat(16));
        assert_eq!(named("1", Some("192.0.2.1"), &Actor::System), "1");
        let longest = "x".repeat(limits::MAX_COMMAND_ID_CHARS);
        assert_eq!(named(&longest, Some("2001:db8::1"), &guest), longest);
        let address = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255";
        assert!(named(&"x".repeat(15), Some(address), &guest).ends_with("xx"));
    }
}
