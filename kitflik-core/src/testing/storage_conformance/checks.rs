//! Checks: when a batch is applied, and that it is so as a whole.

use crate::ports::storage::Version;

use super::{Bench, Outcome, equal};

pub(super) async fn absent_holds_without_a_row(bench: &Bench) -> Outcome {
    bench.apply(vec![bench.absent("a")], vec![bench.put("a", "1")]).await?;
    bench.write(vec![bench.delete("a")]).await?;
    bench.apply(vec![bench.absent("a")], vec![bench.put("a", "2")]).await?;
    equal("the value", bench.value("a").await?.as_deref(), Some("2"))
}

pub(super) async fn absent_conflicts_with_a_row(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("a", "1")]).await?;
    bench.conflict(vec![bench.absent("a")], vec![bench.put("a", "2")], "a").await?;
    equal("the value", bench.value("a").await?.as_deref(), Some("1"))
}

pub(super) async fn version_holds_for_the_version_read(bench: &Bench) -> Outcome {
    let first = bench.write(vec![bench.put("a", "1")]).await?;
    let second = bench.apply(vec![bench.version("a", first)], vec![bench.put("a", "2")]).await?;
    bench.apply(vec![bench.version("a", second)], vec![bench.delete("a")]).await?;
    equal("the row", bench.row("a").await?, None)
}

pub(super) async fn version_conflicts_when_stale(bench: &Bench) -> Outcome {
    let stale = bench.write(vec![bench.put("a", "1")]).await?;
    let current = bench.write(vec![bench.put("a", "2")]).await?;
    bench.conflict(vec![bench.version("a", stale)], vec![bench.put("a", "3")], "a").await?;
    let never = Version(current.0 + 1_000_000);
    bench.conflict(vec![bench.version("a", never)], vec![bench.delete("a")], "a").await?;
    equal("the value", bench.value("a").await?.as_deref(), Some("2"))
}

pub(super) async fn version_conflicts_without_a_row(bench: &Bench) -> Outcome {
    let version = bench.write(vec![bench.put("a", "1")]).await?;
    bench.write(vec![bench.delete("a")]).await?;
    bench.conflict(vec![bench.version("a", version)], vec![bench.put("a", "2")], "a").await?;
    bench.conflict(vec![bench.version("b", Version(0))], vec![bench.put("b", "2")], "b").await?;
    equal("the row", bench.row("a").await?, None)
}

pub(super) async fn a_version_is_stale_after_delete_and_put(bench: &Bench) -> Outcome {
    let version = bench.write(vec![bench.put("a", "1")]).await?;
    bench.write(vec![bench.delete("a")]).await?;
    bench.write(vec![bench.put("a", "1")]).await?;
    bench.conflict(vec![bench.version("a", version)], vec![bench.put("a", "2")], "a").await
}

pub(super) async fn a_conflict_writes_nothing(bench: &Bench) -> Outcome {
    bench.write(vec![bench.put("guard", "1"), bench.put("gone", "1"), bench.put("kept", "1")]).await?;
    let before = bench.rows(bench.scan_all()).await?;
    let writes =
        vec![bench.put("new", "2"), bench.delete("gone"), bench.put("kept", "2"), bench.put("guard", "2")];
    bench.conflict(vec![bench.absent("free"), bench.absent("guard")], writes, "guard").await?;
    equal("the rows after a conflict", bench.rows(bench.scan_all()).await?, before)
}

pub(super) async fn a_conflict_names_the_key_that_did_not_hold(bench: &Bench) -> Outcome {
    let version = bench.write(vec![bench.put("b", "1")]).await?;
    let checks = vec![bench.absent("a"), bench.version("b", version), bench.version("c", version)];
    bench.conflict(checks, vec![bench.put("d", "1")], "c").await?;
    let checks = vec![bench.absent("a"), bench.absent("b"), bench.absent("c")];
    bench.conflict(checks, vec![bench.put("d", "1")], "b").await
}

pub(super) async fn all_checks_must_hold(bench: &Bench) -> Outcome {
    let names: Vec<String> = (0..20).map(|index| format!("seat{index:02}")).collect();
    for taken in [0, 7, 19] {
        bench.write(vec![bench.put(&names[taken], "taken")]).await?;
        let checks = names.iter().map(|name| bench.absent(name)).collect();
        let writes = names.iter().map(|name| bench.put(name, "mine")).collect();
        bench.conflict(checks, writes, &names[taken]).await?;
        bench.write(vec![bench.delete(&names[taken])]).await?;
    }
    equal("the rows", bench.names(bench.scan_all()).await?, Vec::new())
}

pub(super) async fn a_check_may_be_on_a_key_that_the_batch_writes(bench: &Bench) -> Outcome {
    let version = bench.apply(vec![bench.absent("a")], vec![bench.put("a", "1")]).await?;
    let version = bench.apply(vec![bench.version("a", version)], vec![bench.put("a", "2")]).await?;
    bench.apply(vec![bench.version("a", version)], vec![bench.delete("a")]).await?;
    bench.apply(vec![bench.absent("a")], vec![bench.delete("a")]).await?;
    equal("the row", bench.row("a").await?, None)
}

pub(super) async fn a_check_sees_the_store_before_the_batch(bench: &Bench) -> Outcome {
    let version = bench.write(vec![bench.put("a", "1")]).await?;
    // The delete of the batch does not make its own check hold, nor does the put break one.
    bench.conflict(vec![bench.absent("a")], vec![bench.delete("a")], "a").await?;
    let twice = vec![bench.version("a", version), bench.version("a", version)];
    bench.apply(twice, vec![bench.put("a", "2")]).await?;
    equal("the value", bench.value("a").await?.as_deref(), Some("2"))
}

pub(super) async fn a_batch_is_applied_as_a_whole(bench: &Bench) -> Outcome {
    bench.write((0..10).map(|index| bench.put(&format!("old{index}"), "1")).collect()).await?;
    let deletes = (0..10).map(|index| bench.delete(&format!("old{index}")));
    let puts = (0..10).map(|index| bench.put(&format!("new{index}"), "2"));
    bench.write(deletes.chain(puts).collect()).await?;
    let expected: Vec<String> = (0..10).map(|index| format!("new{index}")).collect();
    equal("the rows", bench.names(bench.scan_all()).await?, expected)
}
