//! What the documentation says of headers and bodies that are read by name and as a stream.

/// Bytes of a file as they are.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "documents a body that is read as a stream")]
pub(super) struct FileBytes(Vec<u8>);

/// A checksum by the protocol's own header.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents a header that is read by its name")]
pub(super) struct ChecksumHeader {
    /// Algorithm (`sha1`, `sha256` or `sha512`), a blank, and in base64 the checksum of the bytes in this request.
    #[param(rename = "Upload-Checksum", value_type = String, required = false, pattern = r"^(sha1 [A-Za-z0-9+/]{26}[AEIMQUYcgkosw048]=|sha256 [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|sha512 [A-Za-z0-9+/]{85}[AQgw]==)$", example = "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")]
    upload_checksum: Option<String>,
}

/// The version of the protocol, where it may be left out.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents a header that is read by its name")]
pub(super) struct VersionHeader {
    /// Version of the protocol.
    #[param(rename = "Tus-Resumable", value_type = String, required = false, pattern = r"^1\.0\.0$", example = "1.0.0")]
    tus_resumable: Option<String>,
}
