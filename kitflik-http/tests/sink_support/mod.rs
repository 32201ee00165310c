//! A real SMTP server, for tests of what is sent.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A real SMTP server that keeps what it gets.
pub(crate) struct Sink {
    child: Child,
    lines: Option<std::io::Lines<BufReader<std::process::ChildStdout>>>,
    port: u16,
    directory: tempfile::TempDir,
}

/// The interpreter that runs the server: the one that is named, the one that `.ci/smtp-sink` made, or the
/// system's.
fn python() -> String {
    if let Ok(named) = std::env::var("KITFLIK_TEST_PYTHON") {
        return named;
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-venv/bin/python");
    if installed.exists() { installed.display().to_string() } else { "python3".to_owned() }
}

impl Sink {
    pub(crate) fn start() -> Self {
        Self::start_at(0)
    }

    /// At a port; one that is free if 0.
    pub(crate) fn start_at(port: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let python = python();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp_sink.py");
        let mut command = Command::new(&python);
        command
            .arg(script)
            .arg(directory.path())
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let missing = format!(
            "the mail tests need the SMTP server aiosmtpd, which {python} does not have: run .ci/smtp-sink, \
             or name a python that has it in KITFLIK_TEST_PYTHON"
        );
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{missing} ({error})"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap_or_else(|| panic!("{missing}")).unwrap();
        let port = first.strip_prefix("port ").unwrap_or_else(|| panic!("{missing}")).parse().unwrap();
        Self { child, lines: Some(lines), port, directory }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.told("connections")
    }

    /// How many mails it has taken.
    pub(crate) fn count(&self) -> usize {
        self.told("mails")
    }

    fn told(&self, what: &str) -> usize {
        let told = std::fs::read_to_string(self.directory.path().join(what)).unwrap_or_default();
        told.len()
    }

    /// The next mail that arrives.
    pub(crate) fn mail(&mut self) -> Vec<u8> {
        let line = self.lines.as_mut().unwrap().next().unwrap().unwrap();
        std::fs::read(line.strip_prefix("mail ").unwrap()).unwrap()
    }

    /// From now on mail is only kept, for [`kept`](Self::kept): nobody waits for it one by one.
    pub(crate) fn keep(&mut self) {
        // Somebody has to read what the server says, or it would stop at a full pipe.
        let lines = self.lines.take().unwrap();
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// All mail that has come.
    pub(crate) fn kept(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(self.directory.path()).unwrap();
        let mails = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
        mails.map(|path| std::fs::read(path).unwrap()).collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
