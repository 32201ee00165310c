//! Many calls at once. They are futures of one task: every storage that yields lets them interleave, and
//! the cases yield between a read and the commit that it leads to.

use futures_util::future::{join_all, try_join, try_join_all};

use crate::ports::storage::{Check, Commit, Durability};

use super::super::broken_storage::yield_now;
use super::{Bench, Outcome, ensure, equal, text};

const CONTENDERS: usize = 24;
const ROUNDS: usize = 5;
const WATCHERS: usize = 6;
const WATCHED_ROUNDS: usize = 20;

pub(super) async fn one_of_many_inserts_wins(bench: &Bench) -> Outcome {
    let insert = |contender: usize| async move {
        yield_now().await;
        bench.commit(vec![bench.absent("seat")], vec![bench.put("seat", &contender.to_string())]).await
    };
    let outcomes = try_join_all((0..CONTENDERS).map(insert)).await?;
    let winners: Vec<usize> = (0..CONTENDERS).filter(|&who| is_applied(&outcomes[who])).collect();
    equal("the number of winners", winners.len(), 1)?;
    equal("the seat", bench.value("seat").await?, Some(winners[0].to_string()))
}

pub(super) async fn no_increment_is_lost(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("count", "0")]).await?;
    let contend = |contender: usize| async move {
        let mut added = 0;
        // Each lost race is one that another contender won: there cannot be more of them than increments.
        for _attempt in 0..=CONTENDERS * ROUNDS {
            if added == ROUNDS {
                break;
            }
            let row = bench.row("count").await?.ok_or("the count is missing")?;
            let count: usize = text(&row).parse().map_err(|_| format!("the count is {:?}", text(&row)))?;
            yield_now().await;
            let durability =
                if contender.is_multiple_of(2) { Durability::Durable } else { Durability::Relaxed };
            let checks = vec![bench.version("count", row.version)];
            let writes = vec![bench.put("count", &(count + 1).to_string())];
            let batch = crate::Batch { checks, writes, durability };
            let outcome = bench.storage.commit(batch).await.map_err(|error| error.to_string())?;
            added += usize::from(is_applied(&outcome));
        }
        Ok::<(), String>(())
    };
    try_join_all((0..CONTENDERS).map(contend)).await?;
    equal("the count", bench.value("count").await?, Some((CONTENDERS * ROUNDS).to_string()))
}

pub(super) async fn a_batch_is_seen_whole_or_not_at_all(bench: &Bench) -> Outcome {
    let contend = |who: usize| async move {
        for round in 0..WATCHED_ROUNDS {
            let value = format!("{who}.{round}");
            let write = bench.write((0..8).map(|row| bench.put(&format!("r{row}"), &value)).collect());
            let watch = async {
                let rows = bench.rows(bench.scan_all()).await?;
                let torn = rows.iter().any(|row| row.value != rows[0].value);
                ensure(!torn && matches!(rows.len(), 0 | 8), || {
                    format!("a scan saw a part of a batch: {:?}", rows.iter().map(text).collect::<Vec<_>>())
                })
            };
            // Each read runs beside a write, however long either of them takes.
            try_join(write, watch).await?;
            yield_now().await;
        }
        Ok::<(), String>(())
    };
    try_join_all((0..WATCHERS).map(contend)).await.map(|_| ())
}

pub(super) async fn all_reads_of_a_call_see_one_snapshot(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", "start"), bench.put("z", "start")]).await?;
    let contend = |who: usize| async move {
        for round in 0..WATCHED_ROUNDS {
            let value = format!("{who}.{round}");
            let write = bench.write(vec![bench.put("a", &value), bench.put("z", &value)]);
            let watch = async {
                let reads =
                    vec![bench.get("a"), bench.scan("b", "zz", 5, true), bench.get("a"), bench.get("z")];
                let answers = bench.read(reads).await?;
                let seen: Vec<String> = answers.iter().flatten().map(text).collect();
                ensure(seen.len() == 4 && seen.iter().all(|value| *value == seen[0]), || {
                    format!("rows that always change together were read as {seen:?}")
                })
            };
            try_join(write, watch).await?;
            yield_now().await;
        }
        Ok::<(), String>(())
    };
    try_join_all((0..WATCHERS).map(contend)).await.map(|_| ())
}

pub(super) async fn overlapping_batches_take_all_or_nothing(bench: &Bench) -> Outcome {
    // Everybody wants three neighbouring seats in a ring of CONTENDERS.
    let wanted = |who: usize| (0..3).map(move |seat| format!("seat{:02}", (who + seat) % CONTENDERS));
    let take = |who: usize| async move {
        yield_now().await;
        let checks: Vec<Check> = wanted(who).map(|seat| bench.absent(&seat)).collect();
        bench.commit(checks, wanted(who).map(|seat| bench.put(&seat, &who.to_string())).collect()).await
    };
    let outcomes = try_join_all((0..CONTENDERS).map(take)).await?;
    let mut expected = Vec::new();
    for who in (0..CONTENDERS).filter(|&who| is_applied(&outcomes[who])) {
        expected.extend(wanted(who).map(|seat| (seat, who.to_string())));
    }
    expected.sort();
    ensure(!expected.is_empty(), || "nobody got a seat".to_owned())?;
    let rows = bench.rows(bench.scan_all()).await?;
    let found = rows.iter().map(|row| (row.key.replace(&bench.prefix, ""), text(row))).collect();
    equal("who has which seat", found, expected)
}

pub(super) async fn versions_never_repeat_in_a_race(bench: &Bench) -> Outcome {
    let rewrite = |who: usize| async move {
        let name = format!("r{who}");
        let mut last = bench.write(vec![bench.put(&name, "0")]).await?;
        for _ in 0..ROUNDS {
            let next = bench.write(vec![bench.put(&name, "1")]).await?;
            ensure(next != last, || format!("two writes of one key have version {next}"))?;
            last = next;
        }
        Ok::<(), String>(())
    };
    join_all((0..CONTENDERS).map(rewrite)).await.into_iter().collect()
}

fn is_applied(outcome: &Commit) -> bool {
    matches!(outcome, Commit::Applied { .. })
}
