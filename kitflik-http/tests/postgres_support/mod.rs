//! A real PostgreSQL as a child process, for tests and for the benchmark.
#![allow(dead_code, reason = "each program uses a part")]
#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

/// Who runs PostgreSQL when root asks for it: it refuses to run as root.
const UNPRIVILEGED: &str = "postgres";

/// A server of our own: in a new directory, on a socket in it, with PostgreSQL's own settings for durability.
/// It ends when it is dropped.
pub(crate) struct Server {
    process: Option<Child>,
    pub(crate) directory: PathBuf,
    settings: Vec<String>,
}

impl Server {
    /// Makes it below this directory and starts it.
    pub(crate) fn start(parent: &Path, settings: &[&str]) -> Self {
        let directory = parent.join("postgres");
        std::fs::create_dir(&directory).unwrap();
        if is_root() {
            run(Command::new("chmod").arg("755").arg(parent));
            run(Command::new("chown").arg(UNPRIVILEGED).arg(&directory));
        }
        let mut initdb = program("initdb");
        initdb.current_dir(&directory).args([
            "--no-sync",
            "--auth=trust",
            "--username=kitflik",
            "--encoding=UTF8",
            "-D",
        ]);
        run(initdb.arg(directory.join("data")).stdout(Stdio::null()));
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Self { process: None, directory, settings };
        server.resume();
        server
    }

    /// Starts it again after [`Server::stop`].
    pub(crate) fn resume(&mut self) {
        let mut postgres = program("postgres");
        postgres.current_dir(&self.directory).arg("-D").arg(self.directory.join("data"));
        postgres.arg("-k").arg(&self.directory);
        for setting in ["listen_addresses=", "fsync=on", "synchronous_commit=on"] {
            postgres.args(["-c", setting]);
        }
        for setting in &self.settings {
            postgres.args(["-c", setting]);
        }
        self.process = Some(postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// Ends it: quickly and cleanly by `INT`, as in a crash by `QUIT`.
    pub(crate) fn stop(&mut self, signal: &str) {
        let Some(mut process) = self.process.take() else { return };
        // `setpriv` became the server, so this is its process.
        let stopped = Command::new("kill").args([&format!("-{signal}"), &process.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _it_may_have_ended = process.kill();
        }
        let _ended = process.wait();
    }

    /// Its address, as operators write it.
    pub(crate) fn url(&self) -> String {
        let directory = self.directory.to_str().unwrap().replace('/', "%2F");
        format!("postgres://kitflik@{directory}/postgres")
    }

    /// A connection; the server may take a moment to start.
    pub(crate) async fn connect(&self) -> Client {
        let mut config = Config::new();
        config.host_path(&self.directory).user("kitflik").dbname("postgres");
        let started = Instant::now();
        loop {
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) if started.elapsed() > Duration::from_secs(30) => panic!("{error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody needs what is in it. (INT is not heard while a server recovers from a crash.)
        self.stop("QUIT");
    }
}

fn is_root() -> bool {
    text_of(Command::new("id").arg("-u")) == "0"
}

/// A program of PostgreSQL, as somebody whom it accepts.
fn program(name: &str) -> Command {
    let path = bin().join(name);
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--init-groups"]).arg(path);
    command
}

fn bin() -> PathBuf {
    let holds =
        |directory: &PathBuf| directory.join("postgres").exists() && directory.join("initdb").exists();
    let told = PathBuf::from(text_of(Command::new("pg_config").arg("--bindir")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    places.push(told);
    // Where Debian keeps them, the newest first.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    versions.sort();
    places.extend(versions.into_iter().rev());
    let found = places.into_iter().find(holds);
    found.unwrap_or_else(|| panic!("PostgreSQL is not installed: install the package postgresql"))
}

fn text_of(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
