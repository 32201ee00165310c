//! The classic way: a table of seats and one of bookings, two transactions for each booking.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls, Statement};

use crate::jobs::{CLIENTS, Job, Jobs};
use crate::measure::Peer;

/// Who runs PostgreSQL when root asks for it: it refuses to run as root.
const UNPRIVILEGED: &str = "postgres";

const SCHEMA: &str = "
    DROP TABLE IF EXISTS seats, bookings;
    CREATE TABLE seats (
        show int NOT NULL, seat int NOT NULL, status text NOT NULL DEFAULT 'free', booking bigint,
        PRIMARY KEY (show, seat));
    CREATE TABLE bookings (
        id bigint PRIMARY KEY, show int NOT NULL, status text NOT NULL, total_minor bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(), until timestamptz NOT NULL);";

/// A server of our own: in a new directory, on a socket in it, with PostgreSQL's own settings for durability.
pub(crate) struct Server {
    process: Child,
    directory: PathBuf,
}

impl Server {
    pub(crate) fn start(parent: &Path) -> Self {
        let (directory, data) = (parent.join("postgres"), parent.join("postgres/data"));
        std::fs::create_dir(&directory).unwrap();
        let is_root = text_of(Command::new("id").arg("-u")) == "0";
        if is_root {
            run(Command::new("chmod").arg("755").arg(parent));
            run(Command::new("chown").arg(UNPRIVILEGED).arg(&directory));
        }
        let program = |name: &str| {
            let path = bin().join(name);
            if !is_root {
                return Command::new(path);
            }
            let mut command = Command::new("setpriv");
            command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--init-groups"]).arg(path);
            command
        };
        let mut initdb = program("initdb");
        initdb.current_dir(&directory).args(["--auth=trust", "--username=kitflik", "--encoding=UTF8", "-D"]);
        run(initdb.arg(&data).stdout(Stdio::null()));
        let mut postgres = program("postgres");
        postgres.current_dir(&directory).arg("-D").arg(&data).arg("-k").arg(&directory);
        for setting in ["listen_addresses=", "fsync=on", "synchronous_commit=on", "shared_buffers=256MB"] {
            postgres.args(["-c", setting]);
        }
        let process = postgres.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Self { process, directory }
    }

    /// A connection; the server may take a moment to start.
    async fn connect(&self) -> Client {
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
        // `setpriv` became the server, so this is its process. SIGINT is its quick and clean end.
        let stopped = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _it_may_have_ended = self.process.kill();
        }
        let _ended = self.process.wait();
    }
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
    found
        .unwrap_or_else(|| panic!("no PostgreSQL found: install it, or leave it out with --only sled,memory"))
}

fn text_of(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// Whether a hold waits for stable media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Durable,
    Relaxed,
}

/// New shows, and a connection with prepared statements for each client.
pub(crate) struct Database {
    clients: Vec<Connection>,
    begin_hold: &'static str,
    next_booking: AtomicI64,
}

struct Connection {
    client: Client,
    hold_seats: Statement,
    insert_booking: Statement,
    sell_seats: Statement,
    confirm_booking: Statement,
}

impl Database {
    pub(crate) async fn fill(server: &Server, jobs: &Jobs, holds: Holds) -> Self {
        let admin = server.connect().await;
        let (shows, seats) = (jobs.shows, jobs.hall.seats());
        let fill = format!(
            "INSERT INTO seats SELECT show, seat FROM generate_series(0, {shows} - 1) show, \
             generate_series(0, {seats} - 1) seat"
        );
        for sql in [SCHEMA, fill.as_str(), "VACUUM ANALYZE", "CHECKPOINT"] {
            admin.batch_execute(sql).await.unwrap();
        }
        let mut clients = Vec::with_capacity(CLIENTS);
        for _ in 0..CLIENTS {
            clients.push(Connection::new(server.connect().await).await);
        }
        let begin_hold = match holds {
            Holds::Durable => "BEGIN",
            Holds::Relaxed => "BEGIN; SET LOCAL synchronous_commit = off",
        };
        Self { clients, begin_hold, next_booking: AtomicI64::new(1) }
    }
}

impl Connection {
    async fn new(client: Client) -> Self {
        let prepare = |sql| client.prepare(sql);
        let hold_seats = "UPDATE seats SET status = 'held', booking = $1 \
                          WHERE show = $2 AND seat IN ($3, $4) AND status = 'free'";
        let insert_booking = "INSERT INTO bookings (id, show, status, total_minor, until) \
                              VALUES ($1, $2, 'held', 2450, now() + interval '10 minutes')";
        let sell_seats = "UPDATE seats SET status = 'sold' WHERE show = $2 AND seat IN ($3, $4) \
                          AND booking = $1 AND status = 'held'";
        let confirm_booking = "UPDATE bookings SET status = 'confirmed' WHERE id = $1 AND status = 'held' \
                               AND until > now()";
        Self {
            hold_seats: prepare(hold_seats).await.unwrap(),
            insert_booking: prepare(insert_booking).await.unwrap(),
            sell_seats: prepare(sell_seats).await.unwrap(),
            confirm_booking: prepare(confirm_booking).await.unwrap(),
            client,
        }
    }
}

impl Peer for Database {
    type Held = (i64, Job);

    async fn hold(&self, client: usize, job: Job) -> Self::Held {
        let Connection { client, hold_seats, insert_booking, .. } = &self.clients[client];
        let (show, seat, booking) = numbers(job, self.next_booking.fetch_add(1, Ordering::Relaxed));
        client.batch_execute(self.begin_hold).await.unwrap();
        let taken = client.execute(hold_seats, &[&booking, &show, &seat, &(seat + 1)]).await.unwrap();
        assert_eq!(taken, 2, "the seats are free");
        client.execute(insert_booking, &[&booking, &show]).await.unwrap();
        client.batch_execute("COMMIT").await.unwrap();
        (booking, job)
    }

    async fn confirm(&self, client: usize, (booking, job): Self::Held) {
        let Connection { client, sell_seats, confirm_booking, .. } = &self.clients[client];
        let (show, seat, booking) = numbers(job, booking);
        client.batch_execute("BEGIN").await.unwrap();
        let sold = client.execute(sell_seats, &[&booking, &show, &seat, &(seat + 1)]).await.unwrap();
        assert_eq!(sold, 2, "the seats are held");
        let confirmed = client.execute(confirm_booking, &[&booking]).await.unwrap();
        assert_eq!(confirmed, 1, "the hold lives");
        client.batch_execute("COMMIT").await.unwrap();
    }
}

fn numbers(job: Job, booking: i64) -> (i32, i32, i64) {
    (i32::try_from(job.show).unwrap(), i32::try_from(job.first_seat).unwrap(), booking)
}
