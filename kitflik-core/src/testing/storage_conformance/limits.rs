//! Bounds: what is allowed works, one more of anything is refused.

use crate::limits::{
    MAX_BATCH_BYTES, MAX_BATCH_CHECKS, MAX_BATCH_WRITES, MAX_KEY_BYTES, MAX_READS, MAX_SCAN_ROWS,
    MAX_VALUE_BYTES,
};
use crate::ports::storage::{Read, StorageError, Write};

use super::{Bench, Outcome, equal};

pub(super) async fn the_longest_key_works(bench: &Bench) -> Outcome {
    let name = long_name(bench, MAX_KEY_BYTES);
    let sibling = format!("{}y", &name[..name.len() - 1]);
    bench.apply(vec![bench.absent(&name)], vec![bench.put(&name, "1"), bench.put(&sibling, "2")]).await?;
    equal("the value", bench.value(&name).await?.as_deref(), Some("1"))?;
    equal("the names", bench.names(bench.scan_all()).await?, vec![name, sibling])
}

pub(super) async fn the_largest_value_works(bench: &Bench) -> Outcome {
    let write = value(bench, "a", MAX_VALUE_BYTES);
    bench.write(vec![write.clone()]).await?;
    let row = bench.row("a").await?.ok_or("the row is missing")?;
    equal("the row", Write::Put { key: row.key, value: row.value }, write)
}

pub(super) async fn the_largest_batch_works(bench: &Bench) -> Outcome {
    let writes = batch_of(bench, MAX_BATCH_BYTES);
    bench.write(writes.clone()).await?;
    let rows = bench.rows(bench.scan_all()).await?;
    let found = rows.into_iter().map(|row| Write::Put { key: row.key, value: row.value }).collect();
    equal("the rows", found, writes)
}

pub(super) async fn the_most_writes_and_checks_work(bench: &Bench) -> Outcome {
    let names: Vec<String> = (0..MAX_BATCH_WRITES).map(|index| format!("{index:04}")).collect();
    let checks = (0..MAX_BATCH_CHECKS).map(|index| bench.absent(&format!("{index:04}"))).collect();
    bench.apply(checks, names.iter().map(|name| bench.put(name, "1")).collect()).await?;
    equal("the rows", bench.names(bench.scan_all()).await?, names)
}

pub(super) async fn the_most_reads_work(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", "1")]).await?;
    let answers = bench.read((0..MAX_READS).map(|_| bench.get("a")).collect()).await?;
    equal("answers with the row", answers.iter().filter(|rows| rows.len() == 1).count(), MAX_READS)
}

pub(super) async fn a_longer_key_is_refused(bench: &Bench) -> Outcome {
    let name = long_name(bench, MAX_KEY_BYTES + 1);
    bench.refused("a put of a longer key", vec![], vec![bench.put("a", "1"), bench.put(&name, "1")]).await?;
    bench.refused("a delete of a longer key", vec![], vec![bench.put("a", "1"), bench.delete(&name)]).await?;
    bench.refused("a check of a longer key", vec![bench.absent(&name)], vec![bench.put("a", "1")]).await?;
    read_refused(bench, "a get of a longer key", bench.get(&name)).await?;
    read_refused(bench, "a scan from a longer key", bench.scan(&name, "z", 1, false)).await
}

pub(super) async fn a_malformed_key_is_refused(bench: &Bench) -> Outcome {
    for bad in [" ", "a b", "\n", "\u{7f}", "\0", "é"] {
        let what = format!("the key {bad:?}");
        bench.refused(&what, vec![], vec![bench.put("a", "1"), bench.put(bad, "1")]).await?;
        read_refused(bench, &what, bench.get(bad)).await?;
    }
    let nameless = Write::Put { key: String::new(), value: vec![b'1'] };
    bench.refused("an empty key", vec![], vec![bench.put("a", "1"), nameless]).await?;
    read_refused(bench, "an empty key", Read::Get { key: String::new() }).await
}

pub(super) async fn a_larger_value_is_refused(bench: &Bench) -> Outcome {
    let writes = vec![bench.put("a", "1"), value(bench, "b", MAX_VALUE_BYTES + 1)];
    bench.refused("a value of one byte more", vec![], writes).await
}

