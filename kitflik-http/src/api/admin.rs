//! Staff: their sessions, additions to the catalogue, the bookings of the house, its customers and its reports.

mod auditoriums;
mod bookings;
mod catalogue;
mod reports;
mod sessions;
mod users;

use crate::documented::OpenApiRouter;

pub use auditoriums::{AddAuditorium, LayoutSource};

use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(sessions::routes())
        .merge(catalogue::routes())
        .merge(auditoriums::routes())
        .merge(bookings::routes())
        .merge(reports::routes())
        .merge(users::routes())
}
