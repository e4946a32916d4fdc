//! What a view shows when something did not work.

/// What kind of thing went wrong; each has its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing is there, or it may not be seen.
    NotFound,
    /// It is not allowed.
    Forbidden,
    /// Nobody is signed in.
    SignedOut,
    /// The request was wrong.
    Invalid,
    /// Too many requests.
    TooMany {
        /// Seconds to wait.
        retry_after_seconds: u64,
    },
    /// Nothing answered.
    Offline,
    /// A fault of the server.
    Server,
}

impl FailureKind {
    /// Whether trying the same again may help.
    pub const fn is_worth_retrying(self) -> bool {
        matches!(self, Self::TooMany { .. } | Self::Offline | Self::Server)
    }
}

/// A failure as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of thing went wrong.
    pub kind: FailureKind,
    /// What exactly, in words; may be empty.
    pub message: String,
    /// Id under which the server's log has it.
    pub error_id: Option<String>,
}
