//! What a product's columns mean, summed up in the product itself so that lists can be filtered by it: which meanings
//! there are, and from where to where its redshifts go. Kept up by every transaction that changes columns.

use pz_model::ColumnMeaning;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;

use crate::database::Store;
use crate::entities::product_contents;
use crate::error::StoreError;

/// No redshift of a galaxy lies beyond: numbers out there stand for none (−99, 99, …).
const REDSHIFT_MAX: f64 = 20.0;

/// The same on the other side.
const REDSHIFT_MIN: f64 = -1.0;

#[derive(FromQueryResult)]
struct Meaning {
    id: i64,
    alias: Option<String>,
}

#[derive(FromQueryResult)]
struct ProductId {
    product_id: i64,
}

/// Sums up the columns of a product again, inside the transaction that changes them.
pub(crate) async fn sum_up(db: &impl ConnectionTrait, product_id: i64) -> Result<(), StoreError> {
    let columns = product_contents::Entity::find()
        .select_only()
        .columns([product_contents::Column::Id, product_contents::Column::Alias])
        .filter(product_contents::Column::ProductId.eq(product_id))
        .filter(product_contents::Column::Alias.is_not_null())
        .order_by_asc(product_contents::Column::Position)
        .into_model::<Meaning>()
        .all(db)
        .await?;
    let column_of = |meaning: ColumnMeaning| {
        columns
            .iter()
            .find(|column| column.alias.as_deref() == Some(meaning.alias()))
    };
    let mut roles = String::from(",");
    for meaning in ColumnMeaning::ALL {
        if column_of(meaning).is_some() {
            roles.push_str(meaning.alias());
            roles.push(',');
        }
    }
    let redshift = match column_of(ColumnMeaning::Z) {
        Some(column) => product_contents::Entity::find_by_id(column.id).one(db).await?,
        None => None,
    };
    let range = redshift.and_then(|column| redshift_range(&column.statistics?));
    let update = Query::update()
        .table("products")
        .value("roles", roles)
        .value("z_min", range.map(|range| range.0))
        .value("z_max", range.map(|range| range.1))
        .and_where(Expr::col("id").eq(product_id))
        .take();
    db.execute(&update).await?;
    Ok(())
}

/// Smallest and largest redshift, from the statistics of their column. Where these are numbers that stand for none, the
/// ends of the histogram, which leaves outliers out, come in.
fn redshift_range(statistics: &Value) -> Option<(f64, f64)> {
    let number = |pointer: &str| statistics.pointer(pointer).and_then(Value::as_f64);
    let is_redshift = |value: &f64| (REDSHIFT_MIN..=REDSHIFT_MAX).contains(value);
    let (smallest, largest) = (number("/min")?, number("/max")?);
    if smallest > REDSHIFT_MAX || largest < REDSHIFT_MIN {
        return None;
    }
    let low = Some(smallest)
        .filter(is_redshift)
        .or_else(|| number("/histogram/low").filter(is_redshift))
        .unwrap_or(0.0);
    let high = Some(largest)
        .filter(is_redshift)
        .or_else(|| number("/histogram/high").filter(is_redshift))
        .or_else(|| number("/quartiles/2").filter(is_redshift))
        .unwrap_or(REDSHIFT_MAX);
    Some((low, high.max(low)))
}

impl Store {
    /// Sums up the columns of products that were registered before this was kept. Returns how many there were.
    ///
    /// # Errors
    /// When the database fails; those done stay done.
    pub async fn sum_up_old_columns(&self) -> Result<u64, StoreError> {
        let select = Query::select()
            .distinct()
            .column(("product_contents", "product_id"))
            .from("product_contents")
            .inner_join(
                "products",
                Expr::col(("products", "id")).equals(("product_contents", "product_id")),
            )
            .and_where(Expr::col(("products", "roles")).is_null())
            .take();
        let products = ProductId::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        for product in &products {
            let transaction = self.begin_write().await?;
            sum_up(&transaction, product.product_id).await?;
            transaction.commit().await?;
        }
        Ok(products.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sentinels_are_no_redshifts() {
        let range = |statistics: Value| redshift_range(&statistics);
        assert_eq!(range(json!({"min": 0.1, "max": 3})), Some((0.1, 3.0)));
        assert_eq!(range(json!({"min": -0.001, "max": 3.5})), Some((-0.001, 3.5)));
        let with_histogram = json!({"min": -99.0, "max": 9999.0, "histogram": {"low": 0.01, "high": 2.5}});
        assert_eq!(range(with_histogram), Some((0.01, 2.5)));
        let lost = json!({"min": -99.0, "max": 99.0, "histogram": {"low": -99.0, "high": 99.0}, "quartiles": [0.1, 0.5, 0.9]});
        assert_eq!(range(lost), Some((0.0, 0.9)));
        assert_eq!(range(json!({"min": -99.0, "max": -99.0})), None);
        assert_eq!(range(json!({"min": "a", "max": "b"})), None);
        assert_eq!(range(json!({})), None);
    }
}
