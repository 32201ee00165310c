//! Staff's accounts: their own log-in, their own tokens, and the log of what they did.

use std::collections::BTreeSet;

use super::access::{Audience, Subject};
use super::email::normal_email;
use super::register::check_account;
use super::{NewStaff, RefreshSession, StaffStatus, StaffView, TokenPair, UserError};
use crate::actor::Actor;
use crate::error::{Denied, EngineError};
use crate::ids::StaffId;
use crate::kitflik::Engine;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{FirstStaff, Form, Staff as StaffRecord, StaffAdmins, StaffEmailClaim};
use crate::store::tx::{Loaded, Tx};

/// Requests and answers that hold secrets say nothing but their name where they are printed.
macro_rules! hidden {
    ($($name:ident)*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

mod accounts;
mod audit;
mod codes;
mod factor;
mod invite;
mod log_in;
mod own;
mod renew;

pub use accounts::UpdateStaff;
pub use audit::{AuditEntryView, AuditFault, AuditFaultKind, AuditQuery, AuditReport};
pub use factor::{OfferedFactor, Passworded, RecoveryCodes, SecondFactorCode};
pub use invite::{AcceptInvitation, InviteStaff};
pub use log_in::StaffLogIn;
pub use own::{ChangeStaffPassword, StaffMe};

/// Staff's accounts. From [`Kitflik::staff`](crate::Kitflik::staff).
#[derive(Clone, Copy)]
pub struct Staff<'a> {
    pub(crate) engine: &'a Engine,
}

impl Staff<'_> {
    /// Whether the house has a staff account.
    ///
    /// # Errors
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn has_any(&self) -> Result<bool, UserError> {
        Ok(self.engine.get(&keys::staff_first()).await?.is_some())
    }

    /// Makes the first staff account. It can be made once, by whoever runs the house's program.
    ///
    /// # Errors
    /// [`UserError::AlreadyExists`] if there is one, [`UserError::Invalid`], [`UserError::Password`] or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn make_first(&self, new: &NewStaff) -> Result<StaffView, UserError> {
        check_account(&new.email, &new.password, &new.name)?;
        let password_hash = self.engine.hasher.hash(new.password.clone(), self.engine.random()).await?;
        let email = normal_email(&new.email);
        let mut tx = self.engine.begin();
        let id = StaffId::new(tx.now(), self.engine.random());
        let (first, claim) = (keys::staff_first(), keys::staff_email(&email));
        loop {
            let wanted = vec![first.key.clone(), claim.key.clone(), keys::staff_admins().key];
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, wanted).await? else { continue };
            if tx.get(&first)?.is_some() || tx.get(&claim)?.is_some() {
                return Err(UserError::AlreadyExists { what: "a staff account" });
            }
            let record = StaffRecord {
                v: Form,
                email: email.clone(),
                name: new.name.clone(),
                password_hash: password_hash.clone(),
                role: new.role,
                created_at: tx.now(),
                disabled: false,
                epoch: 0,
                invitation: None,
                second_factor: None,
                offered_factor: None,
            };
            tx.put(&first, &FirstStaff { v: Form, staff: id })?;
            tx.put(&claim, &StaffEmailClaim { v: Form, staff: id })?;
            tx.put(&keys::staff(id), &record)?;
            let admins = if record.is_active_admin() { vec![id] } else { Vec::new() };
            let mark = tx.mark();
            tx.put(&keys::staff_admins(), &StaffAdmins { v: Form, admins, mark })?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(view(id, &record));
            }
        }
    }

    /// Gives the next pair of tokens for a staff refresh token, once.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn refresh(&self, request: &RefreshSession) -> Result<TokenPair, UserError> {
        self.engine.rotate_session(super::access::Audience::Staff, request).await
    }

    /// Ends the session of a staff refresh token. Its access token ends with it.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] for what is no refresh token of staff, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn log_out(&self, request: &RefreshSession) -> Result<(), UserError> {
        self.engine.close_session(Audience::Staff, request).await
    }

    /// Whose own account an actor has.
    fn own(actor: &Actor) -> Result<StaffId, Denied> {
        match actor {
            Actor::Staff { id, .. } => Ok(*id),
            Actor::Guest { .. } => Err(Denied::Unauthenticated),
            Actor::User { .. } | Actor::System => Err(actor.denied("have an account of staff")),
        }
    }

    /// Reads the account of a member of staff, and who the admins are, if the command may change that.
    async fn load_admins(&self, tx: &mut Tx<'_>) -> Result<BTreeSet<StaffId>, EngineError> {
        let key = keys::staff_admins();
        tx.more(vec![key.key.clone()]).await?;
        if let Some(known) = tx.get(&key)? {
            return Ok(known.admins.into_iter().collect());
        }
        // A store that was made before the list was kept. That there is none is checked as the list would be.
        let all = self.engine.scan_all(&keys::all_staff()).await?;
        let admins = all.into_iter().filter(|(_, record)| record.is_active_admin());
        Ok(admins.filter_map(|(row, _)| row.key.split('/').nth(1)?.parse().ok()).collect())
    }
}

/// Brings the list of admins up to date with a changed account, and refuses to take the last one away.
fn keep_admins(
    tx: &mut Tx<'_>,
    mut admins: BTreeSet<StaffId>,
    id: StaffId,
    record: &StaffRecord,
) -> Result<(), UserError> {
    let changed = if record.is_active_admin() { admins.insert(id) } else { admins.remove(&id) };
    if !changed {
        return Ok(());
    }
    if admins.is_empty() {
        return Err(UserError::LastAdmin);
    }
    let admins = admins.into_iter().collect();
    let mark = tx.mark();
    Ok(tx.put(&keys::staff_admins(), &StaffAdmins { v: Form, admins, mark })?)
}

impl StaffRecord {
    /// Whether they can log in.
    pub(super) fn status(&self) -> StaffStatus {
        if self.disabled {
            StaffStatus::Disabled
        } else if self.password_hash.is_empty() {
            StaffStatus::Invited
        } else {
            StaffStatus::Active
        }
    }

    fn is_active_admin(&self) -> bool {
        self.status() == StaffStatus::Active && self.role == crate::actor::Role::Admin
    }

    /// Whether a session of theirs that was opened at an epoch goes on.
    pub(super) fn keeps(&self, epoch: u64) -> bool {
        self.status() == StaffStatus::Active && self.epoch == epoch
    }

    fn subject(&self, id: StaffId) -> Subject {
        Subject::Staff(id, self.role)
    }
}

fn view(id: StaffId, record: &StaffRecord) -> StaffView {
    StaffView {
        id,
        email: record.email.clone(),
        name: record.name.clone(),
        role: record.role,
        status: record.status(),
        second_factor: record.second_factor.is_some(),
        created_at: record.created_at,
    }
}
