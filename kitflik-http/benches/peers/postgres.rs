//! The classic way: a table of seats and one of bookings, two transactions for each booking.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio_postgres::{Client, Statement};

use crate::jobs::{CLIENTS, Job, Jobs};
use crate::measure::Peer;
use crate::postgres_support::Server;

const SCHEMA: &str = "
    DROP TABLE IF EXISTS seats, bookings;
    CREATE TABLE seats (
        show int NOT NULL, seat int NOT NULL, status text NOT NULL DEFAULT 'free', booking bigint,
        PRIMARY KEY (show, seat));
    CREATE TABLE bookings (
        id bigint PRIMARY KEY, show int NOT NULL, status text NOT NULL, total_minor bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(), until timestamptz NOT NULL);";

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
