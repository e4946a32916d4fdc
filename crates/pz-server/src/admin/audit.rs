//! The audit log: who did what, when.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::Timestamp;
use pz_model::api::{AuditRecord, Page};
use pz_store::audit::{AuditField, Period};
use pz_store::entities::audit_log;

use crate::auth::Admin;
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::etag;
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec, QueryMap};
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

static LIST: ListSpec<AuditField> = ListSpec {
    filters: &[
        Filter {
            name: "user",
            kind: FilterKind::Number(AuditField::UserId),
        },
        Filter {
            name: "username",
            kind: FilterKind::Text(AuditField::Username),
        },
        Filter {
            name: "action",
            kind: FilterKind::Text(AuditField::Action),
        },
        Filter {
            name: "action__in",
            kind: FilterKind::TextIn(AuditField::Action),
        },
        Filter {
            name: "object_type",
            kind: FilterKind::Text(AuditField::ObjectType),
        },
        Filter {
            name: "object_id",
            kind: FilterKind::Number(AuditField::ObjectId),
        },
        Filter {
            name: "request_id",
            kind: FilterKind::Text(AuditField::RequestId),
        },
    ],
    describes_classes: true,
    search_names: &[],
    search_fields: &[],
    ordering: &[("id", AuditField::Id)],
    describes_ordering: true,
    default_order: &[(AuditField::Id, true)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(super) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Audit Log", &LIST) => [list_audit],
    );
}

fn view(row: audit_log::Model) -> AuditRecord {
    AuditRecord {
        id: row.id,
        at: Timestamp::from(row.at),
        user: row.user_id,
        username: row.username,
        action: row.action,
        object_type: row.object_type,
        object_id: row.object_id,
        request_id: row.request_id,
        remote_address: row.remote_address,
        detail: row.detail,
    }
}

/// List what was done, newest first.
#[utoipa::path(get, path = "/api/admin/audit/", tag = "administration", params(
    ("since" = inline(Option<Timestamp>), Query, description = "Not before this time", example = "2026-11-20T00:00:00Z"),
    ("until" = inline(Option<Timestamp>), Query, description = "Not after this time", example = "2027-11-20T00:00:00Z"),
), responses(
    (status = 200, description = "A page of entries", body = Page<AuditRecord>),
))]
async fn list_audit(_: Admin, state: web::Data<AppState>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let asked = LIST.read(&request)?;
    let query = QueryMap::of(&request);
    let time = |name: &str| match query.get(name) {
        None => Ok(None),
        // A plus sign that was not escaped is a blank by now.
        Some(text) => text
            .trim()
            .replace(' ', "+")
            .parse()
            .map(Some)
            .map_err(|_| ApiError::parameter(name, "Give a time such as 2027-01-31T12:00:00Z.")),
    };
    let period = Period {
        since: time("since")?,
        until: time("until")?,
    };
    let page = asked
        .fetch(async |query| state.store.list_audit(period, query).await, view)
        .await?;
    etag::json(&request, &page)
}
