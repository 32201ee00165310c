//! Who asks: from the header `Authorization`, or from a browser's session. A token that is not valid is refused, never
//! taken for none.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use kitflik_core::{Actor, CatalogError, ErrorCode, InvalidToken, SessionId, UserError};

use super::body::malformed;
use super::cookies::{self, Token, Whose};
use crate::problem::Problem;
use crate::router::Api;

/// Longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 4096;

/// Whoever may have a booking: a guest, a customer, or staff at the box office.
pub(crate) struct Anyone(pub(crate) Actor);

/// A customer, or nobody; the engine refuses nobody.
pub(crate) struct Customer(pub(crate) Actor);

/// A customer, or nobody, and the session that they come from.
pub(crate) struct CustomerSession(pub(crate) Actor, pub(crate) Option<SessionId>);

/// Staff.
pub(crate) struct StaffMember(pub(crate) Actor);

/// Staff who may change the catalogue: nobody else's long bodies are read.
pub(crate) struct CatalogueEditor(pub(crate) Actor);

enum Credentials<'a> {
    None,
    Bearer(&'a str),
    Booking(&'a str),
    /// The access token of a browser's session, in a request that may use it.
    Session(&'a str),
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(ErrorCode::Unauthenticated, detail)
}

/// What a request has to show. Not two things, as nobody could say who asks.
fn credentials<'a>(
    api: &Api,
    method: &Method,
    headers: &'a HeaderMap,
    whose: Whose,
) -> Result<Credentials<'a>, Problem> {
    let told = authorization(headers)?;
    let Some(access) = cookies::find(headers, whose, Token::Access, api.https)? else { return Ok(told) };
    if !matches!(told, Credentials::None) {
        return Err(malformed(
            "the request has the header Authorization and a session's cookie: send one of them",
        ));
    }
    cookies::guard(method, headers, access)?;
    Ok(Credentials::Session(access))
}

fn authorization(headers: &HeaderMap) -> Result<Credentials<'_>, Problem> {
    let allowed = "Authorization must be `Bearer <access token>` or `Booking <booking token>`";
    let mut headers = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = headers.next() else { return Ok(Credentials::None) };
    let text = value.to_str().ok().filter(|_| headers.next().is_none());
    let (scheme, token) =
        text.and_then(|text| text.trim().split_once(' ')).ok_or_else(|| unauthenticated(allowed))?;
    let token = token.trim();
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES {
        Err(unauthenticated(allowed))
    } else if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Credentials::Bearer(token))
    } else if scheme.eq_ignore_ascii_case("booking") {
        Ok(Credentials::Booking(token))
    } else {
        Err(unauthenticated(allowed))
    }
}

impl Anyone {
    /// A customer's token is tried first: most calls carry one, and it costs no question to the storage.
    pub(crate) async fn of(api: &Api, method: &Method, headers: &HeaderMap) -> Result<Self, Problem> {
        let actor = match credentials(api, method, headers, Whose::Customer)? {
            Credentials::None => Actor::guest(),
            Credentials::Session(token) => api.kitflik.users().authenticate(token)?,
            Credentials::Booking(token) => Actor::guest_with(token),
            Credentials::Bearer(token) => match api.kitflik.users().authenticate(token) {
                Err(UserError::InvalidToken(InvalidToken::Invalid)) => {
                    api.kitflik.staff().authenticate(token).await?
                }
                decided => decided?,
            },
        };
        Ok(Self(actor))
    }
}

impl FromRequestParts<Api> for Anyone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Self::of(api, &parts.method, &parts.headers).await
    }
}

impl FromRequestParts<Api> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        CustomerSession::from_request_parts(parts, api).await.map(|customer| Self(customer.0))
    }
}

impl FromRequestParts<Api> for CustomerSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        match credentials(api, &parts.method, &parts.headers, Whose::Customer)? {
            Credentials::None => Ok(Self(Actor::guest(), None)),
            Credentials::Bearer(token) | Credentials::Session(token) => {
                let users = api.kitflik.users();
                Ok(Self(users.authenticate(token)?, Some(users.session(token)?)))
            }
            Credentials::Booking(_) => Err(unauthenticated("log in: a booking token is not enough here")),
        }
    }
}

impl FromRequestParts<Api> for StaffMember {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        match credentials(api, &parts.method, &parts.headers, Whose::Staff)? {
            Credentials::Bearer(token) | Credentials::Session(token) => {
                Ok(Self(api.kitflik.staff().authenticate(token).await?))
            }
            _ => Err(unauthenticated("staff only: log in at /v1/admin/auth/login")),
        }
    }
}

impl FromRequestParts<Api> for CatalogueEditor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let StaffMember(actor) = StaffMember::from_request_parts(parts, api).await?;
        actor.may_edit_catalogue().map_err(CatalogError::from)?;
        Ok(Self(actor))
    }
}
