//! Refusals, as the JavaScript side makes a `KitflikError` of them.

use kitflik_core::{
    BookingError, CatalogError, EngineError, Error, ErrorCode, FieldError, GateError, Invalid, JobError,
    ReportError, SeatId, TicketError, UserError,
};
use kitflik_http::Unreadable;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// A refusal with its stable code. It crosses as JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Failure {
    code: &'static str,
    message: String,
    retryable: bool,
    errors: Vec<FieldError>,
    seats: Vec<SeatId>,
    alternative: Option<Vec<SeatId>>,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl ToString) -> Self {
        Self::of(code.as_str(), message)
    }

    fn of(code: &'static str, message: impl ToString) -> Self {
        let (errors, seats) = (Vec::new(), Vec::new());
        Self { code, message: message.to_string(), retryable: false, errors, seats, alternative: None }
    }

    pub(crate) fn field(path: &str, code: &str, detail: impl ToString) -> Self {
        let errors =
            vec![FieldError { path: path.to_owned(), code: code.to_owned(), detail: detail.to_string() }];
        Invalid { errors }.into()
    }

    /// The refused fields lie within this one.
    pub(crate) fn within(mut self, place: &str) -> Self {
        for error in &mut self.errors {
            let inner = std::mem::take(&mut error.path);
            let joint = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
            error.path = format!("{place}{joint}{inner}");
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            code: error.code().as_str(),
            message: error.to_string(),
            retryable: error.is_retryable(),
            errors: error.fields().to_vec(),
            seats: error.seats().to_vec(),
            alternative: error.alternative().map(<[_]>::to_vec),
        }
    }
}

macro_rules! from_error {
    ($($error:ident)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Error::from(error).into()
            }
        }
    )*};
}
from_error! { BookingError CatalogError JobError ReportError UserError EngineError }

impl From<TicketError> for Failure {
    fn from(error: TicketError) -> Self {
        Self::of(error.code().as_str(), error)
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Invalid(invalid) => invalid.into(),
            other => Self::new(other.code(), other),
        }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self { errors: invalid.errors.clone(), ..Self::new(ErrorCode::ValidationFailed, &invalid) }
    }
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Invalid(invalid) => invalid.into(),
            Unreadable::NotJson(detail) => Self::new(ErrorCode::ValidationFailed, format!("not {detail}")),
        }
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> Self {
        serde_json::to_string(&failure).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_field_names_its_place_within_the_argument() {
        let path = |failure: Failure| failure.errors[0].path.clone();
        assert_eq!(path(Failure::field("id", "invalid", "x").within("actor")), "actor.id");
        assert_eq!(path(Failure::field("", "invalid", "x").within("actor")), "actor");
        assert_eq!(path(Failure::field("[2].title", "invalid", "x").within("movies")), "movies[2].title");
    }

    #[test]
    fn a_refusal_crosses_with_code_seats_and_whether_to_try_again() {
        let seats = vec![SeatId::new("A1").unwrap()];
        let taken = Failure::from(BookingError::SeatTaken { seats });
        let json = serde_json::to_value(&taken).unwrap();
        assert_eq!(json["code"], "seat_taken");
        assert_eq!(json["seats"][0], "A1");
        assert_eq!(json["retryable"], false);
        let lost = serde_json::to_value(Failure::from(EngineError::Contended)).unwrap();
        assert_eq!((&lost["code"], &lost["retryable"]), (&"contended".into(), &true.into()));
    }
}
