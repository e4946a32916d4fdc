//! Who may see what: the one definition, joined into every query.

use pz_model::ProductStatus;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Cond, Expr, ExprTrait, Query, SelectStatement};

use crate::list::without_index;

/// On whose behalf a query runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The user.
    pub user_id: i64,
    /// Sees everything.
    pub is_admin: bool,
}

impl Viewer {
    /// Ids of the releases the viewer may see: public ones, ones without access groups, and ones with an
    /// access group the viewer is in.
    pub(crate) fn visible_releases(self) -> SelectStatement {
        let mut releases = Query::select();
        releases
            .column(("releases", "id"))
            .from("releases")
            .cond_where(self.release_condition());
        releases.take()
    }

    /// The condition on `releases`.
    pub(crate) fn release_condition(self) -> Cond {
        if self.is_admin {
            return Cond::all();
        }
        let groups = Query::select()
            .expr(Expr::val(1))
            .from("release_groups")
            .and_where(Expr::col(("release_groups", "release_id")).equals(("releases", "id")))
            .take();
        let own_groups = Query::select()
            .expr(Expr::val(1))
            .from("release_groups")
            .inner_join(
                "memberships",
                Expr::col(("memberships", "group_id")).equals(("release_groups", "group_id")),
            )
            .and_where(Expr::col(("release_groups", "release_id")).equals(("releases", "id")))
            .and_where(Expr::col(("memberships", "user_id")).eq(self.user_id))
            .take();
        Cond::any()
            .add(Expr::col(("releases", "is_public")).eq(true))
            .add(Expr::exists(groups).not())
            .add(Expr::exists(own_groups))
    }

    /// The condition on `products`: drafts, running and failed ones for owner and administrators only,
    /// published ones by their release. Deleted ones are shown to nobody, or with `with_deleted` to their
    /// owner and administrators.
    pub(crate) fn product_condition(self, with_deleted: bool, backend: DbBackend) -> Cond {
        self.product_condition_on("products", with_deleted, backend)
    }

    /// The same on `products` under another name.
    pub(crate) fn product_condition_on(
        self,
        table: &'static str,
        with_deleted: bool,
        backend: DbBackend,
    ) -> Cond {
        let column = |name: &'static str| without_index(Expr::col((table, name)), backend);
        let mut all = Cond::all();
        if !with_deleted {
            all = all.add(column("status").ne(ProductStatus::Deleted.code()));
        }
        if self.is_admin {
            return all;
        }
        let published = Cond::all()
            .add(column("status").eq(ProductStatus::Published.code()))
            .add(self.release_of_product_condition(table, backend));
        all.add(Cond::any().add(column("user_id").eq(self.user_id)).add(published))
    }

    /// Products without a release, or with one that the viewer may see: who saw a product while it was
    /// published, besides its owner and administrators.
    pub(crate) fn release_of_product_condition(self, table: &'static str, backend: DbBackend) -> Cond {
        let release_id = || without_index(Expr::col((table, "release_id")), backend);
        Cond::any()
            .add(release_id().is_null())
            .add(release_id().in_subquery(self.visible_releases()))
    }
}
