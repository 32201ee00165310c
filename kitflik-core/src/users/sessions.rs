//! Sessions: a refresh token that rotates. Whoever uses an old one ends the session for both.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::access::{Audience, Subject};
use super::backoff::coarse_address;
use super::email::normal_email;
use super::{InvalidToken, LogIn, RefreshSession, TokenPair, UserError};
use crate::actor::Actor;
use crate::ids::{MailId, SessionId, UserId};
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, MailContent, Outbox, Session, SessionOwner, User, UserSession};
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

/// Sessions of one customer: about so many are open at once. The oldest ends when another begins.
const MOST_SESSIONS: usize = 50;
/// Sessions that a log-in looks at, live ones and others.
const SESSIONS_LOOKED_AT: u32 = 200;

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
        Session {
            v: Form,
            owner,
            generation,
            created_at: now,
            expires_at: now.plus(life),
            epoch,
            device: None,
            network: None,
            last_used_at: None,
        }
    }

    pub(super) fn pair(&self, subject: &Subject, grant: Grant) -> Result<TokenPair, UserError> {
        let (access_token, life) = self.sign_access(subject, grant.session, grant.at)?;
        let secret = self.keys.current().refresh_secret(grant.session, grant.generation);
        Ok(TokenPair {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: life.as_secs(),
            refresh_token: format!("{}.{}", grant.session, BASE64URL_NOPAD.encode(&secret)),
        })
    }

    /// Opens a session for a customer whose password was right for the account as it was then, and keeps the new hash
    /// if there is one. `None`: the password has changed since.
    pub(super) async fn open_customer_session(
        &self,
        id: UserId,
        seen: &User,
        rehashed: Option<String>,
        request: &LogIn,
    ) -> Result<Option<TokenPair>, UserError> {
        let command = request.command.as_ref();
        let mut tx = self.begin_command(&Actor::guest(), command, "log_in", request)?;
        let session = SessionId::new(tx.now(), self.random());
        let grant = Grant { session, generation: 0, at: tx.now() };
        let (subject, key, user_key) = (Subject::User(id), keys::session(session), keys::user(id));
        loop {
            let wanted = vec![key.key.clone(), user_key.key.clone()];
            if let Loaded::Replay(grant) = tx.load(Durability::Durable, wanted).await? {
                return self.pair(&subject, grant).map(Some);
            }
            let Some(user) = tx.get(&user_key)? else { return Ok(None) };
            if user.deleting || user.password_hash != seen.password_hash {
                return Ok(None);
            }
            self.make_room(&mut tx, id, user.epoch).await?;
            let opened = Session {
                device: request.device.as_ref().map(|device| device.trim().to_owned()),
                network: coarse_address(request.address.as_deref()),
                ..self.new_session(SessionOwner::User(id), 0, user.epoch, tx.now())
            };
            let listed = UserSession { v: Form, expires_at: opened.expires_at, epoch: opened.epoch };
            tx.put(&keys::user_session(id, session), &listed)?;
            tx.put(&key, &opened)?;
            if let Some(password_hash) = &rehashed {
                tx.put(&user_key, &User { password_hash: password_hash.clone(), ..user })?;
            }
            if tx.commit(Durability::Durable, &grant).await?.is_some() {
                return self.pair(&subject, grant).map(Some);
            }
        }
    }

    /// Ends the oldest sessions of a customer who has too many, and forgets those that are over.
    async fn make_room(&self, tx: &mut Tx<'_>, id: UserId, epoch: u64) -> Result<(), UserError> {
        let listed = self.scan(&keys::user_sessions(id), SESSIONS_LOOKED_AT, false).await?;
        if listed.is_empty() {
            return Ok(());
        }
        let over = |session: &UserSession| session.epoch != epoch || session.expires_at <= tx.now();
        let live = listed.iter().filter(|(_, session)| !over(session)).count();
        let mut surplus = (live + 1).saturating_sub(MOST_SESSIONS);
        let mut gone = Vec::new();
        for (row, session) in &listed {
            let end = over(session) || surplus > 0;
            if !over(session) {
                surplus = surplus.saturating_sub(1);
            }
            if end && let Some(session) = session_of(&row.key) {
                gone.push(session);
            }
        }
        for session in gone {
            tx.delete(&keys::session(session));
            tx.delete(&keys::user_session(id, session));
        }
        Ok(())
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
            let reused = !self.is_refresh_secret(&presented, session.generation);
            if reused && !self.was_refresh_secret(&presented, session.generation) {
                return Err(InvalidToken::Invalid.into());
            }
            if reused {
                tx.forget_receipt();
                tx.delete(&key);
                self.tell_of_reuse(&mut tx, presented.session, session.owner)?;
            } else {
                let expires_at =
                    self.new_session(session.owner, generation, session.epoch, tx.now()).expires_at;
                let last_used_at = Some(tx.now().millis());
                if let SessionOwner::User(id) = session.owner {
                    let listed = keys::user_session(id, presented.session);
                    tx.more(vec![listed.key.clone()]).await?;
                    tx.put(&listed, &UserSession { v: Form, expires_at, epoch: session.epoch })?;
                }
                tx.put(&key, &Session { generation, expires_at, last_used_at, ..session })?;
            }
            if tx.commit(Durability::Durable, &grant).await?.is_some() {
                return if reused { Err(InvalidToken::Invalid.into()) } else { self.pair(&subject, grant) };
            }
        }
    }

    /// Whether this was the secret of an earlier generation. A made-up token must not end anybody's session.
    fn was_refresh_secret(&self, presented: &Presented, now: u64) -> bool {
        let earlier = (0..now).rev().take(64);
        earlier.into_iter().any(|old| self.is_refresh_secret(presented, old))
    }

    fn is_refresh_secret(&self, presented: &Presented, generation: u64) -> bool {
        let Presented { session, secret } = presented;
        self.keys.any(|keys| keys.is_refresh_secret(*session, generation, secret))
    }

    /// Somebody used an old refresh token: a customer is told that the session was ended.
    fn tell_of_reuse(
        &self,
        tx: &mut Tx<'_>,
        session: SessionId,
        owner: SessionOwner,
    ) -> Result<(), UserError> {
        let SessionOwner::User(id) = owner else { return Ok(()) };
        tx.delete(&keys::user_session(id, session));
        let user = tx.get(&keys::user(id))?.ok_or(InvalidToken::Invalid)?;
        self.promise_mail(tx, id, &user, MailContent::SessionReused)
    }

    /// Promises a mail to a customer, in the batch of what it is about. It is not sent if the account is gone by then.
    pub(super) fn promise_mail(
        &self,
        tx: &mut Tx<'_>,
        id: UserId,
        user: &User,
        content: MailContent,
    ) -> Result<(), UserError> {
        self.promise_mail_to(tx, &user.email, Some(id), user, content)
    }

    /// To an address that is not, or not yet, that of the customer who has the name and the language.
    pub(super) fn promise_mail_to(
        &self,
        tx: &mut Tx<'_>,
        email: &str,
        owner: Option<UserId>,
        user: &User,
        content: MailContent,
    ) -> Result<(), UserError> {
        let mail = MailId::new(tx.now(), self.random());
        let (to, to_name) = (normal_email(email), Some(user.name.clone()));
        let locale = user.locale.clone();
        let outbox = Outbox { user: owner, locale, ..Outbox::new(mail, to, to_name, content) };
        Ok(tx.put(&keys::outbox(tx.now(), mail), &outbox)?)
    }

    async fn subject(tx: &mut Tx<'_>, audience: Audience, session: &Session) -> Result<Subject, UserError> {
        match (audience, session.owner) {
            (Audience::Customers, SessionOwner::User(id)) => {
                let user = keys::user(id);
                tx.more(vec![user.key.clone()]).await?;
                let user = tx.get(&user)?.ok_or(InvalidToken::Invalid)?;
                if user.deleting || user.epoch != session.epoch {
                    return Err(InvalidToken::Invalid.into());
                }
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
    pub(super) async fn close_session(
        &self,
        audience: Audience,
        request: &RefreshSession,
    ) -> Result<(), UserError> {
        let presented = Presented::parse(&request.refresh_token)?;
        let key = keys::session(presented.session);
        let command = request.command.as_ref();
        let verb = match audience {
            Audience::Customers => "log_out",
            Audience::Staff => "staff_log_out",
        };
        let mut tx = self.begin_command(&Actor::guest(), command, verb, request)?;
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                return Ok(());
            };
            let Some(session) = tx.get(&key)? else { return Ok(()) };
            if !self.is_refresh_secret(&presented, session.generation) {
                return Ok(());
            }
            // Whoever knocks at the wrong door must not believe that the session is over.
            audience.owns(session.owner)?;
            if let SessionOwner::Staff(id) = session.owner {
                tx.record_as(id, None, "staff_log_out");
            }
            tx.delete(&key);
            if let SessionOwner::User(id) = session.owner {
                tx.delete(&keys::user_session(id, presented.session));
            }
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }
}

/// The session that a key of [`keys::user_sessions`] is about.
pub(super) fn session_of(key: &str) -> Option<SessionId> {
    key.rsplit('/').next()?.parse().ok()
}
