//! Parts of products (files, columns): seen and listed by whoever may see the product.

use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

use crate::database::Store;
use crate::error::StoreError;
use crate::list::{ListField, ListQuery};
use crate::visibility::Viewer;

impl Store {
    /// `SELECT` of nothing yet, over the parts of products that the viewer may see.
    fn visible_parts(&self, viewer: Viewer, table: &'static str) -> SelectStatement {
        Query::select()
            .from(table)
            .inner_join(
                "products",
                Expr::col(("products", "id")).equals((table, "product_id")),
            )
            .cond_where(viewer.product_condition(false, self.backend()))
            .take()
    }

    /// The same with these columns of the part, and of its product the owner as `owner_id`.
    fn visible_part_rows(&self, viewer: Viewer, table: &'static str, columns: &str) -> SelectStatement {
        self.visible_parts(viewer, table)
            .expr(Expr::cust(columns.to_owned()))
            .expr_as(Expr::col(("products", "user_id")), "owner_id")
            .take()
    }

    /// Parts that the viewer may see and that match, and how many there are.
    pub(crate) async fn list_parts<F: ListField, Row: FromQueryResult>(
        &self,
        viewer: Viewer,
        table: &'static str,
        columns: &str,
        query: &ListQuery<F>,
    ) -> Result<(u64, Vec<Row>), StoreError> {
        let condition = query.condition(self.backend());
        let mut count = self.visible_parts(viewer, table);
        count
            .expr_as(Expr::val(1).count(), "count")
            .cond_where(condition.clone());
        let total = self.count_of(&count).await?;
        if query.limit == 0 {
            return Ok((total, Vec::new()));
        }
        let mut select = self.visible_part_rows(viewer, table, columns);
        select.cond_where(condition);
        query.order_and_page(&mut select, Expr::col((table, "id")));
        let rows = Row::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?;
        Ok((total, rows))
    }

    /// A part, when the viewer may see its product.
    pub(crate) async fn part<Row: FromQueryResult>(
        &self,
        viewer: Viewer,
        table: &'static str,
        columns: &str,
        id: i64,
    ) -> Result<Option<Row>, StoreError> {
        let select = self
            .visible_part_rows(viewer, table, columns)
            .and_where(Expr::col((table, "id")).eq(id))
            .take();
        Ok(Row::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?)
    }
}
