//! Products as the API shows them.

use serde::{Deserialize, Serialize};

use super::citation::{Creator, Funding, RelatedIdentifier};
use super::table::ColumnAssociation;
use crate::product_status::ProductStatus;
use crate::timestamp::Timestamp;

/// A data product: metadata of one main file and any number of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// Identifier, never used again.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub id: i64,
    /// Id of the release the product belongs to.
    pub release: Option<i64>,
    /// Display name of the release.
    pub release_name: Option<String>,
    /// Id of the product type.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub product_type: i64,
    /// Display name of the product type.
    #[cfg_attr(feature = "openapi", schema(example = "Reference Redshift Catalog"))]
    pub product_type_name: String,
    /// Internal key of the product type.
    #[cfg_attr(feature = "openapi", schema(example = "redshift_catalog"))]
    pub product_type_internal_name: String,
    /// Username of the owner.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub uploaded_by: String,
    /// The caller is the owner.
    pub is_owner: bool,
    /// `Upload`, or the display name of the pipeline that made the product.
    #[cfg_attr(feature = "openapi", schema(example = "Upload"))]
    pub origin: String,
    /// Status of the process that made the product.
    pub process_status: Option<String>,
    /// Id of the process that made the product.
    pub process_id: Option<i64>,
    /// Label of `status`.
    #[cfg_attr(feature = "openapi", schema(example = "Published"))]
    pub product_status: String,
    /// The caller may delete the product.
    pub can_delete: bool,
    /// The caller may change the product.
    pub can_update: bool,
    /// Permanent public key: `<id>_<slug>`.
    #[cfg_attr(feature = "openapi", schema(example = "16_my_redshift_cat"))]
    pub internal_name: String,
    /// Name for people.
    #[cfg_attr(feature = "openapi", schema(example = "My Redshift Cat"))]
    pub display_name: String,
    /// Published officially by the data-management team.
    pub official_product: bool,
    /// Algorithm or code behind the product.
    pub pz_code: Option<String>,
    /// Description, Markdown.
    pub description: Option<String>,
    /// When the product was created.
    pub created_at: Timestamp,
    /// When the product or one of its parts last changed.
    pub updated_at: Timestamp,
    /// 0 Registering, 1 Published, 2 Deleted, 3 Processing, 9 Failed.
    #[cfg_attr(feature = "openapi", schema(value_type = i32, example = 1))]
    pub status: ProductStatus,
    /// Year in which the survey released the data.
    pub release_year: Option<i32>,
    /// Rows of the main file, once it has been read as a table.
    #[serde(default)]
    pub n_rows: Option<i64>,
    /// Size of the main file in bytes.
    #[serde(default)]
    pub size: Option<i64>,
    /// Why the main file could not be read as a table; shown to the owner and to administrators.
    #[serde(default)]
    pub registry_error: Option<String>,
    /// SPDX id of the licence, or `other`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "CC-BY-4.0"))]
    pub license: Option<String>,
    /// Who made it; the owner when empty.
    #[serde(default)]
    pub creators: Vec<Creator>,
    /// What it is related to.
    #[serde(default)]
    pub related_identifiers: Vec<RelatedIdentifier>,
    /// Subjects.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = json!(["photometric redshifts"])))]
    pub subjects: Vec<String>,
    /// Who paid for it.
    #[serde(default)]
    pub funding: Vec<Funding>,
    /// Registered identifier.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "10.5281/zenodo.1234"))]
    pub doi: Option<String>,
    /// Id of the first version: what all versions have in common.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub concept: Option<i64>,
    /// Number of the version, from 1.
    #[serde(default = "first_version")]
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub version_number: i32,
    /// It is the version named by `latest_version`.
    #[serde(default)]
    pub is_latest_version: bool,
    /// Internal name of the newest published version that the caller may see; of the newest of all while none
    /// is published.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "16_my_redshift_cat"))]
    pub latest_version: Option<String>,
}

fn first_version() -> i32 {
    1
}

/// What `main_file_info` says of the main file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MainFile {
    /// Name of the file as uploaded.
    #[cfg_attr(feature = "openapi", schema(example = "cat.csv"))]
    pub name: String,
    /// MIME type given at the upload.
    #[serde(rename = "type")]
    pub mime_type: Option<String>,
    /// Extension in lower case with its dot.
    #[cfg_attr(feature = "openapi", schema(example = ".csv"))]
    pub extension: String,
    /// Size in bytes.
    pub size: Option<i64>,
    /// Rows of the table.
    pub n_rows: Option<i64>,
    /// The main file is a directory (a HATS catalog).
    pub is_directory: bool,
    /// Every column in file order, with its meaning where it has one.
    pub associated_columns: Vec<ColumnAssociation>,
    /// CSV only: the delimiter; null when the file could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub delimiter: Option<Option<String>>,
    /// CSV only: the first row names the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_header: Option<bool>,
    /// CSV only: names of the columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// A product with what is known of its main file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductWithMainFile {
    /// The product.
    #[serde(flatten)]
    pub product: Product,
    /// The main file; an empty object when there is none.
    #[serde(with = "empty_object_is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = MainFileOrNone))]
    pub main_file: Option<MainFile>,
}

/// What is said of a main file that may not be there.
#[cfg(feature = "openapi")]
#[derive(Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "documents an option that is never null")]
enum MainFileOrNone {
    /// There is one.
    Some(MainFile),
    /// There is none.
    None(NoMainFile),
}

/// An empty object.
#[cfg(feature = "openapi")]
#[derive(Serialize, utoipa::ToSchema)]
#[schema(max_properties = 0)]
struct NoMainFile {}

/// `None` as `{}`: the Python library subscripts the value without asking.
mod empty_object_is_none {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::MainFile;

    pub(super) fn serialize<S: Serializer>(
        value: &Option<MainFile>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(main_file) => main_file.serialize(serializer),
            None => serde_json::Map::new().serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<MainFile>, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.as_object().is_none_or(serde_json::Map::is_empty) {
            return Ok(None);
        }
        serde_json::from_value(value)
            .map(Some)
            .map_err(serde::de::Error::custom)
    }
}
