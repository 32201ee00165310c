//! KitFlik over HTTP: the REST API as an [`axum::Router`], for a server and for WebAssembly alike.
//!
//! ```
//! use std::sync::Arc;
//! use kitflik_core::{Kitflik, MasterKey, MemoryStorage};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "server")] {
//! let key = MasterKey::new([7; 32]);
//! let kitflik = Kitflik::builder(Arc::new(MemoryStorage::new()), key).build()?;
//! let router: axum::Router = kitflik_http::router(kitflik, kitflik_http::RouterOptions::default());
//! # let _ = router;
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! A server passes the router to `axum::serve`, best with
//! `into_make_service_with_connect_info::<SocketAddr>()`; a worker calls it with
//! `tower::ServiceExt::oneshot`. Without the feature `server` nothing here needs a runtime, a socket or a
//! clock.
#![forbid(unsafe_code)]

mod api;
#[cfg(feature = "server")]
mod compression;
mod documented;
#[cfg(feature = "server")]
mod feeds;
#[cfg(not(target_arch = "wasm32"))]
mod openapi;
#[cfg(feature = "postgres")]
pub mod postgres;
mod problem;
mod router;
#[cfg(feature = "server")]
pub mod server;

pub use api::admin::{AddAuditorium, LayoutSource, NewLayout};
pub use api::auth::Registered;
pub use api::extract::body::{Unreadable, read_json};
pub use api::extract::client::ClientAddress;
pub use api::health::Health;
pub use api::house::HouseView;
pub use api::me::Sessions;
pub use api::session::{SessionState, SessionView};
pub use api::shows::{ExpandedSeat, ExpandedSeatMap, SeatStateName};
pub use api::tickets::TicketKeyView;
#[cfg(not(target_arch = "wasm32"))]
pub use openapi::openapi;
pub use problem::{Problem, ProblemCode};
pub use router::{BODY_LIMIT, Cors, IMPORT_LIMIT, Readiness, RouterOptions, router};
