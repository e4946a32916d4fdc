//! Creating a product: everything is checked before a row is written.

use actix_web::http::StatusCode;
use chrono::Datelike;
use pz_model::limits::{DESCRIPTION_MAX_CHARS, DISPLAY_NAME_MAX_CHARS, PZ_CODE_MAX_CHARS, RELEASE_YEAR_MIN};
use pz_model::{ErrorCode, ProductStatus, ProductType, Timestamp};
use pz_store::product_citation::CitationChanges;
use pz_store::products::NewProduct;
use pz_store::{Store, Viewer};

use super::citation_fields;
use crate::auth::Caller;
use crate::body::Fields;
use crate::error::{ApiError, ApiResult, FieldErrors};

/// The metadata a client may send, as far as they are present; shared with changing a product.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) display_name: Option<String>,
    pub(super) product_type: Option<ProductType>,
    pub(super) release: Option<Option<i64>>,
    pub(super) official_product: Option<bool>,
    pub(super) pz_code: Option<Option<String>>,
    pub(super) description: Option<Option<String>>,
    pub(super) release_year: Option<Option<i32>>,
    pub(super) citation: CitationChanges,
}

impl Metadata {
    /// Reads the fields; with `partial` none is required.
    pub(super) fn read(fields: &Fields, partial: bool, errors: &mut FieldErrors) -> Self {
        let display_name = fields.required_text("display_name", DISPLAY_NAME_MAX_CHARS, partial, errors);
        let product_type = fields
            .required_integer("product_type", partial, errors)
            .and_then(|id| match ProductType::from_id(id) {
                Some(product_type) => Some(product_type),
                None => {
                    errors.add("product_type", ErrorCode::ValidationFailed, unknown_id(id));
                    None
                }
            });
        let this_year = Timestamp::now().to_utc().year();
        let release_year = fields
            .integer("release_year", errors)
            .and_then(|year| match year {
                None => Some(None),
                Some(year) => match i32::try_from(year) {
                    Ok(year) if (RELEASE_YEAR_MIN..=this_year + 1).contains(&year) => Some(Some(year)),
                    _ => {
                        errors.add(
                            "release_year",
                            ErrorCode::ValidationFailed,
                            format!(
                                "{year} is not a year from {RELEASE_YEAR_MIN} to {}.",
                                this_year + 1
                            ),
                        );
                        None
                    }
                },
            });
        Self {
            display_name,
            product_type,
            release: fields.integer("release", errors),
            official_product: fields.flag("official_product", errors),
            pz_code: fields.text("pz_code", PZ_CODE_MAX_CHARS, errors),
            description: fields.text("description", DESCRIPTION_MAX_CHARS, errors),
            release_year,
            citation: citation_fields::read(fields, errors),
        }
    }

    /// Adds an error when the release is not one the caller may see.
    pub(super) async fn check_release(
        &self,
        store: &Store,
        viewer: Viewer,
        errors: &mut FieldErrors,
    ) -> ApiResult<()> {
        if let Some(Some(id)) = self.release
            && store.visible_release_ids(viewer, &[id]).await?.is_empty()
        {
            errors.add("release", ErrorCode::ValidationFailed, unknown_id(id));
        }
        Ok(())
    }
}

pub(crate) fn unknown_id(id: i64) -> String {
    format!("Invalid pk \"{id}\" - object does not exist.")
}

/// Only administrators mark products as official.
pub(crate) fn check_official(caller: &Caller) -> ApiResult<()> {
    if caller.is_admin() {
        return Ok(());
    }
    Err(ApiError::error(
        StatusCode::FORBIDDEN,
        ErrorCode::OfficialNeedsAdmin,
        "Only administrators may mark a product as official.",
    ))
}

/// Checks what the product type says of these metadata.
pub(crate) fn check_type_rules(
    product_type: ProductType,
    has_release: bool,
    pz_code: Option<&str>,
) -> ApiResult<()> {
    let mut errors = FieldErrors::default();
    for violation in product_type.check_metadata(has_release, pz_code) {
        errors.add(violation.field, violation.code, violation.message);
    }
    errors.check()
}

/// Reads and checks a new product of the caller.
///
/// # Errors
/// 400 for fields (plain strings), 403 for an official product or a DOI by a member, 400 for the type's rules
/// (lists), in this order.
pub(super) async fn read(
    store: &Store,
    caller: &Caller,
    fields: &Fields,
) -> ApiResult<(NewProduct, CitationChanges)> {
    let mut errors = FieldErrors::default();
    let metadata = Metadata::read(fields, false, &mut errors);
    metadata
        .check_release(store, caller.viewer(), &mut errors)
        .await?;
    errors.check().map_err(ApiError::with_plain_fields)?;
    let (Some(display_name), Some(product_type)) = (metadata.display_name, metadata.product_type) else {
        return Err(ApiError::internal(
            "a required field passed validation without a value",
        ));
    };
    let official_product = metadata.official_product.unwrap_or(false);
    if official_product {
        check_official(caller)?;
    }
    if metadata.citation.doi.as_ref().is_some_and(Option::is_some) {
        citation_fields::check_doi(caller)?;
    }
    let release_id = metadata.release.flatten();
    let pz_code = metadata.pz_code.flatten();
    check_type_rules(product_type, release_id.is_some(), pz_code.as_deref())?;
    let product = NewProduct {
        product_type_id: product_type.id(),
        release_id,
        user_id: caller.account.id,
        display_name,
        official_product,
        pz_code,
        description: metadata.description.flatten(),
        // Whatever was sent: a product starts as a draft.
        status: ProductStatus::Registering,
        release_year: metadata.release_year.flatten(),
    };
    Ok((product, metadata.citation))
}
