//! A product as the API shows it to one caller.

use pz_model::Timestamp;
use pz_model::api::Product;
use pz_store::products::ProductRow;

use crate::auth::Caller;

/// Shows a row to a caller.
pub(crate) fn view(caller: &Caller, row: ProductRow) -> Product {
    let status = row.status();
    let may_change = caller.may_change(row.user_id);
    let is_latest_version = row.is_latest_version();
    let (creators, related_identifiers) = (row.creator_list(), row.related_list());
    let (subjects, funding) = (row.subject_list(), row.funding_list());
    Product {
        id: row.id,
        release: row.release_id,
        release_name: row.release_name,
        product_type: row.product_type_id,
        product_type_name: row.product_type_name,
        product_type_internal_name: row.product_type_internal_name,
        uploaded_by: row.username,
        is_owner: caller.account.id == row.user_id,
        origin: row.pipeline_name.unwrap_or_else(|| "Upload".to_owned()),
        process_status: row.process_status,
        process_id: row.process_id,
        product_status: status.label().to_owned(),
        can_delete: may_change,
        can_update: may_change,
        internal_name: row.internal_name.unwrap_or_default(),
        display_name: row.display_name,
        official_product: row.official_product,
        pz_code: row.pz_code,
        description: row.description,
        created_at: Timestamp::from(row.created_at),
        updated_at: Timestamp::from(row.updated_at),
        status,
        release_year: row.release_year,
        n_rows: row.n_rows,
        size: row.size_bytes,
        registry_error: row.registry_error.filter(|_| may_change),
        license: row.license,
        creators,
        related_identifiers,
        subjects,
        funding,
        doi: row.doi,
        concept: row.concept_id,
        version_number: row.version_number,
        is_latest_version,
        latest_version: row.latest_version,
    }
}
