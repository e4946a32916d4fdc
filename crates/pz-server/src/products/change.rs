//! Changing and publishing a product: everything is checked before anything is written.

use actix_web::http::StatusCode;
use pz_model::{ColumnMeaning, ErrorCode, ProductStatus, ProductType};
use pz_store::Store;
use pz_store::products::{ProductChanges, ProductRow};

use super::citation_fields;
use super::create::{Metadata, check_official, check_type_rules};
use crate::auth::Caller;
use crate::body::Fields;
use crate::error::{ApiError, ApiResult, FieldErrors};

/// Reads and checks a change of `row`; PUT wants the required fields, PATCH does not.
///
/// # Errors
/// 400 naming the fields, 403 for the official mark or the DOI by a member, 406 when mandatory columns are missing.
pub(super) async fn read(
    store: &Store,
    caller: &Caller,
    row: &ProductRow,
    fields: &Fields,
    partial: bool,
) -> ApiResult<ProductChanges> {
    let mut errors = FieldErrors::default();
    let metadata = Metadata::read(fields, partial, &mut errors);
    metadata
        .check_release(store, caller.viewer(), &mut errors)
        .await?;
    let status = read_status(row, fields, &mut errors);
    let current_type = ProductType::from_id(row.product_type_id)
        .ok_or_else(|| ApiError::internal(format!("product {} has an unknown type", row.id)))?;
    let new_type = metadata.product_type.filter(|new| *new != current_type);
    if new_type.is_some() && type_is_fixed(row) {
        errors.add(
            "product_type",
            ErrorCode::ValidationFailed,
            "The product type is fixed once a file is attached, and for all versions of a product; discard the \
             product and start over.",
        );
    }
    errors.check()?;
    if metadata
        .official_product
        .is_some_and(|official| official != row.official_product)
    {
        check_official(caller)?;
    }
    if metadata.citation.doi.as_ref().is_some_and(|doi| *doi != row.doi) {
        citation_fields::check_doi(caller)?;
    }
    let product_type = new_type.unwrap_or(current_type);
    let release_id = metadata.release.unwrap_or(row.release_id);
    let pz_code = metadata.pz_code.clone().unwrap_or_else(|| row.pz_code.clone());
    check_type_rules(product_type, release_id.is_some(), pz_code.as_deref())?;
    if status == Some(ProductStatus::Published) {
        let description = metadata
            .description
            .clone()
            .unwrap_or_else(|| row.description.clone());
        check_publishable(store, row, product_type, description.as_deref()).await?;
    }
    Ok(ProductChanges {
        product_type_id: new_type.map(ProductType::id),
        release_id: metadata.release,
        display_name: metadata.display_name,
        official_product: metadata.official_product,
        pz_code: metadata.pz_code,
        description: metadata.description,
        status,
        release_year: metadata.release_year,
        citation: metadata.citation,
        unchanged_since: None,
    })
}

fn type_is_fixed(row: &ProductRow) -> bool {
    row.status() != ProductStatus::Registering || row.size_bytes.is_some() || row.version_number > 1
}

fn read_status(row: &ProductRow, fields: &Fields, errors: &mut FieldErrors) -> Option<ProductStatus> {
    let code = fields.integer("status", errors)??;
    let current = row.status();
    match i32::try_from(code).ok().and_then(ProductStatus::from_code) {
        Some(status) if current.may_be_set_to(status) => Some(status),
        Some(status) => {
            errors.add(
                "status",
                ErrorCode::InvalidStatus,
                format!(
                    "A product that is {} cannot be set to {}.",
                    current.label(),
                    status.label()
                ),
            );
            None
        }
        None => {
            errors.add(
                "status",
                ErrorCode::InvalidStatus,
                format!("\"{code}\" is not a valid choice."),
            );
            None
        }
    }
}

async fn check_publishable(
    store: &Store,
    row: &ProductRow,
    product_type: ProductType,
    description: Option<&str>,
) -> ApiResult<()> {
    match publish_obstacle(store, row, product_type, description).await? {
        Some(obstacle) => Err(obstacle),
        None => Ok(()),
    }
}

/// Why a product cannot be published, if it cannot.
///
/// # Errors
/// When the database fails.
pub(super) async fn publish_obstacle(
    store: &Store,
    row: &ProductRow,
    product_type: ProductType,
    description: Option<&str>,
) -> ApiResult<Option<ApiError>> {
    let columns = store.contents_of(row.id).await?;
    let aliases = columns.iter().filter_map(|column| column.alias.as_deref());
    let missing: Vec<&str> = product_type
        .missing_meanings(aliases)
        .into_iter()
        .map(ColumnMeaning::alias)
        .collect();
    if !missing.is_empty() {
        return Ok(Some(ApiError::text(
            StatusCode::NOT_ACCEPTABLE,
            ErrorCode::MissingColumns,
            format!("Missing column associations: {}", missing.join(",")),
        )));
    }
    let has_file = row.size_bytes.is_some();
    if !has_file && product_type.rules().table_required {
        return Ok(Some(ApiError::text(
            StatusCode::NOT_ACCEPTABLE,
            ErrorCode::MissingMainFile,
            format!("A {} needs a main file.", product_type.display_name()),
        )));
    }
    if !has_file && description.is_none_or(|text| text.trim().is_empty()) {
        return Ok(Some(ApiError::field(
            "description",
            ErrorCode::MissingDescription,
            "A product without a file needs a description that says how to get the data.",
        )));
    }
    Ok(None)
}
