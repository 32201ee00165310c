//! Access tokens: short-lived signed JWTs. A token of one audience is no token of another.
//!
//! A token has no say in how it is verified: its header must be, byte for byte, one that this house writes, and that
//! names the key, which goes with one audience and one algorithm.

use std::fmt::Display;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Staff, UserError, Users};
use crate::actor::{Actor, Role};
use crate::error::EngineError;
use crate::ids::{SessionId, StaffId, UserId};
use crate::keyring::{Generation, KeyRing};
use crate::kitflik::Engine;
use crate::store::records::SessionOwner;
use crate::time::Timestamp;

const CUSTOMERS: &str = "kitflik-customers";
const STAFF: &str = "kitflik-staff";
/// What tells an access token from any other JWT (RFC 9068).
const TYPE: &str = "at+jwt";
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

    /// Whether a session is one of theirs.
    pub(super) fn owns(self, owner: SessionOwner) -> Result<(), InvalidToken> {
        match (self, owner) {
            (Self::Customers, SessionOwner::User(_)) | (Self::Staff, SessionOwner::Staff(_)) => Ok(()),
            _ => Err(InvalidToken::Invalid),
        }
    }
}

/// How access tokens are signed. Both kinds are accepted, each with the keys of its own, so that a change of it ends
/// nobody's session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256: only this house can verify them. The quicker one by far.
    #[default]
    Hs256,
    /// Ed25519: whoever has the public keys ([`Kitflik::token_keys`](crate::Kitflik::token_keys)) can verify them.
    EdDsa,
}

impl TokenAlgorithm {
    fn name(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::HS256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

/// A public key as RFC 7517 and RFC 8037 write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JsonWebKey {
    /// The kind of key: `OKP`.
    pub kty: &'static str,
    /// The curve: `Ed25519`.
    pub crv: &'static str,
    /// The only algorithm that it goes with: `EdDSA`.
    pub alg: &'static str,
    /// What it is for: `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// The name of the key, which tokens have in their header.
    pub kid: String,
    /// The 32 bytes of the key, base64url without padding.
    pub x: String,
}

/// Public keys as RFC 7517 writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JsonWebKeySet {
    /// The keys, the one that signs first.
    pub keys: Vec<JsonWebKey>,
}

/// The keys of access tokens. Each goes with one audience and one algorithm: a token chooses neither.
pub(crate) struct AccessTokens {
    issuer: String,
    algorithm: TokenAlgorithm,
    customers: Signing,
    staff: Signing,
    accepted: Vec<Accepted>,
}

/// What new tokens of an audience are signed with.
struct Signing {
    header: Header,
    key: EncodingKey,
}

/// What tokens are verified with.
struct Accepted {
    /// The header of every token of this key, as it stands in the token. A token with any other is not looked at.
    header: String,
    audience: Audience,
    key: DecodingKey,
    validation: Validation,
    public: Option<JsonWebKey>,
}

fn header(keys: &Generation, audience: Audience, algorithm: TokenAlgorithm) -> Header {
    let audience = match audience {
        Audience::Customers => 'c',
        Audience::Staff => 's',
    };
    let kind = match algorithm {
        TokenAlgorithm::Hs256 => 'h',
        TokenAlgorithm::EdDsa => 'e',
    };
    let kid = Some(format!("{}-{audience}{kind}", keys.id()));
    Header { typ: Some(TYPE.to_owned()), kid, ..Header::new(algorithm.name()) }
}

fn ed25519(keys: &Generation, audience: Audience) -> SigningKey {
    SigningKey::from_bytes(match audience {
        Audience::Customers => keys.access_seed(),
        Audience::Staff => keys.staff_access_seed(),
    })
}

fn secret(keys: &Generation, audience: Audience) -> &[u8] {
    match audience {
        Audience::Customers => keys.access(),
        Audience::Staff => keys.staff_access(),
    }
}

impl Signing {
    fn new(keys: &Generation, audience: Audience, algorithm: TokenAlgorithm) -> Self {
        let key = match algorithm {
            TokenAlgorithm::Hs256 => EncodingKey::from_secret(secret(keys, audience)),
            // A key that could not be written signs nothing: `sign_access` says so.
            TokenAlgorithm::EdDsa => ed25519(keys, audience).to_pkcs8_der().map_or_else(
                |_| EncodingKey::from_ed_der(&[]),
                |document| EncodingKey::from_ed_der(document.as_bytes()),
            ),
        };
        Self { header: header(keys, audience, algorithm), key }
    }
}

