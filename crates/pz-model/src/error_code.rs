//! One stable code for each thing that can go wrong, sent as the header `X-Error-Code` and, beside
//! `detail`, `error` or `message`, as the key `code`.

use std::fmt;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// What went wrong, for programs. The text form never changes once published.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the order of this file.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text form: `snake_case`, stable.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What the code means, in one sentence.
            pub const fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+),)+
                }
            }
        }
    };
}

error_codes! {
    /// No credentials were sent.
    NotAuthenticated = "not_authenticated",
    /// The token is unknown, revoked or expired.
    InvalidToken = "invalid_token",
    /// The `Authorization` header does not have the form `Token <key>`.
    MalformedAuthorization = "malformed_authorization",
    /// The account exists but is not active.
    InactiveUser = "inactive_user",
    /// The account waits for an administrator's approval.
    AwaitingApproval = "awaiting_approval",
    /// The session has ended; sign in again.
    SessionExpired = "session_expired",
    /// Username and password do not match an active account.
    InvalidCredentials = "invalid_credentials",
    /// The new password is too short, too long or easy to guess.
    WeakPassword = "weak_password",
    /// The CSRF header is missing or does not equal the cookie.
    CsrfFailed = "csrf_failed",
    /// The caller may not do this.
    PermissionDenied = "permission_denied",
    /// The token's scopes do not cover this.
    InsufficientScope = "insufficient_scope",
    /// Only administrators may mark a product as official.
    OfficialNeedsAdmin = "official_needs_admin",
    /// Nothing is there, or the caller may not see it.
    NotFound = "not_found",
    /// The page number is not a page of this list.
    InvalidPage = "invalid_page",
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed",
    /// The body has a content type this endpoint does not read.
    UnsupportedMediaType = "unsupported_media_type",
    /// The body is not what its content type says.
    MalformedBody = "malformed_body",
    /// The body is larger than this endpoint reads.
    BodyTooLarge = "body_too_large",
    /// The `Content-Digest`, `Repr-Digest` or `Upload-Checksum` sent does not match the bytes received.
    DigestMismatch = "digest_mismatch",
    /// A request header is missing, or has a value that it cannot have.
    InvalidHeader = "invalid_header",
    /// One or more fields are wrong; the body names them.
    ValidationFailed = "validation_failed",
    /// A filter in the query string has a value that it cannot have.
    InvalidFilter = "invalid_filter",
    /// A query parameter has a value that it cannot have.
    InvalidParameter = "invalid_parameter",
    /// The product type does not allow a release.
    ReleaseNotAllowed = "release_not_allowed",
    /// The product type does not allow an algorithm or code name.
    PzCodeNotAllowed = "pz_code_not_allowed",
    /// The product cannot go from its status to the one asked for.
    InvalidStatus = "invalid_status",
    /// Only a published product has what was asked for.
    NotPublished = "not_published",
    /// Columns with mandatory meanings are missing, so the product cannot be published.
    MissingColumns = "missing_columns",
    /// The product type needs a main file, and there is none.
    MissingMainFile = "missing_main_file",
    /// A product without a file needs a description.
    MissingDescription = "missing_description",
    /// A published product already has a main file.
    MainFileExists = "main_file_exists",
    /// The uploaded file is empty.
    EmptyFile = "empty_file",
    /// The uploaded file is larger than the instance allows.
    FileTooLarge = "file_too_large",
    /// The files of the product's owner would take more bytes than their quota allows.
    QuotaExceeded = "quota_exceeded",
    /// Another request is working on the upload.
    UploadLocked = "upload_locked",
    /// The upload does not go on at the offset sent; ask where it does.
    OffsetMismatch = "offset_mismatch",
    /// The upload ended before all its bytes came; what arrived is kept.
    UploadInterrupted = "upload_interrupted",
    /// The server does not speak this version of the tus protocol.
    UnsupportedTusVersion = "unsupported_tus_version",
    /// The file has no usable name.
    InvalidFileName = "invalid_file_name",
    /// The main file is not a table, and its product type needs one.
    NotATable = "not_a_table",
    /// The main file is a table in a format that this version cannot read.
    UnsupportedFormat = "unsupported_format",
    /// The main file is a damaged table.
    BrokenFile = "broken_file",
    /// The main file points to other files, which is never followed.
    OutsideReference = "outside_reference",
    /// Reading the file takes more time or memory than a file may take.
    InspectionLimit = "inspection_limit",
    /// The signed link is missing its token, has expired, or belongs to something else.
    InvalidLink = "invalid_link",
    /// A browser cannot show this kind of file; download it.
    NotViewable = "not_viewable",
    /// The process that made the product was stopped.
    ProcessStopped = "process_stopped",
    /// The process that made the product failed.
    ProcessFailed = "process_failed",
    /// Too many of these are under way at once; wait until one ends.
    TooManyRequests = "too_many_requests",
    /// The user, the address or the sign-in was tried too often; wait as long as `Retry-After` says.
    RateLimited = "rate_limited",
    /// The body of the request did not come in time.
    BodyTooSlow = "body_too_slow",
    /// The query string is longer than this server reads.
    QueryTooLong = "query_too_long",
    /// Another object has this name.
    NameTaken = "name_taken",
    /// There are as many of these as there may be.
    LimitReached = "limit_reached",
    /// Other objects need this one.
    StillInUse = "still_in_use",
    /// Without this account nobody could administer the service.
    LastAdmin = "last_admin",
    /// The identity provider keeps this; change it there.
    ExternallyManaged = "externally_managed",
    /// The object changed meanwhile.
    Conflict = "conflict",
    /// There is no space left for the upload.
    InsufficientStorage = "insufficient_storage",
    /// This was never built, or is gone on purpose.
    Gone = "gone",
    /// The service cannot answer now; try again.
    Unavailable = "unavailable",
    /// A fault of the service; the log has its cause under the request id.
    Internal = "internal",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_snake_case() {
        let mut codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(
            codes
                .iter()
                .all(|code| code.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        );
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }
}
