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
        let id = email.id;
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
            Err(error) => {
                // The server's words may name the receiver: they go into the store, not into the log.
                let status = error.status().map(u16::from);
                if status.is_some() {
                    self.breaker.succeeded()
                } else {
                    self.breaker.failed()
                };
                let error = judge(&error, status);
                let permanent = matches!(error, MailError::Permanent { .. });
                warn!(mail = %id, status, permanent, "mail not sent");
                Err(error)
            }
        }
    }
}

/// Whether to try again. That the server does not take our own credentials says nothing about the mail.
fn judge(error: &Error, status: Option<u16>) -> MailError {
    let ours = matches!(status, Some(530 | 534 | 535 | 538));
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    if error.is_permanent() && !ours {
        MailError::Permanent { reason }
    } else {
        MailError::Temporary { reason }
    }
}
