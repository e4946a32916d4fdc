//! The endpoints below `/api/product-files/`.

use actix_web::{HttpRequest, HttpResponse, web};
use pz_model::api::{Page, ProductFile};
use pz_model::{ErrorCode, FileRole, Timestamp};
use pz_store::entities::product_files;
use pz_store::events::NewEvent;
use pz_store::product_files::{ProductFileField, ProductFileRow};

use super::digests::DigestHeaders;
use super::upload;
use crate::auth::{Caller, Writer, app_state};
use crate::body::{Body, malformed};
use crate::cache;
use crate::downloads::{Disposition, of_one_file, respond};
use crate::endpoints;
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::filters::{DEFAULT_PAGE_SIZE, Filter, FilterKind, ListSpec, QueryMap, Related};
use crate::policy;
use crate::products::writable;
use crate::routing::{ApiRouter, IdPath, PathMeta};
use crate::state::AppState;

/// Files of one product in one answer.
const FILES_OF_PRODUCT_MAX: u64 = 10_000;

static LIST: ListSpec<ProductFileField> = ListSpec {
    filters: &[
        Filter {
            name: "id",
            kind: FilterKind::Number(ProductFileField::Id),
        },
        Filter {
            name: "product_id",
            kind: FilterKind::Id(ProductFileField::ProductId, Related::Product),
        },
    ],
    describes_classes: false,
    search_names: &[],
    search_fields: &[],
    ordering: &[("id", ProductFileField::Id), ("role", ProductFileField::Role)],
    describes_ordering: true,
    default_order: &[(ProductFileField::Id, false)],
    default_page_size: DEFAULT_PAGE_SIZE,
};

pub(crate) fn mount(router: &mut ApiRouter) {
    endpoints!(router;
        PathMeta::list("Product File List", &LIST) => [list_files, upload_file],
        PathMeta::instance("Product File Instance", &LIST) => [get_file, patch_file, delete_file],
        PathMeta::instance("Download", &LIST) => [download_file],
    );
}

/// A file whose product the caller may see.
pub(crate) struct VisibleFile {
    pub(crate) caller: Caller,
    pub(crate) row: ProductFileRow,
}

/// A file whose product the caller may change.
struct WritableFile {
    caller: Caller,
    row: ProductFileRow,
}

async fn visible(request: &HttpRequest) -> ApiResult<VisibleFile> {
    let caller = Caller::of(request).await?;
    let id = IdPath::of(request)?;
    let row = app_state(request)?
        .store
        .file(caller.viewer(), id.0)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(VisibleFile { caller, row })
}

async fn writable_file(request: &HttpRequest) -> ApiResult<WritableFile> {
    let VisibleFile { caller, row } = visible(request).await?;
    writable(&caller, row.owner_id)?;
    Ok(WritableFile { caller, row })
}

policy!(VisibleFile, visible, Access::Visible("file"));
policy!(WritableFile, writable_file, Access::Writable("file"));

fn view(state: &AppState, caller: &Caller, file: product_files::Model, owner_id: i64) -> ProductFile {
    let base = state
        .settings
        .public_url
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('/');
    let role = FileRole::from_code(file.role).unwrap_or(FileRole::Auxiliary);
    ProductFile {
        id: file.id,
        product: file.product_id,
        file: format!("{base}/api/product-files/{}/download/", file.id),
        can_delete: caller.may_change(owner_id),
        role_name: role.label().to_owned(),
        role,
        name: Some(file.name),
        mime_type: file.mime_type,
        n_rows: file.n_rows,
        size: Some(file.size_bytes),
        extension: Some(file.extension),
        is_directory: file.is_directory,
        sha256: Some(file.sha256),
        created: Timestamp::from(file.created_at),
        updated: Timestamp::from(file.updated_at),
    }
}

/// List files of products that the caller may see.
#[utoipa::path(get, path = "/api/product-files/", tag = "files", responses(
    (status = 200, description = "A page of files; all files of a product, up to 10,000, when `product_id` is given without `page_size`", body = Page<ProductFile>),
))]
async fn list_files(
    caller: Caller,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    cache::answer(&state, Some(caller.viewer()), &request, async || {
        let mut asked = LIST.read(&request)?;
        asked.check_ids(&state.store, caller.viewer()).await?;
        if QueryMap::of(&request).get("product_id").is_some() {
            // The Python library reads one page and knows of no other.
            asked.set_limit_unless_given(&request, FILES_OF_PRODUCT_MAX);
        }
        asked
            .fetch(
                async |query| state.store.list_files(caller.viewer(), query).await,
                |row| view(&state, &caller, row.file, row.owner_id),
            )
            .await
    })
    .await
}

/// A file to be uploaded. Parts may come in any order; where the file belongs best comes first.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "documents a body that is read part by part")]
struct FileUpload {
    /// Id of the product.
    #[schema(example = 16)]
    product: i64,
    /// 0 main (when absent), 1 description, 2 auxiliary.
    #[schema(example = 0, minimum = 0, maximum = 2)]
    role: Option<i32>,
    /// MIME type.
    #[schema(example = "text/csv", max_length = 128)]
    r#type: Option<String>,
    /// The file.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: String,
}

