//! The OpenAPI 3.1 document. Routes bring their own entries; what many of them have in common is added here.

use kitflik_core::limits;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, Content, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema, Type,
};

use crate::api;
use crate::problem::{PROBLEM_JSON, Problem, ProblemCode};

const CUSTOMER: &str = "customer";
const STAFF: &str = "staff";
const BOOKING: &str = "booking";

/// What is said of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "KitFlik",
        description = "Reserved seats: search, hold, confirm, tickets.\n\n\
            Refusals are `application/problem+json` with a stable `code`. A POST or PUT that carries an \
            `Idempotency-Key` takes effect once: for 24 hours a repeat gets the same answer. A guest's \
            booking token goes in `Authorization: Booking <token>`.\n\n\
            Apps send access tokens. Pages of the same host may open a session instead, by `/v1/auth/session` or \
            `/v1/admin/auth/session`: its tokens are in cookies that scripts cannot read, and each POST, PUT, PATCH \
            and DELETE then has to carry the session's `csrf_token` as `X-CSRF-Token`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem, kitflik_core::SeatChanges)),
    tags(
        (name = "accounts", description = "Customers' accounts"),
        (name = "catalogue", description = "What is shown where, and the seats of auditoriums"),
        (name = "bookings", description = "From free seats to a sale"),
        (name = "tickets", description = "What lets people in"),
        (name = "staff", description = "The house"),
        (name = "operation", description = "For whoever runs it"),
    )
)]
pub(crate) struct Document;

/// The OpenAPI 3.1 document of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    finish(api::routes().into_openapi())
}

/// Adds to every operation what its method and path entail.
pub(crate) fn finish(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let components = document.components.take().unwrap_or_default();
    let mut components = ComponentsBuilder::from(components);
    for (name, scheme) in schemes() {
        components = components.security_scheme(name, scheme);
    }
    let mut components = components.build();
    name_codes(components.schemas.get_mut("Problem"));
    document.components = Some(components);
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.delete].into_iter().flatten() {
            let changes = operation.request_body.is_some();
            complete(path, operation, changes);
        }
        for operation in [&mut item.post, &mut item.put, &mut item.patch].into_iter().flatten() {
            // A quote is asked by POST for its length, and changes nothing.
            complete(path, operation, !path.ends_with("/quote"));
        }
    }
    document
}

fn schemes() -> [(&'static str, SecurityScheme); 3] {
    let bearer = |text: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        SecurityScheme::Http(scheme.description(Some(text)).build())
    };
    let booking = "`Booking <booking_token>`, with the token that came with a guest's hold";
    [
        (CUSTOMER, bearer("The access token of POST /v1/auth/login")),
        (STAFF, bearer("The access token of POST /v1/admin/auth/login")),
        (
            BOOKING,
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("Authorization", booking))),
        ),
    ]
}

/// Lists every code that a problem can have.
fn name_codes(problem: Option<&mut RefOr<Schema>>) {
    let Some(RefOr::T(Schema::Object(problem))) = problem else { return };
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The stable name of the refusal, for programs."))
        .enum_values(Some(ProblemCode::all().map(ProblemCode::as_str)));
    problem.properties.insert("code".to_owned(), RefOr::T(Schema::Object(code.build())));
}

