//! The rules of the house that neither the compiler nor clippy knows.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MOST_LINES: usize = 600;
const MOST_COLUMNS: usize = 120;

/// From the ground up: an import never points to a floor above its own.
const FLOORS: [&[&str]; 6] = [
    &["ids", "money", "time", "limits", "error", "actor"],
    &["ports"],
    &["store", "storage"],
    &["seats", "tickets", "keyring"],
    &["users", "catalog", "bookings", "notify", "reports", "jobs"],
    &["kitflik", "bindings"],
];

/// What points up all the same: the file or folder, what it imports, and why that is right.
const UPWARD: &[(&str, &str, &str)] = &[
    ("error.rs", "ports::storage::StorageError", "every failure is converted to a code in one place"),
    ("error.rs", "bookings::", "`Error` is the sum of the nouns' errors"),
    ("error.rs", "catalog::", "`Error` is the sum of the nouns' errors"),
    ("error.rs", "notify::", "`Error` is the sum of the nouns' errors"),
    ("error.rs", "reports::", "`Error` is the sum of the nouns' errors"),
    ("error.rs", "jobs::", "`Error` is the sum of the nouns' errors"),
    ("error.rs", "users::", "`Error` is the sum of the nouns' errors"),
    ("store/keys.rs", "seats::layout::SeatNo", "seats' numbers are in keys; seats import the ground only"),
    ("store/records", "seats::", "layouts are stored as they are; seats import the ground only"),
    ("store/records", "bookings::", "small wire types without a form of their own on disk"),
    ("store/records", "catalog::{", "small wire types without a form of their own on disk"),
    ("store/tx.rs", "kitflik::Engine", "a transaction borrows the ports, and the engine is where they stand"),
    ("store/tx.rs", "keyring::RequestDigest", "what a repeat must be equal in is keyed"),
    ("bookings", "kitflik::", "verbs work with the engine and the house's policy"),
    ("catalog", "kitflik::Engine", "verbs work with the engine"),
    ("jobs", "kitflik::", "verbs work with the engine and the house's policy"),
    ("notify", "kitflik::Engine", "verbs work with the engine"),
    ("reports", "kitflik::Engine", "verbs work with the engine"),
    ("users", "kitflik::Engine", "verbs work with the engine"),
];

/// Where a command begins that no actor asked for: the file, how often, and why. Whatever staff ask for begins with
/// `begin_command`, which writes their log.
const UNASKED: &[(&str, usize, &str)] = &[
    (
        "bookings/check_in.rs",
        1,
        "the row says who scanned, and devices of one usher must not wait for each other",
    ),
    ("bookings/cancel/terms.rs", 2, "what a cancellation would give back: it commits nothing"),
    ("bookings/cancel/show.rs", 1, "what a logged cancellation of a show has promised"),
    ("bookings/charges.rs", 1, "a charge that is found again"),
    ("bookings/clear.rs", 1, "holds that are over, of a show that a command takes away"),
    ("bookings/events.rs", 1, "a payment provider says who it is by its signature"),
    ("bookings/forget.rs", 1, "what is left of a deletion that its command has decided"),
    ("bookings/preview.rs", 1, "a quote commits nothing"),
    ("bookings/refunds.rs", 1, "the news that a refund was made"),
    ("bookings/vouchers.rs", 2, "uses of a discount code that nobody has any more"),
    ("catalog/layouts.rs", 2, "a layout is nothing until a command's auditorium names it"),
    ("catalog/shows/cancel_show.rs", 1, "what a logged cancellation of a show has promised"),
    ("catalog/shows/freeze.rs", 2, "a step of a command that is logged when it is decided"),
    ("catalog/shows/move_show.rs", 1, "the mails that a logged move has promised"),
    ("jobs/reminders.rs", 2, "reminders go out by themselves"),
    ("jobs/run.rs", 3, "runs are due by themselves"),
    ("kitflik.rs", 1, "the mark of the master key"),
    ("notify/outbox.rs", 2, "mail goes out by itself"),
    ("notify/unsubscribe.rs", 1, "whoever has the link of a mail has had enough of them"),
    ("store/tx.rs", 1, "`begin_command` itself"),
    ("users/backoff.rs", 2, "attempts are counted before anybody is known"),
    ("users/delete.rs", 5, "what is left of a deletion that its command has decided"),
    ("users/staff.rs", 1, "the first account is made before there is staff"),
];