/// Upload a file to a product.
#[utoipa::path(post, path = "/api/product-files/", tag = "files",
    request_body(content = FileUpload, content_type = "multipart/form-data"),
    params(DigestHeaders),
    responses(
    (status = 201, description = "The file is kept and durable", body = ProductFile),
    (status = 400, description = "A part is missing or wrong, the file is empty, or a digest does not match; the body says which"),
    (status = 409, description = "The product is published and has a main file"),
    (status = 413, description = "The file is over the limit, or over the quota of the product's owner; nothing was kept"),
    (status = 507, description = "There is no space left"),
))]
async fn upload_file(
    Writer(caller): Writer,
    state: web::Data<AppState>,
    request: HttpRequest,
    body: Body,
) -> ApiResult<HttpResponse> {
    let content_type = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|text| text.to_ascii_lowercase().starts_with("multipart/form-data")) {
        // JSON and plain forms carry no file; what else they lack is said, too.
        body.fields().await?;
        return Err(ApiError::field(
            "file",
            ErrorCode::ValidationFailed,
            "No file was submitted.",
        ));
    }
    if !content_type.is_some_and(|text| text.contains("boundary=")) {
        return Err(malformed("The multipart body names no boundary."));
    }
    let (owner_id, file) = upload::receive(&state, &caller, &request, body).await?;
    Ok(HttpResponse::Created().json(view(&state, &caller, file, owner_id)))
}

/// Get a file's record.
#[utoipa::path(get, path = "/api/product-files/{id}/", tag = "files", responses(
    (status = 200, description = "The file's record", body = ProductFile),
))]
async fn get_file(file: VisibleFile, state: web::Data<AppState>) -> web::Json<ProductFile> {
    web::Json(view(&state, &file.caller, file.row.file, file.row.owner_id))
}

/// What a client may change of a file.
#[derive(utoipa::ToSchema)]
#[expect(
    dead_code,
    reason = "documents bodies that are read field by field, in three encodings"
)]
struct FilePatch {
    /// 1 description, 2 auxiliary.
    #[schema(example = 1, nullable = false, minimum = 1, maximum = 2)]
    role: Option<i32>,
}

/// Turn a description file into an auxiliary one, or back.
#[utoipa::path(patch, path = "/api/product-files/{id}/", tag = "files",
    request_body = FilePatch,
    responses(
    (status = 200, description = "The file's record", body = ProductFile),
    (status = 400, description = "The role is not 1 or 2, or the file is the main file"),
))]
async fn patch_file(
    file: WritableFile,
    state: web::Data<AppState>,
    body: Body,
) -> ApiResult<web::Json<ProductFile>> {
    let fields = body.fields().await?;
    let mut errors = FieldErrors::default();
    if let Some(code) = fields.integer("role", &mut errors) {
        let role = code
            .and_then(|code| i32::try_from(code).ok())
            .and_then(FileRole::from_code);
        match role.filter(|role| *role != FileRole::Main && file.row.file.role != FileRole::Main.code()) {
            Some(role) => state.store.set_file_role(file.row.file.id, role).await?,
            None => errors.add(
                "role",
                ErrorCode::ValidationFailed,
                "Only 1 (description) and 2 (auxiliary) can be exchanged; the main file stays the main file.",
            ),
        }
    }
    errors.check()?;
    let id = file.row.file.id;
    let row = state
        .store
        .file(file.caller.viewer(), id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    state
        .store
        .audit(file.caller.audit("file.change", "product_file", id))
        .await?;
    state
        .store
        .add_event(NewEvent::product(row.file.product_id, "file.change"))
        .await?;
    Ok(web::Json(view(&state, &file.caller, row.file, row.owner_id)))
}

/// Remove a file.
#[utoipa::path(delete, path = "/api/product-files/{id}/", tag = "files", responses(
    (status = 204, description = "Removed"),
))]
async fn delete_file(file: WritableFile, state: web::Data<AppState>) -> ApiResult<HttpResponse> {
    let id = file.row.file.id;
    let blob_key = state.store.delete_file(id).await?;
    state.store.blobs.remove(&blob_key).await?;
    state
        .store
        .audit(file.caller.audit("file.delete", "product_file", id))
        .await?;
    state
        .store
        .add_event(NewEvent::product(file.row.file.product_id, "file.delete"))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Download one file, a directory as a zip; `Range` works.
#[utoipa::path(get, path = "/api/product-files/{id}/download/", tag = "files", responses(
    (status = 200, description = "The bytes, in the media type given at the upload", body = inline(Vec<u8>), content_type = "*/*"),
    (status = 206, description = "The bytes asked for"),
    (status = 304, description = "Not changed since the ETag given"),
))]
async fn download_file(
    file: VisibleFile,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let download = of_one_file(&state.store, file.row.file).await?;
    respond(
        &state.store.blobs,
        &request,
        &download.content,
        &Disposition::attachment(&download.file_name),
    )
    .await
}
