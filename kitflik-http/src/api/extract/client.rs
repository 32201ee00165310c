//! Where a request comes from.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

/// Where a request comes from, as an extension of the request. A host behind a proxy that it trusts sets it;
/// a server that is not behind one need not, the peer's address is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The client's address, if the host knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) Option<IpAddr>);

impl Client {
    /// As the engine takes it.
    pub(crate) fn text(self) -> Option<String> {
        self.0.map(|address| address.to_string())
    }

    pub(crate) fn of(extensions: &Extensions) -> Self {
        let told = extensions.get::<ClientAddress>().map(|address| address.0);
        #[cfg(feature = "server")]
        let told = told.or_else(|| {
            use axum::extract::ConnectInfo;
            let peer = extensions.get::<ConnectInfo<std::net::SocketAddr>>();
            // A socket that listens for both families gives IPv4 addresses in the dress of IPv6.
            peer.map(|peer| peer.0.ip().to_canonical())
        });
        Self(told)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}
