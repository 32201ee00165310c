//! Single rows: what is put is read.

use crate::limits;
use crate::ports::storage::{Batch, Commit, Durability, Write};

use super::{Bench, Outcome, ensure, equal, text};

pub(super) async fn a_missing_key_has_no_row(bench: &Bench) -> Outcome {
    equal("the row", bench.row("missing").await?, None)
}

pub(super) async fn a_row_comes_back_as_it_was_put(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", r#"{"title":"Ж ✓"}"#)]).await?;
    let row = bench.row("a").await?.ok_or("the row is missing")?;
    equal("the key", &row.key, &bench.key("a"))?;
    equal("the value", text(&row).as_str(), r#"{"title":"Ж ✓"}"#)
}

pub(super) async fn a_put_replaces_the_whole_value(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", "a long first value")]).await?;
    bench.write(vec![bench.put("a", "short")]).await?;
    equal("the value", bench.value("a").await?.as_deref(), Some("short"))
}

pub(super) async fn a_deleted_row_is_gone(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", "1"), bench.put("b", "2")]).await?;
    bench.write(vec![bench.delete("a")]).await?;
    equal("the deleted row", bench.row("a").await?, None)?;
    equal("the other rows", bench.names(bench.scan_all()).await?, vec!["b".to_owned()])
}

pub(super) async fn deleting_nothing_is_no_error(bench: &Bench) -> Outcome {
    bench.write(vec![bench.delete("missing"), bench.put("a", "1")]).await?;
    equal("the value beside it", bench.value("a").await?.as_deref(), Some("1"))
}

pub(super) async fn a_value_may_hold_any_bytes(bench: &Bench) -> Outcome {
    let value: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    bench.write(vec![Write::Put { key: bench.key("a"), value: value.clone() }]).await?;
    bench.write(vec![Write::Put { key: bench.key("zero"), value: vec![0] }]).await?;
    equal("the value", bench.row("a").await?.map(|row| row.value), Some(value))?;
    equal("a value of one zero", bench.row("zero").await?.map(|row| row.value), Some(vec![0]))
}

pub(super) async fn reads_are_answered_in_the_order_asked(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", "1"), bench.put("b", "2")]).await?;
    let reads = vec![
        bench.get("b"),
        bench.get("missing"),
        bench.scan("a", "c", 10, true),
        bench.get("a"),
        bench.get("b"),
        bench.scan("x", "z", 10, false),
    ];
    let answers = bench.read(reads).await?;
    let values: Vec<Vec<String>> = answers.iter().map(|rows| rows.iter().map(text).collect()).collect();
    equal("the answers", values, [&["2"][..], &[], &["2", "1"], &["1"], &["2"], &[]].map(owned).to_vec())?;
    equal("no question, no answer", bench.read(Vec::new()).await?.len(), 0)
}

pub(super) async fn the_version_applied_is_the_version_read(bench: &Bench) -> Outcome {
    let first = bench.write(vec![bench.put("a", "1")]).await?;
    equal("the version after a put", bench.row("a").await?.map(|row| row.version), Some(first))?;
    let second = bench.write(vec![bench.put("a", "2")]).await?;
    equal("the version after a second", bench.row("a").await?.map(|row| row.version), Some(second))?;
    let scanned = bench.rows(bench.scan_all()).await?;
    equal("the version in a scan", scanned.first().map(|row| row.version), Some(second))
}

pub(super) async fn one_batch_gives_all_its_rows_one_version(bench: &Bench) -> Outcome {
    let other = bench.write(vec![bench.put("other", "0")]).await?;
    let version = bench.write(vec![bench.put("a", "1"), bench.put("b", "2"), bench.delete("c")]).await?;
    let versions: Vec<_> = bench.rows(bench.scan_all()).await?.iter().map(|row| row.version).collect();
    equal("the versions of a, b and a row beside them", versions, vec![version, version, other])
}

pub(super) async fn versions_never_repeat_for_a_key(bench: &Bench) -> Outcome {
    let mut seen = Vec::new();
    for round in 0..8 {
        seen.push(bench.write(vec![bench.put("a", "same value")]).await?);
        if round % 2 == 0 {
            bench.write(vec![bench.delete("a")]).await?;
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    equal("the number of different versions", seen.len(), count)
}

pub(super) async fn versions_stay_exact_in_javascript(bench: &Bench) -> Outcome {
    for _ in 0..4 {
        let version = bench.write(vec![bench.put("a", "1")]).await?;
        ensure(version.0 < limits::MAX_VERSION, || format!("version {version} is 2^53 or more"))?;
    }
    Ok(())
}

pub(super) async fn an_acknowledged_write_is_read(bench: &Bench) -> Outcome {
    for round in 0..16 {
        let value = round.to_string();
        let durability = if round % 2 == 0 { Durability::Relaxed } else { Durability::Durable };
        let batch = Batch { checks: Vec::new(), writes: vec![bench.put("a", &value)], durability };
        bench.storage.commit(batch).await.map_err(|error| error.to_string())?;
        equal("the value right after the acknowledgement", bench.value("a").await?, Some(value))?;
    }
    Ok(())
}

pub(super) async fn relaxed_and_durable_batches_keep_their_order(bench: &Bench) -> Outcome {
    let mut last = None;
    for round in 0..12 {
        let durability = if round % 3 == 2 { Durability::Durable } else { Durability::Relaxed };
        let checks = last.map(|version| bench.version("a", version)).into_iter().collect();
        let batch = Batch { checks, writes: vec![bench.put("a", &round.to_string())], durability };
        match bench.storage.commit(batch).await.map_err(|error| error.to_string())? {
            Commit::Applied { version } => last = Some(version),
            conflict @ Commit::Conflict { .. } => return Err(format!("round {round} ended in {conflict:?}")),
        }
    }
    equal("the last value", bench.value("a").await?.as_deref(), Some("11"))
}

pub(super) async fn a_batch_without_writes_is_applied(bench: &Bench) -> Outcome {
    let version = bench.write(vec![bench.put("a", "1")]).await?;
    let empty = Batch { checks: Vec::new(), writes: Vec::new(), durability: Durability::Durable };
    let outcome = bench.storage.commit(empty).await.map_err(|error| error.to_string())?;
    ensure(matches!(outcome, Commit::Applied { .. }), || format!("an empty batch ended in {outcome:?}"))?;
    bench.apply(vec![bench.version("a", version), bench.absent("b")], Vec::new()).await?;
    bench.conflict(vec![bench.absent("a")], Vec::new(), "a").await?;
    equal(
        "the version of a row that was only checked",
        bench.row("a").await?.map(|row| row.version),
        Some(version),
    )
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}
