//! The router: routes, and what is done to every request and answer.

use std::sync::Arc;
#[cfg(not(feature = "server"))]
use std::sync::atomic::AtomicBool;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use kitflik_core::{ErrorCode, Kitflik};
use tower_http::cors::{Any, CorsLayer};

use crate::api;
use crate::documented;
use crate::problem::{Problem, ProblemCode};

/// Most bytes of a request's body.
pub const BODY_LIMIT: usize = 64 * 1024;
/// Most bytes of a seating plan that is imported.
pub const IMPORT_LIMIT: usize = 4 * 1024 * 1024;
/// Longest request id that is taken from a client.
const MAX_REQUEST_ID: usize = 128;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Whether an instance takes part. The program that serves holds one half, `/readyz` tells the other.
#[derive(Debug, Clone)]
pub struct Readiness(
    #[cfg(feature = "server")] Arc<tokio::sync::watch::Sender<bool>>,
    #[cfg(not(feature = "server"))] Arc<AtomicBool>,
);

#[cfg(feature = "server")]
impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(tokio::sync::watch::Sender::new(true)))
    }
}

#[cfg(feature = "server")]
impl Readiness {
    /// Says whether requests are welcome: `false` while starting and while draining. Answers without an end, such as
    /// the events of a show's seats, end when it is `false`.
    pub fn set(&self, ready: bool) {
        self.0.send_replace(ready);
    }

    /// Whether requests are welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until requests are not welcome any more.
    pub(crate) async fn draining(&self) {
        // The sender is ours, so there is no error.
        let _ = self.0.subscribe().wait_for(|ready| !ready).await;
    }
}

#[cfg(not(feature = "server"))]
impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

#[cfg(not(feature = "server"))]
impl Readiness {
    /// Says whether requests are welcome: `false` while starting and while draining.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    /// Whether requests are welcome.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Which pages of other origins may call the API from a browser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cors {
    /// None.
    #[default]
    Off,
    /// All, without the cookies of a session: a foreign page can do no more than its own server could.
    Any,
}

/// What a host may choose.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RouterOptions {
    /// What `/readyz` tells.
    pub readiness: Readiness,
    /// Calls from pages of other origins.
    pub cors: Cors,
    /// The first part of the request ids that are made here; tells instances apart. If empty: the time of the
    /// start.
    pub instance: String,
    /// Browsers come by https: the cookies of their sessions are for https only, and for this very host.
    pub https: bool,
    /// How many may listen to the seats of shows at the same time; each keeps a connection. 4096 if not given. Looked
    /// at with the feature `server` only.
    pub listeners_at_once: Option<usize>,
    /// In WebAssembly: what `/openapi.json` answers, the text of this crate's `src/openapi.json`. There each byte
    /// of code counts, so the host keeps it. Natively it is made from the routes, and this is not looked at.
    pub document: Bytes,
}

impl RouterOptions {
    /// With a readiness that the host keeps a clone of.
    #[must_use]
    pub fn readiness(self, readiness: Readiness) -> Self {
        Self { readiness, ..self }
    }

    /// With calls from pages of other origins.
    #[must_use]
    pub fn cors(self, cors: Cors) -> Self {
        Self { cors, ..self }
    }

    /// With the first part of request ids.
    #[must_use]
    pub fn instance(self, instance: impl Into<String>) -> Self {
        Self { instance: instance.into(), ..self }
    }

    /// With cookies for https only, or for http too.
    #[must_use]
    pub fn https(self, https: bool) -> Self {
        Self { https, ..self }
    }

    /// With so many listeners to the seats of shows.
    #[must_use]
    pub fn listeners_at_once(self, most: usize) -> Self {
        Self { listeners_at_once: Some(most), ..self }
    }

    /// With the text that `/openapi.json` answers in WebAssembly.
    #[must_use]
    pub fn document(self, document: impl Into<Bytes>) -> Self {
        Self { document: document.into(), ..self }
    }
}

/// What handlers work with.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) kitflik: Kitflik,
    pub(crate) readiness: Readiness,
    pub(crate) https: bool,
    pub(crate) document: Bytes,
    #[cfg(feature = "server")]
    pub(crate) feeds: Arc<crate::feeds::Feeds>,
    #[cfg(feature = "server")]
    pub(crate) pictures: Arc<crate::api::pictures::Pictures>,
}

/// The whole API over an engine. See the crate's documentation.
pub fn router(kitflik: Kitflik, options: RouterOptions) -> Router {
    assemble(kitflik, options, |routes| routes)
}

