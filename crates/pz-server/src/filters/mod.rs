//! Lists over HTTP: filters, search, ordering, paging and the metadata that OPTIONS and the OpenAPI
//! document give of them. Written once; a resource only says what its columns are.

mod request;
mod schemas;
mod values;

use pz_model::limits::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Schema;

pub use request::{ListRequest, QueryMap};

/// Page size of lists that name none.
pub const DEFAULT_PAGE_SIZE: u64 = PAGE_SIZE_DEFAULT;

/// Which table an id filter points into; ids the caller may not see count as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Related {
    /// Releases the caller may see.
    Release,
    /// Product types.
    ProductType,
    /// Active users.
    User,
    /// Products the caller may see.
    Product,
}

/// How the value of a filter is read and compared.
#[derive(Debug, Clone, Copy)]
pub enum FilterKind<F: 'static> {
    /// Case-sensitive equality.
    Text(F),
    /// Comma list of such texts.
    TextIn(F),
    /// A number that is a plain column value; malformed → 400.
    Number(F),
    /// An id of another table; unknown → 400.
    Id(F, Related),
    /// Comma list of such ids.
    IdIn(F, Related),
    /// True or false; anything else is ignored.
    Flag(F),
    /// Comma list of true and false.
    FlagIn(F),
    /// One of these numbers, each with its label.
    Choice(F, fn() -> Vec<(i64, &'static str)>),
    /// Comma list of numbers.
    NumberIn(F),
    /// Comma list of texts; this word asks for null.
    TextInOr(F, &'static str),
    /// Comma list of such ids; the word `none` asks for null.
    IdInOrNone(F, Related),
    /// Comma list of numbers; the word `none` asks for null.
    NumberInOrNone(F),
    /// Whole numbers from `a` to `b`, written `a..b`; either may be left out.
    Between(F),
    /// Numbers from `a` to `b`, as `Between`, of which the range between two columns has some.
    Touches(F, F),
    /// Comma list of these words, one of which is in a list between commas.
    WordIn(F, fn() -> Vec<&'static str>),
    /// True: null; false: not null.
    IsNull(F),
    /// Comma list of pieces, each contained in one of the columns, ignoring case; a name that ends in
    /// `__or` asks for any piece instead of all.
    Contains(&'static [F]),
}

/// One filter of a list.
#[derive(Debug, Clone, Copy)]
pub struct Filter<F: 'static> {
    /// Query parameter.
    pub name: &'static str,
    /// What it does.
    pub kind: FilterKind<F>,
}

/// Everything a list can be asked.
#[derive(Debug, Clone, Copy)]
pub struct ListSpec<F: 'static> {
    /// Filters in the order OPTIONS names them.
    pub filters: &'static [Filter<F>],
    /// OPTIONS describes each filter with its class (else it lists only the names).
    pub describes_classes: bool,
    /// Names of the searched fields, for OPTIONS.
    pub search_names: &'static [&'static str],
    /// Search columns.
    pub search_fields: &'static [F],
    /// Names a client may order by.
    pub ordering: &'static [(&'static str, F)],
    /// OPTIONS names the orderings.
    pub describes_ordering: bool,
    /// Order when none is asked for; true: descending.
    pub default_order: &'static [(F, bool)],
    /// Rows of a page when `page_size` is absent.
    pub default_page_size: u64,
}

/// What OPTIONS and the OpenAPI document say of a list, whatever its columns.
pub trait ListMeta: Sync {
    /// Adds the keys of OPTIONS.
    fn describe(&self, body: &mut Map<String, Value>);
    /// The query parameters.
    fn parameters(&self) -> Vec<Parameter>;
    /// Those that say which rows match: filters and search.
    fn filter_parameters(&self) -> Vec<Parameter>;
}

impl<F: Sync> ListMeta for ListSpec<F> {
    fn describe(&self, body: &mut Map<String, Value>) {
        if self.describes_classes {
            let classes: Vec<Value> = self
                .filters
                .iter()
                .map(|filter| {
                    let mut class = json!({"name": filter.name, "type": filter.kind.class()});
                    if let FilterKind::Choice(_, choices) = filter.kind {
                        class["choices"] = choices()
                            .into_iter()
                            .map(|(value, label)| json!({"value": value, "display_name": label}))
                            .collect();
                    }
                    class
                })
                .collect();
            body.insert("filter_classes".into(), classes.into());
        } else if !self.filters.is_empty() {
            let names: Vec<&str> = self.filters.iter().map(|filter| filter.name).collect();
            body.insert("filterset".into(), names.into());
        }
        if !self.search_names.is_empty() {
            body.insert("search".into(), self.search_names.into());
        }
        if self.describes_ordering {
            let names: Vec<&str> = self.ordering.iter().map(|(name, _)| *name).collect();
            body.insert("ordering".into(), names.into());
        }
    }

    fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = self.filter_parameters();
        if !self.ordering.is_empty() {
            let names: Vec<&str> = self.ordering.iter().map(|(name, _)| *name).collect();
            parameters.push(parameter(
                "ordering",
                &format!(
                    "Comma list of {}; a leading minus sorts descending.",
                    names.join(", ")
                ),
                schemas::any_text(),
            ));
        }
        parameters.push(parameter(
            "page",
            "Page number from 1, or `last`.",
            schemas::page(),
        ));
        parameters.push(parameter(
            "page_size",
            &format!(
                "Rows of a page: {} when absent or no number from 1, {PAGE_SIZE_MAX} at most.",
                self.default_page_size
            ),
            schemas::page_size(),
        ));
        parameters
    }

    fn filter_parameters(&self) -> Vec<Parameter> {
        let mut parameters: Vec<Parameter> = self
            .filters
            .iter()
            .map(|filter| parameter(filter.name, &filter.kind.help(), filter.kind.schema()))
            .collect();
        if !self.search_names.is_empty() {
            parameters.push(parameter(
                "search",
                &format!(
                    "Words that must all occur in {}, ignoring case.",
                    self.search_names.join(", ")
                ),
                schemas::text(),
            ));
        }
        parameters
    }
}

fn parameter(name: &str, help: &str, schema: Schema) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(utoipa::openapi::Required::False)
        .description(Some(help))
        .schema(Some(schema))
        .build()
}

impl<F> FilterKind<F> {
    /// The class name that the Python library's OPTIONS reader knows.
    fn class(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Contains(_) => "CharFilter",
            Self::TextIn(_) | Self::TextInOr(..) => "CharInFilter",
            Self::Id(..) => "ModelChoiceFilter",
            Self::IdIn(..) | Self::IdInOrNone(..) => "ModelChoiceInFilter",
            Self::Flag(_) | Self::IsNull(_) => "BooleanFilter",
            Self::FlagIn(_) => "BooleanInFilter",
            Self::Choice(..) => "ChoiceFilter",
            Self::Number(_) => "NumberFilter",
            Self::NumberIn(_) | Self::NumberInOrNone(_) => "NumberInFilter",
            Self::Between(_) | Self::Touches(..) => "RangeFilter",
            Self::WordIn(..) => "ChoiceInFilter",
        }
    }

    /// What the value may be: exact where another value is refused.
    fn schema(&self) -> Schema {
        match self {
            Self::Text(_) | Self::TextIn(_) | Self::TextInOr(..) | Self::Contains(_) => schemas::text(),
            Self::Number(_) | Self::Id(..) => schemas::number(),
            Self::NumberIn(_) | Self::IdIn(..) => schemas::numbers(),
            Self::IdInOrNone(..) => schemas::ids_or_none(),
            Self::Flag(_) | Self::IsNull(_) => schemas::flag(),
            Self::FlagIn(_) => schemas::flags(),
            Self::Choice(_, choices) => schemas::choice(&choices()),
            Self::Between(_) => schemas::pattern(r"^([0-9]{0,15}\.\.[0-9]{0,15})?$"),
            Self::Touches(..) => schemas::span(),
            Self::NumberInOrNone(_) => schemas::numbers_or_none(),
            Self::WordIn(_, words) => schemas::words(&words()),
        }
    }

    fn help(&self) -> String {
        let help = match self {
            Self::Text(_) => "Equal to this text, case-sensitive.",
            Self::TextIn(_) => "Comma list: equal to any of these texts.",
            Self::Number(_) => "Equal to this number.",
            Self::Id(..) => "Id of a row the caller may see; unknown ids are refused.",
            Self::IdIn(..) => "Comma list of ids; unknown ids are refused.",
            Self::Flag(_) => "`true` or `false`; anything else is ignored.",
            Self::FlagIn(_) => "Comma list of `true` and `false`.",
            Self::Choice(..) => "One of the numbers that OPTIONS lists.",
            Self::NumberIn(_) => "Comma list of numbers.",
            Self::TextInOr(_, word) => {
                return format!("Comma list: equal to any of these texts; `{word}`: without one.");
            }
            Self::IdInOrNone(..) => "Comma list of ids; unknown ids are refused. `none`: without one.",
            Self::NumberInOrNone(_) => "Comma list of whole numbers; `none`: without one.",
            Self::Between(_) => "Whole numbers `a..b`, both included; either may be left out.",
            Self::Touches(..) => {
                "Numbers `a..b`, both included; either may be left out. What has a range itself must touch this one."
            }
            Self::WordIn(_, words) => return format!("Comma list of {}: any of them.", words().join(", ")),
            Self::IsNull(_) => "`true`: without one; `false`: with one.",
            Self::Contains(_) => {
                "Comma list of pieces that must all be contained, ignoring case (any of them when the name ends in `__or`)."
            }
        };
        help.to_owned()
    }
}
