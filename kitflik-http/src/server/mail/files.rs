//! Mail into files, for those who have no mail server.

use std::io::Write;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use kitflik_core::{Email, MailError, Mailer, Timestamp};

use super::{Sender, mime};

/// Writes each mail into a file `time-subject-id.eml`, whole or not at all. A re-send writes the same file
/// again.
#[derive(Debug)]
pub struct FileMailer {
    directory: PathBuf,
    from: Sender,
}

impl FileMailer {
    /// Into this directory, which is made if it is not there.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn new(directory: impl Into<PathBuf>, from: Sender) -> std::io::Result<Self> {
        let directory = directory.into();
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        // Mail names people and carries their tickets.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory)?;
        Ok(Self { directory, from })
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, email: Email) -> Result<(), MailError> {
        let (id, name) = (email.id, file_name(&email));
        let content = mime::message(email, &self.from)?.formatted();
        let (path, temporary) = (self.directory.join(name), self.directory.join(format!(".{id}.tmp")));
        let written = tokio::task::spawn_blocking(move || write(&path, &temporary, &content)).await;
        let why = match written {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        Err(MailError::Temporary { reason: format!("{} cannot be written: {why}", self.directory.display()) })
    }
}

/// Known to be on disk before it has its name: then the engine may forget the mail.
fn write(path: &Path, temporary: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create(temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(temporary, path)
}

/// The time is that of the mail's making, which its id holds: a re-send has the same.
fn file_name(email: &Email) -> String {
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&email.id.as_bytes()[..6]);
    let made = Timestamp::from_millis(i64::from_be_bytes(millis)).utc().format("%Y%m%dT%H%M%S%.3f");
    let words: Vec<String> = email
        .subject
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let subject: String = words.join("-").chars().take(40).collect();
    format!("{made}-{subject}-{}.eml", email.id)
}