/// The workspace; a crate that was taken out of it has only itself to look at.
fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = own.parent().expect("a crate stands in a folder");
    let manifest = fs::read_to_string(workspace.join("Cargo.toml")).unwrap_or_default();
    if manifest.contains("[workspace]") { workspace.to_owned() } else { own.to_owned() }
}

fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "node_modules" {
                files(&path, wanted, found);
            }
        } else if wanted(&path) {
            found.push(path);
        }
    }
}

/// The files that are wanted, by their paths from the root.
fn texts(wanted: impl Fn(&Path) -> bool) -> BTreeMap<String, String> {
    let (root, mut found) = (root(), Vec::new());
    files(&root, &wanted, &mut found);
    let text = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(&path).unwrap())
    };
    found.into_iter().map(text).collect()
}

fn sources() -> BTreeMap<String, String> {
    let sources = texts(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(sources.len() > 50, "{} sources are not all of them", sources.len());
    sources
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn files_and_lines_are_short() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{name} has {lines} lines, allowed are {MOST_LINES}: a verb is a file"));
        }
        for (at, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > MOST_COLUMNS {
                faults.push(format!("{name}:{} has {columns} columns, allowed are {MOST_COLUMNS}", at + 1));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn nothing_is_left_to_do() {
    // In pieces, so that this file does not find itself.
    let marks =
        [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut faults = Vec::new();
    for (name, text) in sources() {
        for (at, line) in text.lines().enumerate() {
            let found = marks.iter().filter(|mark| line.contains(**mark));
            faults.extend(found.map(|mark| format!("{name}:{} says {mark}", at + 1)));
        }
    }
    assert_none(&faults);
}

/// The lines of a manifest that name a dependency, with their numbers.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut within = false;
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            within = line.trim_end_matches(']').ends_with("dependencies");
        } else if within && line.contains('=') && !line.starts_with('#') {
            found.push((at + 1, line));
        }
    }
    found
}

#[test]
fn a_dependency_has_one_place_and_a_reason() {
    let manifests = texts(|path| path.ends_with("Cargo.toml"));
    let mut faults = Vec::new();
    for (name, text) in &manifests {
        let own_workspace = text.contains("[workspace]");
        for (at, line) in dependencies(text) {
            let reason = line.split_once(" # ").is_some_and(|(_, reason)| !reason.trim().is_empty());
            let ours = line.starts_with("kitflik-") && line.contains("path = ");
            if own_workspace && !reason && !ours {
                faults.push(format!("{name}:{at} does not say what it is for: {line}"));
            }
            if !own_workspace && !line.contains("workspace = true") && !ours {
                faults.push(format!("{name}:{at} names a version; versions stand in the workspace: {line}"));
            }
        }
    }
    assert_none(&faults);
}

/// The modules that the names at the root of the crate come from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let mut modules = BTreeMap::new();
    for export in lib.split("pub use ").skip(1) {
        let path = export.split(';').next().unwrap();
        let module = path.split("::").next().unwrap();
        let names = path.rsplit("::").next().unwrap().trim_matches(['{', '}']);
        modules.extend(names.split(',').map(|name| (name.trim().to_owned(), module.to_owned())));
    }
    modules
}

/// What a file imports from the crate, without its tests: the paths after `crate::`, from the module on.
fn imports(text: &str, exports: &BTreeMap<String, String>) -> Vec<(usize, String)> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut found = Vec::new();
    for (at, line) in code.lines().enumerate().filter(|(_, line)| !line.trim().starts_with("//")) {
        for path in line.split("crate::").skip(1) {
            let first = path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            let path = match exports.get(first) {
                Some(module) => format!("{module}::{path}"),
                None => path.to_owned(),
            };
            found.push((at + 1, path));
        }
    }
    found
}

