//! Which product a file is for and what it is to it: settled before its first byte is read, in the same way
//! however the bytes come.

use actix_web::http::StatusCode;
use pz_model::limits::{FILE_NAME_MAX_BYTES, MIME_TYPE_MAX_CHARS};
use pz_model::{ErrorCode, FileRole, ProductStatus, file_name};
use pz_store::products::ProductRow;
use pz_store::quota::Claim;

use crate::auth::Caller;
use crate::body::Fields;
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::products::writable;
use crate::state::AppState;

/// What a file is for.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) product: ProductRow,
    pub(crate) role: FileRole,
    pub(crate) mime_type: Option<String>,
}

/// The bytes that a file may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    file_max_bytes: u64,
    /// What the quota of the product's owner leaves; none without a quota.
    left_bytes: Option<u64>,
}

/// What the fields beside the file say: product, role, MIME type.
pub(super) fn read_fields(
    fields: &Fields,
    errors: &mut FieldErrors,
) -> (Option<i64>, Option<FileRole>, Option<String>) {
    let product_id = fields.required_integer("product", false, errors);
    let role = match fields.integer("role", errors) {
        None | Some(None) => Some(FileRole::Main),
        Some(Some(code)) => {
            let role = i32::try_from(code).ok().and_then(FileRole::from_code);
            if role.is_none() {
                errors.add(
                    "role",
                    ErrorCode::ValidationFailed,
                    format!("\"{code}\" is not a valid choice: 0 main, 1 description, 2 auxiliary."),
                );
            }
            role
        }
    };
    let mime_type = fields
        .text("type", MIME_TYPE_MAX_CHARS, errors)
        .flatten()
        .filter(|text| !text.is_empty());
    if mime_type
        .as_ref()
        .is_some_and(|text| text.contains(char::is_control))
    {
        errors.add(
            "type",
            ErrorCode::ValidationFailed,
            "Control characters are not allowed.",
        );
    }
    (product_id, role, mime_type)
}

impl Target {
    /// Settles product and role.
    ///
    /// # Errors
    /// 400 naming the field at fault, 403 for somebody else's product, 409 for a second main file of a
    /// published one.
    pub(crate) async fn settle(state: &AppState, caller: &Caller, fields: &Fields) -> ApiResult<Self> {
        let mut errors = FieldErrors::default();
        let (product_id, role, mime_type) = read_fields(fields, &mut errors);
        let product = match product_id {
            Some(id) => state.store.product(caller.viewer(), id).await?,
            None => None,
        };
        if let (Some(id), None) = (product_id, &product) {
            errors.add(
                "product",
                ErrorCode::ValidationFailed,
                format!("Invalid pk \"{id}\" - object does not exist."),
            );
        }
        errors.check()?;
        let (Some(product), Some(role)) = (product, role) else {
            return Err(ApiError::internal(
                "an upload target passed validation without a value",
            ));
        };
        Self::admit(caller, product, role, mime_type)
    }

    /// The target of an upload that goes on.
    ///
    /// # Errors
    /// As [`Target::settle`]; 404 when the product is gone.
    pub(crate) async fn of_upload(
        state: &AppState,
        caller: &Caller,
        upload: &pz_store::entities::uploads::Model,
    ) -> ApiResult<Self> {
        let product = state
            .store
            .product(caller.viewer(), upload.product_id)
            .await?
            .ok_or_else(ApiError::not_found)?;
        let role = FileRole::from_code(upload.role).unwrap_or(FileRole::Auxiliary);
        Self::admit(caller, product, role, upload.mime_type.clone())
    }

    fn admit(
        caller: &Caller,
        product: ProductRow,
        role: FileRole,
        mime_type: Option<String>,
    ) -> ApiResult<Self> {
        writable(caller, product.user_id)?;
        if role == FileRole::Main
            && product.status() == ProductStatus::Published
            && product.size_bytes.is_some()
        {
            return Err(main_file_exists());
        }
        Ok(Self {
            product,
            role,
            mime_type,
        })
    }

    /// How many bytes the file may have.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn room(&self, state: &AppState) -> ApiResult<Room> {
        let claim = Claim {
            owner_id: self.product.user_id,
            product_id: self.product.id,
            role: self.role,
            upload_id: None,
            default_bytes: state.settings.user_quota_bytes,
        };
        Ok(Room {
            file_max_bytes: state.settings.upload_max_bytes,
            left_bytes: state.store.quota_left(claim).await?,
        })
    }
}

impl Room {
    /// Of a file whose product is not known yet.
    pub(super) fn of_any_file(state: &AppState) -> Self {
        Self {
            file_max_bytes: state.settings.upload_max_bytes,
            left_bytes: None,
        }
    }

    /// Refuses a file of so many bytes.
    ///
    /// # Errors
    /// 413 naming the limit, or what the quota leaves.
    pub(crate) fn check(self, name: &str, bytes: u64) -> ApiResult<()> {
        if bytes > self.file_max_bytes {
            return Err(ApiError::detail(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::FileTooLarge,
                format!(
                    "{name} is larger than the limit of {} bytes; nothing was kept.",
                    self.file_max_bytes
                ),
            ));
        }
        match self.left_bytes {
            Some(left_bytes) if bytes > left_bytes => Err(quota_exceeded(name, left_bytes)),
            _ => Ok(()),
        }
    }
}

/// 413 for a file that the quota has no room for.
pub(crate) fn quota_exceeded(name: &str, left_bytes: u64) -> ApiError {
    ApiError::detail(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::QuotaExceeded,
        format!(
            "{name} does not fit into the quota of the product's owner, which has {left_bytes} bytes left; \
             it was not kept. Remove files that are no longer needed, or ask the administrators for more."
        ),
    )
}

/// 409 for a second main file of a published product.
pub(super) fn main_file_exists() -> ApiError {
    ApiError::detail(
        StatusCode::CONFLICT,
        ErrorCode::MainFileExists,
        "The product is published and has a main file already.",
    )
}

/// The base name in what a client calls the file. `field` is named when it is none.
///
/// # Errors
/// 400.
pub(crate) fn usable_name(field: &str, raw: &str) -> ApiResult<String> {
    let refused = |message: String| ApiError::field(field, ErrorCode::InvalidFileName, message);
    let name = file_name::base_name(raw).ok_or_else(|| refused("The file has no usable name.".to_owned()))?;
    if name.len() > FILE_NAME_MAX_BYTES {
        return Err(refused(format!(
            "The file name is longer than {FILE_NAME_MAX_BYTES} bytes; give it a shorter one."
        )));
    }
    Ok(name)
}

/// 400 for a file without bytes.
pub(crate) fn empty(field: &str, name: &str) -> ApiError {
    ApiError::field(field, ErrorCode::EmptyFile, format!("{name} is empty."))
}
