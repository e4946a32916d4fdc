//! Administration: accounts, groups, releases, texts, the audit log.

use pz_model::Timestamp;
use pz_model::api::{
    AdminRelease, AuditRecord, Group, GroupInput, GroupMember, GroupMembers, GroupMembersPatch, NewRelease,
    NewUserAccount, Page, PasswordResetLink, PipelinePatch, PipelineTexts, ProductTypePatch, ProductTypeView,
    ReleasePatch, SignOut, UserAccount, UserAccountPatch,
};

use crate::transport::Method;
use crate::{Client, Result};

/// Which accounts, groups or releases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdminQuery {
    /// Words that must all occur in the names.
    pub search: String,
    /// Names of columns, each with a leading minus for the other direction.
    pub ordering: String,
    /// Page number from 1; the first when absent.
    pub page: Option<u64>,
    /// Rows of a page.
    pub page_size: Option<u64>,
    /// Further filters by name.
    pub filters: Vec<(String, String)>,
}

/// Which entries of the audit log to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Id of who did it.
    pub user: Option<i64>,
    /// What was done.
    pub action: Option<String>,
    /// Kind of the object.
    pub object_type: Option<String>,
    /// Id of the object.
    pub object_id: Option<i64>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Not after.
    pub until: Option<Timestamp>,
    /// Page number from 1; the first when absent.
    pub page: Option<u64>,
}

impl AdminQuery {
    fn pairs(&self) -> Vec<(&str, String)> {
        let mut pairs: Vec<(&str, String)> = self
            .filters
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        pairs.push(("search", self.search.clone()));
        pairs.push(("ordering", self.ordering.clone()));
        pairs.extend(self.page.map(|page| ("page", page.to_string())));
        pairs.extend(self.page_size.map(|size| ("page_size", size.to_string())));
        pairs.retain(|(_, value)| !value.is_empty());
        pairs
    }
}

