//! Receiving a file: the target is settled first, then the bytes go part by part to the blob store. The
//! row is written when the bytes are durable; whatever fails before leaves nothing.

use actix_multipart::{Field, Multipart};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam};
use bytes::BytesMut;
use futures_util::TryStreamExt;
use pz_model::limits::{FILE_NAME_MAX_BYTES, MIME_TYPE_MAX_CHARS};
use pz_model::{ErrorCode, FileRole, file_name};
use pz_store::StoredBlob;
use pz_store::product_files::{AddedFile, NewFile};
use pz_store::products::ProductRow;

use crate::auth::Caller;
use crate::body::{Fields, malformed};
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::products::writable;
use crate::state::AppState;

/// Longest text part beside the file, in bytes.
const TEXT_PART_MAX_BYTES: usize = 4096;
/// After a refusal this much is still read, so that the client gets to see the answer.
const DRAIN_MAX_BYTES: u64 = 64 << 20;

/// What the text parts before the file say.
struct Target {
    product: ProductRow,
    role: FileRole,
    mime_type: Option<String>,
}

/// Receives one file from a multipart body: `product`, `role`, `type`, then `file`.
///
/// # Errors
/// 400 naming the part at fault, 403 for somebody else's product, 409 for a second main file of a
/// published product, 413 for a file over the limit.
pub(super) async fn receive(
    state: &AppState,
    caller: &Caller,
    mut parts: Multipart,
) -> ApiResult<(i64, AddedFile)> {
    let result = receive_parts(state, caller, &mut parts).await;
    if result.is_err() {
        drain(&mut parts).await;
    }
    result
}

async fn receive_parts(
    state: &AppState,
    caller: &Caller,
    parts: &mut Multipart,
) -> ApiResult<(i64, AddedFile)> {
    let mut fields = Fields::form();
    while let Some(mut part) = next_part(parts).await? {
        let part_name = part.name().unwrap_or_default().to_owned();
        if part_name != "file" {
            let bytes = read_text(&mut part, &part_name).await?;
            fields.insert_text(part_name, &bytes)?;
            continue;
        }
        let target = target(state, caller, &fields).await?;
        let name = original_name(&part)?;
        let blob = store(state, &mut part, &name).await?;
        let key = blob.key.clone();
        let new = NewFile {
            product_id: target.product.id,
            role: target.role,
            extension: file_name::stored_extension(&name),
            name,
            mime_type: target.mime_type,
            blob,
        };
        // After an error nobody knows whether the commit reached the disk: the sweep of orphans decides later.
        let added = state.store.add_file(new).await?;
        match &added {
            AddedFile::Added(_) => {}
            AddedFile::Replaced { old_blob_key, .. } => state.store.blobs.remove(old_blob_key).await?,
            AddedFile::MainFileExists | AddedFile::ProductGone => state.store.blobs.remove(&key).await?,
        }
        return Ok((target.product.user_id, added));
    }
    // No file came: say everything that is wrong at once.
    let mut errors = FieldErrors::default();
    read_target_fields(&fields, &mut errors);
    errors.add("file", ErrorCode::ValidationFailed, "No file was submitted.");
    Err(errors.into_error())
}

async fn next_part(parts: &mut Multipart) -> ApiResult<Option<Field>> {
    parts
        .try_next()
        .await
        .map_err(|error| malformed(&format!("The multipart body is broken: {error}.")))
}

