//! Two adapters, as two processes have them, on the same keys at the same time.

use std::sync::Arc;

use kitflik_core::{Batch, Check, Commit, Durability, Read, Row, Storage, Version, Write};

use super::{Database, absent, batch, both, delete, put, row};

const ROUNDS: usize = 200;

fn is_applied(outcome: &Commit) -> bool {
    matches!(outcome, Commit::Applied { .. })
}

async fn commit(storage: &Arc<dyn Storage>, checks: Vec<Check>, writes: Vec<Write>) -> Commit {
    storage.commit(batch(checks, writes, Durability::Relaxed)).await.unwrap()
}

async fn version(storage: &Arc<dyn Storage>, key: &str) -> Version {
    row(storage, key).await.map(|row| row.version).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_processes_gets_the_seat() {
    let database = Database::start(&[]).await;
    let two = [database.open().await, database.open().await];
    for round in 0..ROUNDS {
        let key = format!("seat/{round:04}");
        let take = |who: usize| commit(&two[who], vec![absent(&key)], vec![put(&key, &who.to_string())]);
        let (first, second) = both(take(0), take(1)).await;
        assert!(is_applied(&first) != is_applied(&second), "{key}: {first:?} and {second:?}");
        let winner = usize::from(is_applied(&second));
        assert_eq!(row(&two[0], &key).await.unwrap().value, winner.to_string().as_bytes(), "{key}");
    }
}

/// Each checks what the other writes, and writes something else: only one decision can stand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_only_checked_does_not_change_meanwhile() {
    let database = Database::start(&[]).await;
    let two = [database.open().await, database.open().await];
    for round in 0..ROUNDS {
        let [a, b] = ["a", "b"].map(|name| format!("skew/{round:04}/{name}"));
        commit(&two[0], vec![], vec![put(&a, "0"), put(&b, "0")]).await;
        let seen = version(&two[0], &a).await;
        let checks = || {
            let check = |key: &String| Check::Version { key: key.clone(), version: seen };
            vec![check(&a), check(&b)]
        };
        let (first, second) = both(
            commit(&two[0], checks(), vec![put(&a, "1")]),
            commit(&two[1], checks(), vec![put(&b, "1")]),
        )
        .await;
        assert!(is_applied(&first) != is_applied(&second), "round {round}: {first:?} and {second:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_checked_to_be_absent_does_not_appear_meanwhile() {
    let database = Database::start(&[]).await;
    let two = [database.open().await, database.open().await];
    for round in 0..ROUNDS {
        let [a, b] = ["a", "b"].map(|name| format!("phantom/{round:04}/{name}"));
        let (first, second) = both(
            commit(&two[0], vec![absent(&a)], vec![put(&b, "1")]),
            commit(&two[1], vec![absent(&b)], vec![put(&a, "1")]),
        )
        .await;
        assert!(is_applied(&first) != is_applied(&second), "round {round}: {first:?} and {second:?}");
    }
}

/// Locks are taken in one order, whatever order the batches are in: nobody looks for a deadlock here, so one
/// would end in an error of the time limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_overlap_never_wait_for_each_other_in_a_circle() {
    let database = Database::start(&["deadlock_timeout=1min"]).await;
    let two = [database.open().await, database.open().await];
    let names: Vec<String> = (0..40).map(|number| format!("ring/{number:02}")).collect();
    let work = |who: usize| {
        let storage = Arc::clone(&two[who % 2]);
        let names = names.clone();
        tokio::spawn(async move {
            let mut random = fastrand::Rng::with_seed(who as u64);
            for round in 0..ROUNDS {
                let mut mine = names.clone();
                random.shuffle(&mut mine);
                let value = format!("{who}/{round}");
                let write =
                    |(at, key): (usize, &String)| if at == 0 { delete(key) } else { put(key, &value) };
                let writes = mine[..20].iter().enumerate().map(write).collect();
                assert!(is_applied(&commit(&storage, vec![], writes).await));
            }
        })
    };
    for working in [0, 1, 2, 3].map(work) {
        working.await.unwrap();
    }
}

/// Four tasks of two processes count; the version of the row rises with every write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_increment_of_two_processes_is_lost() {
    const EACH: u64 = 50;
    let database = Database::start(&[]).await;
    let two = [database.open().await, database.open().await];
    commit(&two[0], vec![], vec![put("count", "0")]).await;
    let count = |who: usize| {
        let storage = Arc::clone(&two[who % 2]);
        tokio::spawn(async move {
            let (mut added, mut last) = (0, Version(0));
            while added < EACH {
                let Row { value, version, key } = row(&storage, "count").await.unwrap();
                assert!(last <= version, "{version} was read after {last}");
                let next = String::from_utf8(value).unwrap().parse::<u64>().unwrap() + 1;
                let check = Check::Version { key, version };
                last = version;
                if let Commit::Applied { version } =
                    commit(&storage, vec![check], vec![put("count", &next.to_string())]).await
                {
                    assert!(last < version, "{version} was given after {last}");
                    added += 1;
                    last = version;
                }
            }
        })
    };
    for counter in [0, 1, 2, 3].map(count) {
        counter.await.unwrap();
    }
    assert_eq!(row(&two[1], "count").await.unwrap().value, (4 * EACH).to_string().as_bytes());
}

