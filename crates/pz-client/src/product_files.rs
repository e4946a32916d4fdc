//! Files of a product.

use pz_model::api::ProductFile;

use crate::transport::Method;
use crate::{Client, Result};

/// A file to be attached to a product.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub struct Upload {
    /// Product it belongs to.
    pub product: i64,
    /// What it is to the product.
    pub role: pz_model::FileRole,
    /// Name as users see it.
    pub name: String,
    /// MIME type.
    pub mime_type: Option<String>,
    /// The bytes; may be a stream.
    pub body: reqwest::Body,
    /// Number of bytes, where known.
    pub size_bytes: Option<u64>,
}

impl Client {
    /// Where a file can be fetched, relative to the server's root.
    pub fn product_file_address(file: i64) -> String {
        format!("/api/product-files/{file}/download/")
    }

    /// Every file of the product: main, description, then auxiliary.
    pub async fn product_files(&self, product: i64) -> Result<Vec<ProductFile>> {
        let query = [
            ("product_id", product.to_string()),
            ("ordering", "role,id".to_owned()),
        ];
        self.every("/api/product-files/", &query).await
    }

    /// A file's record.
    pub async fn product_file(&self, file: i64) -> Result<ProductFile> {
        self.get(&format!("/api/product-files/{file}/"), &[]).await
    }

    /// Removes a file.
    pub async fn delete_product_file(&self, file: i64) -> Result<()> {
        self.send_discarding(Method::Delete, &format!("/api/product-files/{file}/"))
            .await
    }

    /// Attaches a file, streaming it.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn upload_product_file(&self, upload: Upload) -> Result<ProductFile> {
        use reqwest::multipart::{Form, Part};

        let mut part = match upload.size_bytes {
            Some(size) => Part::stream_with_length(upload.body, size),
            None => Part::stream(upload.body),
        }
        .file_name(upload.name);
        // The file comes last: the server authorises the rest before it takes any bytes.
        let mut form = Form::new()
            .text("product", upload.product.to_string())
            .text("role", upload.role.code().to_string());
        if let Some(mime_type) = upload.mime_type {
            part = part
                .mime_str(&mime_type)
                .map_err(|error| crate::Error::Request(error.to_string()))?;
            form = form.text("type", mime_type);
        }
        let request = self.request(Method::Post, "/api/product-files/", &[])?;
        let request = self
            .transport()
            .builder(request)?
            .multipart(form.part("file", part));
        let answer = crate::transport::read(request).await?;
        crate::client::decode(&crate::client::successful(answer)?)
    }
}
