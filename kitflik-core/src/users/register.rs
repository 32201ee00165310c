//! Registration.

use super::{RegisterUser, UserError, UserView, Users};
use crate::actor::Actor;
use crate::error::{Invalid, Validation};
use crate::ids::{MailId, UserId};
use crate::limits;
use crate::ports::storage::Durability;
use crate::store::keys;
use crate::store::records::{EmailClaim, Form, MailContent, Outbox, User};
use crate::store::tx::Loaded;

/// The form in which addresses are compared: without outer spaces, in lower case.
pub(super) fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Refuses what no mail could reach. Whether mail does arrive, only a mail can tell.
pub(crate) fn check_email(path: &str, text: &str, fields: &mut Validation) {
    let email = text.trim();
    if email.len() > limits::MAX_EMAIL_BYTES {
        let most = limits::MAX_EMAIL_BYTES;
        fields.refuse(path, "too_long", format!("{path} has {} bytes, allowed are {most}", email.len()));
        return;
    }
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\\\"".contains(c);
    let good = email.rsplit_once('@').is_some_and(|(local, domain)| {
        let labels = || domain.split('.');
        !local.is_empty()
            && local.len() <= 64
            && !local.contains('@')
            && labels().count() >= 2
            && labels().all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
            && !domain.contains('_')
    });
    if !good || email.contains(bad) {
        fields.refuse(path, "invalid", format!("{path} must be an e-mail address such as ada@example.org"));
    }
}

pub(super) fn check_password(password: &str, fields: &mut Validation) {
    let least = limits::MIN_PASSWORD_CHARS;
    if password.chars().count() < least {
        fields.refuse("password", "too_short", format!("password must have at least {least} characters"));
    } else if password.len() > limits::MAX_PASSWORD_BYTES {
        let most = limits::MAX_PASSWORD_BYTES;
        fields.refuse("password", "too_long", format!("password must have at most {most} bytes"));
    }
}

pub(super) fn check_account(email: &str, password: &str, name: &str) -> Result<(), Invalid> {
    let mut fields = Validation::default();
    check_email("email", email, &mut fields);
    check_password(password, &mut fields);
    fields.text("name", name, limits::MAX_NAME_CHARS);
    fields.finish()
}

impl Users<'_> {
    /// Makes an account and sends a welcome. The answer does not tell whether the address has an account already: its
    /// owner gets a mail that says so, and nothing else happens.
    ///
    /// # Errors
    /// [`UserError::Invalid`], [`UserError::Password`] or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn register(&self, request: &RegisterUser) -> Result<UserView, UserError> {
        check_account(&request.email, &request.password, &request.name)?;
        let password_hash = self.engine.hasher.hash(request.password.clone(), self.engine.random()).await?;
        let guest = Actor::guest();
        let mut tx = self.engine.begin_command(&guest, request.command.as_ref(), "register", request)?;
        let (id, mail) =
            (UserId::new(tx.now(), self.engine.random()), MailId::new(tx.now(), self.engine.random()));
        let email = normal_email(&request.email);
        let view = UserView {
            id,
            email: email.clone(),
            name: request.name.clone(),
            email_verified: false,
            created_at: tx.now(),
        };
        let claim = keys::email(&email);
        loop {
            if let Loaded::Replay(view) = tx.load(Durability::Durable, vec![claim.key.clone()]).await? {
                return Ok(view);
            }
            let taken = tx.get(&claim)?.is_some();
            if !taken {
                tx.put(&claim, &EmailClaim { v: Form, user: id })?;
                let user = User {
                    v: Form,
                    email: email.clone(),
                    name: request.name.clone(),
                    password_hash: password_hash.clone(),
                    email_verified: false,
                    created_at: tx.now(),
                };
                tx.put(&keys::user(id), &user)?;
            }
            let content = if taken { MailContent::AlreadyRegistered } else { MailContent::Welcome };
            let to_name = Some(request.name.clone());
            let outbox =
                Outbox { v: Form, mail, to: email.clone(), to_name, content, attempts: 0, last_error: None };
            tx.put(&keys::outbox(tx.now(), mail), &outbox)?;
            if tx.commit(Durability::Durable, &view).await?.is_some() {
                return Ok(view);
            }
        }
    }

    /// The caller's own account.
    ///
    /// # Errors
    /// [`UserError::Denied`] unless a customer asks, [`UserError::NotFound`], or [`UserError::Engine`].
    #[cfg_attr(target_arch = "wasm32", async_recursion::async_recursion)]
    pub async fn me(&self, actor: &Actor) -> Result<UserView, UserError> {
        let id = match actor {
            Actor::User { id } => *id,
            Actor::Guest { .. } => return Err(crate::error::Denied::Unauthenticated.into()),
            _ => return Err(actor.denied("have a customer's profile").into()),
        };
        let user = self.engine.get(&keys::user(id)).await?.ok_or(UserError::NotFound)?;
        Ok(UserView {
            id,
            email: user.email,
            name: user.name,
            email_verified: user.email_verified,
            created_at: user.created_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(email: &str) -> bool {
        let mut fields = Validation::default();
        check_email("email", email, &mut fields);
        fields.finish().is_err()
    }

    #[test]
    fn addresses_are_checked_for_form() {
        for good in ["ada@example.org", " Ada.L+x@sub.example.org ", "用户@例子.测试", "o'neil@example.ie"]
        {
            assert!(!refused(good), "{good}");
        }
        for bad in ["", "ada", "@example.org", "ada@", "ada@example", "a b@example.org", "a@b@example.org"] {
            assert!(refused(bad), "{bad}");
        }
        for bad in ["a@-x.org", "a@x..org", "a\r\nBcc: b@x.org@example.org", "<a@example.org>"] {
            assert!(refused(bad), "{bad}");
        }
        let longest = format!("{}@{}.org", "a".repeat(64), "b".repeat(185));
        assert_eq!(longest.len(), limits::MAX_EMAIL_BYTES);
        assert!(!refused(&longest));
        assert!(refused(&format!("a{longest}")));
    }
}
