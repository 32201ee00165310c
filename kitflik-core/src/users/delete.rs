//! An account goes. First it is marked, from when on nobody logs in; then, in bounded batches, everything that
//! tells who the customer was goes; the account itself goes last. Whatever is cut off in between, `tick` goes on with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::codes::Purpose;
use super::email::normal_email;
use super::sessions::session_of;
use super::{UserError, Users};
use crate::actor::Actor;
use crate::bookings::{BookingError, BookingStatus, Bookings, CancelBooking, cancellable};
use crate::error::EngineError;
use crate::ids::{BookingId, CommandId, UserId};
use crate::notify::Notify;
use crate::ports::storage::{Batch, Check, Durability, Write};
use crate::store::keys;
use crate::store::records::{Booking, Deleting, Form, Holder, MailContent, Show, User};
use crate::store::tx::{Loaded, Tx};
use crate::time::Timestamp;

/// Rows that one step looks at.
const STRIDE: u32 = 200;
/// Steps that the verb itself takes; the rest is left to `tick`.
const STEPS: u32 = 25;
/// Accounts that one tick goes on with.
const ACCOUNTS_PER_TICK: u32 = 4;
/// No booking is older than its customer's account, by any clock of the house.
const CLOCKS_APART: Duration = Duration::from_secs(24 * 60 * 60);

/// What becomes of confirmed bookings of shows that are not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FutureBookings {
    /// As long as there is one, the account stays.
    #[default]
    Refuse,
    /// They are cancelled, and what was paid goes back. As long as there is one that cannot be cancelled any more, the
    /// account stays, and so do the others; only one that can no longer be cancelled by the time it comes to it may
    /// keep the account after some were cancelled.
    Cancel,
}

/// The end of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The account's password.
    pub password: String,
    /// What becomes of confirmed bookings of shows that are not over.
    #[serde(default)]
    pub bookings: FutureBookings,
    /// The network address that the request comes from, which the host knows.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub address: Option<String>,
}

/// How a step went.
enum Step {
    More,
    Done,
    /// Bookings stand in the way: the account stays.
    Kept(usize),
}

