//! Files shown by a browser, confined, from a signed address.

use serde::{Deserialize, Serialize};

use crate::file_name;
use crate::timestamp::Timestamp;

/// Where a browser may show a file, for some minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ViewUrl {
    /// The address: signed, needs no other credentials, for one user and this content of the file.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "/api/views/eyJhbGciOiJIUzI1NiJ9.eyJmaWxlIjo3fQ.c2lnbmF0dXJl/")
    )]
    pub url: String,
    /// When the address ends.
    pub expires_at: Timestamp,
    /// As what the file is shown.
    #[cfg_attr(feature = "openapi", schema(example = "text/html; charset=utf-8"))]
    pub content_type: String,
    /// Scripts within the document run; only where it can have any and it was asked for.
    pub scripts: bool,
}

/// How a browser shows a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewKind {
    /// A web page, confined.
    Html,
    /// A drawing that may hold scripts, confined like a page.
    Svg,
    /// Characters as they are.
    Text,
    /// A picture of this media type.
    Image(&'static str),
    /// A document for the browser's own reader.
    Pdf,
}

impl ViewKind {
    /// How a file of this name is shown; nothing for what browsers do not show.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match file_name::extension(name).as_str() {
            ".html" | ".htm" | ".xhtml" => Self::Html,
            ".svg" => Self::Svg,
            ".txt" | ".dat" | ".csv" | ".ecsv" | ".tsv" | ".json" | ".jsonl" | ".geojson" | ".yaml"
            | ".yml" | ".toml" | ".ini" | ".cfg" | ".md" | ".markdown" | ".rst" | ".tex" | ".bib"
            | ".log" | ".py" | ".r" | ".sh" | ".sql" | ".xml" | ".vot" | ".votable" | ".ipynb" | ".diff"
            | ".cff" => Self::Text,
            ".png" => Self::Image("image/png"),
            ".jpg" | ".jpeg" => Self::Image("image/jpeg"),
            ".gif" => Self::Image("image/gif"),
            ".webp" => Self::Image("image/webp"),
            ".pdf" => Self::Pdf,
            _ => return None,
        })
    }

    /// The media type under which it is sent.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Svg => "image/svg+xml",
            Self::Text => "text/plain; charset=utf-8",
            Self::Image(content_type) => content_type,
            Self::Pdf => "application/pdf",
        }
    }

    /// It may hold scripts that a browser would run.
    pub const fn may_have_scripts(self) -> bool {
        matches!(self, Self::Html | Self::Svg)
    }

    /// It is written in characters.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Html | Self::Svg | Self::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_how_files_are_shown() {
        let type_of = |name| ViewKind::of_name(name).map(ViewKind::content_type);
        assert_eq!(type_of("Report.HTML"), Some("text/html; charset=utf-8"));
        assert_eq!(type_of("notebook.ipynb"), Some("text/plain; charset=utf-8"));
        assert_eq!(type_of("plot.jpeg"), Some("image/jpeg"));
        for nothing in ["cat.fits", "cat.parquet", "cat.csv.gz", "README", ".html"] {
            assert_eq!(type_of(nothing), None, "{nothing}");
        }
        assert!(ViewKind::Svg.may_have_scripts() && !ViewKind::Text.may_have_scripts());
    }
}
