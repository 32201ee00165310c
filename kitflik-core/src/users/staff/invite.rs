//! Invitations: how a member of staff gets an account, and chooses a password that nobody else knows.

use std::time::Duration;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::{Staff, keep_admins, view};
use crate::actor::{Actor, Permission, Role};
use crate::error::{EngineError, Invalid, Validation};
use crate::ids::{CommandId, MailId, StaffId};
use crate::keyring::Generation;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{Form, Invitation, MailContent, Outbox, Staff as StaffRecord, StaffEmailClaim};
use crate::store::tx::{Loaded, Tx};
use crate::users::email::{check_email, normal_email};
use crate::users::passwords::check_password;
use crate::users::{InvalidToken, StaffStatus, StaffView, UserError};

/// How long an invitation can be accepted.
const LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A member of staff to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct InviteStaff {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The e-mail address that the invitation goes to, and that they will log in with.
    pub email: String,
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// The token of an invitation, and the password that they choose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(tsify::Tsify))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The name of this command, so that a repeat has no second effect.
    #[serde(skip)]
    #[cfg_attr(feature = "uniffi", uniffi(default))]
    pub command: Option<CommandId>,
    /// The token from the mail.
    pub token: String,
    /// The password, at least 8 characters.
    pub password: String,
}

hidden! { AcceptInvitation }

