//! Registration.

use super::backoff::Scope;
use super::codes::Purpose;
use super::email::{check_email, normal_email, shown_email};
use super::passwords::check_password;
use super::profile::user_view;
use super::{RegisterUser, UserError, UserView, Users};
use crate::actor::Actor;
use crate::error::{Invalid, Validation};
use crate::ids::UserId;
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{EmailClaim, Form, MailContent, Tries, User};
use crate::store::tx::Loaded;

pub(super) fn check_account(email: &str, password: &str, name: &str) -> Result<(), Invalid> {
    let mut fields = Validation::default();
    check_email("email", email, &mut fields);
    check_password("password", password, email, name, &mut fields);
    fields.text("name", name, limits::MAX_NAME_CHARS);
    fields.finish()
}

impl Users<'_> {
    /// Makes an account and sends a welcome, with a link and a code that verify the address. The answer does not tell
    /// whether the address has an account already: its owner gets a mail that says so, and nothing else happens.
    ///
    /// # Errors
    /// [`UserError::Invalid`], [`UserError::Password`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn register(&self, request: &RegisterUser) -> Result<UserView, UserError> {
        check_account(&request.email, &request.password, &request.name)?;
        let engine = self.engine;
        let password_hash = engine.hasher.hash(request.password.clone(), engine.random()).await?;
        let guest = Actor::guest();
        let mut tx = engine.begin_command(&guest, request.command.as_ref(), "register", request)?;
        let id = UserId::new(tx.now(), engine.random());
        let user = User {
            v: Form,
            email: shown_email(&request.email),
            name: request.name.clone(),
            password_hash,
            email_verified: false,
            created_at: tx.now(),
            phone: None,
            locale: None,
            zone: None,
            marketing_consent: false,
            epoch: 0,
            deleting: false,
        };
        let view = user_view(id, user.clone());
        let claim = keys::email(&normal_email(&request.email));
        let tries = engine.tries_of(Scope::Mail, &request.email);
        loop {
            let wanted = vec![claim.key.clone(), tries.key.clone(), Purpose::VerifyEmail.key(id).key];
            if let Loaded::Replay(view) = tx.load(Durability::Durable, wanted).await? {
                return Ok(view);
            }
            let taken = tx.get(&claim)?.map(|claim| claim.user);
            let content = if taken.is_some() {
                // As every mail that strangers can ask for: nobody is flooded, and the answer does not tell.
                let before = tx.get(&tries)?;
                let flooded = before.as_ref().is_some_and(|tries| tries.account_wait(tx.now()).is_some());
                if !flooded {
                    tx.put(&tries, &Tries::more(before, tx.now(), engine.random()))?;
                }
                (!flooded).then_some(MailContent::AlreadyRegistered)
            } else {
                tx.put(&claim, &EmailClaim { v: Form, user: id })?;
                tx.put(&keys::user(id), &user)?;
                let code = engine.new_code(&mut tx, Purpose::VerifyEmail, id, None)?;
                Some(MailContent::Welcome { code: Some(code) })
            };
            if let Some(content) = content {
                engine.promise_mail(&mut tx, taken.unwrap_or(id), &user, content)?;
            }
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }
}
