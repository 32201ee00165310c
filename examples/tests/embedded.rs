//! The example does what it says, in memory and on disk.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;

/// Cargo builds examples before it runs tests, next to them.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    profile.join("examples").join(format!("embedded{}", std::env::consts::EXE_SUFFIX))
}

fn output(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(example()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn check(lines: &[String]) {
    let [held, first, second, seats] = lines else { panic!("{lines:?}") };
    assert_eq!(held, "held B3 and B4 for 2450 minor units");
    assert!(first.starts_with("ticket for B3: KF1."), "{first}");
    assert!(second.starts_with("ticket for B4: KF1."), "{second}");
    assert_eq!(seats, "seats ..........ss............");
}

#[test]
fn it_sells_two_seats_in_memory() {
    check(&output(&[]));
}

#[test]
fn it_sells_two_seats_on_disk_and_opens_the_store_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_string_lossy().into_owned();
    check(&output(&[&path]));
    check(&output(&[&path]));
}
