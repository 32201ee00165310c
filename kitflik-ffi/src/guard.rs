//! No panic crosses: it becomes an error like any other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use kitflik_core::{ErrorCode, KitflikError};

/// Awaits a verb. The engine keeps no lock across an await and its locks do not poison, so it is usable afterwards.
pub(crate) async fn guarded<T, E: Into<KitflikError>>(
    verb: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, KitflikError> {
    match AssertUnwindSafe(verb).catch_unwind().await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(panic) => Err(fault(&*panic)),
    }
}

/// Calls what does not wait.
pub(crate) fn guard<T, E: Into<KitflikError>>(
    call: impl FnOnce() -> Result<T, E>,
) -> Result<T, KitflikError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(panic) => Err(fault(&*panic)),
    }
}

/// What a panic said.
pub(crate) fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason is known").to_owned()
}

fn fault(panic: &(dyn Any + Send)) -> KitflikError {
    let detail = format!(
        "a fault in the engine or in what the host plugged in: {}; the command may have taken effect",
        reason(panic)
    );
    KitflikError::Refused { code: ErrorCode::Internal, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_internal(error: &KitflikError, text: &str) -> bool {
        matches!(error, KitflikError::Refused { code: ErrorCode::Internal, detail } if detail.contains(text))
    }

    #[test]
    fn a_panic_is_an_error_with_its_text() {
        let error = guard(|| -> Result<(), KitflikError> { panic!("number {}", 7) }).unwrap_err();
        assert!(is_internal(&error, "number 7"), "{error}");
        let verb = async {
            std::future::ready(()).await;
            if true {
                panic!("in a verb");
            }
            Ok::<(), KitflikError>(())
        };
        let error = pollster::block_on(guarded(verb)).unwrap_err();
        assert!(is_internal(&error, "in a verb"), "{error}");
    }
}
