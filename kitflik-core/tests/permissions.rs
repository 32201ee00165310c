//! Every public verb of the engine, called by every kind of actor, and what became of it.
//!
//! The verbs are read from the sources: one that has no row in `permissions/rows.rs` fails. `docs/permissions.md` says
//! the same for people: `KITFLIK_WRITE=1 cargo test -p kitflik-core --test permissions` brings it up to date.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test program")]

mod common;
#[path = "permissions/rows.rs"]
mod rows;
#[path = "permissions/scene.rs"]
mod scene;
#[path = "permissions/sources.rs"]
mod sources;
#[path = "permissions/staff.rs"]
mod staff;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kitflik_core::testing::permissions::permissions;
use kitflik_core::{ErrorCode, Role};

use rows::{OPEN, rows};
use scene::{Scene, Who};
use sources::verbs;

/// What became of a call: one letter in a row.
fn letter(outcome: Result<(), ErrorCode>) -> Result<char, ErrorCode> {
    match outcome {
        Ok(()) => Ok('y'),
        Err(ErrorCode::Unauthenticated) => Ok('u'),
        Err(ErrorCode::Forbidden) => Ok('f'),
        Err(other) => Err(other),
    }
}

#[test]
fn every_verb_answers_every_actor_as_its_row_says() {
    let mut faults = Vec::new();
    for row in rows() {
        let expected: Vec<char> = row.answers.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(expected.len(), Who::ALL.len(), "{} has a letter for each actor", row.verb);
        for (who, expected) in Who::ALL.into_iter().zip(expected) {
            let outcome = letter((row.call)(&Scene::new(who)));
            if outcome != Ok(expected) {
                faults.push(format!("{} by {}: {outcome:?}, the row says {expected}", row.verb, who.name()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_verb_has_a_row() {
    let verbs = verbs();
    let rows = rows();
    let asked: BTreeSet<&str> = rows.iter().map(|row| row.verb).collect();
    let open: BTreeMap<&str, &str> = OPEN.iter().copied().collect();
    assert_eq!(asked.len(), rows.len(), "a verb has one row");
    assert_eq!(open.len(), OPEN.len(), "a verb has one reason to be open");
    let mut faults = Vec::new();
    for (verb, names_actor) in &verbs {
        match (asked.contains(verb.as_str()), open.contains_key(verb.as_str())) {
            (true, false) if *names_actor => {}
            (false, true) if !names_actor => {}
            (false, false) => faults.push(format!("{verb} has no row in permissions/rows.rs")),
            (true, true) => faults.push(format!("{verb} has a row and is open")),
            (true, false) => faults.push(format!("{verb} has a row, but does not ask who calls")),
            (false, true) => faults.push(format!("{verb} asks who calls, so it is not open")),
        }
    }
    let known: BTreeSet<&str> = verbs.keys().map(String::as_str).collect();
    let gone = asked.iter().chain(open.keys()).filter(|verb| !known.contains(*verb));
    faults.extend(gone.map(|verb| format!("{verb} has a row, but is gone")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn document() -> String {
    let mut text = String::from(
        "# Who may do what\n\n\
         Made by `KITFLIK_WRITE=1 cargo test -p kitflik-core --test permissions`, which calls every verb as every\n\
         kind of actor and compares what happens with this page.\n\n\
         ## Roles\n\n\
         The host program may do everything. A customer, or a guest with a booking's token, may use what is theirs.\n\n\
         | to … | admin | manager | box office | usher |\n|---|---|---|---|---|\n",
    );
    for row in permissions() {
        write!(text, "| {} |", row.what).unwrap();
        for role in [Role::Admin, Role::Manager, Role::BoxOffice, Role::Usher] {
            text += if row.roles.contains(&role) { " yes |" } else { " |" };
        }
        text.push('\n');
    }
    text += "\n## Verbs\n\nYes, or the refusal: 401 `unauthenticated`, 403 `forbidden`.\n\n| |";
    for who in Who::ALL {
        write!(text, " {} |", who.name()).unwrap();
    }
    text.push_str("\n|---|");
    text += &"---|".repeat(Who::ALL.len());
    text.push('\n');
    for row in rows() {
        write!(text, "| `{}` |", row.verb).unwrap();
        for letter in row.answers.chars().filter(|c| !c.is_whitespace()) {
            text += match letter {
                'y' => " yes |",
                'u' => " 401 |",
                _ => " 403 |",
            };
        }
        text.push('\n');
    }
    text += "\n## Verbs that do not ask who calls\n\n| | because |\n|---|---|\n";
    for (verb, why) in OPEN {
        writeln!(text, "| `{verb}` | {why} |").unwrap();
    }
    text
}

#[test]
fn the_document_says_what_the_table_says() {
    let Some(docs) = sources::docs() else { return };
    let path = docs.join("permissions.md");
    let document = document();
    if std::env::var_os("KITFLIK_WRITE").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        file == document,
        "docs/permissions.md is out of date: KITFLIK_WRITE=1 cargo test -p kitflik-core --test permissions"
    );
}
