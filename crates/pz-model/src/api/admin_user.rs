//! Accounts and groups as administrators see them.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// A group that a user is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupOfUser {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 3))]
    pub id: i64,
    /// Name.
    #[cfg_attr(feature = "openapi", schema(example = "dp1"))]
    pub name: String,
    /// Kept by the identity provider: members are changed there.
    pub is_external: bool,
}

/// An account, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserAccount {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 12))]
    pub id: i64,
    /// Login name.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub username: String,
    /// First name, may be empty.
    #[cfg_attr(feature = "openapi", schema(example = "Alice"))]
    pub first_name: String,
    /// Last name, may be empty.
    #[cfg_attr(feature = "openapi", schema(example = "Leavitt"))]
    pub last_name: String,
    /// Name to show.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub display_name: String,
    /// E-mail address, may be empty; shown to administrators only.
    #[cfg_attr(feature = "openapi", schema(example = "alice@example.org"))]
    pub email: String,
    /// May sign in, unless it waits for approval.
    pub is_active: bool,
    /// Was made by an identity provider, and waits for an administrator's approval.
    pub awaits_approval: bool,
    /// Is an administrator: by its own mark or by the group `Admin`.
    pub is_admin: bool,
    /// Can sign in with a password.
    pub has_password: bool,
    /// The groups it is in, by name.
    pub groups: Vec<GroupOfUser>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last signed in; null when never.
    pub last_login_at: Option<Timestamp>,
    /// Bytes its files may take; null for the instance's default.
    pub quota_bytes: Option<i64>,
    /// Bytes its files take.
    #[cfg_attr(feature = "openapi", schema(example = 1048576))]
    pub used_bytes: i64,
}

/// An account to be made. It has no password: one is set by the command line, or it signs in elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewUserAccount {
    /// Login name: letters, digits and `@.+-_`; it cannot be changed.
    #[cfg_attr(
        feature = "openapi",
        schema(min_length = 1, max_length = 150, example = "alice")
    )]
    pub username: String,
    /// First name.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 150, example = "Alice"))]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 150, example = "Leavitt"))]
    pub last_name: String,
    /// E-mail address, or empty; the part before `@` becomes the display name.
    #[serde(default)]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 254,
            pattern = "^([!-?A-~]+@[!-?A-~]+)?$",
            example = "alice@example.org"
        )
    )]
    pub email: String,
    /// Make it an administrator.
    #[serde(default)]
    pub is_admin: bool,
    /// Ids of groups to put it into.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub groups: Vec<i64>,
    /// Bytes its files may take; null for the instance's default.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub quota_bytes: Option<i64>,
}

/// What to change of an account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserAccountPatch {
    /// First name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, max_length = 150))]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, max_length = 150))]
    pub last_name: Option<String>,
    /// Name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, min_length = 1, max_length = 255))]
    pub display_name: Option<String>,
    /// E-mail address, or empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false, max_length = 254, pattern = "^([!-?A-~]+@[!-?A-~]+)?$"))]
    pub email: Option<String>,
    /// False ends the account's sessions and tokens at once; its products stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub is_active: Option<bool>,
    /// False approves an account that waits for it; true makes it wait, signed out meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub awaits_approval: Option<bool>,
    /// False also takes it out of the group `Admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub is_admin: Option<bool>,
    /// Ids of the groups it shall be in; memberships of external groups stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<i64>, required = false, max_items = 10000))]
    pub groups: Option<Vec<i64>>,
    /// Bytes its files may take; null for the instance's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<i64>, minimum = 0))]
    pub quota_bytes: Option<Option<i64>>,
}

/// How to sign an account out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignOut {
    /// End its API tokens, too.
    #[serde(default)]
    pub tokens: bool,
}

/// A group, for administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Group {
    /// Identifier.
    #[cfg_attr(feature = "openapi", schema(example = 3))]
    pub id: i64,
    /// Name, unique. Members of the group `Admin` are administrators.
    #[cfg_attr(feature = "openapi", schema(example = "dp1"))]
    pub name: String,
    /// Kept by the identity provider: members are changed there.
    pub is_external: bool,
    /// When the group was made.
    pub created_at: Timestamp,
    /// How many members it has.
    #[cfg_attr(feature = "openapi", schema(example = 41))]
    pub member_count: i64,
    /// How many releases are open to it.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub release_count: i64,
}

/// A group to be made, or its new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupInput {
    /// Name, unique.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 150,
            pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
            example = "dp1"
        )
    )]
    pub name: String,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupMember {
    /// Id of the user.
    #[cfg_attr(feature = "openapi", schema(example = 12))]
    pub id: i64,
    /// Login name.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub username: String,
    /// Name to show.
    #[cfg_attr(feature = "openapi", schema(example = "alice"))]
    pub display_name: String,
    /// May sign in.
    pub is_active: bool,
}

/// A user by id or by login name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum UserReference {
    /// Id.
    Id(i64),
    /// Login name.
    Username(String),
}

/// Who shall be in a group: these and nobody else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupMembers {
    /// Users by id or by login name.
    #[cfg_attr(feature = "openapi", schema(max_items = 10000, example = json!(["alice", 7])))]
    pub members: Vec<UserReference>,
}

/// Who shall join and leave a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupMembersPatch {
    /// Users to take in.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000, example = json!(["alice"])))]
    pub add: Vec<UserReference>,
    /// Users to take out; who is not in it is no mistake.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000, example = json!([7])))]
    pub remove: Vec<UserReference>,
}