/// One call of the function for all of them: what the earlier ones did is seen, and who loses loses alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_batches_see_each_other_and_fail_alone() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    let admin = database.server.connect().await;
    // Both writers wait at the table, so what comes meanwhile is merged.
    admin.batch_execute("BEGIN; LOCK TABLE kitflik IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let send = |checks: Vec<Check>, writes: Vec<Write>| {
        let storage = Arc::clone(&storage);
        tokio::spawn(async move { commit(&storage, checks, writes).await })
    };
    let mut plugs = Vec::new();
    for plug in 1..=2 {
        plugs.push(send(vec![], vec![put(&format!("plug{plug}"), "1")]));
        database.waiting(&admin, plug).await;
    }
    let mut sent = Vec::new();
    for number in 0..40 {
        let (seat, alone) = ("seat".to_owned(), format!("alone/{number:02}"));
        sent.push(send(vec![absent(&seat)], vec![put(&seat, &number.to_string()), put(&alone, "1")]));
        sent.push(send(vec![], vec![put(&format!("free/{number:02}"), "1")]));
    }
    tokio::task::yield_now().await;
    admin.batch_execute("COMMIT").await.unwrap();
    for plug in plugs {
        assert!(is_applied(&plug.await.unwrap()));
    }
    let mut winners = 0;
    for (place, outcome) in sent.into_iter().enumerate() {
        match outcome.await.unwrap() {
            Commit::Applied { .. } => winners += usize::from(place % 2 == 0),
            conflict => assert_eq!((place % 2, conflict), (0, Commit::Conflict { key: "seat".to_owned() })),
        }
    }
    assert_eq!(winners, 1);
    let all = Read::Scan { start: "alone/".into(), end: "alone0".into(), limit: 100, reverse: false };
    assert_eq!(storage.read(vec![all]).await.unwrap()[0].len(), 1, "of the losers nothing was written");
}

/// A caller who goes away leaves the whole batch or nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_commit_is_whole_or_nothing() {
    let database = Database::start(&[]).await;
    let storage = database.open().await;
    for round in 0..ROUNDS {
        let writes = vec![put(&format!("drop/{round:04}/a"), "1"), put(&format!("drop/{round:04}/b"), "1")];
        let dropped = Batch { checks: vec![], writes, durability: Durability::Relaxed };
        tokio::select! {
            biased;
            _ = storage.commit(dropped) => {}
            () = async { for _ in 0..round % 5 { tokio::task::yield_now().await } } => {}
        }
    }
    // What was sent before is done before this is answered, or is not done at all.
    commit(&storage, vec![], vec![put("last", "1")]).await;
    let all = Read::Scan { start: "drop/".into(), end: "drop0".into(), limit: 1000, reverse: false };
    let rows = storage.read(vec![all]).await.unwrap().remove(0);
    let round = |row: &Row| row.key[..9].to_owned();
    let mut pairs = rows.chunks_exact(2);
    assert!(pairs.by_ref().all(|pair| round(&pair[0]) == round(&pair[1])));
    assert!(pairs.remainder().is_empty(), "half a batch: {:?}", pairs.remainder());
}
