//! Taking the bytes of one request to an upload. It runs to its end even when the request is given up: what
//! arrived is made durable first, then recorded, so that the record never says more than there is.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::web;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use pz_model::{ErrorCode, Timestamp};
use pz_store::Partial;
use pz_store::entities::uploads;

use crate::auth::Caller;
use crate::error::{ApiError, ApiResult};
use crate::limits::Slot;
use crate::limits::body::is_too_slow;
use crate::product_files::digests::DigestCheck;
use crate::product_files::{Arrived, Target, drain, finish};
use crate::state::AppState;

/// What arrived is made durable and recorded this often while a request goes on.
const CHECKPOINT_BYTES: u64 = 32 << 20;
/// The same for a slow one.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(10);

/// One request's work on an upload.
pub(super) struct Reception {
    pub(super) state: AppState,
    pub(super) caller: Caller,
    pub(super) target: Target,
    pub(super) upload: uploads::Model,
    pub(super) partial: Box<Partial>,
    /// Where the bytes of this request begin.
    pub(super) start: u64,
    pub(super) check: DigestCheck,
    /// What the record says.
    pub(super) recorded: u64,
    /// One of the places that the user has.
    pub(super) _place: Slot,
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    pub(super) offset: u64,
    pub(super) expires_at: DateTime<Utc>,
    /// The file that it became.
    pub(super) file_id: Option<i64>,
}

enum Ending {
    Whole,
    /// There are more bytes than the file has.
    TooLong,
    Broken,
    Silent,
}

impl Reception {
    /// Takes what the request carries; with the last byte of the file, makes it a file of its product.
    ///
    /// # Errors
    /// 400 or 460 for a digest that does not match, 408 for a request that fell silent, 413 beyond the length
    /// of the file, and what refuses the file itself.
    pub(super) async fn receive(mut self, mut payload: web::Payload) -> ApiResult<Progress> {
        let ending = self.take(&mut payload).await?;
        let interrupted = match ending {
            Ending::Whole => None,
            Ending::TooLong => {
                self.rewind().await?;
                drain(&mut payload).await;
                return Err(beyond(self.upload.length()));
            }
            Ending::Broken => Some(interrupted(StatusCode::BAD_REQUEST, "The request ended early")),
            Ending::Silent => Some(interrupted(
                StatusCode::REQUEST_TIMEOUT,
                "No bytes came for too long",
            )),
        };
        if let Some(error) = interrupted {
            // Bytes that were to be checked cannot be, so they are not kept.
            if self.check.is_empty() {
                self.record().await?;
            } else {
                self.rewind().await?;
            }
            return Err(error);
        }
        if let Err(mismatch) = std::mem::take(&mut self.check).finish() {
            self.rewind().await?;
            return Err(mismatch);
        }
        let expires_at = self.record().await?;
        let offset = self.partial.size_bytes();
        let file_id = if offset == self.upload.length() {
            Some(self.finish().await?)
        } else {
            None
        };
        Ok(Progress {
            offset,
            expires_at,
            file_id,
        })
    }

    async fn take(&mut self, payload: &mut web::Payload) -> ApiResult<Ending> {
        let length = self.upload.length();
        let mut last_record = Instant::now();
        loop {
            let chunk = match payload.try_next().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(Ending::Whole),
                // A broken connection is not always noticed otherwise.
                Err(error) if is_too_slow(&error) => return Ok(Ending::Silent),
                Err(_) => return Ok(Ending::Broken),
            };
            if self.partial.size_bytes() + chunk.len() as u64 > length {
                return Ok(Ending::TooLong);
            }
            self.check.update(&chunk);
            self.partial.write(&chunk).await?;
            let unrecorded = self.partial.size_bytes() - self.recorded;
            let due = unrecorded >= CHECKPOINT_BYTES || last_record.elapsed() >= CHECKPOINT_INTERVAL;
            if due && self.check.is_empty() {
                self.record().await?;
                last_record = Instant::now();
            }
        }
    }

    /// Makes durable what arrived, then says so.
    async fn record(&mut self) -> ApiResult<DateTime<Utc>> {
        let durable = self.partial.sync().await?;
        self.say(durable).await
    }

    /// Drops what this request brought.
    async fn rewind(&mut self) -> ApiResult<()> {
        self.partial.cut(self.start).await?;
        if self.recorded > self.start {
            self.say(self.start).await?;
        }
        Ok(())
    }

    async fn say(&mut self, offset: u64) -> ApiResult<DateTime<Utc>> {
        let expires_at = expires_at(&self.state);
        let there = self
            .state
            .store
            .record_upload(&self.upload.id, offset, expires_at)
            .await?;
        self.recorded = offset;
        if there {
            Ok(expires_at)
        } else {
            Err(ApiError::not_found())
        }
    }

    async fn finish(&mut self) -> ApiResult<i64> {
        let arrived = Arrived {
            product_id: self.target.product.id,
            role: self.target.role,
            name: self.upload.name.clone(),
            mime_type: self.target.mime_type.clone(),
            upload_id: Some(self.upload.id.clone()),
            blob: self.partial.publish().await?,
        };
        Ok(finish(&self.state, &self.caller, arrived).await?.id)
    }
}

/// When an upload ends that gets bytes now.
pub(super) fn expires_at(state: &AppState) -> DateTime<Utc> {
    let hours = i64::from(state.settings.upload_expires_hours);
    Timestamp::now().to_utc() + chrono::Duration::hours(hours)
}

/// 413 for bytes that the file does not have.
pub(super) fn beyond(length: u64) -> ApiError {
    ApiError::detail(
        StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::BodyTooLarge,
        format!("The upload was begun for {length} bytes, and these go beyond; they were not kept."),
    )
}

fn interrupted(status: StatusCode, what: &str) -> ApiError {
    ApiError::detail(
        status,
        ErrorCode::UploadInterrupted,
        format!("{what}. Ask for Upload-Offset with HEAD and go on from there."),
    )
}
