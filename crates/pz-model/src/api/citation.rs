//! Metadata for citing a product.

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use super::citation_schemas::{IdentifierType, RelationType};

/// Somebody who made a product.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Creator {
    /// Name as it is to be cited.
    #[cfg_attr(
        feature = "openapi",
        schema(
            example = "Tester, Alice",
            min_length = 1,
            max_length = 255,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
        )
    )]
    pub name: String,
    /// ORCID iD.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(
            example = "0000-0002-1825-0097",
            pattern = "^((https?://)?(orcid\\.org/)?[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9Xx])?$"
        )
    )]
    pub orcid: Option<String>,
    /// Where they worked.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(example = "LIneA", max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")
    )]
    pub affiliation: Option<String>,
}

/// Something that a product is related to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelatedIdentifier {
    /// The identifier.
    #[cfg_attr(
        feature = "openapi",
        schema(
            example = "10.5281/zenodo.1234",
            min_length = 1,
            max_length = 1024,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
        )
    )]
    pub identifier: String,
    /// DataCite's relation type: what the product is to it.
    #[cfg_attr(feature = "openapi", schema(value_type = RelationType))]
    pub relation: String,
    /// DataCite's type of the identifier.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = IdentifierType))]
    pub identifier_type: String,
}

/// Who paid for a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Funding {
    /// Name of the funder.
    #[cfg_attr(
        feature = "openapi",
        schema(
            example = "CNPq",
            min_length = 1,
            max_length = 255,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$"
        )
    )]
    pub funder: String,
    /// Number of the award.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(
            example = "465376/2014-2",
            max_length = 255,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$"
        )
    )]
    pub award_number: Option<String>,
    /// Title of the award.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(max_length = 255, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")
    )]
    pub award_title: Option<String>,
}

/// How a citation is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum CitationFormat {
    /// A sentence for a list of references.
    #[default]
    Text,
    /// A BibTeX entry.
    BibTex,
    /// A RIS record.
    Ris,
    /// DataCite metadata, JSON.
    DataCite,
    /// A schema.org dataset, JSON-LD.
    JsonLd,
    /// Croissant 1.1, JSON-LD.
    Croissant,
}

impl CitationFormat {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::BibTex,
        Self::Ris,
        Self::DataCite,
        Self::JsonLd,
        Self::Croissant,
    ];

    /// Name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::BibTex => "bibtex",
            Self::Ris => "ris",
            Self::DataCite => "datacite",
            Self::JsonLd => "jsonld",
            Self::Croissant => "croissant",
        }
    }

    /// Media type of the answer.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::BibTex => "application/x-bibtex; charset=utf-8",
            Self::Ris => "application/x-research-info-systems; charset=utf-8",
            // Existing clients take an answer for JSON by this prefix.
            Self::DataCite => "application/json",
            Self::JsonLd | Self::Croissant => "application/ld+json",
        }
    }

    /// The format with this name in the API.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}
