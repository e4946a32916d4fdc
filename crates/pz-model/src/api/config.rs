//! What a client must know of this instance before anybody signs in.

use serde::{Deserialize, Serialize};

/// How one may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthMethods {
    /// A username and password form is offered.
    pub password: bool,
}

/// Links and addresses of the instance; absent ones are not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceLinks {
    /// The user manual.
    pub manual: Option<String>,
    /// Where problems are reported.
    pub issues: Option<String>,
    /// Source code of this software.
    pub source_code: Option<String>,
    /// Address for help.
    pub contact_email: Option<String>,
    /// The production instance, named by the banner of a test instance.
    pub production: Option<String>,
}

/// Limits that a client may check before sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceLimits {
    /// Largest file that may be uploaded, in bytes.
    pub upload_max_bytes: u64,
}

/// The public configuration of the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceConfig {
    /// Name of the instance.
    #[cfg_attr(feature = "openapi", schema(example = "Photo-z Server"))]
    pub instance_name: String,
    /// Version of the server.
    pub version: String,
    /// Name of the environment, such as `Production`.
    pub environment_name: String,
    /// A test instance: its data are not to be used or cited.
    pub is_dev: bool,
    /// How one may sign in.
    pub auth: AuthMethods,
    /// Links and addresses.
    pub links: InstanceLinks,
    /// Limits.
    pub limits: InstanceLimits,
}

/// What `/which_environment/` says; the misspelt key is what existing clients read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhichEnvironment {
    /// Name of the environment.
    pub enviroment_name: String,
    /// A test instance.
    pub is_dev: bool,
}
