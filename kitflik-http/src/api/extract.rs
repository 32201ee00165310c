//! What handlers take from a request, with refusals that say what is allowed.

pub(crate) mod actor;
pub(crate) mod body;
pub(crate) mod idempotency;
pub(crate) mod path;
pub(crate) mod query;

use kitflik_core::FieldError;

/// Makes a refused field of what serde says, with the field's place if serde_path_to_error knows it.
fn field_error(path: &serde_path_to_error::Path, message: &str) -> FieldError {
    let path = path.to_string();
    let path = if path == "." { "" } else { &path };
    // serde_json adds its place in the text, which the path says better.
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let named = |prefix: &str| message.strip_prefix(prefix)?.split('`').nth(1);
    if let Some(name) = named("missing field ") {
        let place = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let detail = format!("{place} is required");
        return FieldError { path: place, code: "required", detail };
    }
    let place = if path.is_empty() { "the value" } else { path };
    let code = if message.starts_with("unknown field") {
        "unknown"
    } else if message.starts_with("duplicate field") {
        "duplicate"
    } else {
        "invalid"
    };
    FieldError { path: path.to_owned(), code, detail: format!("{place}: {message}") }
}
