//! What admins do with the accounts of staff.

use serde::{Deserialize, Serialize};

use super::{Staff, keep_admins, view};
use crate::actor::{Actor, Permission, Role};
use crate::catalog::{Page, PageRequest, page_limit};
use crate::error::{Invalid, Validation};
use crate::ids::{CommandId, StaffId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::Staff as StaffRecord;
use crate::store::tx::Loaded;
use crate::users::email::normal_email;
use crate::users::passwords::check_password;
use crate::users::{StaffView, UserError};

/// What to change of a staff account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateStaff {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The name, 1 to 200 characters.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub name: Option<String>,
    /// The role. A new one ends their sessions.
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub role: Option<Role>,
}

impl Staff<'_> {
    /// A page of all staff accounts, the oldest first.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless an admin asks, [`UserError::Invalid`] for a page out of bounds, or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn list(&self, actor: &Actor, page: &PageRequest) -> Result<Page<StaffView>, UserError> {
        actor.may(Permission::ManageStaff)?;
        let limit = page_limit(page)?;
        let mut range = keys::all_staff();
        if let Some(cursor) = &page.cursor {
            let after: StaffId = cursor.parse().map_err(|_| {
                Invalid::one("cursor", "invalid", "cursor must be the next_cursor of the page before")
            })?;
            range.start = format!("{}!", keys::staff(after).key);
        }
        let most = u32::try_from(limit + 1).unwrap_or(limits::MAX_PAGE);
        let rows = self.engine.scan(&range, most, false).await?;
        let more = rows.len() > limit;
        let items: Vec<StaffView> = rows
            .iter()
            .take(limit)
            .filter_map(|(row, record)| Some(view(row.key.split('/').nth(1)?.parse().ok()?, record)))
            .collect();
        let next_cursor = items.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { items, next_cursor })
    }

    /// One staff account.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless an admin asks, [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn get(&self, actor: &Actor, id: StaffId) -> Result<StaffView, UserError> {
        actor.may(Permission::ManageStaff)?;
        let record = self.engine.get(&keys::staff(id)).await?.ok_or(UserError::NotFound)?;
        Ok(view(id, &record))
    }

    /// Changes a name or a role. A new role ends their sessions at once.
    ///
    /// # Errors
    /// [`UserError::LastAdmin`], [`UserError::Denied`] unless an admin asks, [`UserError::NotFound`],
    /// [`UserError::Invalid`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn update(
        &self,
        actor: &Actor,
        id: StaffId,
        request: &UpdateStaff,
    ) -> Result<StaffView, UserError> {
        let mut fields = Validation::default();
        fields.optional_text("name", request.name.as_deref(), limits::MAX_NAME_CHARS);
        fields.finish()?;
        let command = request.command.as_ref();
        self.edit(actor, command, "staff_update", &(id, request), id, |record| {
            if let Some(name) = &request.name {
                record.name.clone_from(name);
            }
            let role = request.role.filter(|role| *role != record.role)?;
            record.role = role;
            record.epoch += 1;
            Some(format!("role {}", role.as_str()))
        })
        .await
    }

    /// Ends the sessions of a member of staff and lets them open no others.
    ///
    /// # Errors
    /// [`UserError::LastAdmin`], [`UserError::Denied`] unless an admin asks, [`UserError::NotFound`], or
    /// [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn disable(
        &self,
        actor: &Actor,
        id: StaffId,
        command: Option<&CommandId>,
    ) -> Result<StaffView, UserError> {
        self.edit(actor, command, "staff_disable", &id, id, |record| {
            if !record.disabled {
                record.disabled = true;
                record.epoch += 1;
                record.invitation = None;
                record.offered_factor = None;
            }
            None
        })
        .await
    }

    /// Lets a member of staff log in again. Whoever had not accepted their invitation needs another one.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless an admin asks, [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn enable(
        &self,
        actor: &Actor,
        id: StaffId,
        command: Option<&CommandId>,
    ) -> Result<StaffView, UserError> {
        self.edit(actor, command, "staff_enable", &id, id, |record| {
            record.disabled = false;
            None
        })
        .await
    }

    /// Takes away the one-time codes of somebody who lost their device and their recovery codes. Their sessions end;
    /// they log in with their password alone, and can set up others.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless an admin asks, [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn reset_second_factor(
        &self,
        actor: &Actor,
        id: StaffId,
        command: Option<&CommandId>,
    ) -> Result<StaffView, UserError> {
        self.edit(actor, command, "staff_reset_second_factor", &id, id, |record| {
            record.offered_factor = None;
            if record.second_factor.take().is_some() {
                record.epoch += 1;
            }
            None
        })
        .await
    }

    /// Gives an admin who is locked out a new password, without one-time codes, and ends their sessions. For whoever
    /// runs the house's program.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless the host program asks, [`UserError::NotFound`] if no admin has the address,
    /// [`UserError::Invalid`] or [`UserError::Password`] for the password, or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn rescue(&self, actor: &Actor, email: &str, password: &str) -> Result<StaffView, UserError> {
        if *actor != Actor::System {
            return Err(actor.denied("rescue an admin").into());
        }
        let mut fields = Validation::default();
        check_password("password", password, email, "", &mut fields);
        fields.finish()?;
        let claim = self.engine.get(&keys::staff_email(&normal_email(email))).await?;
        let id = claim.ok_or(UserError::NotFound)?.staff;
        let password_hash = self.engine.hasher.hash(password.to_owned(), self.engine.random()).await?;
        let key = keys::staff(id);
        let mut tx = self.engine.begin_command(actor, None, "staff_rescue", &())?;
        // It stands in the log of whose account it is: the host program has none.
        tx.record_as(id, None, "staff_rescue");
        tx.note("by the host program");
        loop {
            let Loaded::Fresh = tx.load::<()>(Durability::Durable, vec![key.key.clone()]).await? else {
                continue;
            };
            let admins = self.load_admins(&mut tx).await?;
            let record = tx.get(&key)?.filter(|record| record.role == Role::Admin);
            let record = record.ok_or(UserError::NotFound)?;
            let record = StaffRecord {
                password_hash: password_hash.clone(),
                disabled: false,
                epoch: record.epoch + 1,
                invitation: None,
                second_factor: None,
                offered_factor: None,
                ..record
            };
            keep_admins(&mut tx, admins, id, &record)?;
            tx.put(&key, &record)?;
            if tx.commit(Durability::Durable, &()).await?.is_some() {
                return Ok(view(id, &record));
            }
        }
    }

    /// One change of an account by an admin. `change` gives the note for the log.
    async fn edit(
        &self,
        actor: &Actor,
        command: Option<&CommandId>,
        verb: &str,
        request: &(impl Serialize + Sync),
        id: StaffId,
        change: impl Fn(&mut StaffRecord) -> Option<String> + Send,
    ) -> Result<StaffView, UserError> {
        actor.may(Permission::ManageStaff)?;
        let mut tx = self.engine.begin_command(actor, command, verb, request)?;
        let key = keys::staff(id);
        loop {
            if let Loaded::Replay(view) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return Ok(view);
            }
            let before = tx.get(&key)?.ok_or(UserError::NotFound)?;
            let mut record = before.clone();
            if let Some(note) = change(&mut record) {
                tx.note(note);
            }
            let view = view(id, &record);
            if record == before && command.is_none() {
                return Ok(view);
            }
            if record != before {
                if record.is_active_admin() != before.is_active_admin() {
                    let admins = self.load_admins(&mut tx).await?;
                    keep_admins(&mut tx, admins, id, &record)?;
                }
                tx.put(&key, &record)?;
            }
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }
}
