//! Discount codes.

use axum::extract::State;
use axum::http::StatusCode;
use kitflik_core::{NewVoucher, Page, VoucherId, VoucherView};

use crate::api::Answer;
use crate::api::extract::actor::StaffMember;
use crate::api::extract::body::Json;
use crate::api::extract::idempotency::IdempotencyKey;
use crate::api::extract::path::Id;
use crate::api::extract::query::{PageQuery, Query};
use crate::api::extract::revision::{IfMatch, tagged};
use crate::api::{created, json};
use crate::documented::{OpenApiRouter, routes};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::router::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(vouchers, add_voucher)).routes(routes!(voucher, edit_voucher))
}

/// Discount codes
#[utoipa::path(get, path = "/v1/admin/vouchers", tag = "staff", params(PageQuery),
    responses((status = 200, description = "A page of discount codes", body = Page<VoucherView>)))]
async fn vouchers(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Query(page): Query<PageQuery>,
) -> Answer {
    json(StatusCode::OK, &api.kitflik.catalog().vouchers(&actor, &page.into()).await?)
}

/// Add a discount code
#[utoipa::path(post, path = "/v1/admin/vouchers", tag = "staff", request_body = NewVoucher,
    responses((status = 201, description = "The discount code", body = VoucherView,
        headers(("Location" = String)))))]
async fn add_voucher(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    key: IdempotencyKey,
    Json(mut new): Json<NewVoucher>,
) -> Answer {
    new.command = key.of(&actor);
    let voucher = api.kitflik.catalog().add_voucher(&actor, &new).await?;
    created(&format!("/v1/admin/vouchers/{}", voucher.id), &voucher)
}

/// A discount code
#[utoipa::path(get, path = "/v1/admin/vouchers/{id}", tag = "staff", params(("id" = VoucherId, Path)),
    responses((status = 200, description = "The discount code", body = VoucherView,
        headers(("ETag" = String)))))]
async fn voucher(State(api): State<Api>, StaffMember(actor): StaffMember, Id(id): Id<VoucherId>) -> Answer {
    let voucher = api.kitflik.catalog().voucher(&actor, id).await?;
    tagged(StatusCode::OK, voucher.revision, &voucher)
}

/// Replace what a discount code says; what is held or sold with it stays as it is
#[utoipa::path(put, path = "/v1/admin/vouchers/{id}", tag = "staff",
    params(("id" = VoucherId, Path),
        ("If-Match" = String, Header, description = "The ETag of what is replaced, or `*`")),
    request_body = NewVoucher,
    responses(
        (status = 200, description = "The discount code", body = VoucherView, headers(("ETag" = String))),
        (status = 412, description = "`stale_revision`", body = Problem, content_type = PROBLEM_JSON),
        (status = 428, description = "`precondition_required`", body = Problem, content_type = PROBLEM_JSON)))]
async fn edit_voucher(
    State(api): State<Api>,
    StaffMember(actor): StaffMember,
    Id(id): Id<VoucherId>,
    IfMatch(revision): IfMatch,
    key: IdempotencyKey,
    Json(mut new): Json<NewVoucher>,
) -> Answer {
    new.command = key.of(&actor);
    let voucher = api.kitflik.catalog().edit_voucher(&actor, id, revision, &new).await?;
    tagged(StatusCode::OK, voucher.revision, &voucher)
}
