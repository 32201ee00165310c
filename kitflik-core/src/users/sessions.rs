//! Sessions: a refresh token that rotates. Whoever uses an old one ends the session for both.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::access::{Audience, Subject};
use super::{InvalidToken, RefreshSession, TokenPair, UserError};
use crate::actor::Actor;
use crate::ids::{CommandId, SessionId};
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, Session, SessionOwner};
use crate::store::tx::{Loaded, Tx};
use crate::time::Timestamp;

/// What a pair of tokens is made from. The tokens themselves are nowhere stored: a receipt keeps this.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) session: SessionId,
    /// How often the session's refresh token has been used.
    pub(super) generation: u64,
    pub(super) at: Timestamp,
}

/// A refresh token as presented: which session, and a secret that only the house could have made.
struct Presented {
    session: SessionId,
    secret: Vec<u8>,
}

impl Presented {
    fn parse(text: &str) -> Result<Self, InvalidToken> {
        let (session, secret) = text.split_once('.').ok_or(InvalidToken::Invalid)?;
        let session = session.parse().map_err(|_| InvalidToken::Invalid)?;
        let secret = BASE64URL_NOPAD.decode(secret.as_bytes()).map_err(|_| InvalidToken::Invalid)?;
        Ok(Self { session, secret })
    }
}

impl Engine {
    pub(super) fn new_session(
        &self,
        owner: SessionOwner,
        generation: u64,
        epoch: u64,
        now: Timestamp,
    ) -> Session {
        let life = match owner {
            SessionOwner::User(_) => self.policy.refresh_token,
            SessionOwner::Staff(_) => self.policy.staff_refresh_token,
        };
        Session { v: Form, owner, generation, created_at: now, expires_at: now.plus(life), epoch }
    }

    pub(super) fn pair(&self, subject: &Subject, grant: Grant) -> Result<TokenPair, UserError> {
        let (access_token, life) = self.sign_access(subject, grant.session, grant.at)?;
        let secret = self.keys.refresh_secret(grant.session, grant.generation);
        Ok(TokenPair {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: life.as_secs(),
            refresh_token: format!("{}.{}", grant.session, BASE64URL_NOPAD.encode(&secret)),
        })
    }

    /// Opens a session for somebody whose password was right.
    pub(super) async fn open_session(
        &self,
        subject: &Subject,
        command: Option<&CommandId>,
        request: &impl Serialize,
    ) -> Result<TokenPair, UserError> {
        let owner = match subject {
            Subject::User(id) => SessionOwner::User(*id),
            Subject::Staff(id, _) => SessionOwner::Staff(*id),
        };
        let mut tx = self.begin_command(&Actor::guest(), command, "log_in", request)?;
        let session = SessionId::new(tx.now(), self.random());
        let grant = Grant { session, generation: 0, at: tx.now() };
        let key = keys::session(session);
        loop {
            let wanted = vec![key.key.clone()];
            if let Loaded::Replay(grant) = tx.load(Durability::Durable, wanted).await? {
                return self.pair(subject, grant);
            }
            tx.put(&key, &self.new_session(owner, 0, 0, tx.now()))?;
            if tx.commit(Durability::Durable, &grant).await?.is_some() {
                return self.pair(subject, grant);
            }
        }
    }

    /// Gives the next pair for a refresh token, once. An old one ends the session: either its owner or a thief holds a
    /// copy.
    pub(super) async fn rotate_session(
        &self,
        audience: Audience,
        request: &RefreshSession,
    ) -> Result<TokenPair, UserError> {
        let presented = Presented::parse(&request.refresh_token)?;
        let key = keys::session(presented.session);
        let verb = "refresh";
        let mut tx = self.begin_command(&Actor::guest(), request.command.as_ref(), verb, request)?;
        loop {
            let replay = tx.load::<Grant>(Durability::Durable, vec![key.key.clone()]).await?;
            let session = tx.get(&key)?.ok_or(InvalidToken::Invalid)?;
            let subject = Self::subject(&mut tx, audience, &session).await?;
            if let Loaded::Replay(grant) = replay {
                return self.pair(&subject, grant);
            }
            if session.expires_at <= tx.now() {
                return Err(InvalidToken::Expired.into());
            }
            let generation = session.generation + 1;
            let grant = Grant { session: presented.session, generation, at: tx.now() };
            let reused =
                !self.keys.is_refresh_secret(presented.session, session.generation, &presented.secret);
            if reused && !self.was_refresh_secret(&presented, session.generation) {
                return Err(InvalidToken::Invalid.into());
            }
            if reused {
                tx.forget_receipt();
                tx.delete(&key);
            } else {
                tx.put(&key, &self.new_session(session.owner, generation, session.epoch, tx.now()))?;
            }
            if tx.commit(Durability::Durable, &grant).await?.is_some() {
                return if reused { Err(InvalidToken::Invalid.into()) } else { self.pair(&subject, grant) };
            }
        }
    }

    /// Whether this was the secret of an earlier generation. A made-up token must not end anybody's session.
    fn was_refresh_secret(&self, presented: &Presented, now: u64) -> bool {
        let earlier = (0..now).rev().take(64);
        earlier.into_iter().any(|old| self.keys.is_refresh_secret(presented.session, old, &presented.secret))
    }

    async fn subject(tx: &mut Tx<'_>, audience: Audience, session: &Session) -> Result<Subject, UserError> {
        match (audience, session.owner) {
            (Audience::Customers, SessionOwner::User(id)) => {
                let user = keys::user(id);
                tx.more(vec![user.key.clone()]).await?;
                tx.get(&user)?.ok_or(InvalidToken::Invalid)?;
                Ok(Subject::User(id))
            }
            (Audience::Staff, SessionOwner::Staff(id)) => {
                let staff = keys::staff(id);
                tx.more(vec![staff.key.clone()]).await?;
                let staff = tx.get(&staff)?.filter(|staff| staff.keeps(session.epoch));
                Ok(Subject::Staff(id, staff.ok_or(InvalidToken::Invalid)?.role))
            }
            _ => Err(InvalidToken::Invalid.into()),
        }
    }

    /// Ends the session of a refresh token. A token that opens nothing ends nothing.
    pub(super) async fn close_session(&self, request: &RefreshSession) -> Result<(), UserError> {
        let presented = Presented::parse(&request.refresh_token)?;
        let key = keys::session(presented.session);
        let command = request.command.as_ref();
        let mut tx = self.begin_command(&Actor::guest(), command, "log_out", request)?;
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                return Ok(());
            };
            let Some(session) = tx.get(&key)? else { return Ok(()) };
            if !self.keys.is_refresh_secret(presented.session, session.generation, &presented.secret) {
                return Ok(());
            }
            if let SessionOwner::Staff(id) = session.owner {
                tx.record_as(id, None, "staff_log_out");
            }
            tx.delete(&key);
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }
}
