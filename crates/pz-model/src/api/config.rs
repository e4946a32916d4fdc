//! What a client must know of this instance before anybody signs in.

use serde::{Deserialize, Serialize};

use crate::column_meaning::ColumnMeaning;
use crate::limits;
use crate::product_type::ProductType;

/// An identity provider that one may sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthProvider {
    /// Internal key.
    #[cfg_attr(feature = "openapi", schema(example = "orcid"))]
    pub name: String,
    /// Name for the button.
    #[cfg_attr(feature = "openapi", schema(example = "ORCID"))]
    pub display_name: String,
    /// Address that starts the sign-in; takes the return path as `next`.
    pub url: String,
}

/// How one may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthMethods {
    /// A username and password form is offered.
    pub password: bool,
    /// Nobody can sign in here, in whatever way: over plain HTTP a session could be stolen, and the operator has not
    /// allowed it (`insecure_cookies`). API tokens work.
    #[serde(default)]
    pub insecure: bool,
    /// Identity providers, each a button.
    #[serde(default)]
    pub providers: Vec<AuthProvider>,
}

/// A link with its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LabelledLink {
    /// Text.
    #[cfg_attr(feature = "openapi", schema(example = "Rubin Observatory"))]
    pub label: String,
    /// Address.
    #[cfg_attr(feature = "openapi", schema(example = "https://rubinobservatory.org"))]
    pub url: String,
}

/// A group of links in the footer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkGroup {
    /// Heading.
    #[cfg_attr(feature = "openapi", schema(example = "Institutions"))]
    pub title: String,
    /// Links in their order.
    pub links: Vec<LabelledLink>,
}

/// An institution that stands behind the instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Partner {
    /// Name, also the text of its logo.
    #[cfg_attr(feature = "openapi", schema(example = "LIneA"))]
    pub name: String,
    /// Its site.
    pub url: Option<String>,
    /// Path of its logo on this server.
    #[cfg_attr(feature = "openapi", schema(example = "/api/config/logos/0/"))]
    pub logo: Option<String>,
}

/// Links of the instance; absent ones are not shown.
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
    /// How personal data are handled.
    #[serde(default)]
    pub privacy: Option<String>,
    /// Groups of links in the footer, in their order.
    #[serde(default)]
    pub footer: Vec<LinkGroup>,
    /// Institutions behind the instance.
    #[serde(default)]
    pub partners: Vec<Partner>,
    /// Places where the instance is talked about.
    #[serde(default)]
    pub social: Vec<LabelledLink>,
}

/// Who runs the instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Contacts {
    /// Name of the operator.
    pub operator: Option<String>,
    /// Postal address or place of the operator.
    pub operator_address: Option<String>,
    /// Site of the operator.
    pub operator_url: Option<String>,
    /// Name of the person in charge.
    pub lead_name: Option<String>,
    /// E-mail address of the person in charge.
    pub lead_email: Option<String>,
    /// E-mail address for technical help.
    pub support_email: Option<String>,
}

/// A page whose text the instance writes itself, Markdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InstancePage {
    /// `about`, `documentation` or `contact`.
    #[cfg_attr(feature = "openapi", schema(example = "about"))]
    pub page: String,
    /// Language, such as `en` or `pt-BR`.
    #[cfg_attr(feature = "openapi", schema(example = "en"))]
    pub language: String,
    /// Text, Markdown.
    pub markdown: String,
}

/// The outline of a survey on the sky.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Footprint {
    /// Name.
    #[cfg_attr(feature = "openapi", schema(example = "ECDFS"))]
    pub name: String,
    /// Corners as right ascension and declination in degrees, ICRS; the last is joined to the first.
    #[cfg_attr(feature = "openapi", schema(example = json!([[52.4, -28.8], [53.8, -28.8], [53.8, -27.4]])))]
    pub outline: Vec<[f64; 2]>,
}

/// How maps of the sky begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MapDefaults {
    /// `mollweide` or `aitoff`.
    #[cfg_attr(feature = "openapi", schema(example = "mollweide"))]
    pub projection: String,
    /// Right ascension of the centre, degrees.
    #[cfg_attr(feature = "openapi", schema(example = 0.0))]
    pub centre_ra_deg: f64,
    /// Outlines to draw.
    pub footprints: Vec<Footprint>,
}

