//! Refusals as `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kitflik_core::{
    BookingError, CatalogError, EngineError, Error, ErrorCode, FieldError, Invalid, JobError, NotifyError,
    ReportError, SeatId, UserError,
};
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::api::extract::revision;

/// How long to wait before a repeat, in seconds, where an answer says so.
const RETRY_SECONDS: u32 = 1;

/// The media type of every refusal.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// The stable name of a refusal: the engine's, or one of the few that only HTTP knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemCode {
    /// One of the engine's.
    Engine(ErrorCode),
    /// A command with a session's cookie that no page of this house has sent.
    CsrfFailed,
    /// The request cannot be read: broken JSON, an empty body.
    Malformed,
    /// A change that does not say of which revision it is.
    PreconditionRequired,
    /// The path exists, but not with this method.
    MethodNotAllowed,
    /// The body is larger than is allowed.
    PayloadTooLarge,
    /// The body is of another media type than is understood.
    UnsupportedMediaType,
}

impl From<ErrorCode> for ProblemCode {
    fn from(code: ErrorCode) -> Self {
        Self::Engine(code)
    }
}

impl ProblemCode {
    /// Every code that an answer can have.
    pub fn all() -> impl Iterator<Item = Self> {
        let own = [
            Self::CsrfFailed,
            Self::Malformed,
            Self::MethodNotAllowed,
            Self::PayloadTooLarge,
            Self::PreconditionRequired,
            Self::UnsupportedMediaType,
        ];
        ErrorCode::ALL.iter().copied().map(Self::Engine).chain(own)
    }

    /// The code as it is written on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Engine(code) => code.as_str(),
            Self::CsrfFailed => "csrf_failed",
            Self::Malformed => "malformed",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::PreconditionRequired => "precondition_required",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
        }
    }

    /// The status that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        self.meaning().0
    }

    fn meaning(self) -> (StatusCode, &'static str) {
        match self {
            Self::Engine(code) => {
                meaning(code).unwrap_or((StatusCode::INTERNAL_SERVER_ERROR, "Internal error"))
            }
            Self::CsrfFailed => (StatusCode::FORBIDDEN, "Not sent by a page of this house"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "The request cannot be read"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::PreconditionRequired => {
                (StatusCode::PRECONDITION_REQUIRED, "Say which revision is changed")
            }
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Body too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
        }
    }
}

