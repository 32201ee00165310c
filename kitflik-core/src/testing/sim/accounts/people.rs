//! Customers, of whom several want the same address, and whoever guesses.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::join_all;

use super::auditor::{Auditor, Session};
use crate::store::keys;
use crate::store::records::MailedCode;
use crate::testing::ports::SeededEntropy;
use crate::testing::sim::turn;
use crate::users::Purpose;
use crate::{
    Actor, ChangeEmail, ConfirmEmail, DeleteAccount, ForgotPassword, FutureBookings, Kitflik, LogIn,
    RefreshSession, RegisterUser, ResetPassword, TokenPair, UserError, UserId,
};

/// Addresses that all want.
const ADDRESSES: u64 = 4;
/// Guesses at once.
const GUESSES: usize = 30;
/// Of which so many may be looked at: five, and some more if time passes meanwhile.
const LOOKED_AT: usize = 16;

pub(super) struct Person {
    pub(super) name: String,
    pub(super) engine: Kitflik,
    pub(super) luck: Arc<SeededEntropy>,
    pub(super) auditor: Rc<RefCell<Auditor>>,
}

impl Person {
    pub(super) async fn live(self) {
        for step in 0..=self.luck.below(4) {
            self.idle(6).await;
            match self.luck.below(100) {
                0..=8 => self.register(step).await,
                9..=25 => self.log_in().await,
                26..=45 => self.refresh().await,
                46..=65 => self.reset(step).await,
                66..=79 => self.change_address().await,
                80..=87 => self.delete().await,
                _ => self.guess().await,
            }
        }
    }

    async fn idle(&self, most: u64) {
        for _ in 0..self.luck.below(most) {
            turn().await;
        }
    }

    fn address(&self) -> String {
        format!("c{}@example.org", self.luck.below(ADDRESSES))
    }

    fn secret(&self, step: u64) -> String {
        format!("secret of {} {step}", self.name)
    }

    /// A password that most likely is right.
    fn password(&self, email: &str) -> String {
        let auditor = self.auditor.borrow();
        let known = auditor.passwords.get(email).map_or(&[][..], Vec::as_slice);
        let back = usize::try_from(self.luck.below(2)).unwrap_or(0).min(known.len().saturating_sub(1));
        known.iter().rev().nth(back).cloned().unwrap_or_else(|| "anything at all".to_owned())
    }

    fn chosen(&self, email: &str, password: &str) {
        let mut auditor = self.auditor.borrow_mut();
        auditor.passwords.entry(email.to_owned()).or_default().push(password.to_owned());
    }

    fn noted<T>(&self, answer: Result<T, UserError>) -> Option<T> {
        answer.map_err(|error| self.auditor.borrow_mut().refused(&error)).ok()
    }

    fn owner(&self, pair: &TokenPair) -> Option<UserId> {
        match self.engine.users().authenticate(&pair.access_token) {
            Ok(Actor::User { id }) => Some(id),
            _ => None,
        }
    }

    async fn register(&self, step: u64) {
        let (email, password) = (self.address(), self.secret(step));
        let request = RegisterUser {
            command: None,
            email: email.clone(),
            password: password.clone(),
            name: self.name.clone(),
        };
        if self.noted(self.engine.users().register(&request).await).is_some() {
            self.auditor.borrow_mut().tally.registrations += 1;
            // Only if nobody had the address; it is tried all the same.
            let first = !self.auditor.borrow().passwords.contains_key(&email);
            if first || self.luck.chance(50) {
                self.chosen(&email, &password);
            }
        }
    }

    async fn open(&self) -> Option<(String, TokenPair, UserId)> {
        let email = self.address();
        let password = self.password(&email);
        let answer = self.engine.users().log_in(&LogIn::new(email, password.clone())).await;
        let pair = self.noted(answer)?;
        let user = self.owner(&pair)?;
        let mut auditor = self.auditor.borrow_mut();
        auditor.tally.log_ins += 1;
        let since = auditor.now();
        auditor.sessions.push(Session { token: pair.refresh_token.clone(), user, since });
        Some((password, pair, user))
    }

    async fn log_in(&self) {
        self.open().await;
    }

    fn take_session(&self) -> Option<Session> {
        let mut auditor = self.auditor.borrow_mut();
        let count = auditor.sessions.len() as u64;
        let which = usize::try_from(self.luck.below(count)).unwrap_or(0);
        (which < auditor.sessions.len()).then(|| auditor.sessions.swap_remove(which))
    }