impl AuditQuery {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        [
            ("user", self.user.map(|id| id.to_string())),
            ("action", self.action.clone()),
            ("object_type", self.object_type.clone()),
            ("object_id", self.object_id.map(|id| id.to_string())),
            ("since", self.since.map(|time| time.to_string())),
            ("until", self.until.map(|time| time.to_string())),
            ("page", self.page.map(|page| page.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

impl Client {
    /// A page of all accounts.
    pub async fn admin_users(&self, query: &AdminQuery) -> Result<Page<UserAccount>> {
        self.get("/api/admin/users/", &query.pairs()).await
    }

    /// An account.
    pub async fn admin_user(&self, id: i64) -> Result<UserAccount> {
        self.get(&format!("/api/admin/users/{id}/"), &[]).await
    }

    /// Makes an account.
    pub async fn create_user(&self, account: &NewUserAccount) -> Result<UserAccount> {
        self.send(Method::Post, "/api/admin/users/", account).await
    }

    /// Changes an account.
    pub async fn change_user(&self, id: i64, patch: &UserAccountPatch) -> Result<UserAccount> {
        self.send(Method::Patch, &format!("/api/admin/users/{id}/"), patch)
            .await
    }

    /// Ends all sessions of an account and, if asked, its tokens.
    pub async fn sign_out_user(&self, id: i64, what: SignOut) -> Result<UserAccount> {
        self.send(Method::Post, &format!("/api/admin/users/{id}/sign_out/"), &what)
            .await
    }

    /// Makes a link by which a user sets a new password: shown this once, good once.
    pub async fn password_reset_link(&self, id: i64) -> Result<PasswordResetLink> {
        self.post_empty(&format!("/api/admin/users/{id}/password-reset/"))
            .await
    }

    /// A page of groups.
    pub async fn groups(&self, query: &AdminQuery) -> Result<Page<Group>> {
        self.get("/api/admin/groups/", &query.pairs()).await
    }

    /// A group.
    pub async fn group(&self, id: i64) -> Result<Group> {
        self.get(&format!("/api/admin/groups/{id}/"), &[]).await
    }

    /// Makes a group.
    pub async fn create_group(&self, group: &GroupInput) -> Result<Group> {
        self.send(Method::Post, "/api/admin/groups/", group).await
    }

    /// Gives a group another name.
    pub async fn rename_group(&self, id: i64, group: &GroupInput) -> Result<Group> {
        self.send(Method::Patch, &format!("/api/admin/groups/{id}/"), group)
            .await
    }

    /// Removes a group.
    pub async fn delete_group(&self, id: i64) -> Result<()> {
        self.send_discarding(Method::Delete, &format!("/api/admin/groups/{id}/"))
            .await
    }

    /// A page of the members of a group.
    pub async fn group_members(&self, id: i64, query: &AdminQuery) -> Result<Page<GroupMember>> {
        self.get(&format!("/api/admin/groups/{id}/members/"), &query.pairs())
            .await
    }

    /// Says who is in a group: these and nobody else.
    pub async fn set_group_members(&self, id: i64, members: &GroupMembers) -> Result<Group> {
        self.send(Method::Put, &format!("/api/admin/groups/{id}/members/"), members)
            .await
    }

    /// Lets users join and leave a group.
    pub async fn change_group_members(&self, id: i64, patch: &GroupMembersPatch) -> Result<Group> {
        self.send(Method::Patch, &format!("/api/admin/groups/{id}/members/"), patch)
            .await
    }

    /// A page of all releases with where their data sets are.
    pub async fn admin_releases(&self, query: &AdminQuery) -> Result<Page<AdminRelease>> {
        self.get("/api/admin/releases/", &query.pairs()).await
    }

    /// A release with where its data sets are.
    pub async fn admin_release(&self, id: i64) -> Result<AdminRelease> {
        self.get(&format!("/api/admin/releases/{id}/"), &[]).await
    }

    /// Makes a release.
    pub async fn create_release(&self, release: &NewRelease) -> Result<AdminRelease> {
        self.send(Method::Post, "/api/admin/releases/", release).await
    }

    /// Changes a release.
    pub async fn change_release(&self, id: i64, patch: &ReleasePatch) -> Result<AdminRelease> {
        self.send(Method::Patch, &format!("/api/admin/releases/{id}/"), patch)
            .await
    }

    /// Removes a release that nothing names.
    pub async fn delete_release(&self, id: i64) -> Result<()> {
        self.send_discarding(Method::Delete, &format!("/api/admin/releases/{id}/"))
            .await
    }

    /// Changes the texts of a product type.
    pub async fn change_product_type(&self, id: i64, patch: &ProductTypePatch) -> Result<ProductTypeView> {
        self.send(Method::Patch, &format!("/api/admin/product-types/{id}/"), patch)
            .await
    }

    /// Changes the texts or the defaults of a pipeline.
    pub async fn change_pipeline(&self, id: i64, patch: &PipelinePatch) -> Result<PipelineTexts> {
        self.send(Method::Patch, &format!("/api/admin/pipelines/{id}/"), patch)
            .await
    }

    /// A page of what was done, newest first.
    pub async fn audit_log(&self, query: &AuditQuery) -> Result<Page<AuditRecord>> {
        self.get("/api/admin/audit/", &query.pairs()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_leave_out_what_is_not_asked() {
        assert!(AdminQuery::default().pairs().is_empty());
        let query = AdminQuery {
            search: "a".into(),
            page: Some(2),
            filters: vec![("is_active".into(), "true".into())],
            ..AdminQuery::default()
        };
        assert_eq!(
            query.pairs(),
            [
                ("is_active", "true".to_owned()),
                ("search", "a".to_owned()),
                ("page", "2".to_owned())
            ]
        );
        let query = AuditQuery {
            object_id: Some(7),
            ..AuditQuery::default()
        };
        assert_eq!(query.pairs(), [("object_id", "7".to_owned())]);
    }
}
