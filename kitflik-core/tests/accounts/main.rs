//! Customers' accounts: addresses, passwords, codes that come by mail, sessions, and the end of an account.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test program")]

mod codes;
#[path = "../common/mod.rs"]
mod common;
mod delete;
mod guesses;
mod profile;
mod sessions;

use common::House;
use kitflik_core::{
    Actor, Email, ErrorCode, ForgotPassword, LogIn, RefreshSession, RegisterUser, ResetPassword, TokenPair,
    UserError, UserView,
};
use pollster::block_on;

pub const ADA: &str = "ada@example.org";
pub const PASSWORD: &str = "correct horse battery";

impl House {
    pub fn register(&self, email: &str) -> Result<UserView, UserError> {
        let (email, password, name) = (email.to_owned(), PASSWORD.to_owned(), "Ada".to_owned());
        block_on(self.kitflik.users().register(&RegisterUser { command: None, email, password, name }))
    }

    pub fn log_in(&self, email: &str, password: &str) -> Result<TokenPair, UserError> {
        block_on(self.kitflik.users().log_in(&LogIn::new(email, password)))
    }

    pub fn refresh(&self, token: &str) -> Result<TokenPair, UserError> {
        let request = RefreshSession { command: None, refresh_token: token.to_owned() };
        block_on(self.kitflik.users().refresh(&request))
    }

    pub fn forgot(&self, email: &str) -> Result<(), UserError> {
        let request = ForgotPassword { command: None, email: email.to_owned(), address: None };
        block_on(self.kitflik.users().forgot_password(&request))
    }

    pub fn reset(&self, email: &str, code: &str, password: &str) -> Result<(), UserError> {
        block_on(self.kitflik.users().reset_password(&reset(email, code, password)))
    }

    /// Ada, registered and logged in.
    pub fn ada(&self) -> (Actor, TokenPair) {
        let ada = self.register(ADA).unwrap();
        self.mails();
        (Actor::User { id: ada.id }, self.log_in(ADA, PASSWORD).unwrap())
    }

    /// Sends what waits; the mails so far.
    pub fn mails(&self) -> Vec<Email> {
        block_on(self.kitflik.tick()).unwrap();
        self.mailbox.mails()
    }

    /// The code in the last mail to an address.
    pub fn code(&self, email: &str) -> String {
        let mails = self.mails();
        let mail = mails.iter().rev().find(|mail| mail.to == email).unwrap();
        code_of(mail).unwrap_or_else(|| panic!("no code in {}", mail.text))
    }

    /// Subjects of the mails to an address.
    pub fn subjects(&self, email: &str) -> Vec<String> {
        self.mails().into_iter().filter(|mail| mail.to == email).map(|mail| mail.subject).collect()
    }
}

pub fn reset(email: &str, code: &str, password: &str) -> ResetPassword {
    let (email, code, password) = (email.to_owned(), code.to_owned(), password.to_owned());
    ResetPassword { command: None, email, code, password, address: None }
}

/// A line of digits only.
pub fn code_of(mail: &Email) -> Option<String> {
    let digits = |line: &&str| line.len() >= 6 && line.bytes().all(|byte| byte.is_ascii_digit());
    let code = mail.text.lines().find(digits)?;
    assert!(mail.html.contains(code), "{}", mail.html);
    Some(code.to_owned())
}

/// Another code of the same length.
pub fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}

pub fn refused<T: std::fmt::Debug>(answer: Result<T, UserError>, code: ErrorCode) {
    match answer {
        Err(error) if error.code() == code => {}
        other => panic!("{other:?} instead of {code}"),
    }
}
