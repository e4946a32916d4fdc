//! What is known of a product's main file.

use pz_model::api::{ColumnAssociation, MainFile};
use pz_store::Store;
use pz_store::entities::product_files;
use pz_tables::Layout;

use crate::error::ApiResult;

/// The main file of a product, described with all its columns.
///
/// # Errors
/// When the database fails.
pub(super) async fn describe(store: &Store, product_id: i64) -> ApiResult<Option<MainFile>> {
    let Some(file) = store.main_file(product_id).await? else {
        return Ok(None);
    };
    let contents = store.contents_of(product_id).await?;
    let columns: Vec<String> = contents.iter().map(|column| column.column_name.clone()).collect();
    let associated_columns = contents
        .into_iter()
        .map(|column| ColumnAssociation {
            column_name: column.column_name,
            ucd: column.ucd,
            alias: column.alias,
        })
        .collect();
    let is_csv = file.extension == ".csv";
    let layout = layout(&file);
    let text = layout.as_ref().and_then(Layout::text);
    Ok(Some(MainFile {
        name: file.name,
        mime_type: file.mime_type,
        size: Some(file.size_bytes),
        n_rows: file.n_rows,
        is_directory: file.is_directory,
        associated_columns,
        delimiter: is_csv.then(|| text.map(|text| text.delimiter.to_string())),
        has_header: is_csv.then(|| text.is_some_and(|text| text.has_header)),
        columns: is_csv.then_some(columns),
        extension: file.extension,
    }))
}

/// How to read a file again, from its registration.
pub(super) fn layout(file: &product_files::Model) -> Option<Layout> {
    file.table_layout
        .clone()
        .and_then(|layout| serde_json::from_value(layout).ok())
}
