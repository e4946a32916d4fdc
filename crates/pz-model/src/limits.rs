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
/// Longest note of a process, in characters.
pub const COMMENT_MAX_CHARS: usize = 10_000;
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
/// Longest login name, in characters.
pub const USERNAME_MAX_CHARS: usize = 150;
/// Longest first or last name of a person, in characters.
pub const PERSON_NAME_MAX_CHARS: usize = 150;
/// Longest e-mail address, in characters.
pub const EMAIL_MAX_CHARS: usize = 254;
/// Longest name of a group, in characters.
pub const GROUP_NAME_MAX_CHARS: usize = 150;
/// Most members named in one change of a group.
pub const GROUP_CHANGE_MAX: usize = 10_000;
/// Longest name of a release, in characters.
pub const RELEASE_NAME_MAX_CHARS: usize = 100;
/// Most kinds of flux or dereddening of a release.
pub const RELEASE_OPTIONS_MAX: usize = 100;
/// Longest pattern of column names of a release, in characters.
pub const COLUMN_PATTERN_MAX_CHARS: usize = 256;
/// Longest place of a release's data sets, in characters.
pub const DATASETS_LOCATION_MAX_CHARS: usize = 1024;
/// Magnitude zero point of a release that names none: nanojansky to AB magnitudes.
pub const MAG_ZERO_POINT_DEFAULT: f64 = 31.4;
/// Longest name of an API token, in characters.
pub const TOKEN_NAME_MAX_CHARS: usize = 100;
/// Most API tokens of one user.
pub const TOKENS_PER_USER_MAX: u64 = 50;
/// Longest life of an API token that has an end, in days: five years.
pub const TOKEN_LIFETIME_MAX_DAYS: i64 = 1826;
/// Shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_MAX_BYTES: usize = 1024;
/// Most creators of a product.
pub const CREATORS_MAX: usize = 500;
/// Most related identifiers of a product.
pub const RELATED_IDENTIFIERS_MAX: usize = 200;
/// Most subjects of a product.
pub const SUBJECTS_MAX: usize = 100;
/// Most sources of funding of a product.
pub const FUNDING_MAX: usize = 100;
/// Longest name of a person, an institution or a subject, in characters.
pub const NAME_MAX_CHARS: usize = 255;
/// Longest related identifier, in characters.
pub const IDENTIFIER_MAX_CHARS: usize = 1024;
/// Longest reason for a deletion, in characters.
pub const DELETE_REASON_MAX_CHARS: usize = 500;
