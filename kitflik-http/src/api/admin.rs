//! Staff: their sessions, accounts and log, additions to the catalogue, the bookings of the house, its seats, its
//! customers and its reports.

mod audit;
mod auditoriums;
mod bookings;
mod catalogue;
mod gate;
mod house_seats;
mod items;
mod jobs;
mod layout_versions;
mod layouts;
mod mail;
mod money;
mod own;
mod reports;
mod sessions;
mod shows;
mod staff;
mod users;
mod vouchers;

use crate::documented::OpenApiRouter;

pub use auditoriums::{AddAuditorium, LayoutSource};
pub use layout_versions::NewLayout;

use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(sessions::routes())
        .merge(own::routes())
        .merge(staff::routes())
        .merge(audit::routes())
        .merge(catalogue::routes())
        .merge(items::routes())
        .merge(auditoriums::routes())
        .merge(layouts::routes())
        .merge(layout_versions::routes())
        .merge(shows::routes())
        .merge(bookings::routes())
        .merge(money::routes())
        .merge(house_seats::routes())
        .merge(gate::routes())
        .merge(reports::routes())
        .merge(mail::routes())
        .merge(users::routes())
        .merge(jobs::routes())
        .merge(vouchers::routes())
}
