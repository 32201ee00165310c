//! The examples do what the README says.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test program")]

use std::process::Command;

#[test]
fn embedded() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let run = ["run", "--quiet", "--package", "kitflik-examples", "--example", "embedded"];
    let output = Command::new(cargo).args(run).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "sold for 25.00 EUR\nB5 lets in at Hall 1\nB6 lets in at Hall 1\n");
}