/// The same with something of the host's around the routes, whose refusals look like all others.
pub(crate) fn assemble(
    kitflik: Kitflik,
    options: RouterOptions,
    around: impl FnOnce(Router) -> Router,
) -> Router {
    let (routes, document) = documented::finish(api::routes(), options.document);
    let finishing = Arc::new(Finish {
        ids: RequestIds::new(&kitflik, &options.instance),
        kitflik: kitflik.clone(),
        https: options.https,
        #[cfg(feature = "server")]
        compression: Default::default(),
    });
    #[cfg(feature = "server")]
    let feeds = {
        let most = options.listeners_at_once.unwrap_or(crate::feeds::LISTENERS);
        crate::feeds::Feeds::new(kitflik.clone(), options.readiness.clone(), most)
    };
    let api = Api {
        kitflik,
        readiness: options.readiness,
        https: options.https,
        document,
        #[cfg(feature = "server")]
        feeds,
        #[cfg(feature = "server")]
        pictures: Arc::default(),
    };
    #[cfg(feature = "pages")]
    let routes = routes.merge(api::pages::routes());
    let routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(api);
    #[cfg(feature = "server")]
    let routes = routes.merge(api::docs::routes());
    let routes = around(routes);
    let routes = match options.cors {
        Cors::Off => routes,
        Cors::Any => routes.layer(cors()),
    };
    routes.layer(from_fn_with_state(finishing, finish))
}

fn cors() -> CorsLayer {
    let told = [header::ETAG, header::LOCATION, header::RETRY_AFTER, header::WWW_AUTHENTICATE, REQUEST_ID];
    // A star would not be `Authorization`.
    let headers = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("last-event-id"),
        REQUEST_ID,
    ];
    CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(headers).expose_headers(told)
}

async fn not_found(request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(200).collect();
    Problem::new(
        ErrorCode::NotFound,
        format!("there is nothing at {path}; /openapi.json lists what there is"),
    )
}

async fn method_not_allowed(request: Request) -> Problem {
    let method: String = request.method().as_str().chars().take(40).collect();
    let detail = format!("{method} is not allowed here; the header Allow lists what is");
    Problem::new(ProblemCode::MethodNotAllowed, detail)
}

/// Makes request ids without a source of randomness: an instance's name and a count.
#[derive(Debug)]
struct RequestIds {
    instance: String,
    count: AtomicU64,
}

impl RequestIds {
    fn new(kitflik: &Kitflik, instance: &str) -> Self {
        let name: String = instance.chars().filter(char::is_ascii_graphic).take(64).collect();
        let instance = if name.is_empty() { format!("{:x}", kitflik.now().millis()) } else { name };
        Self { instance, count: AtomicU64::new(0) }
    }

    /// The client's own id if it has a good one, so that its log and ours can be joined.
    fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let good = |id: &&HeaderValue| {
            (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        headers.get(REQUEST_ID).filter(good).cloned().unwrap_or_else(|| {
            let count = self.count.fetch_add(1, Ordering::Relaxed);
            HeaderValue::try_from(format!("{}-{count:x}", self.instance))
                .unwrap_or(const { HeaderValue::from_static("-") })
        })
    }
}

/// What the answers of a router are finished with.
#[derive(Debug)]
struct Finish {
    ids: RequestIds,
    kitflik: Kitflik,
    https: bool,
    #[cfg(feature = "server")]
    compression: crate::compression::Compression,
}

/// What every answer has. One middleware for all of it: seat maps are asked for more often than anything
/// else, and each layer costs them.
async fn finish(State(finish): State<Arc<Finish>>, mut request: Request, next: Next) -> Response {
    const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
    const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
    const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
    const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    // A browser that came by https once does not come by http for a year, whoever asks it to.
    const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");
    let id = finish.ids.of(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    #[cfg(feature = "server")]
    let mut response = {
        let asked = crate::compression::Asked::of(&request);
        finish.compression.answer(asked, next.run(request).await).await
    };
    #[cfg(not(feature = "server"))]
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(header::REFERRER_POLICY, NO_REFERRER);
    if finish.https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    if headers.contains_key(header::ETAG)
        && let Some(behind) = finish.kitflik.catalog().behind()
    {
        // The storage does not answer: this is the catalogue as it was seen last.
        headers.insert(header::AGE, HeaderValue::from(behind.as_secs()));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(NOTHING);
    // Whatever does not say that it may be kept is somebody's own.
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    response
}
