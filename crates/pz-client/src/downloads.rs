//! Signed links to a product's bytes, and to files that a browser shows.

use pz_model::api::{Archive, ViewUrl};

#[cfg(not(target_arch = "wasm32"))]
use crate::transport::{Method, head, network};
use crate::{Client, Result};

impl Client {
    /// Prepares the whole product as a zip and returns a link that is valid for some minutes.
    pub async fn prepare_download(&self, product: i64) -> Result<Archive> {
        self.post_empty(&format!("/api/products/{product}/download/prepare/"))
            .await
    }

    /// The state of the product's zip, with a fresh link.
    pub async fn download_status(&self, product: i64) -> Result<Archive> {
        self.get(&format!("/api/products/{product}/download/status/"), &[])
            .await
    }

    /// Prepares the main file alone and returns a link that is valid for some minutes.
    pub async fn prepare_main_file_download(&self, product: i64) -> Result<Archive> {
        self.post_empty(&format!("/api/products/{product}/download/main-file/prepare/"))
            .await
    }

    /// The state of the main file's download, with a fresh link.
    pub async fn main_file_download_status(&self, product: i64) -> Result<Archive> {
        self.get(
            &format!("/api/products/{product}/download/main-file/status/"),
            &[],
        )
        .await
    }

    /// An address under which a browser shows the file, confined, for some minutes; with `scripts` those within
    /// an HTML or SVG document run. A file that browsers do not show is refused with the code `not_viewable`.
    pub async fn view_url(&self, file: i64, scripts: bool) -> Result<ViewUrl> {
        self.get(
            &format!("/api/product-files/{file}/view-url/"),
            &[("scripts", scripts.to_string())],
        )
        .await
    }

    /// Starts fetching `link`, which may be relative to the server's root; the body is not read yet.
    ///
    /// # Errors
    /// [`crate::Error::Request`] for a link to another server: the token is for this one.
    #[cfg(not(target_arch = "wasm32"))]
    pub async fn fetch(&self, link: &str) -> Result<reqwest::Response> {
        let path = link.strip_prefix(self.origin()).unwrap_or(link);
        // Behind the origin, anything else than a path goes on with its host: `.example.org`, `@example.org`, `0/`.
        if !path.starts_with('/') {
            return Err(crate::Error::Request(format!(
                "the link leads to another server than {}",
                self.origin()
            )));
        }
        let request = self.request(Method::Get, path, &[])?;
        let response = self.transport().builder(request)?.send().await.map_err(network)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let mut answer = head(&response);
        answer.body = response.text().await.map_err(network)?;
        Err(match crate::client::successful(answer) {
            Ok(_) => crate::Error::Decode("an answer is both a success and none".to_owned()),
            Err(error) => error,
        })
    }
}
