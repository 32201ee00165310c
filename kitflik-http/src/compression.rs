//! gzip for answers that are the same for everybody.
//!
//! Only for what says that it is `public` and has an entity tag: catalogue, seats, layouts, pages, the document of the
//! API. Of an answer with a secret in it, beside something that another may choose, the length would tell the secret
//! (BREACH); so those, and all errors, go as they are. What was compressed is kept by its tag: the programme and a seat
//! map are asked for far more often than they change.

use std::collections::{HashMap, VecDeque};
use std::io::Write;

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::write::GzEncoder;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Shorter answers fit into a packet anyway.
const SHORT: u64 = 1024;
/// Longer ones are compressed where they keep nobody waiting.
const LONG: usize = 64 * 1024;
/// Bytes of compressed answers that are kept.
const KEPT: usize = 16 * 1024 * 1024;

const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// What of a request decides about compression.
#[derive(Debug)]
pub(crate) enum Asked {
    /// Nothing: it is no GET.
    Other,
    Plain,
    Gzip {
        path: String,
        known: Option<HeaderValue>,
    },
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        if request.method() != Method::GET {
            return Self::Other;
        }
        if !accepts_gzip(request.headers()) {
            return Self::Plain;
        }
        Self::Gzip {
            path: request.uri().path().to_owned(),
            known: request.headers().get(header::IF_NONE_MATCH).cloned(),
        }
    }
}

/// RFC 9110, 12.5.3, as far as it is about gzip.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|header| header.to_str().ok());
    let (mut named, mut any) = (None, None);
    for coding in codings.flat_map(|header| header.split(',')) {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = quality.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        let wanted = quality.is_ok_and(|quality| quality > 0.0);
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => named = Some(wanted),
            "*" => any = Some(wanted),
            _ => {}
        }
    }
    named.or(any).unwrap_or(false)
}

/// Compressed answers by tag and path. What else a client may write into an address makes no other answer of it.
#[derive(Debug)]
pub(crate) struct Compression {
    kept: Mutex<Kept>,
    /// How many may be compressed at the same time: whoever waits may find that it is done.
    places: Semaphore,
}

impl Default for Compression {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { kept: Mutex::default(), places: Semaphore::new(2 * cores) }
    }
}

type Name = (HeaderValue, String);

#[derive(Debug, Default)]
struct Kept {
    bodies: HashMap<Name, Bytes>,
    /// The oldest first.
    order: VecDeque<Name>,
    bytes: usize,
}

impl Compression {
    /// An answer as it was asked for.
    pub(crate) async fn answer(&self, asked: Asked, mut response: Response) -> Response {
        if matches!(asked, Asked::Other) {
            return response;
        }
        let headers = response.headers_mut();
        let public =
            headers.get(header::CACHE_CONTROL).is_some_and(|it| it.as_bytes().starts_with(b"public"));
        let Some(tag) = headers.get(header::ETAG).filter(|_| public).cloned() else { return response };
        headers.append(header::VARY, ACCEPT_ENCODING);
        let Asked::Gzip { path, known } = asked else { return response };
        let Some(weak) = weakened(&tag) else { return response };
        if response.status() == StatusCode::NOT_MODIFIED {
            // It is the compressed answer that the client has.
            let has = known.is_some_and(|known| contains(known.as_bytes(), weak.as_bytes()));
            if has {
                response.headers_mut().insert(header::ETAG, weak);
            }
            return response;
        }
        if response.status() != StatusCode::OK || !worth(&response) {
            return response;
        }
        let name = (tag, path);
        let kept = self.kept(&name);
        let (mut parts, body) = response.into_parts();
        let compressed = match kept {
            Some(kept) => kept,
            None => {
                // It is in memory, and has a size.
                let Ok(plain) = to_bytes(body, usize::MAX).await else {
                    return Response::from_parts(parts, Body::empty());
                };
                let Some(compressed) = self.compress(name, plain.clone()).await else {
                    return Response::from_parts(parts, Body::from(plain));
                };
                compressed
            }
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_ENCODING, GZIP);
        // A strong tag is of the very bytes, and these are others.
        parts.headers.insert(header::ETAG, weak);
        Response::from_parts(parts, Body::from(compressed))
    }