impl Accepted {
    fn new(keys: &Generation, audience: Audience, algorithm: TokenAlgorithm, issuer: &str) -> Option<Self> {
        let header = header(keys, audience, algorithm);
        let mut public = None;
        let key = match algorithm {
            TokenAlgorithm::Hs256 => DecodingKey::from_secret(secret(keys, audience)),
            TokenAlgorithm::EdDsa => {
                let key = ed25519(keys, audience).verifying_key();
                let x = BASE64URL_NOPAD.encode(key.as_bytes());
                let kid = header.kid.clone().unwrap_or_default();
                public = Some(JsonWebKey { kty: "OKP", crv: "Ed25519", alg: "EdDSA", usage: "sig", kid, x });
                DecodingKey::from_ed_der(key.as_bytes())
            }
        };
        let mut validation = Validation::new(algorithm.name());
        validation.set_audience(&[audience.name()]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // The library would ask the system's clock; the engine's clock is a port.
        validation.validate_exp = false;
        let header = BASE64URL_NOPAD.encode(&serde_json::to_vec(&header).ok()?);
        Some(Self { header, audience, key, validation, public })
    }
}

impl AccessTokens {
    pub(crate) fn new(keys: &KeyRing, issuer: &str, algorithm: TokenAlgorithm) -> Self {
        let mut accepted = Vec::new();
        for keys in keys.generations() {
            for audience in [Audience::Customers, Audience::Staff] {
                for algorithm in [TokenAlgorithm::Hs256, TokenAlgorithm::EdDsa] {
                    accepted.extend(Accepted::new(keys, audience, algorithm, issuer));
                }
            }
        }
        let current = keys.current();
        Self {
            issuer: issuer.to_owned(),
            algorithm,
            customers: Signing::new(current, Audience::Customers, algorithm),
            staff: Signing::new(current, Audience::Staff, algorithm),
            accepted,
        }
    }

    /// Of customers only: whether a token of staff is valid still, the storage knows.
    pub(crate) fn public_keys(&self) -> JsonWebKeySet {
        let customers = |accepted: &&Accepted| {
            self.algorithm == TokenAlgorithm::EdDsa && accepted.audience == Audience::Customers
        };
        let keys = self.accepted.iter().filter(customers);
        JsonWebKeySet { keys: keys.filter_map(|accepted| accepted.public.clone()).collect() }
    }

    fn sign(&self, audience: Audience, claims: &Claims) -> Result<String, EngineError> {
        let Signing { header, key } = match audience {
            Audience::Customers => &self.customers,
            Audience::Staff => &self.staff,
        };
        let failed =
            |why: &dyn Display| EngineError::internal(format!("an access token could not be signed: {why}"));
        let token = jsonwebtoken::encode(header, claims, key).map_err(|error| failed(&error))?;
        // A host may have installed a backend of its own.
        if token.ends_with('.') { Err(failed(&"the signature is empty")) } else { Ok(token) }
    }

    fn verify(&self, audience: Audience, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        let (header, _) = token.split_once('.').ok_or(InvalidToken::Invalid)?;
        let named = |accepted: &&Accepted| accepted.audience == audience && accepted.header == header;
        let Accepted { key, validation, .. } =
            self.accepted.iter().find(named).ok_or(InvalidToken::Invalid)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, validation);
        let claims = claims.map_err(|_| InvalidToken::Invalid)?.claims;
        if claims.iat > now.plus(LEEWAY).seconds() {
            return Err(InvalidToken::Invalid);
        }
        if claims.exp <= now.minus(LEEWAY).seconds() {
            return Err(InvalidToken::Expired);
        }
        Ok(claims)
    }
}

impl Engine {
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
            iss: self.access.issuer.clone(),
            aud: audience.name().to_owned(),
            sub,
            sid: session,
            iat: now.seconds(),
            exp: now.plus(life).seconds(),
            role,
        };
        Ok((self.access.sign(audience, &claims)?, life))
    }

    fn verify_access(&self, audience: Audience, token: &str) -> Result<Claims, InvalidToken> {
        self.access.verify(audience, token, self.now())
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
            (Some(session), Some(staff))
                if session.owner == SessionOwner::Staff(id) && staff.keeps(session.epoch) =>
            {
                Ok(Actor::Staff { id, role: staff.role })
            }
            _ => Err(InvalidToken::Invalid.into()),
        }
    }
}