/// Status and title of the engine's codes. `None` is for codes that a newer engine may add; a test sees to it
/// that there is none today.
fn meaning(code: ErrorCode) -> Option<(StatusCode, &'static str)> {
    Some(match code {
        ErrorCode::ValidationFailed => (StatusCode::UNPROCESSABLE_ENTITY, "Fields were refused"),
        ErrorCode::Unauthenticated => (StatusCode::UNAUTHORIZED, "Not logged in"),
        ErrorCode::InvalidCredentials => (StatusCode::UNAUTHORIZED, "Wrong e-mail or password"),
        ErrorCode::SecondFactorRequired => (StatusCode::UNAUTHORIZED, "A one-time code is needed too"),
        ErrorCode::LastAdmin => (StatusCode::CONFLICT, "The last admin stays"),
        ErrorCode::InvalidCode => (StatusCode::UNPROCESSABLE_ENTITY, "Wrong or used code"),
        ErrorCode::Forbidden => (StatusCode::FORBIDDEN, "Not allowed"),
        ErrorCode::NotFound => (StatusCode::NOT_FOUND, "Not found"),
        ErrorCode::SeatTaken => (StatusCode::CONFLICT, "Seats are taken"),
        ErrorCode::UnknownSeat => (StatusCode::UNPROCESSABLE_ENTITY, "No such seat"),
        ErrorCode::NotEnoughSeats => (StatusCode::CONFLICT, "Not enough free seats"),
        ErrorCode::CoupleSplit => (StatusCode::UNPROCESSABLE_ENTITY, "A couple seat is sold as a pair"),
        ErrorCode::CompanionAlone => {
            (StatusCode::UNPROCESSABLE_ENTITY, "A companion seat goes with its wheelchair space")
        }
        ErrorCode::OrphanSeat => (StatusCode::UNPROCESSABLE_ENTITY, "A single seat would be left"),
        ErrorCode::TooManySeats => (StatusCode::UNPROCESSABLE_ENTITY, "Too many seats"),
        ErrorCode::ShowNotOnSale => (StatusCode::CONFLICT, "The show is not on sale"),
        ErrorCode::HoldExpired => (StatusCode::GONE, "The hold is over"),
        ErrorCode::ExtensionLimit => (StatusCode::CONFLICT, "The hold cannot be extended any more"),
        ErrorCode::BookingState => (StatusCode::CONFLICT, "The booking's state does not allow it"),
        ErrorCode::CancellationClosed => (StatusCode::CONFLICT, "The booking cannot be cancelled"),
        ErrorCode::PaymentDeclined => (StatusCode::UNPROCESSABLE_ENTITY, "The payment was declined"),
        // Not a fault of the server: the booking waits, and the same call again may find it decided.
        ErrorCode::PaymentPending => (StatusCode::CONFLICT, "The payment is not decided yet"),
        ErrorCode::EventBadSignature => (StatusCode::BAD_REQUEST, "Not signed by the payment provider"),
        ErrorCode::EventMalformed => (StatusCode::BAD_REQUEST, "The event cannot be read"),
        ErrorCode::ShowOverlap => (StatusCode::CONFLICT, "Shows would overlap"),
        ErrorCode::StaleRevision => (StatusCode::PRECONDITION_FAILED, "It was changed meanwhile"),
        ErrorCode::InUse => (StatusCode::CONFLICT, "It is in use"),
        ErrorCode::VoucherUnknown => (StatusCode::UNPROCESSABLE_ENTITY, "No such discount code"),
        ErrorCode::VoucherNotValid => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The discount code is not valid here")
        }
        ErrorCode::VoucherUsedUp => (StatusCode::CONFLICT, "The discount code is used up"),
        ErrorCode::TicketMalformed => (StatusCode::UNPROCESSABLE_ENTITY, "Not a ticket"),
        ErrorCode::TicketUnknownVersion => (StatusCode::UNPROCESSABLE_ENTITY, "A ticket of another version"),
        ErrorCode::TicketUnknownKey => (StatusCode::UNPROCESSABLE_ENTITY, "A ticket of another house"),
        ErrorCode::TicketBadSignature => (StatusCode::UNPROCESSABLE_ENTITY, "The ticket is not genuine"),
        ErrorCode::TicketWrongShow => (StatusCode::CONFLICT, "A ticket for another show"),
        ErrorCode::TicketTooEarly => (StatusCode::CONFLICT, "Too early"),
        ErrorCode::TicketExpired => (StatusCode::GONE, "The show is over"),
        ErrorCode::TicketCancelled => (StatusCode::GONE, "The ticket was cancelled"),
        ErrorCode::TicketRevoked => (StatusCode::GONE, "The ticket was revoked"),
        ErrorCode::TicketAlreadyUsed => (StatusCode::CONFLICT, "The ticket was used"),
        ErrorCode::TicketScanUndone => (StatusCode::CONFLICT, "The check-in was undone"),
        ErrorCode::AlreadyExists => (StatusCode::CONFLICT, "It exists already"),
        ErrorCode::IdempotencyMismatch => {
            (StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used for another request")
        }
        ErrorCode::Contended => (StatusCode::CONFLICT, "Too many at once wanted the same"),
        ErrorCode::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
        ErrorCode::OutcomeUnknown => (StatusCode::SERVICE_UNAVAILABLE, "The outcome is not known"),
        ErrorCode::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        ErrorCode::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
        _ => return None,
    })
}

/// A refusal, as it is answered. Boxed, as errors travel through every answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Wire>);

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Wire::schema()
    }
}

