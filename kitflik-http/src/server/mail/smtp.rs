//! Mail over SMTP.

use std::time::Duration;

use async_trait::async_trait;
use kitflik_core::{Email, MailError, Mailer};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tracing::{debug, warn};

use super::super::breaker::Breaker;
use super::{InvalidMailer, Sender, mime};

/// How long one step of the conversation may take.
const STEP: Duration = Duration::from_secs(10);
/// How long one mail may take.
const WHOLE: Duration = Duration::from_secs(45);
/// Connections are kept for the next mail this long.
const IDLE: Duration = Duration::from_secs(30);

/// Hands mail to an SMTP server. Connections are kept and used again; a server that does not answer is left
/// alone for a while.
#[derive(Debug)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Sender,
    breaker: Breaker,
}

impl SmtpMailer {
    /// For the server at an URL: `smtps://user:password@host` (TLS from the start), `smtp+starttls://…` (TLS
    /// or nothing), or `smtp://host:25` (in clear, for a relay on this machine or in this network).
    ///
    /// # Errors
    /// [`InvalidMailer`] if the URL is none of these.
    pub fn new(url: &str, from: Sender) -> Result<Self, InvalidMailer> {
        let url = match url.strip_prefix("smtp+starttls://") {
            Some(rest) if rest.contains('?') => format!("smtp://{rest}&tls=required"),
            Some(rest) => format!("smtp://{rest}?tls=required"),
            None => url.to_owned(),
        };
        // The URL may hold a password: neither it nor what the parser says of it is repeated.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url).map_err(|_| {
            let allowed = "smtps://user:password@host, smtp+starttls://user:password@host or smtp://host:25";
            InvalidMailer(format!("expected {allowed}"))
        })?;
        let transport = transport
            .timeout(Some(STEP))
            .pool_config(PoolConfig::new().max_size(4).idle_timeout(IDLE))
            .build();
        Ok(Self { transport, from, breaker: Breaker::default() })
    }

    /// Closes the connections that are kept.
    pub async fn close(&self) {
        self.transport.shutdown().await;
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, email: Email) -> Result<(), MailError> {
        let (id, ascii) = (email.id, email.to.is_ascii());
        let message = mime::message(email, &self.from)?;
        if !self.breaker.is_closed() {
            let reason = "it did not answer lately".to_owned();
            return Err(MailError::Resting { reason });
        }
        let sent = tokio::time::timeout(WHOLE, self.transport.send(message)).await;
        let Ok(sent) = sent else {
            self.breaker.failed();
            warn!(mail = %id, "the mail server took too long");
            let reason = format!("the mail server took longer than {} seconds", WHOLE.as_secs());
            return Err(MailError::Temporary { reason });
        };
        match sent {
            Ok(_) => {
                self.breaker.succeeded();
                debug!(mail = %id, "mail sent");
                Ok(())
            }
            // Not every server takes addresses that are not ASCII, and nothing was sent to this one. It works.
            Err(error) if error.is_client() && !ascii => {
                warn!(mail = %id, "the mail server takes ASCII addresses only");
                Err(MailError::Permanent { reason: error.to_string() })
            }
            Err(error) => {
                // The server's words may name the receiver: they go into the store, not into the log.
                let status = error.status().map(u16::from);
                if status.is_some() {
                    self.breaker.succeeded()
                } else {
                    self.breaker.failed()
                };
                let error = judge(&error, status, self.from.address());
                let permanent = matches!(error, MailError::Permanent { .. });
                warn!(mail = %id, status, permanent, "mail not sent");
                Err(error)
            }
        }
    }
}

/// Whether to try again.
fn judge(error: &Error, status: Option<u16>, from: &str) -> MailError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    if status.is_some_and(|status| is_about_the_receiver(status, &reason, from)) {
        MailError::Permanent { reason }
    } else {
        MailError::Temporary { reason }
    }
}

/// Whether a refusal is of this receiver, for ever. What a server has against us (our credentials, our address, our
/// network) it has against every mail that waits: it says nothing about any of them, and may be over tomorrow.
fn is_about_the_receiver(status: u16, reason: &str, from: &str) -> bool {
    let reason = reason.to_lowercase();
    let ours = |word: &str| {
        let code = word.trim_matches(|letter: char| !letter.is_ascii_digit());
        code.starts_with("5.7.") || code == "5.1.7" || code == "5.1.8"
    };
    let sender = reason.contains("sender") || reason.contains(&from.to_lowercase());
    matches!(status, 550..=553) && !sender && !reason.split_whitespace().any(ours)
}

#[cfg(test)]
mod tests {
    use super::is_about_the_receiver;

    #[test]
    fn only_what_is_about_the_receiver_is_for_ever() {
        let for_ever = |status, reason| is_about_the_receiver(status, reason, "tickets@kino.example");
        for (status, reason) in [
            (550, "permanent error (550): 5.1.1 <ada@example.org>: user unknown"),
            (550, "permanent error (550): no such mailbox"),
            (551, "permanent error (551): user not local"),
            (552, "permanent error (552): 5.2.2 mailbox full"),
            (553, "permanent error (553): 5.1.3 bad mailbox name"),
        ] {
            assert!(for_ever(status, reason), "{reason}");
        }
        for (status, reason) in [
            (421, "transient error (421): too many connections"),
            (450, "transient error (450): greylisted"),
            (530, "permanent error (530): authentication required"),
            (535, "permanent error (535): 5.7.8 bad credentials"),
            (550, "permanent error (550): 5.7.1 [192.0.2.1] is blocklisted"),
            (550, "permanent error (550): 5.7.26 unauthenticated mail"),
            (550, "permanent error (550): 5.1.8 <x@y>: domain not found"),
            (550, "permanent error (550): Sender address rejected"),
            (553, "permanent error (553): <tickets@kino.example>: not owned by user"),
            (553, "permanent error (553): 5.1.7 bad mailbox syntax"),
            (554, "permanent error (554): no SMTP service here"),
        ] {
            assert!(!for_ever(status, reason), "{reason}");
        }
    }
}
