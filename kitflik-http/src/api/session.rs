//! Sessions of browsers: the same tokens as for apps, but in cookies that scripts cannot read.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kitflik_core::{CommandId, InvalidToken, LogIn, RefreshSession, StaffLogIn, TokenPair, UserError};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::body::Json;
use super::extract::client::Client;
use super::extract::cookies::{self, Token, Whose};
use super::extract::idempotency::IdempotencyKey;
use super::{Answer, json};
use crate::problem::Problem;
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(session, open, renew, close)).routes(routes!(
        staff_session,
        staff_open,
        staff_renew,
        staff_close
    ))
}

/// How a browser's session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Somebody is logged in.
    Open,
    /// Somebody was; `PUT` may open it again.
    Expired,
    /// Nobody is.
    None,
}

/// A browser's session. Its tokens are in cookies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// How it stands.
    pub state: SessionState,
    /// What each command of a page has to carry as `X-CSRF-Token`. Another one after each `PUT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
    /// How long until it has to be opened again, in seconds; where it was opened just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// How this browser's session stands
#[utoipa::path(get, path = "/v1/auth/session", tag = "accounts",
    responses((status = 200, description = "The session", body = SessionView)))]
async fn session(State(api): State<Api>, headers: HeaderMap) -> Answer {
    state(&api, Whose::Customer, &headers).await
}

/// Log in by a browser: the tokens come as cookies that scripts cannot read
#[utoipa::path(post, path = "/v1/auth/session", tag = "accounts", operation_id = "open_session",
    request_body = LogIn,
    responses((status = 200, description = "The session", body = SessionView)))]
async fn open(
    State(api): State<Api>,
    headers: HeaderMap,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<LogIn>,
) -> Answer {
    cookies::from_this_site(&headers)?;
    request.command = key.of_guest();
    request.address = client.text();
    given(&api, Whose::Customer, &api.kitflik.users().log_in(&request).await?)
}

/// Get the next tokens, as cookies
#[utoipa::path(put, path = "/v1/auth/session", tag = "accounts", operation_id = "renew_session",
    responses((status = 200, description = "The session", body = SessionView)))]
async fn renew(State(api): State<Api>, headers: HeaderMap, key: IdempotencyKey) -> Response {
    next(&api, Whose::Customer, &headers, key.of_guest()).await
}

/// Log out; the cookies are taken back
#[utoipa::path(delete, path = "/v1/auth/session", tag = "accounts", operation_id = "close_session",
    responses((status = 204, description = "Nobody is logged in")))]
async fn close(State(api): State<Api>, headers: HeaderMap) -> Response {
    end(&api, Whose::Customer, &headers).await
}

/// How this browser's session of staff stands
#[utoipa::path(get, path = "/v1/admin/auth/session", tag = "staff",
    responses((status = 200, description = "The session", body = SessionView)))]
async fn staff_session(State(api): State<Api>, headers: HeaderMap) -> Answer {
    state(&api, Whose::Staff, &headers).await
}

/// Log in as staff by a browser: the tokens come as cookies that scripts cannot read
#[utoipa::path(post, path = "/v1/admin/auth/session", tag = "staff", operation_id = "staff_open_session",
    request_body = StaffLogIn,
    responses((status = 200, description = "The session", body = SessionView)))]
async fn staff_open(
    State(api): State<Api>,
    headers: HeaderMap,
    key: IdempotencyKey,
    client: Client,
    Json(mut request): Json<StaffLogIn>,
) -> Answer {
    cookies::from_this_site(&headers)?;
    request.command = key.of_guest();
    request.address = client.text();
    given(&api, Whose::Staff, &api.kitflik.staff().log_in(&request).await?)
}

/// Get the next tokens of staff, as cookies
#[utoipa::path(put, path = "/v1/admin/auth/session", tag = "staff", operation_id = "staff_renew_session",
    responses((status = 200, description = "The session", body = SessionView)))]
async fn staff_renew(State(api): State<Api>, headers: HeaderMap, key: IdempotencyKey) -> Response {
    next(&api, Whose::Staff, &headers, key.of_guest()).await
}

/// Log out as staff; the cookies are taken back
#[utoipa::path(delete, path = "/v1/admin/auth/session", tag = "staff", operation_id = "staff_close_session",
    responses((status = 204, description = "Nobody is logged in")))]
