//! Ranges: order, bounds, limits, direction.

use crate::limits;

use super::{Bench, Outcome, equal};

pub(super) async fn rows_come_in_the_order_of_key_bytes(bench: &Bench) -> Outcome {
    // Every byte that a key may have, written in an order that is not theirs.
    let mut names: Vec<String> = (b'!'..=b'~').map(|byte| char::from(byte).to_string()).collect();
    names.extend(["A!", "A~", "AA", "Aa", "a/", "a0", "10", "9", "z"].map(str::to_owned));
    names.sort();
    names.dedup();
    let scattered = (0..names.len()).map(|index| &names[index * 37 % names.len()]);
    bench.write(scattered.map(|name| bench.put(name, "1")).collect()).await?;
    equal("the order", bench.names(bench.scan_all()).await?, names)
}

pub(super) async fn a_scan_includes_its_start_and_excludes_its_end(bench: &Bench) -> Outcome {
    write(bench, &["a", "b", "c", "d"]).await?;
    expect(bench, ("b", "d", 10, false), &["b", "c"]).await?;
    expect(bench, ("b", "d", 10, true), &["c", "b"]).await?;
    expect(bench, ("b!", "d!", 10, false), &["c", "d"]).await?;
    expect(bench, ("b", "b!", 10, false), &["b"]).await
}

pub(super) async fn a_scan_stops_at_its_limit(bench: &Bench) -> Outcome {
    write(bench, &["a", "b", "c", "d"]).await?;
    expect(bench, ("a", "e", 1, false), &["a"]).await?;
    expect(bench, ("a", "e", 3, false), &["a", "b", "c"]).await?;
    expect(bench, ("a", "e", 4, false), &["a", "b", "c", "d"]).await?;
    expect(bench, ("a", "e", limits::MAX_SCAN_ROWS, false), &["a", "b", "c", "d"]).await
}

pub(super) async fn a_reverse_scan_begins_at_the_end(bench: &Bench) -> Outcome {
    write(bench, &["a", "b", "c", "d"]).await?;
    expect(bench, ("a", "e", 10, true), &["d", "c", "b", "a"]).await?;
    expect(bench, ("a", "e", 2, true), &["d", "c"]).await?;
    expect(bench, ("a", "d", 1, true), &["c"]).await
}

pub(super) async fn an_empty_range_has_no_rows(bench: &Bench) -> Outcome {
    write(bench, &["a", "b"]).await?;
    for reverse in [false, true] {
        expect(bench, ("a", "a", 10, reverse), &[]).await?;
        expect(bench, ("a!", "b", 10, reverse), &[]).await?;
        expect(bench, ("x", "z", 10, reverse), &[]).await?;
    }
    Ok(())
}

pub(super) async fn an_inverted_range_has_no_rows(bench: &Bench) -> Outcome {
    write(bench, &["a", "b", "c"]).await?;
    expect(bench, ("c", "a", 10, false), &[]).await?;
    expect(bench, ("c", "a", 10, true), &[]).await
}

pub(super) async fn a_prefix_scan_stays_within_the_prefix(bench: &Bench) -> Outcome {
    write(bench, &["s", "s/", "s/1", "s/1/k", "s/2", "s/~~", "s0", "s1/1", "r/9", "sa"]).await?;
    expect(bench, ("s/", "s0", 10, false), &["s/", "s/1", "s/1/k", "s/2", "s/~~"]).await?;
    expect(bench, ("s/1/", "s/10", 10, false), &["s/1/k"]).await
}

pub(super) async fn a_scan_sees_puts_and_deletes(bench: &Bench) -> Outcome {
    write(bench, &["a", "b", "c"]).await?;
    bench.write(vec![bench.delete("b"), bench.put("bb", "1"), bench.put("c", "2")]).await?;
    expect(bench, ("a", "z", 10, false), &["a", "bb", "c"]).await
}

pub(super) async fn a_long_scan_is_complete(bench: &Bench) -> Outcome {
    // Enough rows that an adapter which pages by itself has to turn one.
    let names: Vec<String> = (0..2_500).map(|index| format!("{index:05}")).collect();
    for some in names.chunks(limits::MAX_BATCH_WRITES) {
        bench.write(some.iter().map(|name| bench.put(name, name)).collect()).await?;
    }
    equal("all names", bench.names(bench.scan_all()).await?, names.clone())?;
    let backwards: Vec<String> = names.into_iter().rev().take(2_000).collect();
    equal("the last names", bench.names(bench.scan("0", "9", 2_000, true)).await?, backwards)
}

async fn write(bench: &Bench, names: &[&str]) -> Outcome {
    bench.write(names.iter().map(|name| bench.put(name, "1")).collect()).await.map(|_version| ())
}

async fn expect(bench: &Bench, scan: (&str, &str, u32, bool), names: &[&str]) -> Outcome {
    let (start, end, limit, reverse) = scan;
    let found = bench.names(bench.scan(start, end, limit, reverse)).await?;
    let what = format!("{start:?} to {end:?}, limit {limit}, reverse {reverse}");
    equal(&what, found, names.iter().map(|&name| name.to_owned()).collect())
}