impl Users<'_> {
    /// Deletes the caller's account. The name, the addresses and the sessions go, live holds are released, sales stay
    /// without a name. A mail says so.
    ///
    /// When this answers, it is decided; what is left of the work after a crash is done by
    /// [`Kitflik::tick`](crate::Kitflik::tick).
    ///
    /// # Errors
    /// [`UserError::InvalidCredentials`] for a wrong password, [`UserError::TooManyAttempts`],
    /// [`UserError::BookingsAhead`], [`UserError::Denied`] unless a customer asks, [`UserError::InvalidToken`] if the
    /// account is gone, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn delete(&self, actor: &Actor, request: &DeleteAccount) -> Result<(), UserError> {
        let id = self.customer(actor)?;
        let command = request.command.as_ref();
        let mut tx = self.engine.begin_command(actor, command, "delete_account", request)?;
        let user_key = keys::user(id);
        let wanted = vec![user_key.key.clone()];
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
        let seen = Self::present(tx.get(&user_key)?)?;
        self.is_owner(&seen, &request.password, request.address.as_deref()).await?;
        let proven = Some(seen.password_hash.as_str());
        self.let_go(tx, id, request.bookings, proven, command.is_some()).await
    }

    /// Deletes an account. `proven` is the hash of the password that its owner has shown; staff show none.
    pub(super) async fn let_go(
        &self,
        mut tx: Tx<'_>,
        id: UserId,
        ahead: FutureBookings,
        proven: Option<&str>,
        named: bool,
    ) -> Result<(), UserError> {
        let (user_key, mark) = (keys::user(id), keys::deleting(id));
        // Most who must be refused are refused before anything is written.
        if ahead == FutureBookings::Refuse {
            self.refuse_ahead(id).await?;
        } else if proven.is_some() {
            self.refuse_fixed(id).await?;
        }
        loop {
            let wanted = vec![user_key.key.clone(), mark.key.clone()];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(()) };
            let user = Self::present(tx.get(&user_key)?)?;
            if proven.is_some_and(|proven| user.password_hash != proven) {
                return Err(UserError::InvalidCredentials);
            }
            let row = Deleting {
                v: Form,
                started_at: tx.now(),
                cancel: ahead == FutureBookings::Cancel,
                by_house: proven.is_none(),
                agreed: false,
                looked_through: None,
                touched: 0,
            };
            tx.put(&mark, &row)?;
            tx.put(&user_key, &User { deleting: true, epoch: user.epoch + 1, ..user })?;
            // Not yet the answer: a booking may still stand in the way.
            if tx.commit_step(Durability::Durable).await?.is_some() {
                break;
            }
        }
        for _ in 0..STEPS {
            match self.step(id).await {
                Ok(Step::More) => {}
                Ok(Step::Kept(count)) => return Err(UserError::BookingsAhead { count }),
                Ok(Step::Done) | Err(_) => break,
            }
        }
        // What the rows say decides, not how our last step went: `tick` works on the same.
        let unknown = |_| EngineError::OutcomeUnknown;
        match self.engine.get(&mark).await.map_err(unknown)? {
            // Whatever is left, somebody will go on with.
            Some(row) if row.agreed => {}
            Some(_) => return Err(EngineError::OutcomeUnknown.into()),
            None if self.engine.get(&user_key).await.map_err(unknown)?.is_some() => {
                return Err(UserError::BookingsAhead { count: self.ahead(id).await?.max(1) });
            }
            None => {}
        }
        if !named {
            return Ok(());
        }
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, Vec::new()).await? else { return Ok(()) };
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(());
            }
        }
    }

    /// Refuses while there is a booking that its owner cannot cancel: nothing is cancelled then.
    async fn refuse_fixed(&self, id: UserId) -> Result<(), UserError> {
        let (engine, now, mut count) = (self.engine, self.engine.now(), 0);
        for booking in self.bookings_ahead(id).await? {
            let Some(booking) = engine.get(&keys::booking(booking)).await? else { continue };
            let Some(show) = engine.get(&keys::show(booking.show)).await? else { continue };
            let sold = booking.status == BookingStatus::Confirmed;
            let fixed = !sold
                || cancellable(&show, now, &engine.policy).is_err()
                || Bookings { engine }.went_in(&mut engine.begin(), &booking, &[]).await?;
            count += usize::from(fixed);
        }
        if count == 0 { Ok(()) } else { Err(UserError::BookingsAhead { count }) }
    }

    /// Goes on with accounts that are on their way out. Returns when to go on again.
    pub(crate) async fn finish_deletions(&self) -> Result<Option<Timestamp>, EngineError> {
        let rows = self.engine.scan(&keys::deleting_all(), ACCOUNTS_PER_TICK, false).await?;
        let any = !rows.is_empty();
        for (row, _) in rows {
            let Some(id) = row.key.rsplit('/').next().and_then(|id| id.parse().ok()) else { continue };
            self.step(id).await?;
        }
        Ok(any.then(|| self.engine.now()))
    }

    /// One bounded step. Several may be taken at once, and any of them twice.
    async fn step(&self, id: UserId) -> Result<Step, EngineError> {
        let Some(row) = self.engine.get(&keys::deleting(id)).await? else { return Ok(Step::Done) };
        if !row.agreed {
            if row.cancel {
                self.cancel_ahead(id, row.by_house).await?;
            }
            return self.agree(id).await;
        }
        if self.forget_sessions(id).await? {
            return Ok(Step::More);
        }
        // While the bookings still tell whose they are; and what was given up meanwhile.
        if row.looked_through.is_none() && self.forget_mail(id).await? {
            return Ok(Step::More);
        }
        if self.forget_bookings(id, &row).await? || self.forget_mail(id).await? {
            return Ok(Step::More);
        }
        self.forget_account(id).await
    }

    /// From the mark on, no sale has the customer's name. What was sold until then is looked at once more.
    async fn agree(&self, id: UserId) -> Result<Step, EngineError> {
        let (mark, user_key) = (keys::deleting(id), keys::user(id));
        let mut tx = self.engine.begin();
        let wanted = vec![mark.key.clone(), user_key.key.clone()];
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(Step::More) };
        let (Some(row), Some(user)) = (tx.get(&mark)?, tx.get(&user_key)?) else { return Ok(Step::More) };
        if row.agreed {
            return Ok(Step::More);
        }
        // After the mark was read: whatever becomes of it meanwhile makes this commit a conflict.
        let ahead = self.ahead(id).await?;
        if ahead > 0 {
            tx.delete(&mark);
            tx.put(&user_key, &User { deleting: false, ..user })?;
        } else {
            tx.put(&mark, &Deleting { agreed: true, ..row })?;
        }
        let committed = tx.commit(Durability::Durable, &()).await?.is_some();
        Ok(if committed && ahead > 0 { Step::Kept(ahead) } else { Step::More })
    }

    /// Cancels what is sold, as the customer may, or the house. What cannot be cancelled stands in the way.
    async fn cancel_ahead(&self, id: UserId, by_house: bool) -> Result<(), EngineError> {
        let bookings = Bookings { engine: self.engine };
        let (actor, request) = if by_house {
            (Actor::System, CancelBooking::because("The account that it belonged to is deleted."))
        } else {
            (Actor::User { id }, CancelBooking::new())
        };
        for booking in self.bookings_ahead(id).await? {
            if let Err(BookingError::Engine(error)) = bookings.cancel(&actor, booking, &request).await {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn refuse_ahead(&self, id: UserId) -> Result<(), UserError> {
        match self.ahead(id).await? {
            0 => Ok(()),
            count => Err(UserError::BookingsAhead { count }),
        }
    }

    async fn ahead(&self, id: UserId) -> Result<usize, EngineError> {
        Ok(self.bookings_ahead(id).await?.len())
    }

    /// The bookings of a customer that are sold, or about to be, for shows that are not over.
    async fn bookings_ahead(&self, id: UserId) -> Result<Vec<BookingId>, EngineError> {
        let engine = self.engine;
        let sold = engine.scan_all(&keys::user_bookings(id)).await?;
        let sold = sold.iter().filter_map(|(row, _)| row.key.rsplit('/').next()?.parse::<BookingId>().ok());
        let paying = engine.scan_all(&keys::payments()).await?;
        let mut ids: Vec<BookingId> = sold.chain(paying.iter().map(|(_, row)| row.booking)).collect();
        ids.sort_unstable();
        ids.dedup();
        let bookings = engine.get_many(ids.into_iter().map(keys::booking)).await?;
        let mut open: Vec<Booking> = bookings.into_iter().flatten().map(|(booking, _)| booking).collect();
        open.retain(|booking| {
            let open = matches!(booking.status, BookingStatus::Confirmed | BookingStatus::Confirming);
            open && booking.holder == Holder::User(id)
        });
        let shows = engine.get_many(open.iter().map(|booking| keys::show(booking.show))).await?;
        let now = engine.now();
        let shows = open.iter().zip(shows);
        let ahead =
            shows.filter(|(_, show)| show.as_ref().is_some_and(|(show, _): &(Show, _)| show.ends_at > now));
        Ok(ahead.map(|(booking, _)| booking.id).collect())
    }

    /// Whether there were any.
    async fn forget_sessions(&self, id: UserId) -> Result<bool, EngineError> {
        let rows = self.engine.scan(&keys::user_sessions(id), STRIDE, false).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let mut tx = self.engine.begin();
        let wanted = rows.iter().map(|(row, _)| row.key.clone()).collect();
        let Loaded::Fresh = tx.load::<()>(Durability::Relaxed, wanted).await? else { return Ok(true) };
        for (row, _) in &rows {
            if let Some(session) = session_of(&row.key) {
                tx.delete(&keys::session(session));
                tx.delete(&keys::user_session(id, session));
            }
        }
        tx.commit(Durability::Relaxed, &()).await?;
        Ok(true)
    }

    /// Mail for the customer that is not sent any more, or could not be. Whether there was any.
    async fn forget_mail(&self, id: UserId) -> Result<bool, EngineError> {
        let (engine, notify) = (self.engine, Notify { engine: self.engine });
        let Some(user) = engine.get(&keys::user(id)).await? else { return Ok(false) };
        let address = normal_email(&user.email);
        let waiting = keys::outboxes().map(|range| (range, false));
        let mut gone = Vec::new();
        for (range, dead) in waiting.into_iter().chain([(keys::dead_mails(), true)]) {
            for (row, mail) in engine.scan_all(&range).await? {
                // A guest with the same address may still wait for theirs.
                let by_address = dead && normal_email(&mail.to) == address;
                let wanted = !dead && mail.content.outlives_the_account();
                if by_address || (!wanted && notify.owner(&mail).await? == Some(id)) {
                    gone.push(row);
                }
            }
        }
        gone.truncate(STRIDE as usize);
        if gone.is_empty() {
            return Ok(false);
        }
        let checks = gone.iter().map(|row| Check::Version { key: row.key.clone(), version: row.version });
        let checks = checks.collect();
        let writes = gone.into_iter().map(|row| Write::Delete { key: row.key }).collect();
        engine.storage.commit(Batch { checks, writes, durability: Durability::Durable }).await?;
        Ok(true)
    }

    /// Looks through the bookings of the customer's time. Whether there are more.
    async fn forget_bookings(&self, id: UserId, row: &Deleting) -> Result<bool, EngineError> {
        let engine = self.engine;
        let mut range = keys::bookings();
        match row.looked_through {
            Some(last) => range.start = format!("{}!", keys::booking(last).key),
            None => {
                let Some(user) = engine.get(&keys::user(id)).await? else { return Ok(false) };
                let oldest = BookingId::new(user.created_at.minus(CLOCKS_APART), [0; 10]);
                range.start = keys::booking(oldest).key;
            }
        }
        let page = engine.scan(&range, STRIDE, false).await?;
        let bookings = Bookings { engine };
        for (_, booking) in &page {
            if booking.holder == Holder::User(id) {
                bookings.forget_customer(id, booking.id).await?;
            }
        }
        let Some((_, last)) = page.last() else { return Ok(false) };
        let mark = keys::deleting(id);
        let mut tx = engine.begin();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![mark.key.clone()]).await? else {
            return Ok(true);
        };
        if let Some(before) = tx.get(&mark)?
            && before.looked_through == row.looked_through
        {
            tx.put(&mark, &Deleting { looked_through: Some(last.id), ..before })?;
            // Durable, and so is then what was forgotten before.
            tx.commit(Durability::Durable, &()).await?;
        }
        Ok(true)
    }

    /// The last step: the account, its address and its codes.
    async fn forget_account(&self, id: UserId) -> Result<Step, EngineError> {
        let engine = self.engine;
        let (user_key, mark) = (keys::user(id), keys::deleting(id));
        let codes = Purpose::ALL.map(|purpose| purpose.key(id));
        let mut tx = engine.begin();
        let wanted = [&user_key.key, &mark.key].into_iter().chain(codes.iter().map(|code| &code.key));
        let wanted = wanted.cloned().collect();
        let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { return Ok(Step::More) };
        let (Some(user), Some(_)) = (tx.get(&user_key)?, tx.get(&mark)?) else { return Ok(Step::Done) };
        let address = normal_email(&user.email);
        let claim = keys::email(&address);
        tx.more(vec![claim.key.clone()]).await?;
        if tx.get(&claim)?.is_some_and(|claim| claim.user == id) {
            tx.delete(&claim);
        }
        for code in &codes {
            if tx.get(code)?.is_some() {
                tx.delete(code);
            }
        }
        tx.delete(&user_key);
        tx.delete(&mark);
        let told = engine.promise_mail(&mut tx, id, &user, MailContent::AccountDeleted);
        told.map_err(|error| EngineError::internal(error.to_string()))?;
        let gone = tx.commit(Durability::Durable, &()).await?.is_some();
        Ok(if gone { Step::Done } else { Step::More })
    }
}
