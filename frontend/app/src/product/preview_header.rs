//! The head of a column in the preview: name, type, unit and meaning.

use leptos::prelude::*;
use pz_model::ColumnMeaning;
use pz_model::api::ProductContent;
use ui_kit::{Badge, Tone};

/// What is known of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnFacts {
    /// Name.
    pub(crate) name: String,
    /// Type as stored.
    dtype: Option<String>,
    unit: Option<String>,
    description: Option<String>,
    alias: Option<String>,
    ucd: Option<String>,
}

impl ColumnFacts {
    /// A column of which nothing but the name is known.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// What the API says of a column.
    pub(crate) fn of(column: &ProductContent) -> Self {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self {
            name: column.column_name.clone(),
            dtype: some(&column.dtype),
            unit: some(&column.unit),
            description: some(&column.description),
            alias: some(&column.alias),
            ucd: some(&column.ucd),
        }
    }

    /// Whether its values stand at the right, as far as its type says.
    pub(crate) fn is_numeric(&self) -> Option<bool> {
        let dtype = self.dtype.as_deref()?;
        Some(
            ["int", "uint", "float", "double", "decimal"]
                .iter()
                .any(|kind| dtype.starts_with(kind)),
        )
    }

    fn title(&self) -> String {
        [Some(&self.name), self.description.as_ref(), self.ucd.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" · ")
    }
}

/// A column's head.
pub(crate) fn header_view(facts: &ColumnFacts, class: &'static str) -> AnyView {
    let kind = [
        facts.dtype.clone(),
        facts.unit.clone().map(|unit| format!("[{unit}]")),
    ];
    let kind = kind.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let badge = facts.alias.clone().map(|alias| {
        let tone = if ColumnMeaning::from_alias(&alias).is_some() {
            Tone::Info
        } else {
            Tone::Neutral
        };
        view! { <Badge text=alias tone=tone title=facts.ucd.clone().unwrap_or_default()/> }
    });
    view! {
        <th class=class scope="col" title=facts.title()>
            <span class="column-head"><span class="column-name">{facts.name.clone()}</span>{badge}</span>
            <span class="column-kind">{kind}</span>
        </th>
    }
    .into_any()
}