/// Limits that a client may check before sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceLimits {
    /// Largest file that may be uploaded, in bytes.
    #[cfg_attr(feature = "openapi", schema(example = 200000000))]
    pub upload_max_bytes: u64,
    /// Bytes that the files of one user's products may take together, unless the account says otherwise; none
    /// without a limit.
    #[cfg_attr(feature = "openapi", schema(example = 100000000000_u64))]
    pub user_quota_bytes: Option<u64>,
    /// Longest display name of a product or process, in characters.
    pub display_name_max_chars: usize,
    /// Longest name of an algorithm or code, in characters.
    pub pz_code_max_chars: usize,
    /// Longest description, in characters.
    pub description_max_chars: usize,
    /// Longest column name, in characters.
    pub column_name_max_chars: usize,
    /// Longest UCD, in characters.
    pub ucd_max_chars: usize,
    /// Longest alias of a column, in characters.
    pub alias_max_chars: usize,
    /// Longest name of a file, in bytes.
    pub file_name_max_bytes: usize,
    /// First year a release year may name.
    pub release_year_min: i32,
    /// Rows of a list page when none are asked for.
    pub page_size_default: u64,
    /// Most rows of a list page.
    pub page_size_max: u64,
    /// Products of a page when none are asked for.
    pub product_page_size_default: u64,
    /// Most rows of a page of a table.
    pub table_page_size_max: u64,
    /// Longest name of an API token, in characters.
    pub token_name_max_chars: usize,
    /// Most API tokens of one user.
    pub tokens_per_user_max: u64,
    /// Longest life of an API token that has an end, in days.
    pub token_lifetime_max_days: i64,
    /// How much one user or address may ask for.
    #[serde(default)]
    pub rates: RateLimits,
}

/// How much one user or address may ask for; none without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RateLimits {
    /// Requests a minute by one user.
    #[cfg_attr(feature = "openapi", schema(example = 600))]
    pub requests_per_minute: Option<u32>,
    /// Requests a minute from one address without signing in.
    #[cfg_attr(feature = "openapi", schema(example = 120))]
    pub anonymous_requests_per_minute: Option<u32>,
    /// Failed sign-ins a minute from one address, and for one username.
    #[cfg_attr(feature = "openapi", schema(example = 5))]
    pub sign_ins_per_minute: Option<u32>,
    /// Failed sign-ins an hour.
    #[cfg_attr(feature = "openapi", schema(example = 30))]
    pub sign_ins_per_hour: Option<u32>,
    /// Uploads that one user may begin an hour, saved up for a day.
    #[cfg_attr(feature = "openapi", schema(example = 30))]
    pub upload_starts_per_hour: Option<u32>,
    /// Requests of one user that bring bytes of files at once.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub uploads_at_once: Option<u32>,
    /// Resumable uploads that one user may have unfinished.
    #[cfg_attr(feature = "openapi", schema(example = 100))]
    pub unfinished_uploads: Option<u32>,
    /// Processes of one user that wait or run.
    #[cfg_attr(feature = "openapi", schema(example = 20))]
    pub processes_at_once: Option<u32>,
    /// Streams of events that one user may have open.
    #[cfg_attr(feature = "openapi", schema(example = 16))]
    pub event_streams_at_once: Option<u32>,
}

impl InstanceLimits {
    /// The limits of every instance, with what this one says of uploads and rates.
    pub const fn new(upload_max_bytes: u64, user_quota_bytes: Option<u64>, rates: RateLimits) -> Self {
        Self {
            upload_max_bytes,
            user_quota_bytes,
            display_name_max_chars: limits::DISPLAY_NAME_MAX_CHARS,
            pz_code_max_chars: limits::PZ_CODE_MAX_CHARS,
            description_max_chars: limits::DESCRIPTION_MAX_CHARS,
            column_name_max_chars: limits::COLUMN_NAME_MAX_CHARS,
            ucd_max_chars: limits::UCD_MAX_CHARS,
            alias_max_chars: limits::ALIAS_MAX_CHARS,
            file_name_max_bytes: limits::FILE_NAME_MAX_BYTES,
            release_year_min: limits::RELEASE_YEAR_MIN,
            page_size_default: limits::PAGE_SIZE_DEFAULT,
            page_size_max: limits::PAGE_SIZE_MAX,
            product_page_size_default: limits::PRODUCT_PAGE_SIZE_DEFAULT,
            table_page_size_max: limits::TABLE_PAGE_SIZE_MAX,
            token_name_max_chars: limits::TOKEN_NAME_MAX_CHARS,
            tokens_per_user_max: limits::TOKENS_PER_USER_MAX,
            token_lifetime_max_days: limits::TOKEN_LIFETIME_MAX_DAYS,
            rates,
        }
    }
}

/// What a product type asks of its products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductTypeRules {
    /// Id of the product type.
    #[cfg_attr(feature = "openapi", schema(example = 1))]
    pub id: i64,
    /// Internal key of the product type.
    #[cfg_attr(feature = "openapi", schema(example = "redshift_catalog"))]
    pub name: String,
    /// The main file must be a readable table.
    pub table_required: bool,
    /// A product of this type may belong to a release.
    pub release_allowed: bool,
    /// A product of this type may name an algorithm or code.
    pub pz_code_allowed: bool,
    /// A form should ask for the release year.
    pub release_year_offered: bool,
    /// Aliases that some column must have before the product can be published.
    #[cfg_attr(feature = "openapi", schema(example = json!(["Dec", "RA", "z"])))]
    pub mandatory_aliases: Vec<String>,
    /// Aliases worth having.
    pub recommended_aliases: Vec<String>,
}