    /// Uses somebody's refresh token, now and then twice at once.
    async fn refresh(&self) {
        let Some(session) = self.take_session() else { return };
        let users = self.engine.users();
        let request = RefreshSession { command: None, refresh_token: session.token.clone() };
        let begun = self.auditor.borrow_mut().now();
        let over = self.auditor.borrow().must_be_over(&session, begun);
        let times = if self.luck.chance(30) { 2 } else { 1 };
        let answers = join_all((0..times).map(|_| users.refresh(&request))).await;
        let mut next = None;
        for answer in answers {
            match answer {
                Ok(pair) => {
                    let mut auditor = self.auditor.borrow_mut();
                    auditor.tally.refreshes += 1;
                    if over {
                        auditor.blame(|| format!("a session of {} outlived a new password", session.user));
                    }
                    next = Some(pair.refresh_token);
                }
                Err(error) => {
                    let mut auditor = self.auditor.borrow_mut();
                    auditor.refused(&error);
                    auditor.tally.refused += u64::from(over);
                    // Whether it was used is not known, or was not: it is tried again.
                    if matches!(error, UserError::Engine(_)) && next.is_none() {
                        next = Some(session.token.clone());
                    }
                }
            }
        }
        if let Some(token) = next {
            self.auditor.borrow_mut().sessions.push(Session { token, ..session });
        }
    }

    /// Once all is quiet.
    pub(super) async fn try_all_sessions(self) {
        let count = self.auditor.borrow().sessions.len();
        for _ in 0..count {
            self.refresh().await;
        }
    }

    /// The code that the mail says which is on its way, or will say: mail is slow here, and people cannot wait for it.
    async fn mailed(&self, purpose: Purpose, user: Option<UserId>, email: &str) -> Option<String> {
        self.idle(6).await;
        let engine = self.engine.engine();
        let user = match user {
            Some(user) => user,
            None => engine.get(&keys::email(email)).await.ok()??.user,
        };
        let nonce = engine.get(&purpose.key(user)).await.ok()??.nonce;
        Some(engine.mailed_digits(purpose, &MailedCode { user, nonce }))
    }

    async fn forgot(&self, email: &str) -> Option<String> {
        let request = ForgotPassword { command: None, email: email.to_owned(), address: None };
        self.noted(self.engine.users().forgot_password(&request).await)?;
        self.mailed(Purpose::ResetPassword, None, email).await
    }

    async fn reset(&self, step: u64) {
        let (email, password) = (self.address(), self.secret(step));
        let Some(code) = self.forgot(&email).await else { return };
        let begun = self.auditor.borrow_mut().now();
        let request = ResetPassword {
            command: None,
            email: email.clone(),
            code,
            password: password.clone(),
            address: None,
        };
        if self.noted(self.engine.users().reset_password(&request).await).is_some() {
            self.auditor.borrow_mut().reset(&password, begun);
            self.chosen(&email, &password);
        }
    }

    async fn change_address(&self) {
        let Some((password, _, id)) = self.open().await else { return };
        // Mostly to one that nobody has.
        let email = format!("c{}@example.org", self.luck.below(3 * ADDRESSES));
        let actor = Actor::User { id };
        let request =
            ChangeEmail { command: None, email: email.clone(), password: password.clone(), address: None };
        if self.noted(self.engine.users().change_email(&actor, &request).await).is_none() {
            return;
        }
        let Some(code) = self.mailed(Purpose::ChangeEmail, Some(id), &email).await else { return };
        let request = ConfirmEmail { command: None, token: None, code: Some(code), address: None };
        if self.noted(self.engine.users().confirm_email(&actor, &request).await).is_some() {
            self.auditor.borrow_mut().tally.moves += 1;
            self.chosen(&email, &password);
        }
    }

    async fn delete(&self) {
        let Some((password, _, id)) = self.open().await else { return };
        let bookings = FutureBookings::Refuse;
        let request = DeleteAccount { command: None, password, bookings, address: None };
        let answer = self.engine.users().delete(&Actor::User { id }, &request).await;
        if self.noted(answer).is_some() {
            self.auditor.borrow_mut().deleted(id);
        }
    }

    /// Many wrong guesses at once.
    async fn guess(&self) {
        let email = self.address();
        let Some(code) = self.forgot(&email).await else { return };
        let wrong = |digit: char| if digit == '9' { '0' } else { char::from(digit as u8 + 1) };
        let code: String = code.chars().map(wrong).collect();
        let request =
            ResetPassword { command: None, email, code, password: "taken over".to_owned(), address: None };
        let (users, looked_at) = (self.engine.users(), Cell::new(0));
        let guess = async || {
            let answer = users.reset_password(&request).await;
            let mut auditor = self.auditor.borrow_mut();
            auditor.tally.guesses += 1;
            match answer {
                Ok(()) => auditor.blame(|| "a wrong code was taken".to_owned()),
                Err(UserError::InvalidCode) => looked_at.set(looked_at.get() + 1),
                Err(error) => auditor.refused(&error),
            }
            if looked_at.get() > LOOKED_AT {
                auditor.blame(|| format!("more than {LOOKED_AT} guesses at a code were looked at"));
            }
        };
        join_all((0..GUESSES).map(|_| guess())).await;
    }
}