fn complete(path: &str, operation: &mut Operation, changes: bool) {
    if !path.starts_with("/v1/") {
        if path == "/readyz" {
            refuse(operation, "503", "Not now: starting, draining, or the storage does not answer");
        }
        return;
    }
    let who = who(path, changes);
    if !who.is_empty() {
        let one = |who: Option<&str>| {
            who.map_or_else(SecurityRequirement::default, |name| {
                SecurityRequirement::new::<_, [&str; 0], &str>(name, [])
            })
        };
        operation.security = Some(who.into_iter().map(one).collect());
    }
    let has = |operation: &Operation, place: &ParameterIn| {
        let place_of = |parameter: &RefOr<Parameter>| match parameter {
            RefOr::T(parameter) => Some(parameter.parameter_in.clone()),
            RefOr::Ref(_) => None,
        };
        operation.parameters.iter().flatten().any(|parameter| place_of(parameter).as_ref() == Some(place))
    };
    let (in_path, in_query) = (has(operation, &ParameterIn::Path), has(operation, &ParameterIn::Query));
    let of_revision = operation.parameters.iter().flatten().any(
        |parameter| matches!(parameter, RefOr::T(parameter) if parameter.name.eq_ignore_ascii_case("if-match")),
    );
    let changes = changes || of_revision;
    if of_revision {
        refuse(operation, "412", "`stale_revision`: it was changed meanwhile; `ETag` is its revision now");
        refuse(operation, "428", "`precondition_required`: send `If-Match`");
    }
    if changes {
        operation.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
        refuse(operation, "409", "The state of things does not allow it: see `code`");
    }
    if operation.request_body.is_some() {
        refuse(operation, "400", "`malformed`: the body cannot be read");
        refuse(operation, "413", "`payload_too_large`");
        refuse(operation, "415", "`unsupported_media_type`");
    }
    if operation.security.is_some() || path.contains("/auth/") {
        refuse(operation, "401", "No or a bad token, or wrong credentials");
    }
    if operation.security.is_some() || path.ends_with("/auth/session") {
        refuse(operation, "400", "`malformed`: the request cannot be read, or names two who ask");
        refuse(operation, "403", "Not allowed, or `csrf_failed`");
    }
    if in_path || operation.request_body.is_some() && !path.contains("/auth/") {
        refuse(operation, "404", "`not_found`");
    }
    if changes || in_query || path.ends_with("/quote") {
        refuse(operation, "422", "Refused fields, or a rule of the house: see `code`, `errors`, `seats`");
    }
    if path.ends_with("/best-available")
        || path.ends_with("/quote")
        || path.ends_with("/tickets")
        || path.contains("/qr.")
        || path.ends_with(".ics")
    {
        refuse(operation, "409", "The state of things does not allow it: see `code`");
    }
    refuse(operation, "429", "`too_many_requests`");
    refuse(operation, "500", "`internal`");
    refuse(
        operation,
        "503",
        "`unavailable` or `outcome_unknown`: try again, with the same `Idempotency-Key`",
    );
}

/// Who may ask: `None` is for anybody. Empty where nobody's name is asked for.
fn who(path: &str, changes: bool) -> Vec<Option<&'static str>> {
    if path.contains("/auth/") {
        Vec::new()
    } else if path.starts_with("/v1/admin/") {
        vec![Some(STAFF)]
    } else if path.starts_with("/v1/me") {
        vec![Some(CUSTOMER)]
    } else if path == "/v1/bookings" && changes || path.ends_with("/quote") {
        vec![None, Some(CUSTOMER), Some(STAFF)]
    } else if path.starts_with("/v1/bookings") {
        vec![Some(BOOKING), Some(CUSTOMER), Some(STAFF)]
    } else if path.ends_with("/seats") || path.ends_with("/seats.svg") {
        vec![None, Some(BOOKING), Some(CUSTOMER), Some(STAFF)]
    } else {
        Vec::new()
    }
}

fn idempotency_key() -> Parameter {
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(limits::MAX_COMMAND_ID_CHARS))
        .pattern(Some("^[!-~]+$"));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("A name for this command, such as a random UUID: a repeat has no second effect."))
        .schema(Some(text))
        .build()
}

fn refuse(operation: &mut Operation, status: &str, text: &str) {
    let retry = matches!(status, "409" | "429" | "503");
    let known = operation.responses.responses.contains_key(status);
    if !known {
        operation.responses.responses.insert(status.to_owned(), RefOr::T(problem(text, retry)));
    }
}

fn problem(text: &str, retry: bool) -> Response {
    let body = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(text).content(PROBLEM_JSON, body);
    if retry {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
        let header = utoipa::openapi::HeaderBuilder::new().schema(Some(seconds));
        return response.header("Retry-After", header.build()).build();
    }
    response.build()
}
