//! The REST API: a `Request` taken apart in JavaScript goes through the same router as on a server.

use std::net::IpAddr;

use axum::body::{Body, to_bytes};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{Method, Request, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use js_sys::{Array, Uint8Array};
use kitflik_core::ErrorCode;
use kitflik_http::{ClientAddress, Problem, ProblemCode};
use send_wrapper::SendWrapper;
use serde::{Deserialize, Serialize};
use tower::ServiceExt;
use wasm_bindgen::prelude::*;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::ports::{Given, settled};
use crate::tasks::{self, Outcome};

#[wasm_bindgen]
extern "C" {
    /// The body of a request, read as far as the router wants it.
    pub type BodyReader;

    /// The next bytes, or `undefined` at the end, or a text that says why there are none.
    #[wasm_bindgen(method, structural, catch)]
    fn read(this: &BodyReader) -> Result<Given, JsValue>;
}

/// A request without its body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    method: String,
    /// Path and query.
    target: String,
    headers: Vec<(String, String)>,
    client_address: Option<String>,
}

/// An answer without its body.
#[derive(Serialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
}

#[wasm_bindgen]
impl Engine {
    /// Answers a request. Ends with a list of two: `Answer` as JSON, and the body.
    pub fn fetch(&self, head: &str, body: Option<BodyReader>) -> u32 {
        let (router, head) = (self.router(), serde_json::from_slice::<Head>(head.as_bytes()));
        tasks::start(async move {
            let head = head.map_err(|error| Failure::new(ErrorCode::ValidationFailed, error))?;
            let response = match request(head, body) {
                // A router has no error but through its answers.
                Ok(request) => router.oneshot(request).await.unwrap_or_else(|never| match never {}),
                Err(problem) => problem.into_response(),
            };
            parts(response).await
        })
    }
}

fn request(head: Head, body: Option<BodyReader>) -> Result<Request<Body>, Problem> {
    let malformed = |what: &str| Problem::new(ProblemCode::Malformed, format!("the {what} cannot be read"));
    let mut request = Request::new(body.map_or_else(Body::empty, stream_of));
    *request.method_mut() = Method::from_bytes(head.method.as_bytes()).map_err(|_| malformed("method"))?;
    *request.uri_mut() = Uri::try_from(head.target).map_err(|_| malformed("path"))?;
    for (name, value) in head.headers {
        let name = HeaderName::try_from(name).map_err(|_| malformed("name of a header"))?;
        // JavaScript has a character for each byte.
        let bytes: Option<Vec<u8>> = value.chars().map(|character| u8::try_from(character).ok()).collect();
        let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
        request.headers_mut().append(name, value.ok_or_else(|| malformed("value of a header"))?);
    }
    if let Some(address) = head.client_address.and_then(|text| text.trim().parse::<IpAddr>().ok()) {
        request.extensions_mut().insert(ClientAddress(address));
    }
    Ok(request)
}

fn stream_of(reader: BodyReader) -> Body {
    let chunks = stream::unfold(reader, async |reader| {
        let chunk = match settled(reader.read()).await {
            Ok(end) if end.is_undefined() => return None,
            Ok(reason) if reason.is_string() => Err(reason.as_string().unwrap_or_default()),
            Ok(bytes) => {
                bytes.dyn_into::<Uint8Array>().map(|bytes| bytes.to_vec()).map_err(|_| "no bytes".into())
            }
            Err(reason) => Err(reason),
        };
        Some((chunk, reader))
    });
    Body::from_stream(SendWrapper::new(chunks))
}

async fn parts(response: Response) -> Outcome {
    let (head, body) = response.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.to_string(), value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
    });
    let answer = Answer { status: head.status.as_u16(), headers: headers.collect() };
    let internal = |error: String| Failure::new(ErrorCode::Internal, error);
    let text = serde_json::to_string(&answer).map_err(|error| internal(error.to_string()))?;
    let bytes = to_bytes(body, usize::MAX).await.map_err(|error| internal(error.to_string()))?;
    Ok(Array::of2(&text.into(), &Uint8Array::from(&*bytes).into()).into())
}
