//! Reads the public verbs from the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the documents; a crate that was taken out of its workspace has none.
pub fn docs() -> Option<PathBuf> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("docs");
    docs.join("architecture.md").exists().then_some(docs)
}

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "testing") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(fs::read_to_string(&path).unwrap());
        }
    }
}

/// The type that a line opens an inherent `impl` of.
fn implemented(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("impl")?.strip_suffix('{')?.trim_end();
    let rest = match rest.strip_prefix('<') {
        Some(generics) => generics.split_once('>')?.1,
        None => rest,
    };
    if rest.contains(" for ") {
        return None;
    }
    rest.trim().split('<').next()
}

/// The public methods of a text's inherent `impl`s: type, name, and signature.
fn methods(text: &str) -> Vec<(String, String, String)> {
    let (mut found, mut within) = (Vec::new(), None);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("impl") {
            within = implemented(line).map(str::to_owned);
        } else if line.starts_with('}') {
            within = None;
        }
        let (Some(of), Some(rest)) = (&within, line.trim_start().strip_prefix("pub ")) else { continue };
        let rest = rest.trim_start_matches("const ").trim_start_matches("async ");
        let Some(rest) = rest.strip_prefix("fn ") else { continue };
        let name = rest.split(['(', '<']).next().unwrap().to_owned();
        let mut signature = rest.to_owned();
        while !signature.trim_end().ends_with(['{', '}']) {
            signature += lines.next().unwrap_or("{");
        }
        found.push((of.clone(), name, signature));
    }
    found
}

/// Every public verb, and whether it names the actor who calls it.
pub fn verbs() -> BTreeMap<String, bool> {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let all: Vec<_> = texts.iter().flat_map(|text| methods(text)).collect();
    // A namespace is what the facade gives: `-> Bookings<'_>`.
    let given = all.iter().filter(|(of, ..)| of == "Kitflik").filter_map(|(.., signature)| {
        let (_, answer) = signature.split_once("->")?;
        answer.trim().strip_suffix("<'_> {").map(str::to_owned)
    });
    let mut namespaces: Vec<String> = given.collect();
    assert!(namespaces.len() >= 6, "{namespaces:?} are not all namespaces");
    namespaces.push("Kitflik".to_owned());
    let mut verbs = BTreeMap::new();
    for (of, name, signature) in all {
        // The doors to the namespaces are not verbs.
        if namespaces.contains(&of) && !signature.trim_end().ends_with("<'_> {") {
            verbs.insert(format!("{of}::{name}"), signature.contains("actor: &Actor"));
        }
    }
    assert!(verbs.len() > 40, "{} verbs are not all of them", verbs.len());
    verbs
}

#[test]
fn methods_are_found_in_sources() {
    let text = r"impl A<'_> {
    pub async fn b(
        &self,
        actor: &Actor,
    ) -> C {
    }

    fn d() {}
    pub(crate) fn e() {}
    pub const fn f() {}
}
impl G for A<'_> {
    pub fn h() {}
}
impl<'a> I<'a> {
    pub fn j<T>() {
    }
}
pub fn k() {
}
";
    let found = methods(text);
    let names: Vec<String> = found.iter().map(|(of, name, _)| format!("{of}::{name}")).collect();
    assert_eq!(names, ["A::b", "A::f", "I::j"]);
    assert!(found[0].2.contains("actor: &Actor"));
}
