//! What keeps one client, or all of them together, from taking the server away from the others: rates, a bound on
//! what is under way, and time limits. One middleware for all of it, as each layer costs the seat maps.

mod proxies;
mod rates;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kitflik_core::ErrorCode;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::ClientAddress;
use crate::problem::Problem;

pub(crate) use proxies::Proxies;
use rates::{Kind, Rates};
pub(crate) use rates::{RateSettings, neighbourhood};

/// How long an answer to a question may take.
const READ: Duration = Duration::from_secs(10);
/// How long a command may take.
const COMMAND: Duration = Duration::from_secs(30);
/// How long an import may take.
const IMPORT: Duration = Duration::from_secs(60);

/// The limits of a server.
#[derive(Debug)]
pub(crate) struct Limits {
    proxies: Proxies,
    rates: Option<Rates>,
    at_once: Semaphore,
    /// What is under way for each address, and how much it may be: whoever sends bodies slowly keeps a place for each.
    busy: Mutex<HashMap<IpAddr, usize>>,
    share: usize,
}

/// A request of an address that is under way.
struct Busy<'a> {
    limits: &'a Limits,
    client: IpAddr,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut busy = self.limits.busy.lock();
        match busy.get_mut(&self.client) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(busy.remove(&self.client)),
        }
    }
}

impl Limits {
    /// Without `rates` there are none, and no shares; what is under way is bounded all the same.
    pub(crate) fn new(proxies: Proxies, rates: Option<&RateSettings>, at_once: usize) -> Arc<Self> {
        // A load program on this machine has one address.
        let share = if rates.is_some() { (at_once / 4).max(at_once.min(64)) } else { at_once };
        let (rates, at_once) = (rates.map(Rates::new), Semaphore::new(at_once));
        Arc::new(Self { proxies, rates, at_once, busy: Mutex::default(), share })
    }

    fn busy(&self, client: IpAddr) -> Result<Busy<'_>, Problem> {
        let client = neighbourhood(client);
        let mut busy = self.busy.lock();
        let count = busy.entry(client).or_default();
        if *count >= self.share {
            let detail = "too many requests from your address are under way; try again";
            return Err(Problem::new(ErrorCode::TooManyRequests, detail).retry_after(1));
        }
        *count += 1;
        Ok(Busy { limits: self, client })
    }

    fn admit(&self, method: &Method, path: &str, client: Option<IpAddr>) -> Result<(), Problem> {
        let Some(rates) = &self.rates else { return Ok(()) };
        rates.admit(Kind::of(method, path), client).map_err(|refused| {
            let seconds = u32::try_from(refused.wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let whose = if refused.by_address { "from your address" } else { "at the moment" };
            let detail = format!("too many requests {whose}; try again in {seconds} s");
            Problem::new(ErrorCode::TooManyRequests, detail).retry_after(seconds)
        })
    }
}

/// Whoever looks whether the server lives must get an answer when it has much to do.
fn is_health(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

fn patience(method: &Method, path: &str) -> Duration {
    if method.is_safe() {
        READ
    } else if path.ends_with("/import") {
        IMPORT
    } else {
        COMMAND
    }
}

fn too_late(method: &Method) -> Problem {
    if method.is_safe() {
        Problem::new(ErrorCode::Unavailable, "the answer took too long; try again")
    } else {
        let detail =
            "this took too long, and may or may not have been done: ask again with the same Idempotency-Key";
        Problem::new(ErrorCode::OutcomeUnknown, detail)
    }
}

/// Says where the request comes from, and lets it pass if nothing speaks against it.
pub(crate) async fn guard(State(limits): State<Arc<Limits>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let client = peer.map(|peer| limits.proxies.client(peer, request.headers()));
    if let Some(client) = client {
        request.extensions_mut().insert(ClientAddress(client));
    }
    if is_health(request.uri().path()) {
        return next.run(request).await;
    }
    if let Err(refused) = limits.admit(request.method(), request.uri().path(), client) {
        return refused.into_response();
    }
    let Ok(_place) = limits.at_once.try_acquire() else {
        let detail = "the server has too much to do; nothing was changed; try again";
        return Problem::new(ErrorCode::Unavailable, detail).into_response();
    };
    let _busy = match client.map(|client| limits.busy(client)).transpose() {
        Ok(busy) => busy,
        Err(refused) => return refused.into_response(),
    };
    let method = request.method().clone();
    let patience = patience(&method, request.uri().path());
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => too_late(&method).into_response(),
    }
}

#[cfg(test)]
mod tests;
