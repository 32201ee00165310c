//! The shared vectors: what every platform and language must answer alike.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod vectors_inputs;

use std::path::Path;

use kitflik_core::testing::vectors::answer;
use pollster::block_on;
use serde_json::{Value, json};

fn answered(kind: &str, input: &Value) -> Value {
    let answer = block_on(answer(kind, &input.to_string()));
    serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{kind} {input}: {error}"))).unwrap()
}

/// The file says what the inputs say, and the core answers what the file says.
#[test]
fn the_core_answers_what_the_file_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors.json");
    let vectors: Vec<Value> = vectors_inputs::all()
        .into_iter()
        .map(|(kind, name, input)| {
            json!({ "kind": kind, "name": name, "answer": answered(kind, &input), "input": input })
        })
        .collect();
    if std::env::var("KITFLIK_VECTORS").is_ok_and(|what| what == "write") {
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&vectors).unwrap())).unwrap();
    }
    let file: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for (made, kept) in vectors.iter().zip(&file) {
        assert_eq!(made, kept, "{}", made["name"]);
    }
    assert_eq!(vectors.len(), file.len(), "write the file again: KITFLIK_VECTORS=write");
}

#[test]
fn the_vectors_cover_what_they_are_for() {
    let file = vectors_inputs::all();
    for kind in ["best_available", "svg", "export", "hold", "ticket", "request_digest", "error_codes"] {
        assert!(file.iter().any(|(of, ..)| *of == kind), "{kind}");
    }
    let mut names: Vec<&str> = file.iter().map(|(_, name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), file.len(), "names are unique");
    let answers: Vec<Value> = file.iter().map(|(kind, _, input)| answered(kind, input)).collect();
    for code in [
        "seat_taken",
        "unknown_seat",
        "not_enough_seats",
        "couple_split",
        "companion_alone",
        "orphan_seat",
        "validation_failed",
        "ticket_expired",
        "ticket_too_early",
        "ticket_bad_signature",
        "ticket_unknown_key",
        "ticket_malformed",
        "ticket_unknown_version",
    ] {
        assert!(answers.iter().any(|answer| answer["code"] == code), "no vector is refused with {code}");
    }
}

#[test]
fn junk_is_refused() {
    assert!(block_on(answer("no such kind", "{}")).unwrap_err().contains("no such kind"));
    assert!(block_on(answer("hold", "{\"plan\": 7}")).is_err());
    assert!(block_on(answer("best_available", "{")).is_err());
}
