//! Staff: their sessions, and additions to the catalogue.

mod auditoriums;
mod catalogue;
mod sessions;

use crate::documented::OpenApiRouter;

pub use auditoriums::{AddAuditorium, LayoutSource};

use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().merge(sessions::routes()).merge(catalogue::routes()).merge(auditoriums::routes())
}
