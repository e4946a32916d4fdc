//! Limits that users see: one place for the server's checks, the web app's hints and the documents.

/// Longest display name of a product or process, in characters.
pub const DISPLAY_NAME_MAX_CHARS: usize = 255;
/// Longest name of the algorithm or code behind a product, in characters.
pub const PZ_CODE_MAX_CHARS: usize = 55;
/// Longest column name, in characters.
pub const COLUMN_NAME_MAX_CHARS: usize = 256;
/// Longest UCD, in characters.
pub const UCD_MAX_CHARS: usize = 128;
/// Longest alias of a column, in characters.
pub const ALIAS_MAX_CHARS: usize = 256;
/// Longest MIME type given with a file, in characters.
pub const MIME_TYPE_MAX_CHARS: usize = 128;
/// Longest original file name, in bytes: what common file systems allow.
pub const FILE_NAME_MAX_BYTES: usize = 255;
/// Longest description, in characters.
pub const DESCRIPTION_MAX_CHARS: usize = 1_000_000;
/// Longest slug in an internal name, in bytes, so that `<id>_<slug>` is a valid file name everywhere.
pub const SLUG_MAX_BYTES: usize = 200;
/// First year a release year may name.
pub const RELEASE_YEAR_MIN: i32 = 1900;
/// Default limit for one uploaded file, in bytes (decimal megabytes, as users read it).
pub const UPLOAD_DEFAULT_MAX_BYTES: u64 = 200_000_000;
/// Rows of a list page when `page_size` is absent.
pub const PAGE_SIZE_DEFAULT: u64 = 100;
/// Most rows of a list page.
pub const PAGE_SIZE_MAX: u64 = 1000;
/// Rows of a product list page when `page_size` is absent: the Python library never pages.
pub const PRODUCT_PAGE_SIZE_DEFAULT: u64 = 1000;
/// Most rows of a table page (`read_data`).
pub const TABLE_PAGE_SIZE_MAX: u64 = 100;