impl From<ProductType> for ProductTypeRules {
    fn from(product_type: ProductType) -> Self {
        let rules = product_type.rules();
        let aliases = |meanings: &[ColumnMeaning]| {
            meanings
                .iter()
                .map(|meaning| meaning.alias().to_owned())
                .collect()
        };
        Self {
            id: product_type.id(),
            name: product_type.name().to_owned(),
            table_required: rules.table_required,
            release_allowed: rules.release_allowed,
            pz_code_allowed: rules.pz_code_allowed,
            release_year_offered: rules.release_year_offered,
            mandatory_aliases: aliases(rules.mandatory_meanings),
            recommended_aliases: aliases(rules.recommended_meanings),
        }
    }
}

/// A standard meaning of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnMeaningView {
    /// Alias stored with the column.
    #[cfg_attr(feature = "openapi", schema(example = "RA"))]
    pub alias: String,
    /// UCD stored with the column.
    #[cfg_attr(feature = "openapi", schema(example = "pos.eq.ra;meta.main"))]
    pub ucd: String,
    /// What it means, for people.
    #[cfg_attr(feature = "openapi", schema(example = "Right ascension in degrees, ICRS"))]
    pub help: String,
    /// Column names that usually carry it, in lower case.
    pub usual_names: Vec<String>,
}

impl From<ColumnMeaning> for ColumnMeaningView {
    fn from(meaning: ColumnMeaning) -> Self {
        Self {
            alias: meaning.alias().to_owned(),
            ucd: meaning.ucd().to_owned(),
            help: meaning.help().to_owned(),
            usual_names: meaning
                .usual_names()
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        }
    }
}

/// A licence that products may be offered under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OfferedLicence {
    /// SPDX id; `other` when the description says it.
    #[cfg_attr(feature = "openapi", schema(example = "CC-BY-4.0"))]
    pub id: String,
    /// Name for people.
    #[cfg_attr(
        feature = "openapi",
        schema(example = "Creative Commons Attribution 4.0 International")
    )]
    pub name: String,
    /// Its text.
    pub url: Option<String>,
    /// Chosen when none is named.
    pub is_default: bool,
}

/// What this instance offers beyond what every instance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceFeatures {
    /// The web app is served at `/`.
    pub web_app: bool,
}

/// The public configuration of the instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceConfig {
    /// Name of the instance.
    #[cfg_attr(feature = "openapi", schema(example = "Photo-z Server"))]
    pub instance_name: String,
    /// Version of the server.
    #[cfg_attr(feature = "openapi", schema(example = "0.1.0"))]
    pub version: String,
    /// Name of the environment, such as `Production`.
    #[cfg_attr(feature = "openapi", schema(example = "Production"))]
    pub environment_name: String,
    /// A test instance: its data are not to be used or cited.
    pub is_dev: bool,
    /// How one may sign in.
    pub auth: AuthMethods,
    /// Links.
    pub links: InstanceLinks,
    /// Who runs it.
    pub contacts: Contacts,
    /// Pages whose text the instance writes itself.
    pub pages: Vec<InstancePage>,
    /// Limits.
    pub limits: InstanceLimits,
    /// What it offers.
    pub features: InstanceFeatures,
    /// Rules of the product types, in display order.
    pub product_types: Vec<ProductTypeRules>,
    /// Extensions of main files and archives that can be read as tables, in lower case with their dot.
    #[cfg_attr(feature = "openapi", schema(example = json!([".csv", ".fits", ".parquet"])))]
    pub table_extensions: Vec<String>,
    /// Standard meanings of columns.
    pub column_meanings: Vec<ColumnMeaningView>,
    /// Licences that products may be offered under.
    pub licences: Vec<OfferedLicence>,
    /// How maps of the sky begin.
    pub map: MapDefaults,
}

/// Addresses of the resources, in the order in which they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub struct ApiRoot {
    /// Users.
    #[cfg_attr(feature = "openapi", schema(example = "https://pz.example.org/api/users/"))]
    pub users: String,
    /// Releases.
    pub releases: String,
    /// Product types.
    pub product_types: String,
    /// Products.
    pub products: String,
    /// Redshift catalogs.
    pub products_specz: String,
    /// Columns of products.
    pub product_contents: String,
    /// Files of products.
    pub product_files: String,
    /// Pipelines.
    pub pipelines: String,
    /// Processes.
    pub processes: String,
}

/// What `/which_environment/` says; the misspelt key is what existing clients read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhichEnvironment {
    /// Name of the environment.
    #[cfg_attr(feature = "openapi", schema(example = "Production"))]
    pub enviroment_name: String,
    /// A test instance.
    pub is_dev: bool,
}