/// Every import of the core that has a floor: file, line, own module, path, and both floors.
fn core_imports() -> Vec<(String, usize, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let exports = exports(&fs::read_to_string(src.join("lib.rs")).unwrap());
    let mut found = Vec::new();
    let mut paths = Vec::new();
    files(&src, &|path| path.extension().is_some_and(|extension| extension == "rs"), &mut paths);
    for path in paths {
        let name = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let module = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        // The root only exports, and what tests are made of may see everything.
        let is_test = name.ends_with("/tests.rs") || name.ends_with("/testing.rs");
        if module == "lib" || module == "testing" || is_test {
            continue;
        }
        for (at, path) in imports(&fs::read_to_string(&path).unwrap(), &exports) {
            found.push((name.clone(), at, module.clone(), path));
        }
    }
    assert!(found.len() > 200, "{} imports are not all of them", found.len());
    found
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

fn module_of(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap()
}

#[test]
fn no_import_points_up() {
    let (mut faults, mut used) = (Vec::new(), BTreeSet::new());
    for (name, at, module, path) in core_imports() {
        let target = module_of(&path);
        let (Some(own), Some(other)) = (floor(&module), floor(target)) else {
            faults.push(format!("{name}:{at}: {module} or {target} has no floor: give it one here"));
            continue;
        };
        let exception = UPWARD.iter().position(|(from, to, _)| {
            (name == *from || name.starts_with(&format!("{from}/")) || name == format!("{from}.rs"))
                && path.starts_with(to)
        });
        match exception {
            Some(exception) => _ = used.insert(exception),
            None if other > own => faults.push(format!("{name}:{at}: {module} imports {path} from above")),
            None => {}
        }
    }
    let unused = UPWARD.iter().enumerate().filter(|(at, _)| !used.contains(at));
    faults.extend(
        unused.map(|(_, (from, to, _))| format!("{from} no longer imports {to}: drop the exception")),
    );
    assert_none(&faults);
}

#[test]
fn what_staff_ask_for_is_logged() {
    let mut found = BTreeMap::new();
    for (name, text) in sources() {
        let Some(name) = name.strip_prefix("kitflik-core/src/") else { continue };
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let count = code.lines().filter(|line| line.contains(".begin()")).count();
        if count > 0 {
            found.insert(name.to_owned(), count);
        }
    }
    let allowed: BTreeMap<String, usize> =
        UNASKED.iter().map(|(name, count, _)| ((*name).to_owned(), *count)).collect();
    assert_eq!(found, allowed, "verbs begin with begin_command; exceptions are listed with their reasons");
}

#[test]
fn seats_and_tickets_are_pure() {
    let mut faults = Vec::new();
    for (name, at, module, path) in core_imports() {
        let target = module_of(&path);
        let pure = floor(target) == Some(0) || target == "seats" || target == module;
        if (module == "seats" || module == "tickets") && !pure {
            faults.push(format!("{name}:{at}: rules are functions of plain values, not of {path}"));
        }
    }
    for (name, text) in sources() {
        let rules = name.contains("core/src/seats") || name.contains("core/src/tickets");
        if rules && (text.contains("async fn") || text.contains(".await")) {
            faults.push(format!("{name} is asynchronous: rules wait for nothing"));
        }
    }
    assert_none(&faults);
}

#[test]
fn the_checks_see_what_they_look_for() {
    let exports = exports("mod a;\npub use a::b::{\n    C, D,\n};\npub use e::F;\n");
    assert_eq!(exports.get("D").map(String::as_str), Some("a"));
    assert_eq!(exports.get("F").map(String::as_str), Some("e"));
    let text =
        "use crate::x::Y;\n// crate::no\nfn f() -> crate::D {}\n#[cfg(test)]\nmod tests { use crate::z; }\n";
    let found: Vec<String> = imports(text, &exports).into_iter().map(|(_, path)| path).collect();
    assert_eq!(found, ["x::Y;", "a::D {}"]);
    let manifest =
        "[package]\nname = \"x\"\n[dev-dependencies]\na = \"1\"\n# b = \"2\"\n[features]\nc = []\n";
    assert_eq!(dependencies(manifest), [(4, "a = \"1\"")]);
}

/// The tests of a manifest that `cargo test` leaves out, because another program links them.
fn linked_elsewhere(manifest: &str) -> Vec<String> {
    let tests = manifest.split("[[test]]").skip(1).map(|test| test.split("\n[").next().unwrap());
    let tests = tests.filter(|test| test.contains("test = false"));
    tests.map(|test| test.split('"').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn no_test_is_left_out() {
    let mut faults = Vec::new();
    for (name, manifest) in texts(|path| path.ends_with("Cargo.toml")) {
        let all = root().join(&name).with_file_name("tests/all/main.rs");
        let all = fs::read_to_string(all).unwrap_or_default();
        // `.ci/test` runs this one by its name.
        for test in linked_elsewhere(&manifest).into_iter().filter(|test| test != "crash_images") {
            if !all.lines().any(|line| line == format!("mod {test};")) {
                faults.push(format!(
                    "{name}: {test} says `test = false`, and tests/all/main.rs does not name it"
                ));
            }
        }
    }
    assert_none(&faults);
    let two = "[[test]]\nname = \"a\"\n\n[[test]]\nname = \"b\"\ntest = false\n\n[dependencies]\n";
    assert_eq!(linked_elsewhere(two), ["b"]);
}