async fn read_text(part: &mut Field, name: &str) -> ApiResult<BytesMut> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = next_chunk(part).await? {
        if bytes.len() + chunk.len() > TEXT_PART_MAX_BYTES {
            return Err(ApiError::field(
                name,
                ErrorCode::ValidationFailed,
                format!("This field is longer than {TEXT_PART_MAX_BYTES} bytes."),
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn next_chunk(part: &mut Field) -> ApiResult<Option<bytes::Bytes>> {
    part.try_next()
        .await
        .map_err(|_| malformed("The upload ended early; nothing was kept. Send it again."))
}

fn read_target_fields(
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
    (product_id, role, mime_type)
}

/// Settles product and role before the first byte of the file is read.
async fn target(state: &AppState, caller: &Caller, fields: &Fields) -> ApiResult<Target> {
    let mut errors = FieldErrors::default();
    let (product_id, role, mime_type) = read_target_fields(fields, &mut errors);
    let product = match product_id {
        Some(id) => state.store.product(caller.viewer(), id).await?,
        None => None,
    };
    if let (Some(id), None) = (product_id, &product) {
        errors.add(
            "product",
            ErrorCode::ValidationFailed,
            format!("Invalid pk \"{id}\" - object does not exist. Send this part before the file."),
        );
    }
    errors.check()?;
    let (Some(product), Some(role)) = (product, role) else {
        return Err(ApiError::internal(
            "an upload target passed validation without a value",
        ));
    };
    writable(caller, product.user_id)?;
    if role == FileRole::Main
        && product.status() == pz_model::ProductStatus::Published
        && product.size_bytes.is_some()
    {
        return Err(main_file_exists());
    }
    Ok(Target {
        product,
        role,
        mime_type,
    })
}

/// 409 for a second main file of a published product.
pub(super) fn main_file_exists() -> ApiError {
    ApiError::detail(
        StatusCode::CONFLICT,
        ErrorCode::MainFileExists,
        "The product is published and has a main file already.",
    )
}

/// The base name of the file, as its part says; `filename*` wins over `filename`.
fn original_name(part: &Field) -> ApiResult<String> {
    let extended = part.content_disposition().and_then(extended_name);
    let header = part.headers().get(CONTENT_DISPOSITION);
    let raw = extended
        .or_else(|| header.and_then(|header| plain_name(header.as_bytes())))
        .unwrap_or_default();
    let name = file_name::base_name(&raw)
        .ok_or_else(|| ApiError::field("file", ErrorCode::InvalidFileName, "The file has no usable name."))?;
    if name.len() > FILE_NAME_MAX_BYTES {
        return Err(ApiError::field(
            "file",
            ErrorCode::InvalidFileName,
            format!("The file name is longer than {FILE_NAME_MAX_BYTES} bytes; give it a shorter one."),
        ));
    }
    Ok(name)
}

fn extended_name(disposition: &ContentDisposition) -> Option<String> {
    disposition
        .parameters
        .iter()
        .find_map(|parameter| match parameter {
            DispositionParam::FilenameExt(value) => String::from_utf8(value.value.clone()).ok(),
            _ => None,
        })
}

/// The value of `filename="…"`. Browsers and Python send a backslash as it is, so that only an escaped
/// quote or backslash is unescaped: `C:\data\x.csv` keeps its separators.
fn plain_name(header: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"filename=";
    let start = header
        .windows(KEY.len())
        .position(|window| window.eq_ignore_ascii_case(KEY))?
        + KEY.len();
    let value = &header[start..];
    let Some(quoted) = value.strip_prefix(b"\"") else {
        let end = value.iter().position(|byte| *byte == b';').unwrap_or(value.len());
        return Some(String::from_utf8_lossy(&value[..end]).trim().to_owned());
    };
    let mut name = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => break,
            b'\\' => name.push(bytes.next_if(|next| matches!(next, b'"' | b'\\')).unwrap_or(byte)),
            byte => name.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&name).into_owned())
}

async fn store(state: &AppState, part: &mut Field, name: &str) -> ApiResult<StoredBlob> {
    let limit = state.settings.upload_max_bytes;
    let mut writer = state.store.blobs.writer().await?;
    while let Some(chunk) = next_chunk(part).await? {
        if writer.size_bytes() + chunk.len() as u64 > limit {
            return Err(ApiError::detail(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::FileTooLarge,
                format!("{name} is larger than the limit of {limit} bytes; nothing was kept."),
            ));
        }
        writer.write(&chunk).await?;
    }
    if writer.size_bytes() == 0 {
        return Err(ApiError::field(
            "file",
            ErrorCode::EmptyFile,
            format!("{name} is empty."),
        ));
    }
    Ok(writer.finish().await?)
}

/// Reads on for a while: a client that is still sending sees a reset connection instead of the answer.
async fn drain(parts: &mut Multipart) {
    let mut left = DRAIN_MAX_BYTES;
    while let Ok(Some(mut part)) = parts.try_next().await {
        while let Ok(Some(chunk)) = part.try_next().await {
            left = left.saturating_sub(chunk.len() as u64);
            if left == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names() {
        let name = |header: &str| plain_name(header.as_bytes());
        assert_eq!(
            name(r#"form-data; name="file"; filename="a b.csv""#).as_deref(),
            Some("a b.csv")
        );
        assert_eq!(
            name(r#"form-data; filename="..\..\x.csv"; name="file""#).as_deref(),
            Some(r"..\..\x.csv")
        );
        assert_eq!(
            name(r#"form-data; filename="a\"b\\c""#).as_deref(),
            Some(r#"a"b\c"#)
        );
        assert_eq!(
            name("form-data; filename=plain.csv; name=file").as_deref(),
            Some("plain.csv")
        );
        assert_eq!(name("form-data; name=file"), None);
    }
}
