//! Facets of products: for everything that can be ticked beside a list, how many products there would be.
//!
//! What depends on text, and who may see what, is decided by SQL: one statement reads a few numbers of each product that
//! passes. Everything that is ticked is decided here, over those numbers, so that each facet can leave its own selection
//! out of account. They are kept while the lists do not change: the next tick needs no product from the database.

mod counts;
mod records;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError};

use pz_model::api::ProductFacets;
use sea_orm::FromQueryResult;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use crate::database::Store;
use crate::error::StoreError;
use crate::list::{ListCondition, ListQuery};
use crate::products::{ProductField, join_main_file, join_named, join_process, list_condition};
use crate::visibility::Viewer;
use records::{Facet, Records};

/// Products kept in memory, of all callers and searches together: about 25 MB.
const RECORDS_MAX: usize = 300_000;

/// Answers kept.
const ANSWERS_MAX: usize = 500;

/// What was read at one revision of the lists.
#[derive(Debug, Default)]
pub(crate) struct FacetCache {
    revision: i64,
    names: Option<Arc<Names>>,
    /// The oldest first.
    records: VecDeque<(String, Arc<Records>)>,
    answers: HashMap<String, Arc<ProductFacets>>,
}

impl FacetCache {
    /// Forgets what belongs to another revision.
    fn at(&mut self, revision: i64) -> &mut Self {
        if self.revision != revision {
            *self = Self {
                revision,
                ..Self::default()
            };
        }
        self
    }

    fn keep(&mut self, key: String, records: Arc<Records>) {
        self.records.push_back((key, records));
        let total = |cache: &Self| {
            cache
                .records
                .iter()
                .map(|(_, records)| records.len())
                .sum::<usize>()
        };
        while self.records.len() > 1 && total(self) > RECORDS_MAX {
            self.records.pop_front();
        }
    }
}

/// Names that go with ids, for everybody.
#[derive(Debug)]
struct Names {
    /// Login name and name for people.
    users: HashMap<i64, (String, String)>,
    /// Name and name for people.
    pipelines: Vec<(i64, String, String)>,
}

#[derive(FromQueryResult)]
struct Named {
    id: i64,
    name: String,
    label: String,
}

#[derive(FromQueryResult)]
struct Revision {
    value: i64,
}

impl Store {
    /// The facets of the products that the viewer may see and that match. Six statements at most; one when neither the
    /// lists nor what is searched changed since the last time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn product_facets(
        &self,
        viewer: Viewer,
        query: &ListQuery<ProductField>,
        with_deleted: bool,
    ) -> Result<Arc<ProductFacets>, StoreError> {
        let (ticked, asked): (Vec<_>, Vec<_>) = query
            .conditions
            .iter()
            .cloned()
            .partition(|condition| Facet::of(condition).is_some());
        // First, so that what is read later is at least as new.
        let revision = self.lists_revision().await?;
        let records_key = format!("{viewer:?} {with_deleted} {asked:?}");
        let answer_key = format!("{records_key} {ticked:?}");
        let (answer, names, records) = {
            let mut cache = self.facets.lock().unwrap_or_else(PoisonError::into_inner);
            let cache = cache.at(revision);
            let records = cache.records.iter().find(|(key, _)| *key == records_key);
            (
                cache.answers.get(&answer_key).cloned(),
                cache.names.clone(),
                records.map(|(_, records)| records.clone()),
            )
        };
        if let Some(answer) = answer {
            return Ok(answer);
        }
        let names = match names {
            Some(names) => names,
            None => Arc::new(self.names().await?),
        };
        let is_new = records.is_none();
        let records = match records {
            Some(records) => records,
            None => Arc::new(self.facet_records(viewer, asked, with_deleted).await?),
        };
        let answer = Arc::new(counts::count(&records, &names, &ticked));
        let mut cache = self.facets.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.revision == revision {
            cache.names = Some(names);
            if is_new {
                cache.keep(records_key, records);
            }
            if cache.answers.len() >= ANSWERS_MAX {
                cache.answers.clear();
            }
            cache.answers.insert(answer_key, answer.clone());
        }
        Ok(answer)
    }

    async fn lists_revision(&self) -> Result<i64, StoreError> {
        let select = Query::select()
            .column("value")
            .from("revisions")
            .and_where(Expr::col("name").eq("lists"))
            .take();
        let row = Revision::find_by_statement(self.backend().build(&select))
            .one(&self.db)
            .await?;
        Ok(row.map_or(0, |row| row.value))
    }

    async fn names(&self) -> Result<Names, StoreError> {
        let users = self.named("users", "username").await?;
        let pipelines = self.named("pipelines", "name").await?;
        Ok(Names {
            users: users
                .into_iter()
                .map(|user| (user.id, (user.name, user.label)))
                .collect(),
            pipelines: pipelines
                .into_iter()
                .map(|pipeline| (pipeline.id, pipeline.name, pipeline.label))
                .collect(),
        })
    }

    async fn named(&self, table: &'static str, name: &'static str) -> Result<Vec<Named>, StoreError> {
        let select = Query::select()
            .column("id")
            .expr_as(Expr::col(name), "name")
            .expr_as(Expr::col("display_name"), "label")
            .from(table)
            .take();
        Ok(Named::find_by_statement(self.backend().build(&select))
            .all(&self.db)
            .await?)
    }

    /// What facets look at, of the products that pass `asked`.
    async fn facet_records(
        &self,
        viewer: Viewer,
        asked: Vec<ListCondition<ProductField>>,
        with_deleted: bool,
    ) -> Result<Records, StoreError> {
        let mut releases = Query::select();
        releases
            .column("id")
            .expr_as(Expr::col("name"), "name")
            .expr_as(Expr::col("display_name"), "label")
            .from("releases")
            .cond_where(viewer.release_condition());
        let releases = Named::find_by_statement(self.backend().build(&releases))
            .all(&self.db)
            .await?;
        let query = ListQuery {
            conditions: asked,
            ..ListQuery::default()
        };
        let tables: Vec<&str> = query
            .conditions
            .iter()
            .flat_map(ListCondition::fields)
            .map(ProductField::table)
            .collect();
        let mut select = Query::select();
        records::select_columns(&mut select);
        select.from("products");
        join_named(&mut select, &tables);
        join_main_file(&mut select);
        join_process(&mut select);
        select.cond_where(list_condition(viewer, &query, with_deleted, self.backend()));
        let releases = releases
            .into_iter()
            .map(|release| (release.id, release.label))
            .collect();
        records::read(&self.db, &select, releases).await
    }
}
