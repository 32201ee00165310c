//! What the house wants to know.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use kitflik_core::{
    DashboardView, Date, MovieId, OccupancyBy, OccupancyByQuery, OccupancyQuery, OccupancyReport,
    OccupancyView, Page, RevenueBy, RevenueQuery, RevenueReport, SettlementQuery, SettlementView, Timestamp,
    VenueId, Zone, occupancy_csv,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::extract::actor::StaffMember;
use crate::api::extract::query::{Query, page};
use crate::api::{Answer, file, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(dashboard))
        .routes(routes!(occupancy))
        .routes(routes!(occupancy_by))
        .routes(routes!(revenue))
        .routes(routes!(settlement))
}

/// In which form a report is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    Json,
    Csv,
}

/// Whether the caller takes comma-separated values, and would not rather have JSON.
struct TakesCsv(bool);

impl<S: Send + Sync> FromRequestParts<S> for TakesCsv {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let accepted =
            parts.headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        let kinds = accepted.flat_map(|value| value.split(','));
        let mut kinds =
            kinds.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        // The first of the two that is named: nobody weighs them.
        Ok(Self(
            kinds.find(|kind| matches!(kind.as_str(), "text/csv" | "application/json" | "*/*"))
                == Some("text/csv".to_owned()),
        ))
    }
}

/// A report as JSON, or as a file of comma-separated values if the query or the header asks for it.
fn answer<R: Serialize>(
    form: Option<Form>,
    csv: &TakesCsv,
    name: &str,
    report: &R,
    table: impl FnOnce(&R) -> String,
) -> Answer {
    let wanted = form.map_or(csv.0, |form| form == Form::Csv);
    let mut response = if wanted {
        let mut response = file("text/csv; charset=utf-8", None, table(report));
        if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"{name}.csv\"")) {
            response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
        }
        response
    } else {
        json(StatusCode::OK, report)?
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// It is asked for without anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What the house looks like now: today's sales, the next shows, and what waits
#[utoipa::path(get, path = "/v1/admin/reports/dashboard", tag = "staff",
    responses((status = 200, description = "The house", body = DashboardView)))]
async fn dashboard(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(Nothing {}): Query<Nothing>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.reports().dashboard(&actor).await?)
}

/// Which shows are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only shows that start then or later; if absent, those that are not over.
    from: Option<Timestamp>,
    /// Only shows that start before then.
    to: Option<Timestamp>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Most items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `csv` for a file of comma-separated values; else what `Accept` says, and JSON if it says nothing.
    #[param(inline)]
    format: Option<Form>,
}

/// How full shows are, by start
#[utoipa::path(get, path = "/v1/admin/reports/occupancy", tag = "staff", params(Wanted),
    responses((status = 200, description = "A page of shows", content((Page<OccupancyView> = "application/json"),
        (String = "text/csv")))))]
async fn occupancy(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Wanted>,
    csv: TakesCsv,
) -> Answer {
    let page = page(wanted.cursor, wanted.limit);
    let query = OccupancyQuery { from: wanted.from, to: wanted.to, page };
    let shows = api.kitflik.reports().occupancy(&actor, &query).await?;
    answer(wanted.format, &csv, "occupancy", &shows, occupancy_csv)
}

/// Which days, by what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OccupancyDays {
    /// The first day of the programme. Days go from 06:00 to 05:59 on the clocks of each venue.
    from: Date,
    /// The last day, at most 366 of them.
    to: Date,
    /// By what it is broken down; by day if absent.
    #[param(inline)]
    by: Option<OccupancyBy>,
    /// Only of this venue.
    venue: Option<VenueId>,
    /// Only of this movie.
    movie: Option<MovieId>,
    /// `csv` for a file of comma-separated values; else what `Accept` says, and JSON if it says nothing.
    #[param(inline)]
    format: Option<Form>,
}