impl Staff<'_> {
    /// Makes an account for somebody and sends them an invitation. It can be accepted once, within seven days.
    ///
    /// # Errors
    /// [`UserError::AlreadyExists`] if a staff account has the address, [`UserError::Denied`] unless an admin asks,
    /// [`UserError::Invalid`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn invite(&self, actor: &Actor, new: &InviteStaff) -> Result<StaffView, UserError> {
        actor.may(Permission::ManageStaff)?;
        let mut fields = Validation::default();
        check_email("email", &new.email, &mut fields);
        fields.text("name", &new.name, limits::MAX_NAME_CHARS);
        fields.finish()?;
        let email = normal_email(&new.email);
        let mut tx = self.engine.begin_command(actor, new.command.as_ref(), "staff_invite", new)?;
        let id = StaffId::new(tx.now(), self.engine.random());
        let (claim, key) = (keys::staff_email(&email), keys::staff(id));
        let record = StaffRecord {
            v: Form,
            email: email.clone(),
            name: new.name.clone(),
            password_hash: String::new(),
            role: new.role,
            created_at: tx.now(),
            disabled: false,
            epoch: 0,
            invitation: Some(self.invitation(&tx)),
            second_factor: None,
            offered_factor: None,
        };
        let view = view(id, &record);
        tx.note(format!("role {}", new.role.as_str()));
        loop {
            let wanted = vec![claim.key.clone(), key.key.clone()];
            if let Loaded::Replay(view) = tx.load(Durability::Durable, wanted).await? {
                return Ok(view);
            }
            if tx.get(&claim)?.is_some() {
                return Err(UserError::AlreadyExists { what: "a staff account with this e-mail address" });
            }
            tx.put(&claim, &StaffEmailClaim { v: Form, staff: id })?;
            tx.put(&key, &record)?;
            self.send(&mut tx, id, &record)?;
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }

    /// Sends another invitation to somebody who has not accepted theirs. The one before is no longer valid.
    ///
    /// # Errors
    /// [`UserError::Invalid`] if they have accepted, or are disabled; [`UserError::Denied`] unless an admin asks,
    /// [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn invite_again(
        &self,
        actor: &Actor,
        id: StaffId,
        command: Option<&CommandId>,
    ) -> Result<StaffView, UserError> {
        actor.may(Permission::ManageStaff)?;
        let mut tx = self.engine.begin_command(actor, command, "staff_invite_again", &id)?;
        let key = keys::staff(id);
        let invitation = self.invitation(&tx);
        loop {
            if let Loaded::Replay(view) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return Ok(view);
            }
            let record = tx.get(&key)?.ok_or(UserError::NotFound)?;
            if record.status() != StaffStatus::Invited {
                let detail = "only somebody who has not chosen a password yet can be invited again";
                return Err(Invalid::one("id", "not_invited", detail).into());
            }
            let record = StaffRecord { invitation: Some(invitation.clone()), ..record };
            tx.put(&key, &record)?;
            self.send(&mut tx, id, &record)?;
            let view = view(id, &record);
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }

    /// Accepts an invitation: with the password that they choose they can log in.
    ///
    /// # Errors
    /// [`UserError::InvalidToken`] if the invitation was accepted, replaced or made up, or its time is over;
    /// [`UserError::Invalid`], [`UserError::Password`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn accept(&self, request: &AcceptInvitation) -> Result<StaffView, UserError> {
        let (id, secret) = parse(&request.token).ok_or(InvalidToken::Invalid)?;
        let command = request.command.as_ref();
        let mut tx = self.engine.begin_command(&Actor::guest(), command, "staff_accept", request)?;
        tx.record_as(id, None, "staff_accept");
        let key = keys::staff(id);
        let mut password_hash = None;
        loop {
            if let Loaded::Replay(view) = tx.load(Durability::Durable, vec![key.key.clone()]).await? {
                return Ok(view);
            }
            let record = tx.get(&key)?.ok_or(InvalidToken::Invalid)?;
            let invitation = record.invitation.as_ref().ok_or(InvalidToken::Invalid)?;
            let right = |keys: &Generation| keys.is_invitation_secret(id, &invitation.nonce, &secret);
            if !self.engine.keys.any(right) {
                return Err(InvalidToken::Invalid.into());
            }
            if invitation.expires_at <= tx.now() {
                return Err(InvalidToken::Expired.into());
            }
            let mut fields = Validation::default();
            check_password("password", &request.password, &record.email, &record.name, &mut fields);
            fields.finish()?;
            // Not before: whoever has no invitation shall not keep the house busy.
            let password_hash = match &password_hash {
                Some(hash) => String::clone(hash),
                None => {
                    let hash =
                        self.engine.hasher.hash(request.password.clone(), self.engine.random()).await?;
                    password_hash.insert(hash).clone()
                }
            };
            let epoch = record.epoch + 1;
            let record = StaffRecord { password_hash, invitation: None, epoch, ..record };
            let admins = self.load_admins(&mut tx).await?;
            keep_admins(&mut tx, admins, id, &record)?;
            tx.put(&key, &record)?;
            let view = view(id, &record);
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }

    fn invitation(&self, tx: &Tx<'_>) -> Invitation {
        let nonce = HEXLOWER.encode(&self.engine.random::<16>());
        Invitation { nonce, expires_at: tx.now().plus(LIFE) }
    }

    fn send(&self, tx: &mut Tx<'_>, id: StaffId, record: &StaffRecord) -> Result<(), EngineError> {
        let mail = MailId::new(tx.now(), self.engine.random());
        let (to, to_name) = (record.email.clone(), Some(record.name.clone()));
        let content = MailContent::StaffInvited { staff: id };
        let outbox = Outbox::new(mail, to, to_name, content);
        tx.put(&keys::outbox(tx.now(), mail), &outbox)
    }
}

impl crate::kitflik::Engine {
    /// The token of an invitation, for the mail.
    pub(crate) fn invitation_token(&self, id: StaffId, record: &StaffRecord) -> Option<String> {
        let invitation = record.invitation.as_ref()?;
        let secret = self.keys.current().invitation_secret(id, &invitation.nonce);
        Some(format!("{id}.{}", BASE64URL_NOPAD.encode(&secret)))
    }
}

fn parse(token: &str) -> Option<(StaffId, Vec<u8>)> {
    let (id, secret) = token.trim().split_once('.')?;
    Some((id.parse().ok()?, BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?))
}