async fn staff_close(State(api): State<Api>, headers: HeaderMap) -> Response {
    end(&api, Whose::Staff, &headers).await
}

/// The session with the cookies that hold its tokens.
fn given(api: &Api, whose: Whose, tokens: &TokenPair) -> Answer {
    let view = SessionView {
        state: SessionState::Open,
        csrf_token: Some(cookies::csrf_token(&tokens.access_token)),
        expires_in: Some(tokens.expires_in),
    };
    let values =
        [(Token::Access, Some(&*tokens.access_token)), (Token::Refresh, Some(&*tokens.refresh_token))];
    Ok(with_cookies(api, whose, values, json(StatusCode::OK, &view)?))
}

fn with_cookies(
    api: &Api,
    whose: Whose,
    values: [(Token, Option<&str>); 2],
    mut response: Response,
) -> Response {
    for (token, value) in values {
        if let Some(cookie) = cookies::set(whose, token, api.https, value) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

fn without_cookies(api: &Api, whose: Whose, response: Response) -> Response {
    with_cookies(api, whose, [(Token::Access, None), (Token::Refresh, None)], response)
}

async fn state(api: &Api, whose: Whose, headers: &HeaderMap) -> Answer {
    let Some(access) = cookies::find(headers, whose, Token::Access, api.https)? else {
        return json(
            StatusCode::OK,
            &SessionView { state: SessionState::None, csrf_token: None, expires_in: None },
        );
    };
    let actor = match whose {
        Whose::Customer => api.kitflik.users().authenticate(access),
        Whose::Staff => api.kitflik.staff().authenticate(access).await,
    };
    let state = match actor {
        Ok(_) => SessionState::Open,
        Err(UserError::InvalidToken(_)) => SessionState::Expired,
        Err(error) => return Err(error.into()),
    };
    json(
        StatusCode::OK,
        &SessionView { state, csrf_token: Some(cookies::csrf_token(access)), expires_in: None },
    )
}

async fn next(api: &Api, whose: Whose, headers: &HeaderMap, command: Option<CommandId>) -> Response {
    let refresh_token = match tokens(api, whose, &Method::PUT, headers) {
        Ok(Some(refresh)) => refresh.to_owned(),
        Ok(None) => return Problem::from(UserError::from(InvalidToken::Invalid)).into_response(),
        Err(problem) => return problem.into_response(),
    };
    let request = RefreshSession { command, refresh_token };
    let tokens = match whose {
        Whose::Customer => api.kitflik.users().refresh(&request).await,
        Whose::Staff => api.kitflik.staff().refresh(&request).await,
    };
    match tokens {
        Ok(tokens) => given(api, whose, &tokens).unwrap_or_else(Problem::into_response),
        // It will never open anything again.
        Err(error @ UserError::InvalidToken(_)) => {
            without_cookies(api, whose, Problem::from(error).into_response())
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// A browser cannot forget these cookies by itself: they are taken back even where the storage does not answer.
async fn end(api: &Api, whose: Whose, headers: &HeaderMap) -> Response {
    let refresh_token = match tokens(api, whose, &Method::DELETE, headers) {
        Ok(Some(refresh)) => refresh.to_owned(),
        Ok(None) => return without_cookies(api, whose, StatusCode::NO_CONTENT.into_response()),
        Err(problem) => return problem.into_response(),
    };
    let request = RefreshSession { command: None, refresh_token };
    let ended = match whose {
        Whose::Customer => api.kitflik.users().log_out(&request).await,
        Whose::Staff => api.kitflik.staff().log_out(&request).await,
    };
    let response = match ended {
        Ok(()) | Err(UserError::InvalidToken(_)) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => Problem::from(error).into_response(),
    };
    without_cookies(api, whose, response)
}

/// The refresh token of a command that a page of this house has sent.
fn tokens<'a>(
    api: &Api,
    whose: Whose,
    method: &Method,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, Problem> {
    let find = |token| cookies::find(headers, whose, token, api.https);
    match find(Token::Access)? {
        Some(access) => cookies::guard(method, headers, access)?,
        None => cookies::from_this_site(headers)?,
    }
    // Both are given and taken together: one alone is nobody's session.
    Ok(find(Token::Access)?.and(find(Token::Refresh)?))
}