    fn kept(&self, name: &Name) -> Option<Bytes> {
        self.kept.lock().bodies.get(name).cloned()
    }

    async fn compress(&self, name: Name, plain: Bytes) -> Option<Bytes> {
        let _place = self.places.acquire().await.ok()?;
        if let Some(kept) = self.kept(&name) {
            return Some(kept);
        }
        let compressed = compress(plain).await?;
        self.kept.lock().keep(name, compressed.clone());
        Some(compressed)
    }
}

fn size(name: &Name, body: &Bytes) -> usize {
    // The name stands in two places.
    2 * (name.0.len() + name.1.len()) + body.len()
}

impl Kept {
    fn keep(&mut self, name: Name, body: Bytes) {
        let size_of = size(&name, &body);
        if size_of > KEPT / 4 || self.bodies.contains_key(&name) {
            return;
        }
        self.bytes += size_of;
        self.bodies.insert(name.clone(), body);
        self.order.push_back(name);
        while self.bytes > KEPT || self.order.len() > KEPT / 4096 {
            let Some(oldest) = self.order.pop_front() else { return };
            let gone = self.bodies.remove(&oldest).map_or(0, |body| size(&oldest, &body));
            self.bytes = self.bytes.saturating_sub(gone);
        }
    }
}

fn weakened(tag: &HeaderValue) -> Option<HeaderValue> {
    if tag.as_bytes().starts_with(b"W/") {
        return Some(tag.clone());
    }
    HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()).ok()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether an answer is text, long enough, and not compressed already.
fn worth(response: &Response) -> bool {
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = ["application/json", "text/", "image/svg"].iter().any(|text| kind.starts_with(text));
    let size = response.body().size_hint().exact().unwrap_or(0);
    text && size >= SHORT && !headers.contains_key(header::CONTENT_ENCODING)
}

async fn compress(plain: Bytes) -> Option<Bytes> {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) if plain.len() > LONG => runtime.spawn_blocking(move || gzip(&plain)).await.ok()?,
        _ => gzip(&plain),
    }
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), flate2::Compression::default());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        let accepts = |text: &str| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, text.parse().unwrap())]))
        };
        for yes in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.8", "*", "identity, *;q=0.5"] {
            assert!(accepts(yes), "{yes}");
        }
        for no in ["", "br", "identity", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "gzipped", "gzip;q=x"] {
            assert!(!accepts(no), "{no}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn what_a_client_adds_to_an_address_is_not_kept() {
        let compression = Compression::default();
        for address in ["/v1/movies?q=1", "/v1/movies?q=2", "/v1/movies", "/v1/venues"] {
            let request = Request::get(address).header(header::ACCEPT_ENCODING, "gzip").body(Body::empty());
            let response = Response::builder()
                .header(header::CACHE_CONTROL, "public, no-cache")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ETAG, "\"1\"")
                .body(Body::from("x".repeat(2000)));
            let asked = Asked::of(&request.unwrap());
            let answer = compression.answer(asked, response.unwrap()).await;
            assert_eq!(answer.headers()[header::CONTENT_ENCODING], GZIP);
        }
        assert_eq!(compression.kept.lock().bodies.len(), 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut kept = Kept::default();
        let name = |number: usize| (HeaderValue::from(number), "/".repeat(1000));
        for number in 0..10_000 {
            kept.keep(name(number), Bytes::from(vec![0; 10_000]));
        }
        let sizes = kept.bodies.iter().map(|(name, body)| size(name, body));
        assert_eq!(kept.bytes, sizes.sum::<usize>());
        assert!(kept.bytes <= KEPT && kept.bytes > 12_000 * kept.bodies.len());
        assert_eq!(kept.bodies.len(), kept.order.len());
        assert!(kept.bodies.contains_key(&name(9_999)) && !kept.bodies.contains_key(&name(0)));
        kept.keep(name(10_001), Bytes::from(vec![0; KEPT]));
        assert!(!kept.bodies.contains_key(&name(10_001)), "too large to keep");
        for number in 0..10_000 {
            kept.keep(name(number), Bytes::from_static(b"x"));
        }
        assert!(kept.bodies.len() <= KEPT / 4096);
    }
}
