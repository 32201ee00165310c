//! The document of the API for people. Assets come with the program: no page asks another host for anything.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use utoipa_swagger_ui::{Config, SwaggerUi};

pub(crate) fn routes() -> Router {
    let ui = SwaggerUi::new("/docs")
        .config(Config::new(["/openapi.json"]).use_base_layout().validator_url("none"));
    Router::new().merge(Router::from(ui)).layer(from_fn(page))
}

/// Pages may load what comes from here, and nothing else. (The viewer sets styles of its own.)
async fn page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                  img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                  frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"));
    response
}
