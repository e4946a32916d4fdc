//! The vocabulary of the Photo-z Server, shared by the service, its clients and the web app.
//!
//! Product types and their rules, product status, file roles, column meanings (UCDs), internal names,
//! error codes, and the request and response types of the API. No I/O, ever: this crate compiles for
//! WebAssembly, and a rule written here is written nowhere else.

pub mod api;
pub mod citation;
pub mod column_meaning;
pub mod error_code;
pub mod file_name;
pub mod file_role;
pub mod internal_name;
pub mod license;
pub mod limits;
pub mod magnitude;
pub mod pipelines;
pub mod process_status;
pub mod product_action;
pub mod product_status;
pub mod product_type;
pub mod snippet;
pub mod timestamp;
pub mod username;

pub use column_meaning::ColumnMeaning;
pub use error_code::ErrorCode;
pub use file_role::FileRole;
pub use license::License;
pub use magnitude::MagnitudeColumn;
pub use process_status::{ProcessPhase, ProcessStatus};
pub use product_action::{ProductAction, Refusal};
pub use product_status::ProductStatus;
pub use product_type::ProductType;
pub use snippet::SnippetSubject;
pub use timestamp::Timestamp;
