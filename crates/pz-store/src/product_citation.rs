//! Metadata for citing a product, as its row keeps it: empty lists as nothing.

use pz_model::api::{Creator, Funding, RelatedIdentifier};
use pz_model::license::DEFAULT_LICENSE;
use sea_orm::Set;
use sea_orm::sea_query::UpdateStatement;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::entities::products;
use crate::error::StoreError;
use crate::products::ProductRow;

/// What changes in the metadata for citation; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CitationChanges {
    /// SPDX id of the licence.
    pub license: Option<Option<String>>,
    /// Who made it.
    pub creators: Option<Vec<Creator>>,
    /// What it is related to.
    pub related_identifiers: Option<Vec<RelatedIdentifier>>,
    /// Subjects.
    pub subjects: Option<Vec<String>>,
    /// Who paid for it.
    pub funding: Option<Vec<Funding>>,
    /// Registered identifier.
    pub doi: Option<Option<String>>,
}

impl CitationChanges {
    /// Sets what there is in a product that is new.
    pub(crate) fn set_in_new(self, row: &mut products::ActiveModel) -> Result<(), StoreError> {
        let license = self.license.flatten();
        row.license = Set(Some(license.unwrap_or_else(|| DEFAULT_LICENSE.to_owned())));
        row.creators = Set(kept(&self.creators.unwrap_or_default())?);
        row.related_identifiers = Set(kept(&self.related_identifiers.unwrap_or_default())?);
        row.subjects = Set(kept(&self.subjects.unwrap_or_default())?);
        row.funding = Set(kept(&self.funding.unwrap_or_default())?);
        row.doi = Set(self.doi.flatten());
        Ok(())
    }

    /// Adds what changes to an update.
    pub(crate) fn set_in(self, update: &mut UpdateStatement) -> Result<(), StoreError> {
        if let Some(license) = self.license {
            update.value("license", license);
        }
        if let Some(doi) = self.doi {
            update.value("doi", doi);
        }
        if let Some(list) = self.creators {
            update.value("creators", kept(&list)?);
        }
        if let Some(list) = self.related_identifiers {
            update.value("related_identifiers", kept(&list)?);
        }
        if let Some(list) = self.subjects {
            update.value("subjects", kept(&list)?);
        }
        if let Some(list) = self.funding {
            update.value("funding", kept(&list)?);
        }
        Ok(())
    }
}

impl ProductRow {
    /// Who made it, as far as it was said.
    pub fn creator_list(&self) -> Vec<Creator> {
        list(self.creators.as_ref())
    }

    /// What it was said to be related to.
    pub fn related_list(&self) -> Vec<RelatedIdentifier> {
        list(self.related_identifiers.as_ref())
    }

    /// Its subjects.
    pub fn subject_list(&self) -> Vec<String> {
        list(self.subjects.as_ref())
    }

    /// Who paid for it.
    pub fn funding_list(&self) -> Vec<Funding> {
        list(self.funding.as_ref())
    }
}

fn kept<T: Serialize>(list: &[T]) -> Result<Option<Value>, StoreError> {
    if list.is_empty() {
        return Ok(None);
    }
    serde_json::to_value(list)
        .map(Some)
        .map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error).into())
}

/// Rows hold only what was checked before it was written.
fn list<T: DeserializeOwned>(value: Option<&Value>) -> Vec<T> {
    value
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default()
}
