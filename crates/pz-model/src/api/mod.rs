//! Request and response types of the API, shared by the service, `pz-client` and the web app.
//!
//! Field names are the contract with existing clients; additions are allowed, renamings are not.

pub mod config;
pub mod download;
pub mod page;
pub mod pipeline;
pub mod product;
pub mod product_content;
pub mod product_file;
pub mod product_type;
pub mod release;
pub mod session;
pub mod statistics;
pub mod table;
pub mod user;

pub use config::{AuthMethods, InstanceConfig, InstanceLimits, InstanceLinks, WhichEnvironment};
pub use download::Archive;
pub use page::Page;
pub use pipeline::Pipeline;
pub use product::{MainFile, Product, ProductWithMainFile};
pub use product_content::ProductContent;
pub use product_file::ProductFile;
pub use product_type::ProductTypeView;
pub use release::{NamedOption, Release};
pub use session::{Credentials, LoggedUser, Session, SessionUser, Token};
pub use statistics::{
    ColumnStatistics, ColumnWithStatistics, Histogram, Scalar, TableStatistics, ValueCount,
};
pub use table::{ColumnAssociation, TableColumn};
pub use user::User;
