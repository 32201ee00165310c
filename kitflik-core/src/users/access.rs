//! Access tokens: short-lived signed JWTs. A token of one audience is no token of another.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Staff, UserError, Users};
use crate::actor::{Actor, Role};
use crate::error::EngineError;
use crate::ids::{SessionId, StaffId, UserId};
use crate::kitflik::Engine;
use crate::time::Timestamp;

const ISSUER: &str = "kitflik";
const CUSTOMERS: &str = "kitflik-customers";
const STAFF: &str = "kitflik-staff";
/// How far the clocks of two instances may be apart.
const LEEWAY: Duration = Duration::from_secs(30);

/// A token that is not valid. It does not say more than is needed to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// Its time is over.
    #[error("the token has expired: refresh it or log in again")]
    Expired,
    /// It is not a token of this kind, from here, or it has been revoked.
    #[error("the token is not valid: log in again")]
    Invalid,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: SessionId,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

/// Whose token it is.
pub(super) enum Subject {
    User(UserId),
    Staff(StaffId, Role),
}

/// What kind of log-in it came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    Customers,
    Staff,
}

impl Audience {
    fn name(self) -> &'static str {
        match self {
            Self::Customers => CUSTOMERS,
            Self::Staff => STAFF,
        }
    }
}

impl Engine {
    fn token_key(&self, audience: Audience) -> &[u8] {
        match audience {
            Audience::Customers => self.keys.access(),
            Audience::Staff => self.keys.staff_access(),
        }
    }

    pub(super) fn sign_access(
        &self,
        subject: &Subject,
        session: SessionId,
        now: Timestamp,
    ) -> Result<(String, Duration), EngineError> {
        let (audience, sub, role, life) = match subject {
            Subject::User(id) => (Audience::Customers, id.to_string(), None, self.policy.access_token),
            Subject::Staff(id, role) => {
                (Audience::Staff, id.to_string(), Some(*role), self.policy.staff_access_token)
            }
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: audience.name().to_owned(),
            sub,
            sid: session,
            iat: now.seconds(),
            exp: now.plus(life).seconds(),
            role,
        };
        let header = Header { typ: Some("at+jwt".to_owned()), ..Header::new(Algorithm::HS256) };
        let key = EncodingKey::from_secret(self.token_key(audience));
        jsonwebtoken::encode(&header, &claims, &key)
            .map(|token| (token, life))
            .map_err(|error| EngineError::internal(format!("an access token could not be signed: {error}")))
    }

    fn verify_access(&self, audience: Audience, token: &str) -> Result<Claims, InvalidToken> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience.name()]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // The library would ask the system's clock; the engine's clock is a port.
        validation.validate_exp = false;
        let key = DecodingKey::from_secret(self.token_key(audience));
        let token =
            jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| InvalidToken::Invalid)?;
        if token.header.typ.as_deref() != Some("at+jwt") {
            return Err(InvalidToken::Invalid);
        }
        let now = self.now();
        if token.claims.iat > now.plus(LEEWAY).seconds() {
            return Err(InvalidToken::Invalid);
        }
        if token.claims.exp <= now.minus(LEEWAY).seconds() {
            return Err(InvalidToken::Expired);
        }
        Ok(token.claims)
    }
}

impl Users<'_> {
    /// The session that an access token came from: the caller's own in the list of their sessions.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`].
    pub fn session(&self, access_token: &str) -> Result<SessionId, UserError> {
        Ok(self.engine.verify_access(Audience::Customers, access_token)?.sid)
    }

    /// Whose access token this is. It asks no storage: a revoked session ends when its access token does.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`].
    pub fn authenticate(&self, access_token: &str) -> Result<Actor, UserError> {
        let claims = self.engine.verify_access(Audience::Customers, access_token)?;
        Ok(Actor::User { id: claims.sub.parse().map_err(|_| InvalidToken::Invalid)? })
    }
}

impl Staff<'_> {
    /// Whose access token this is. Asks the storage, so that a revoked session ends at once.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn authenticate(&self, access_token: &str) -> Result<Actor, UserError> {
        let claims = self.engine.verify_access(Audience::Staff, access_token)?;
        let id: StaffId = claims.sub.parse().map_err(|_| InvalidToken::Invalid)?;
        let session = self.engine.get(&crate::store::keys::session(claims.sid)).await?;
        let staff = self.engine.get(&crate::store::keys::staff(id)).await?;
        match (session, staff) {
            // The role is as it is now, not as it was at log-in.
            (Some(session), Some(staff)) if staff.keeps(session.epoch) => {
                Ok(Actor::Staff { id, role: staff.role })
            }
            _ => Err(InvalidToken::Invalid.into()),
        }
    }
}