/// How full the shows of some days were, by day, movie, venue, show, category or channel
#[utoipa::path(get, path = "/v1/admin/reports/occupancy-by", tag = "staff", params(OccupancyDays),
    responses(
        (status = 200, description = "The report", content((OccupancyReport = "application/json"),
        (String = "text/csv"))),
        (status = 404, description = "`not_found`: no such venue or movie", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn occupancy_by(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<OccupancyDays>,
    csv: TakesCsv,
) -> Answer {
    let OccupancyDays { from, to, by, venue, movie, format } = wanted;
    let by = by.unwrap_or_default();
    let query = OccupancyByQuery { from, to, by, venue_id: venue, movie_id: movie };
    let report = api.kitflik.reports().occupancy_by(&actor, &query).await?;
    answer(format, &csv, &format!("occupancy-{from}-{to}"), &report, OccupancyReport::to_csv)
}

/// Which days, by what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RevenueDays {
    /// The first day of the programme. Days go from 06:00 to 05:59 on the clocks of each venue.
    from: Date,
    /// The last day, at most 366 of them.
    to: Date,
    /// By what it is broken down; by day if absent.
    #[param(inline)]
    by: Option<RevenueBy>,
    /// Only of this venue.
    venue: Option<VenueId>,
    /// Only of this movie.
    movie: Option<MovieId>,
    /// `csv` for a file of comma-separated values; else what `Accept` says, and JSON if it says nothing.
    #[param(inline)]
    format: Option<Form>,
}

/// What was sold, returned, taken and given back in some days
///
/// By day, movie, venue, show, category, channel, ticket type or provider; each currency for itself.
#[utoipa::path(get, path = "/v1/admin/reports/revenue", tag = "staff", params(RevenueDays),
    responses(
        (status = 200, description = "The report", content((RevenueReport = "application/json"),
        (String = "text/csv"))),
        (status = 404, description = "`not_found`: no such venue or movie", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn revenue(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<RevenueDays>,
    csv: TakesCsv,
) -> Answer {
    let RevenueDays { from, to, by, venue, movie, format } = wanted;
    let by = by.unwrap_or_default();
    let query = RevenueQuery { from, to, by, venue_id: venue, movie_id: movie };
    let report = api.kitflik.reports().revenue(&actor, &query).await?;
    answer(format, &csv, &format!("revenue-{from}-{to}"), &report, RevenueReport::to_csv)
}

/// Which day is to be settled.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Settled {
    /// The day, from 06:00 to 05:59.
    day: Date,
    /// On whose clocks; if absent, on those of the venue, or of all venues if they have one zone.
    zone: Option<Zone>,
    /// Only of this venue.
    venue: Option<VenueId>,
    /// The `next_cursor` of the page of open items before.
    cursor: Option<String>,
    /// Most open items, 1 to 100; 20 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `csv` for a file of comma-separated values; else what `Accept` says, and JSON if it says nothing.
    #[param(inline)]
    format: Option<Form>,
}

/// A day's books against its bookings and payments
///
/// What was open, what was sold and returned, what came in and went back, and what is open now, by why. The difference
/// is nothing, or the bookings that make it are named.
#[utoipa::path(get, path = "/v1/admin/reports/settlement", tag = "staff", params(Settled),
    responses(
        (status = 200, description = "The day", content((SettlementView = "application/json"),
        (String = "text/csv"))),
        (status = 404, description = "`not_found`: no such venue", body = Problem,
            content_type = PROBLEM_JSON)))]
async fn settlement(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(wanted): Query<Settled>,
    csv: TakesCsv,
) -> Answer {
    let Settled { day, zone, venue, cursor, limit, format } = wanted;
    let query = SettlementQuery { day, zone, venue_id: venue, page: page(cursor, limit) };
    let report = api.kitflik.reports().settlement(&actor, &query).await?;
    answer(format, &csv, &format!("settlement-{day}"), &report, SettlementView::to_csv)
}
