//! Pictures of halls and of their seats.

use crate::documented::{OpenApiRouter, routes};
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use bytes::Bytes;
use kitflik_core::{BookingId, LayoutId, ShowId, SvgOptions};
use serde::Deserialize;
use utoipa::IntoParams;

use super::cache::{self, Known};
use super::extract::actor::Anyone;
use super::extract::path::Id;
use super::extract::query::Query;
use super::{Answer, SVG};
use crate::problem::Problem;
use crate::router::Api;

#[cfg(feature = "server")]
mod drawings;

#[cfg(feature = "server")]
pub(crate) use drawings::Pictures;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(layout)).routes(routes!(seats))
}

/// How a picture is drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Drawing {
    /// `false` leaves out what explains colours, shapes and marks.
    legend: Option<bool>,
}

impl Drawing {
    fn options(&self) -> SvgOptions {
        SvgOptions { legend: self.legend.unwrap_or(true), ..SvgOptions::default() }
    }
}

/// A picture by its tag, drawn only if it was not before.
async fn drawn(
    api: &Api,
    tag: &HeaderValue,
    draw: impl Future<Output = Result<String, Problem>>,
) -> Result<Bytes, Problem> {
    #[cfg(feature = "server")]
    return api.pictures.get(tag, draw).await;
    #[cfg(not(feature = "server"))]
    {
        let _ = (api, tag);
        draw.await.map(Bytes::from)
    }
}

/// The seats of an auditorium as an SVG picture
///
/// Readable without colours; each seat has a title. The layout never changes, but a later release may draw better.
#[utoipa::path(get, path = "/v1/layouts/{id}/plan.svg", tag = "catalogue",
    operation_id = "layout_svg", params(("id" = LayoutId, Path), Drawing),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml",
            headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn layout(
    State(api): State<Api>,
    known: Known,
    Id(id): Id<LayoutId>,
    Query(drawing): Query<Drawing>,
) -> Answer {
    let options = drawing.options();
    // The id is the digest of the content: with the release that draws it, it is the tag.
    let tag = format!("\"{id}-{}-{}\"", env!("CARGO_PKG_VERSION"), u8::from(options.legend));
    let tag = HeaderValue::try_from(tag).map_err(|error| Problem::internal(&error))?;
    let body = if known.has(&tag) {
        // Nothing is said to be unchanged that is not there.
        api.kitflik.catalog().layout(id).await?;
        Bytes::new()
    } else {
        drawn(&api, &tag, async { Ok(api.kitflik.catalog().layout_svg(id, &options).await?) }).await?
    };
    Ok(cache::typed(&known, tag, cache::REVALIDATE, SVG, body))
}

/// How the seats of a show are drawn.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SeatsDrawing {
    /// `false` leaves out what explains colours, shapes and marks.
    legend: Option<bool>,
    /// Marks the seats of this booking as mine; needs the credential of the booking.
    booking: Option<BookingId>,
}

/// The seats of a show as an SVG picture
///
/// Free, held, sold and blocked seats have marks of their own besides their colours, and titles.
#[utoipa::path(get, path = "/v1/shows/{id}/seats.svg", tag = "bookings",
    operation_id = "seats_svg", params(("id" = ShowId, Path), SeatsDrawing),
    responses(
        (status = 200, description = "The picture", body = String, content_type = "image/svg+xml",
            headers(("ETag" = String))),
        (status = 304, description = "Nothing changed")))]
async fn seats(
    State(api): State<Api>,
    Id(id): Id<ShowId>,
    Query(query): Query<SeatsDrawing>,
    request: Request,
) -> Answer {
    let options = Drawing { legend: query.legend }.options();
    let map = api.kitflik.bookings().seats(id).await?;
    if let Some(booking) = query.booking {
        let (parts, _) = request.into_parts();
        let Anyone(actor) = Anyone::of(&api, &parts.method, &parts.headers).await?;
        api.kitflik.bookings().get(&actor, booking).await?;
        #[cfg(feature = "server")]
        let _turn = api.pictures.turn().await;
        let picture = api.kitflik.bookings().seats_svg(&map.with_mine(booking), &options).await?;
        return Ok(super::file("image/svg+xml", None, picture));
    }
    let known = Known::of(request.headers());
    // What the picture is made of says whether it is another.
    let made_of = format!("{}{}{}", map.json(), env!("CARGO_PKG_VERSION"), options.legend);
    let tag = cache::tag(made_of.as_bytes());
    let body = if known.has(&tag) {
        Bytes::new()
    } else {
        drawn(&api, &tag, async { Ok(api.kitflik.bookings().seats_svg(map.view(), &options).await?) }).await?
    };
    Ok(cache::typed(&known, tag, cache::REVALIDATE, SVG, body))
}