pub(super) async fn an_empty_value_is_refused(bench: &Bench) -> Outcome {
    bench.refused("an empty value", vec![], vec![bench.put("a", "1"), bench.put("b", "")]).await
}

pub(super) async fn a_larger_batch_is_refused(bench: &Bench) -> Outcome {
    bench.refused("a batch of one byte more", vec![], batch_of(bench, MAX_BATCH_BYTES + 1)).await?;
    let mut keys = batch_of(bench, MAX_BATCH_BYTES);
    keys.push(bench.delete("one more"));
    bench.refused("a largest batch and a delete", vec![], keys).await?;
    let writes = batch_of(bench, MAX_BATCH_BYTES);
    bench.refused("a largest batch and a check", vec![bench.absent("x")], writes).await
}

pub(super) async fn more_writes_or_checks_are_refused(bench: &Bench) -> Outcome {
    let writes = (0..=MAX_BATCH_WRITES).map(|index| bench.put(&format!("{index:04}"), "1")).collect();
    bench.refused("one more write", vec![], writes).await?;
    let deletes = (0..=MAX_BATCH_WRITES).map(|index| bench.delete(&format!("{index:04}"))).collect();
    bench.refused("one more delete", vec![], deletes).await?;
    let checks = (0..=MAX_BATCH_CHECKS).map(|index| bench.absent(&format!("{index:04}"))).collect();
    bench.refused("one more check", checks, vec![bench.put("a", "1")]).await
}

pub(super) async fn more_reads_are_refused(bench: &Bench) -> Outcome {
    let reads = (0..=MAX_READS).map(|_| bench.get("a")).collect();
    too_large("one more read", bench.storage.read(reads).await)
}

pub(super) async fn a_scan_limit_out_of_bounds_is_refused(bench: &Bench) -> Outcome {
    bench.rows(bench.scan("a", "b", MAX_SCAN_ROWS, false)).await?;
    read_refused(bench, "a limit of 0", bench.scan("a", "b", 0, false)).await?;
    read_refused(bench, "a limit of one more", bench.scan("a", "b", MAX_SCAN_ROWS + 1, false)).await
}

pub(super) async fn writing_a_key_twice_in_a_batch_is_refused(bench: &Bench) -> Outcome {
    let between = bench.put("b", "1");
    for (first, second) in [
        (bench.put("a", "1"), bench.put("a", "2")),
        (bench.put("a", "1"), bench.delete("a")),
        (bench.delete("a"), bench.delete("a")),
    ] {
        bench.refused("a key written twice", vec![], vec![first, between.clone(), second]).await?;
    }
    Ok(())
}

fn long_name(bench: &Bench, key_bytes: usize) -> String {
    "x".repeat(key_bytes - bench.prefix.len())
}

fn value(bench: &Bench, name: &str, bytes: usize) -> Write {
    // Not the same byte all along, so that a value cut or shifted shows.
    Write::Put { key: bench.key(name), value: (0..bytes).map(|index| b"0123456789a"[index % 11]).collect() }
}

/// Puts whose keys and values have exactly this many bytes, in key order.
fn batch_of(bench: &Bench, bytes: usize) -> Vec<Write> {
    let key_bytes = bench.key("00").len();
    let mut left = bytes;
    let mut writes = Vec::new();
    while left > 0 {
        // The last one must have room for a key and a byte, so the one before it leaves enough.
        let most = key_bytes + MAX_VALUE_BYTES;
        let take = if left > most { most.min(left - key_bytes - 1) } else { left };
        writes.push(value(bench, &format!("{:02}", writes.len()), take - key_bytes));
        left -= take;
    }
    writes
}

async fn read_refused(bench: &Bench, what: &str, read: Read) -> Outcome {
    too_large(what, bench.storage.read(vec![bench.get("a"), read]).await)
}

fn too_large<T: std::fmt::Debug>(what: &str, answer: Result<T, StorageError>) -> Outcome {
    match answer {
        Err(StorageError::TooLarge { .. }) => Ok(()),
        other => Err(format!("{what} must be refused with TooLarge, the answer was {other:?}")),
    }
}
