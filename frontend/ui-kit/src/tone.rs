//! What a coloured thing says; never by colour alone.

use crate::icon::IconName;

/// Meaning of a colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing particular.
    #[default]
    Neutral,
    /// Worth knowing.
    Info,
    /// All is well.
    Success,
    /// Take care.
    Warning,
    /// Something is wrong.
    Danger,
    /// The house's own colour.
    Accent,
}

impl Tone {
    /// Suffix of the style classes.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
            Self::Accent => "accent",
        }
    }

    /// The icon that says the same.
    pub const fn icon(self) -> IconName {
        match self {
            Self::Neutral | Self::Info | Self::Accent => IconName::Info,
            Self::Success => IconName::Success,
            Self::Warning => IconName::Warning,
            Self::Danger => IconName::Error,
        }
    }
}
