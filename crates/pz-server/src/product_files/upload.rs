//! Receiving a file from a multipart body: the target is settled first when it is told first, then the bytes go part
//! by part to the blob store. The row is written when the bytes are durable; whatever fails before leaves nothing.

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, ContentDisposition, DispositionParam};
use bytes::BytesMut;
use futures_util::TryStreamExt;
use pz_model::ErrorCode;
use pz_store::BlobWriter;
use pz_store::entities::product_files;

use super::digests::DigestCheck;
use super::finish::{Arrived, finish};
use super::payload::{WatchedPayload, drain};
use super::target::{self, Room, Target, usable_name};
use crate::auth::Caller;
use crate::body::{Body, Fields, malformed};
use crate::error::{ApiError, ApiResult, FieldErrors};
use crate::limits;
use crate::state::AppState;

/// Longest text part beside the file, in bytes.
const TEXT_PART_MAX_BYTES: usize = 4096;
/// What a body may hold beside the bytes of the file: a file that is not larger than this by more than the
/// limit is refused while it comes, a larger one before.
const FRAMING_MAX_BYTES: u64 = 64 << 10;

/// Receives one file from a multipart body: `product`, `role`, `type` and `file`, the file best last. Gives the owner of the
/// product with it.
///
/// # Errors
/// 429 for more uploads than one may begin or send at once, 400 naming the part at fault or for a digest that does not match, 403 for somebody else's product, 409
/// for a second main file of a published product, 413 for a file over the limit or the quota.
pub(super) async fn receive(
    state: &AppState,
    caller: &Caller,
    request: &HttpRequest,
    body: Body,
) -> ApiResult<(i64, product_files::Model)> {
    let (check, malformed_digest) = match DigestCheck::of(request.headers()) {
        Ok(check) => (check, None),
        Err(error) => (DigestCheck::default(), Some(error)),
    };
    let mut payload = WatchedPayload::new(body.into_payload(), check);
    let result = match malformed_digest {
        Some(error) => Err(error),
        None => {
            let reception = Reception {
                state,
                caller,
                declared_bytes: declared_bytes(request),
                payload: payload.clone(),
            };
            reception.receive(request).await
        }
    };
    if result.is_err() {
        drain(&mut payload).await;
    }
    result
}

/// Length of the body, when the client says it.
fn declared_bytes(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

struct Reception<'a> {
    state: &'a AppState,
    caller: &'a Caller,
    declared_bytes: Option<u64>,
    payload: WatchedPayload,
}

impl Reception<'_> {
    async fn receive(self, request: &HttpRequest) -> ApiResult<(i64, product_files::Model)> {
        limits::uploads::begin(self.state, request, self.caller)?;
        let _place = limits::uploads::place(self.state, self.caller)?;
        let mut parts = Multipart::new(request.headers(), self.payload.clone());
        let mut fields = Fields::form();
        let mut received = None;
        while let Some(mut part) = next_part(&mut parts).await? {
            let part_name = part.name().unwrap_or_default().to_owned();
            if part_name != "file" {
                let bytes = read_text(&mut part, &part_name).await?;
                fields.insert_text(part_name, &bytes)?;
                continue;
            }
            if received.is_some() {
                return Err(ApiError::field(
                    "file",
                    ErrorCode::ValidationFailed,
                    "Send one file at a time.",
                ));
            }
            let name = original_name(&part)?;
            let room = self.room(&fields).await?;
            let writer = self.store(room, &mut part, &name).await?;
            received = Some((name, writer));
        }
        drop(parts);
        let Some((name, writer)) = received else {
            // No file came: say everything that is wrong at once.
            let mut errors = FieldErrors::default();
            target::read_fields(&fields, &mut errors);
            errors.add("file", ErrorCode::ValidationFailed, "No file was submitted.");
            return Err(errors.into_error());
        };
        // What came after the file counts like what came before it.
        let target = Target::settle(self.state, self.caller, &fields).await?;
        target.room(self.state).await?.check(&name, writer.size_bytes())?;
        if self.payload.has_digest() {
            self.payload.finish().await?;
        }
        let arrived = Arrived {
            product_id: target.product.id,
            role: target.role,
            name,
            mime_type: target.mime_type,
            upload_id: None,
            blob: writer.finish().await?,
        };
        let file = finish(self.state, self.caller, arrived).await?;
        Ok((target.product.user_id, file))
    }

    /// The bytes that the file may have. Whoever says first where the file belongs is refused before its bytes come;
    /// of others, only the limit for any file is known until then.
    async fn room(&self, fields: &Fields) -> ApiResult<Room> {
        if fields.value("product").is_none() || fields.value("role").is_none() {
            return Ok(Room::of_any_file(self.state));
        }
        Target::settle(self.state, self.caller, fields)
            .await?
            .room(self.state)
            .await
    }

    /// Writes the bytes of the file; the blob is not yet finished.
    async fn store(&self, room: Room, part: &mut Field, name: &str) -> ApiResult<BlobWriter> {
        self.check_declared(room, name)?;
        let mut check = DigestCheck::of(part.headers())?;
        let mut writer = self.state.store.blobs.writer().await?;
        while let Some(chunk) = next_chunk(part).await? {
            room.check(name, writer.size_bytes() + chunk.len() as u64)?;
            check.update(&chunk);
            writer.write(&chunk).await?;
        }
        if writer.size_bytes() == 0 {
            return Err(target::empty("file", name));
        }
        check.finish()?;
        Ok(writer)
    }

    /// Refuses a file that cannot fit by what is still to come, before its bytes do.
    fn check_declared(&self, room: Room, name: &str) -> ApiResult<()> {
        let to_come = self
            .declared_bytes
            .map_or(0, |bytes| bytes.saturating_sub(self.payload.received()));
        room.check(name, to_come.saturating_sub(FRAMING_MAX_BYTES))
    }
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

/// The base name of the file, as its part says; `filename*` wins over `filename`.
fn original_name(part: &Field) -> ApiResult<String> {
    let extended = part.content_disposition().and_then(extended_name);
    let header = part.headers().get(CONTENT_DISPOSITION);
    let raw = extended
        .or_else(|| header.and_then(|header| plain_name(header.as_bytes())))
        .unwrap_or_default();
    usable_name("file", &raw)
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
