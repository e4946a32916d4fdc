//! Request and response types of the API, shared by the service, `pz-client` and the web app.
//!
//! Field names are the contract with existing clients; additions are allowed, renamings are not.

pub mod admin_release;
pub mod admin_user;
pub mod audit;
pub mod citation;
#[cfg(feature = "openapi")]
pub mod citation_schemas;
pub mod config;
pub mod download;
pub mod event;
pub mod facets;
pub mod page;
pub mod pipeline;
pub mod plots;
pub mod process;
pub mod product;
pub mod product_content;
pub mod product_file;
pub mod product_type;
pub mod provenance;
pub mod release;
pub mod session;
pub mod statistics;
pub mod table;
pub mod token;
pub mod upload;
pub mod user;
pub mod version;
pub mod view;

pub use admin_release::{
    AdminRelease, NewRelease, PipelinePatch, PipelineTexts, ProductTypePatch, ReleasePatch,
};
pub use admin_user::{
    Group, GroupInput, GroupMember, GroupMembers, GroupMembersPatch, GroupOfUser, NewUserAccount, SignOut,
    UserAccount, UserAccountPatch, UserReference,
};
pub use audit::AuditRecord;
pub use citation::{CitationFormat, Creator, Funding, RelatedIdentifier};
pub use config::{
    ApiRoot, AuthMethods, AuthProvider, ColumnMeaningView, Contacts, Footprint, InstanceConfig,
    InstanceFeatures, InstanceLimits, InstanceLinks, InstancePage, LabelledLink, LinkGroup, MapDefaults,
    OfferedLicence, Partner, ProductTypeRules, RateLimits, WhichEnvironment,
};
pub use download::Archive;
pub use event::{Event, EventKind};
pub use facets::{FacetHistogram, FacetRange, FacetRanges, FacetValue, FacetValues, ProductFacets};
pub use page::Page;
pub use pipeline::{Pipeline, ServicePipeline, ServicePipelines, SystemInfo};
pub use plots::{
    GroupKind, MagnitudeCandidate, MagnitudeCounts, MagnitudePlot, RedshiftCounts, RedshiftGroup,
    RedshiftPlot, RunningRedshift, SkyBounds, SkyCounts, SkyFootprint, SkyPlot,
};
pub use process::{LogFile, Process, ProcessLogs};
pub use product::{MainFile, Product, ProductWithMainFile};
pub use product_content::{JsonText, ProductContent};
pub use product_file::ProductFile;
pub use product_type::ProductTypeView;
pub use provenance::{
    ProcessConfig, ProvDocument, Provenance, ProvenanceEdge, ProvenanceKind, ProvenanceNode, ProvenanceState,
};
pub use release::{NamedOption, Release};
pub use session::{
    Credentials, LoggedUser, PasswordChange, PasswordReset, PasswordResetLink, Session, SessionRecord,
    SessionUser, SignOutSelf, SignedOut, Token,
};
pub use statistics::{
    ColumnStatistics, ColumnWithStatistics, Histogram, Scalar, TableStatistics, ValueCount,
};
pub use table::{ColumnAssociation, TableColumn};
pub use token::{ApiToken, CreatedApiToken, NewApiToken, TokenScope};
pub use upload::UploadRecord;
pub use user::User;
pub use version::{PendingPublication, ProductVersion, ProductVersions, Tombstone};
pub use view::{ViewKind, ViewUrl};
