//! Uploads that go on after an interruption.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pz_model::FileRole;
use pz_model::api::{ProductFile, UploadRecord};

use crate::transport::{Content, Method};
use crate::{Client, Error, Result};

/// Bytes sent with one request.
const PIECE_BYTES: u64 = 8 << 20;
/// Attempts in a row that bring nothing before an upload is given up.
const ATTEMPTS: u32 = 8;

/// A file to be uploaded in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// Product it belongs to.
    pub product: i64,
    /// What it is to the product.
    pub role: FileRole,
    /// Name as users see it.
    pub name: String,
    /// MIME type.
    pub mime_type: Option<String>,
    /// Length of the whole file.
    pub size_bytes: u64,
}

impl Client {
    /// Begins an upload.
    pub async fn begin_upload(&self, new: &NewUpload) -> Result<UploadRecord> {
        let mut pairs = vec![
            ("product", new.product.to_string()),
            ("role", new.role.code().to_string()),
            ("filename", new.name.clone()),
        ];
        if let Some(mime_type) = &new.mime_type {
            pairs.push(("type", mime_type.clone()));
        }
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)))
            .collect();
        let mut request = self.request(Method::Post, "/api/uploads/", &[])?;
        request.headers.extend([
            ("Tus-Resumable", "1.0.0".to_owned()),
            ("Upload-Length", new.size_bytes.to_string()),
            ("Upload-Metadata", pairs.join(",")),
        ]);
        crate::client::decode(&self.text(request).await?)
    }

    /// The caller's unfinished uploads, the newest first.
    pub async fn unfinished_uploads(&self) -> Result<Vec<UploadRecord>> {
        self.every("/api/uploads/", &[]).await
    }

    /// How far an upload has come.
    pub async fn upload_record(&self, id: &str) -> Result<UploadRecord> {
        self.get(&path(id), &[]).await
    }

    /// Sends bytes of the file that begin at `offset`, where the upload goes on.
    pub async fn send_upload_bytes(&self, id: &str, offset: u64, bytes: Vec<u8>) -> Result<()> {
        let mut request = self.request(Method::Patch, &path(id), &[])?;
        request.headers.extend([
            ("Tus-Resumable", "1.0.0".to_owned()),
            ("Content-Type", "application/offset+octet-stream".to_owned()),
            ("Upload-Offset", offset.to_string()),
        ]);
        request.body = Some(Content::Bytes(bytes));
        self.text(request).await.map(|_| ())
    }

    /// Gives an upload up.
    pub async fn cancel_upload(&self, id: &str) -> Result<()> {
        let mut request = self.request(Method::Delete, &path(id), &[])?;
        request.headers.push(("Tus-Resumable", "1.0.0".to_owned()));
        self.text(request).await.map(|_| ())
    }
}

fn path(id: &str) -> String {
    format!("/api/uploads/{}/", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// An upload under way, which goes on by itself after an interruption.
#[derive(Debug, Clone)]
pub struct ResumableUpload {
    client: Client,
    record: UploadRecord,
}

impl ResumableUpload {
    /// Begins an upload.
    pub async fn begin(client: &Client, new: &NewUpload) -> Result<Self> {
        Ok(Self {
            record: client.begin_upload(new).await?,
            client: client.clone(),
        })
    }

    /// Goes on with an upload that was begun before.
    pub async fn resume(client: &Client, id: &str) -> Result<Self> {
        Ok(Self {
            record: client.upload_record(id).await?,
            client: client.clone(),
        })
    }

    /// What the server last said of it.
    pub fn record(&self) -> &UploadRecord {
        &self.record
    }

    /// Sends what is missing and returns the file. `read` gives up to so many bytes of the file from an offset;
    /// `wait` is called before each attempt after one that failed, with how many failed in a row.
    ///
    /// # Errors
    /// When the server refuses, `read` gives nothing, or too many attempts in a row bring no byte.
    pub async fn run(
        &mut self,
        mut read: impl AsyncFnMut(u64, usize) -> Result<Vec<u8>>,
        mut wait: impl AsyncFnMut(u32),
    ) -> Result<ProductFile> {
        let mut failed = 0;
        let mut settled = true;
        while !self.record.complete {
            let before = self.record.offset;
            let outcome = if settled {
                self.step(&mut read).await
            } else {
                self.ask_again().await
            };
            if self.record.offset > before {
                failed = 0;
            }
            let Err(error) = outcome else {
                settled = true;
                continue;
            };
            failed += 1;
            if failed >= ATTEMPTS || !is_passing(&error) {
                return Err(error);
            }
            // How much of the last piece arrived only the server knows.
            settled = false;
            wait(failed).await;
        }
        match self.record.file {
            Some(file) => self.client.product_file(file).await,
            None => Err(Error::Decode(
                "the upload is complete, but its file is gone".to_owned(),
            )),
        }
    }

    /// Sends one piece.
    async fn step(&mut self, read: &mut impl AsyncFnMut(u64, usize) -> Result<Vec<u8>>) -> Result<()> {
        let offset = self.record.offset;
        let left = self.record.size.saturating_sub(offset).min(PIECE_BYTES);
        let bytes = read(offset, usize::try_from(left).unwrap_or(usize::MAX)).await?;
        if bytes.is_empty() {
            return Err(Error::Request("the file is shorter than it was".to_owned()));
        }
        let sent = bytes.len() as u64;
        self.client
            .send_upload_bytes(&self.record.id, offset, bytes)
            .await?;
        self.record.offset = offset + sent;
        if self.record.offset >= self.record.size {
            self.record = self.client.upload_record(&self.record.id).await?;
        }
        Ok(())
    }

    /// Asks where it goes on.
    async fn ask_again(&mut self) -> Result<()> {
        self.record = self.client.upload_record(&self.record.id).await?;
        Ok(())
    }
}

/// What another attempt may mend: a broken connection, a server that restarts, another request's lock, and bytes
/// that had arrived after all.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Network(_) => true,
        Error::Rejected(rejection) => {
            rejection.code == Some(pz_model::ErrorCode::OffsetMismatch)
                || matches!(rejection.status, 408 | 423 | 429 | 460 | 502..=504)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass() {
        let rejected = |status, code: &str| {
            is_passing(&Error::Rejected(Box::new(crate::Rejection::new(
                status,
                "",
                Some(code),
                None,
                None,
            ))))
        };
        assert!(
            rejected(409, "offset_mismatch")
                && rejected(423, "upload_locked")
                && rejected(503, "unavailable")
        );
        assert!(
            !rejected(409, "main_file_exists")
                && !rejected(413, "quota_exceeded")
                && !rejected(404, "not_found")
        );
        assert!(is_passing(&Error::Network("reset".to_owned())));
    }
}
