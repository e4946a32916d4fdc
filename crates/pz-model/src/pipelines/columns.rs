//! Which columns of an input a pipeline reads: those whose alias says what they are, whatever its case.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::column_meaning::ColumnMeaning;

/// The meanings without which no redshift catalog can be read.
const NEEDED: [ColumnMeaning; 3] = [ColumnMeaning::Ra, ColumnMeaning::Dec, ColumnMeaning::Z];

/// The columns of one input by what they mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputColumns(BTreeMap<ColumnMeaning, String>);

/// A column that is not there, or that cannot be told from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnsError {
    /// What the column should mean.
    pub meaning: ColumnMeaning,
    /// What is wrong and what would be right.
    pub message: String,
}

impl InputColumns {
    /// Finds them among `columns`, pairs of name and alias. Position and redshift may go without alias when
    /// their columns are called `ra`, `dec` and `z`.
    ///
    /// # Errors
    /// Each column that is missing, and each meaning that several columns claim.
    pub fn find(columns: &[(&str, Option<&str>)]) -> Result<Self, Vec<ColumnsError>> {
        let mut found = BTreeMap::new();
        let mut errors = Vec::new();
        for meaning in ColumnMeaning::ALL {
            let called: Vec<&str> = columns
                .iter()
                .filter(|(_, alias)| alias.is_some_and(|alias| alias.eq_ignore_ascii_case(meaning.alias())))
                .map(|(name, _)| *name)
                .collect();
            let literal = || {
                let name = meaning.alias().to_lowercase();
                columns
                    .iter()
                    .map(|(column, _)| *column)
                    .find(|column| *column == name)
            };
            match called.as_slice() {
                [one] => {
                    found.insert(meaning, (*one).to_owned());
                }
                [] if NEEDED.contains(&meaning) => match literal() {
                    Some(column) => {
                        found.insert(meaning, column.to_owned());
                    }
                    None => errors.push(ColumnsError {
                        meaning,
                        message: format!("no column has the alias {}", meaning.alias()),
                    }),
                },
                [] => {}
                several => errors.push(ColumnsError {
                    meaning,
                    message: format!(
                        "{} columns have the alias {}: {}",
                        several.len(),
                        meaning.alias(),
                        crate::pipelines::shown(&several.join(", "))
                    ),
                }),
            }
        }
        if errors.is_empty() {
            Ok(Self(found))
        } else {
            Err(errors)
        }
    }

    /// The column with this meaning.
    pub fn get(&self, meaning: ColumnMeaning) -> Option<&str> {
        self.0.get(&meaning).map(String::as_str)
    }
}

/// Every meaning by its key, null where no column has it.
impl Serialize for InputColumns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(ColumnMeaning::ALL.len()))?;
        for meaning in ColumnMeaning::ALL {
            map.serialize_entry(&meaning, &self.get(meaning))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(columns: &[(&str, Option<&str>)]) -> Result<serde_json::Value, Vec<String>> {
        InputColumns::find(columns)
            .map(|columns| serde_json::to_value(columns).unwrap())
            .map_err(|errors| errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn aliases_in_any_case_then_literal_names() {
        assert_eq!(
            find(&[
                ("alpha", Some("ra")),
                ("dec", None),
                ("zz", Some("Z")),
                ("q", Some("z_flag")),
                ("ra", None)
            ]),
            Ok(
                json!({"id": null, "ra": "alpha", "dec": "dec", "z": "zz", "z_err": null, "z_flag": "q", "survey": null})
            )
        );
        assert_eq!(
            find(&[("RA", None), ("Dec", None), ("z", None)]),
            Err(vec![
                "no column has the alias RA".to_owned(),
                "no column has the alias Dec".to_owned()
            ])
        );
    }

    #[test]
    fn two_columns_of_one_meaning_are_never_guessed() {
        let errors = find(&[
            ("a", Some("RA")),
            ("b", Some("ra")),
            ("ra", None),
            ("dec", None),
            ("z", None),
        ]);
        assert_eq!(errors, Err(vec!["2 columns have the alias RA: a, b".to_owned()]));
    }
}