impl ToSchema for Problem {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Wire::schemas(schemas);
    }
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
struct Wire {
    /// A URI that stands for the kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri", examples("urn:kitflik:problem:seat_taken"))]
    kind: String,
    /// The kind of problem, for people.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The stable name of the refusal, for programs.
    code: &'static str,
    /// What was wrong this time, what is allowed, and what to do.
    detail: String,
    /// Each refused field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// The seats that the refusal is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    seats: Vec<SeatId>,
    /// A choice of seats that would be allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    alternative: Option<Vec<SeatId>>,
    #[serde(skip)]
    retry_after: Option<u32>,
    /// The revision that there is, where the request names another.
    #[serde(skip)]
    revision: Option<u64>,
}

impl Problem {
    /// A problem with its code and what was wrong this time.
    #[must_use]
    pub fn new(code: impl Into<ProblemCode>, detail: impl Into<String>) -> Self {
        let code = code.into();
        let (status, title) = code.meaning();
        let again = matches!(code, ProblemCode::Engine(ErrorCode::Contended | ErrorCode::PaymentPending))
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        Self(Box::new(Wire {
            kind: format!("urn:kitflik:problem:{}", code.as_str()),
            title,
            status: status.as_u16(),
            code: code.as_str(),
            detail: detail.into(),
            errors: Vec::new(),
            seats: Vec::new(),
            alternative: None,
            retry_after: again.then_some(RETRY_SECONDS),
            revision: None,
        }))
    }

    /// Says when to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// One refused field.
    #[must_use]
    pub fn field(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { path: path.into(), code: code.to_owned(), detail: detail.into() }])
    }

    /// Refused fields.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let invalid = Invalid { errors };
        let mut problem = Self::new(ErrorCode::ValidationFailed, invalid.to_string());
        problem.0.errors = invalid.errors;
        problem
    }

    /// A fault that only the log may know.
    pub(crate) fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "internal error");
        Self::new(ErrorCode::Internal, "something is broken here; the operator can find it in the log")
    }

    /// The status that it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = match error.code() {
            ErrorCode::Internal => Self::internal(&error),
            code @ ErrorCode::Unavailable => {
                tracing::warn!(reason = %error, "a dependency does not answer");
                Self::new(code, "the storage does not answer; nothing was changed; try again")
            }
            code => Self::new(code, error.to_string()),
        };
        problem.0.errors = error.fields().to_vec();
        if let Some(wait) = error.retry_after() {
            // Whole seconds, and not a moment too early.
            problem.0.retry_after = Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX - 1) + 1);
        }
        if let Error::Catalog(error) = &error {
            problem.0.revision = error.revision();
        }
        if let Error::Booking(error) = &error {
            problem.0.seats = error.seats().to_vec();
            problem.0.alternative = error.alternative().map(<[_]>::to_vec);
        }
        problem
    }
}

macro_rules! from_error {
    ($($error:ident)*) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Error::from(error).into()
            }
        }
    )*};
}
from_error! { BookingError CatalogError NotifyError UserError ReportError JobError EngineError }

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(tag) = self.0.revision.and_then(revision::tag) {
            headers.insert(header::ETAG, tag);
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = "Bearer realm=\"kitflik\", Booking realm=\"kitflik\"";
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_and_a_title() {
        for code in ErrorCode::ALL {
            let (status, title) = meaning(*code).unwrap_or_else(|| panic!("{code} has no status"));
            assert!(status.is_client_error() || status.is_server_error(), "{code}");
            assert!(!title.is_empty(), "{code}");
        }
        let table: String = ProblemCode::all()
            .map(|code| format!("{} {}\n", code.status().as_u16(), code.as_str()))
            .collect();
        insta::assert_snapshot!(table);
    }

    #[test]
    fn what_an_operator_must_know_stays_in_the_log() {
        for error in [
            EngineError::Internal { reason: "secret".to_owned() },
            EngineError::Unavailable { reason: "secret".to_owned() },
        ] {
            let problem = Problem::from(error);
            assert!(!format!("{problem:?}").contains("secret"), "{problem:?}");
        }
    }
}
