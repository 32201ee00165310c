//! Connections that end, a server that stops, a server that says no: what the adapter tells, and that it recovers.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kitflik_core::{Commit, Durability, Storage, StorageError, Version};
use kitflik_http::postgres::{PostgresOptions, PostgresStorage};
use tokio_postgres::Client;

use super::{Database, absent, batch, put, row};

type Outcome = Result<Commit, StorageError>;

async fn insert(storage: &Arc<dyn Storage>, key: &str) -> Outcome {
    storage.commit(batch(vec![absent(key)], vec![put(key, "1")], Durability::Durable)).await
}

fn insert_later(storage: &Arc<dyn Storage>, key: &'static str) -> tokio::task::JoinHandle<Outcome> {
    let storage = Arc::clone(storage);
    tokio::spawn(async move { insert(&storage, key).await })
}

/// Commits until one is applied: what goes wrong before is only that connections are gone.
async fn recovered(storage: &Arc<dyn Storage>) -> Version {
    let mut seen = Vec::new();
    for attempt in 0..200 {
        match insert(storage, &format!("recovered/{attempt}")).await {
            Ok(Commit::Applied { version }) => return version,
            Err(error) if error.is_retryable() => seen.push(error),
            other => panic!("{other:?}"),
        }
        // A server that starts again takes a moment.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the adapter did not recover: {:?}", seen.last());
}

/// The processes of the adapters in the server.
async fn backends(admin: &Client) -> Vec<i32> {
    let rows = admin.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'kitflik'", &[]).await;
    rows.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn walwriter(admin: &Client) -> i32 {
    let found = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
    admin.query_one(found, &[]).await.unwrap().get(0)
}

fn signal(name: &str, processes: &[i32]) {
    let pids = processes.iter().map(i32::to_string);
    assert!(Command::new("kill").arg(format!("-{name}")).args(pids).status().unwrap().success());
}

const LOCK: &str = "BEGIN; LOCK TABLE kitflik IN ACCESS EXCLUSIVE MODE";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_cut_during_a_commit_is_indeterminate() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let admin = database.server.connect().await;
    admin.batch_execute(LOCK).await.unwrap();
    let cut = insert_later(&storage, "cut");
    database.waiting(&admin, 1).await;
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted", &[]).await.unwrap();
    match cut.await.unwrap() {
        Err(StorageError::Indeterminate { reason }) => assert!(reason.contains("57P01"), "{reason}"),
        other => panic!("{other:?}"),
    }
    admin.batch_execute("ROLLBACK").await.unwrap();
    recovered(&storage).await;
    assert_eq!(row(&storage, "cut").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_gone_is_unavailable_until_it_is_back() {
    let mut database = Database::start(&[]).await;
    let storage = database.open().await;
    insert(&storage, "before").await.unwrap();
    database.server.stop("INT");
    // The first may not have noticed yet.
    let first = insert(&storage, "first").await;
    assert!(first.as_ref().is_err_and(StorageError::is_retryable), "{first:?}");
    for _ in 0..2 {
        let refused = insert(&storage, "second").await;
        assert!(matches!(&refused, Err(StorageError::Unavailable { .. })), "{refused:?}");
    }
    let read = storage.read(vec![kitflik_core::Read::Get { key: "before".into() }]).await;
    assert!(matches!(&read, Err(StorageError::Unavailable { .. })), "{read:?}");
    database.server.resume();
    recovered(&storage).await;
    assert!(row(&storage, "before").await.is_some());
    assert_eq!(row(&storage, "second").await, None, "what was unavailable was not written");
}

/// Many commits while connections are cut again and again: what each was told is true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_is_true_while_connections_are_cut() {
    const TASKS: usize = 16;
    const EACH: usize = 40;
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let admin = database.server.connect().await;
    let writing: Vec<_> = (0..TASKS)
        .map(|task| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                let mut told = Vec::new();
                for number in 0..EACH {
                    let key = format!("{task:02}/{number:03}");
                    let outcome = insert(&storage, &key).await;
                    told.push((key, outcome));
                }
                told
            })
        })
        .collect();
    let mut cuts = 0;
    while !writing.iter().all(tokio::task::JoinHandle::is_finished) {
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kitflik' \
                   ORDER BY random() LIMIT 1";
        cuts += admin.execute(cut, &[]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    recovered(&storage).await;
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    for task in writing {
        for (key, outcome) in task.await.unwrap() {
            let there = row(&storage, &key).await.is_some();
            let (name, wanted) = match outcome {
                Ok(Commit::Applied { .. }) => ("applied", Some(true)),
                Err(StorageError::Unavailable { .. }) => ("unavailable", Some(false)),
                Err(StorageError::Indeterminate { .. }) => ("indeterminate", None),
                other => panic!("{key}: {other:?}"),
            };
            *tally.entry(name).or_default() += 1;
            assert!(wanted.is_none_or(|wanted| wanted == there), "{key}: {name}, and there: {there}");
        }
    }
    println!("{cuts} cuts: {tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_the_server_gave_up_was_not_applied() {
    let database = Database::start(&[]).await;
    let options = database.options().call_limit(Duration::from_millis(500));
    let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::open(options).await.unwrap());
    let admin = database.server.connect().await;
    admin.batch_execute(LOCK).await.unwrap();
    match insert(&storage, "slow").await {
        Err(StorageError::Unavailable { reason }) => assert!(reason.contains("57014"), "{reason}"),
        other => panic!("{other:?}"),
    }
    admin.batch_execute("ROLLBACK").await.unwrap();
    insert(&storage, "after").await.unwrap();
    assert_eq!(row(&storage, "slow").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_leaves_it_open() {
    let database = Database::start(&[]).await;
    let options = database.options().call_limit(Duration::from_millis(500));
    let storage: Arc<dyn Storage> = Arc::new(PostgresStorage::open(options).await.unwrap());
    let admin = database.server.connect().await;
    insert(&storage, "before").await.unwrap();
    // Connections that were not made yet would answer: all but one commit wait for the table.
    let frozen = backends(&admin).await;
    signal("STOP", &frozen);
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        outcomes.push(insert(&storage, "frozen").await);
    }
    signal("CONT", &frozen);
    let unanswered = |outcome: &Outcome| matches!(outcome, Err(StorageError::Indeterminate { .. }));
    assert!(outcomes.iter().any(unanswered), "{outcomes:?}");
    recovered(&storage).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_refuses_is_told_for_what_it_is() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let admin = database.server.connect().await;
    let trigger = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF new.key LIKE 'refuse/%' THEN
                RAISE EXCEPTION 'as the test wants it' USING ERRCODE = substr(new.key, 8);
            END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON kitflik FOR EACH ROW EXECUTE FUNCTION refuse()";
    admin.batch_execute(trigger).await.unwrap();
    for code in ["40001", "40P01"] {
        let key = format!("refuse/{code}");
        assert_eq!(insert(&storage, &key).await, Ok(Commit::Conflict { key }));
    }
    let full = insert(&storage, "refuse/53100").await;
    assert!(
        matches!(&full, Err(StorageError::Unavailable { reason }) if reason.contains("53100")),
        "{full:?}"
    );
    let damaged = insert(&storage, "refuse/XX001").await;
    assert!(matches!(&damaged, Err(StorageError::Corrupt { .. })), "{damaged:?}");
    let open = insert(&storage, "refuse/40003").await;
    assert!(matches!(&open, Err(StorageError::Indeterminate { .. })), "{open:?}");
    insert(&storage, "welcome").await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_reached_is_named_without_the_password() {
    let database = Database::start(&[]).await;
    let good = database.server.url();
    let with_password = good.replace("kitflik@", "kitflik:hunter2@");
    for (url, why) in [
        (with_password.replace("/postgres", "/nowhere"), "\"nowhere\" does not exist"),
        (with_password.replace("postgres/", "no-such-directory/"), "No such file"),
        ("postgres://kitflik:hunter2@127.0.0.1:1/x".to_owned(), "refused"),
    ] {
        let options: PostgresOptions = url.parse().unwrap();
        let shown = format!("{options} {options:?}");
        let error = PostgresStorage::open(options).await.unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("cannot connect to PostgreSQL at "), "{error}");
        assert!(!error.contains("hunter2") && !shown.contains("hunter2"), "{error} {shown}");
    }
}

/// What an acknowledgement promises. The process that would flush by and by is stopped, so only commits do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_batch_flushes_what_was_relaxed_before_it() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let admin = database.server.connect().await;
    let flusher = [walwriter(&admin).await];
    signal("STOP", &flusher);
    let commit = async |checks, writes, durability| {
        let outcome = storage.commit(batch(checks, writes, durability)).await;
        assert!(matches!(outcome, Ok(Commit::Applied { .. })), "{outcome:?}");
    };
    let end_of_log = async || -> String {
        admin.query_one("SELECT pg_current_wal_insert_lsn()::text", &[]).await.unwrap().get(0)
    };
    let is_flushed = async |end: &String| -> bool {
        let sql = "SELECT pg_current_wal_flush_lsn() >= $1::text::pg_lsn";
        admin.query_one(sql, &[end]).await.unwrap().get(0)
    };

    for (what, durable) in [
        ("an empty batch", batch(vec![], vec![], Durability::Durable)),
        ("a batch that only checks", batch(vec![absent("nobody")], vec![], Durability::Durable)),
        ("a delete of nothing", batch(vec![], vec![super::delete("nobody")], Durability::Durable)),
        ("a put", batch(vec![], vec![put("durable", "1")], Durability::Durable)),
    ] {
        commit(vec![], vec![put("relaxed", what)], Durability::Relaxed).await;
        let end = end_of_log().await;
        assert!(!is_flushed(&end).await, "before {what}: a relaxed batch waits for nobody");
        commit(durable.checks, durable.writes, durable.durability).await;
        assert!(is_flushed(&end).await, "{what} is durable, and so is what was before it");
    }
    signal("CONT", &flusher);
}

/// The server crashes before a relaxed batch is on disk: the batch is gone, and its version never comes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_takes_back_relaxed_batches_and_not_their_versions() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let admin = database.server.connect().await;
    insert(&storage, "kept").await.unwrap();
    let flusher = [walwriter(&admin).await];
    signal("STOP", &flusher);
    let mut lost = Version(0);
    // More than a sequence writes to the log ahead.
    for _ in 0..100 {
        let applied = storage.commit(batch(vec![], vec![put("lost", "1")], Durability::Relaxed)).await;
        let Ok(Commit::Applied { version }) = applied else { panic!("{applied:?}") };
        lost = version;
    }
    // To PostgreSQL the end of any of its processes is a crash: it ends all others, and recovers.
    signal("KILL", &flusher);
    // Once it has noticed, nobody gets in until all are gone and it has recovered.
    while admin.query_one("SELECT 1", &[]).await.is_ok() {}
    database.server.connect().await;
    let next = recovered(&storage).await;
    assert!(row(&storage, "kept").await.is_some(), "it was durable");
    assert_eq!(row(&storage, "lost").await, None, "nobody had flushed it");
    assert!(next > lost, "{next} was given after {lost} was lost");
}
