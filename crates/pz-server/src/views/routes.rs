//! The endpoints that give out and open views.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::ErrorCode;
use pz_model::api::{ViewKind, ViewUrl};
use pz_store::entities::product_files;

use super::confinement;
use super::links;
use crate::auth::Public;
use crate::downloads::{Disposition, of_one_file, respond};
use crate::endpoints;
use crate::error::{ApiError, ApiResult};
use crate::filters::QueryMap;
use crate::product_files::VisibleFile;
use crate::routing::{ApiRouter, PathMeta};
use crate::state::AppState;

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::action("View Url") => [view_url],
        PathMeta::action("View") => [open_view],
    );
}

fn kind_of(file: &product_files::Model) -> ApiResult<ViewKind> {
    ViewKind::of_name(&file.name)
        .filter(|_| !file.is_directory)
        .ok_or_else(|| {
            ApiError::detail(
                StatusCode::NOT_FOUND,
                ErrorCode::NotViewable,
                "Browsers do not show this kind of file; download it.",
            )
        })
}

/// Get an address under which a browser shows the file, confined; valid for some minutes.
#[utoipa::path(get, path = "/api/product-files/{id}/view-url/", tag = "files", params(
    ("scripts" = inline(Option<bool>), Query, description = "Run the scripts within an HTML or SVG document; off when absent. Other files have none"),
), responses(
    (status = 200, description = "The address; for this user and this content of the file", body = ViewUrl),
    (status = 400, description = "`scripts` is neither `true` nor `false`"),
    (status = 404, description = "No such file, not for the caller, or of a kind that browsers do not show (`not_viewable`)"),
))]
async fn view_url(
    file: VisibleFile,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<web::Json<ViewUrl>> {
    let asked = match QueryMap::of(&request).get("scripts") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::parameter("scripts", "Give true or false.")),
    };
    let row = file.row.file;
    let kind = kind_of(&row)?;
    let scripts = asked && kind.may_have_scripts();
    let (token, expires_at) = links::sign(&state, &file.caller, &row, scripts);
    let settings = &state.settings;
    let base = settings
        .view_origin
        .as_deref()
        .or(settings.public_url.as_deref())
        .unwrap_or_default()
        .trim_end_matches('/');
    Ok(web::Json(ViewUrl {
        url: format!("{base}/api/views/{token}/"),
        expires_at,
        content_type: kind.content_type().to_owned(),
        scripts,
    }))
}

/// Show a file from a signed address; `Range` works.
#[utoipa::path(get, path = "/api/views/{token}/", tag = "files", params(
    ("token" = String, Path, description = "From `view-url/`"),
), responses(
    (status = 200, description = "The file, in a media type that is safe to show, with headers that confine it", body = inline(Vec<u8>), content_type = "*/*"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
    (status = 403, description = "The address is not valid or has expired"),
    (status = 404, description = "The file is gone, or no longer for the user whom the address was given to"),
))]
async fn open_view(
    _: Public,
    token: web::Path<String>,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let view = links::open(&state, &token).await?;
    let kind = kind_of(&view.file)?;
    let headers = confinement::headers(&state.settings, kind, view.scripts);
    let download = of_one_file(&state.store, view.file).await?;
    let disposition = Disposition::inline(&download.file_name, kind.content_type(), headers);
    respond(&state.store.blobs, &request, &download.content, &disposition).await
}
