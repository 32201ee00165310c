//! What handlers take from a request, with refusals that say what is allowed.

pub(crate) mod actor;
pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod cookies;
pub(crate) mod idempotency;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod revision;

use kitflik_core::FieldError;
use serde::{Deserialize, Deserializer};
use serde_path_to_error::Path;

/// Reads a value. A failure is told with its place.
fn tracked<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<T, (Path, String)> {
    serde_path_to_error::deserialize(reader)
        .map_err(|error| (error.path().clone(), error.inner().to_string()))
}

/// Makes a refused field of what serde says, with the field's place if serde_path_to_error knows it.
fn field_error(path: &Path, message: &str) -> FieldError {
    let path = path.to_string();
    let path = if path == "." { "" } else { &path };
    // serde_json adds its place in the text, which the path says better.
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let message = match message {
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => "expected a whole number that is in bounds",
        "provided string was not `true` or `false`" => "expected true or false",
        other => other,
    };
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').nth(1);
    for (prefix, code, what) in
        [("missing field ", "required", "is required"), ("duplicate field ", "duplicate", "is given twice")]
    {
        if let Some(name) = named(prefix) {
            let place = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let detail = format!("{place} {what}");
            return FieldError { path: place, code: code.to_owned(), detail };
        }
    }
    let place = if path.is_empty() { "the value" } else { path };
    let code = if message.starts_with("unknown field") { "unknown" } else { "invalid" };
    // What serde_json says where an enum should be, and is not.
    let message = if message == "expected value" { "not of the expected form" } else { message };
    FieldError { path: path.to_owned(), code: code.to_owned(), detail: format!("{place}: {message}") }
}
