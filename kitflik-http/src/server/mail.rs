//! Mail leaves the house: to an SMTP server, or into files for those who have none.

mod files;
mod mime;
pub(super) mod preview;
mod smtp;
pub(super) mod templates;

use std::str::FromStr;

use lettre::message::Mailbox;

pub use files::FileMailer;
pub use smtp::SmtpMailer;

/// Who mail is from, such as `Lichtspiele <tickets@example.org>`. Message ids end with the domain of its
/// address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }

    fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl Default for Sender {
    /// `KitFlik <no-reply@localhost>`: good enough for files.
    fn default() -> Self {
        // A literal that the test below parses.
        let address = lettre::Address::new("no-reply", "localhost");
        match address {
            Ok(address) => Self(Mailbox::new(Some("KitFlik".to_owned()), address)),
            Err(_) => unreachable!("no-reply@localhost is an address"),
        }
    }
}

impl FromStr for Sender {
    type Err = InvalidMailer;

    fn from_str(text: &str) -> Result<Self, InvalidMailer> {
        let expected = "expected an address such as tickets@example.org or Lichtspiele <tickets@example.org>";
        text.parse().map(Self).map_err(|error| InvalidMailer(format!("{expected} ({error})")))
    }
}

/// Why there can be no such mailer. It repeats no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidMailer(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders() {
        assert_eq!(Sender::default().domain(), "localhost");
        let sender: Sender = "Lichtspiele <tickets@example.org>".parse().unwrap();
        assert_eq!(sender.domain(), "example.org");
        assert!("tickets at example.org".parse::<Sender>().is_err());
    }
}
