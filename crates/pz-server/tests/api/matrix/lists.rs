//! What lists, searches, sums and the stream of events show to whom: exactly the objects that their own addresses show.

use pz_model::ProductStatus;
use serde_json::Value;

use super::{Fixture, Object, ROLES, Role, State};
use crate::app::{Person, TestApp};

const EVERY_STATUS: &str = "status__in=0,1,2,3,9&page_size=1000";

async fn ids(person: &Person, path: &str) -> Vec<i64> {
    let answer = person.get(path).await;
    // A filter by an id that the caller does not see is refused as one by an unknown id.
    if answer.status == 400 {
        return Vec::new();
    }
    let list = answer.expect(200);
    list["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect()
}

/// How many products the facets count that have this status, summed over the product types.
async fn counted(person: &Person, status: ProductStatus) -> u64 {
    let facets = person
        .get(&format!("/api/products/facets/?status__in={}", status.code()))
        .await
        .expect(200);
    facets["count"].as_u64().unwrap()
}

pub async fn lists_show_what_is_seen(app: &TestApp) {
    let fixture = Fixture::new(app).await;
    for role in ROLES.into_iter().filter(|role| *role != Role::Anonymous) {
        let person = fixture.person(role).await;
        let products = ids(&person, &format!("/api/products/?{EVERY_STATUS}")).await;
        let processes = ids(&person, "/api/processes/?page_size=1000").await;
        let files = ids(&person, "/api/product-files/?page_size=1000").await;
        let columns = ids(&person, "/api/product-contents/?page_size=1000").await;
        let told = person.request(reqwest::Method::GET, "/api/events/?seconds=1");
        let told = crate::app::Answer::of(told.header("last-event-id", "0")).await;
        let told = String::from_utf8_lossy(&told.bytes).into_owned();
        for state in State::ALL {
            let sees = role.sees(Object::Product, state);
            let cell = format!("{role:?} on {state:?}");
            // Whoever may bring a deleted product back finds it by its status.
            let restores = state == State::Deleted && (role.is_owner() || role == Role::Admin);
            let (product, file, column, process) = fixture.all_ids(state);
            assert_eq!(products.contains(&product), sees || restores, "products, {cell}");
            assert_eq!(files.contains(&file), sees, "files, {cell}");
            assert_eq!(columns.contains(&column), sees, "columns, {cell}");
            assert_eq!(
                processes.contains(&process),
                role.sees(Object::Process, state),
                "processes, {cell}"
            );
            for (path, filter) in [("product-files", "product_id"), ("product-contents", "product")] {
                let of_product = ids(&person, &format!("/api/{path}/?{filter}={product}")).await;
                assert_eq!(!of_product.is_empty(), sees, "{path} by product, {cell}");
            }
            let searched = ids(
                &person,
                &format!("/api/products/?search={state:?}&{EVERY_STATUS}"),
            )
            .await;
            assert_eq!(searched.contains(&product), sees || restores, "search, {cell}");
            if !sees && state != State::Deleted {
                assert!(
                    !told.contains(&format!("\"product\":{product},")),
                    "events, {cell}"
                );
            }
        }
        let (own, admin) = (role.is_owner(), role == Role::Admin);
        for status in [
            ProductStatus::Registering,
            ProductStatus::Processing,
            ProductStatus::Failed,
        ] {
            let hidden = counted(&person, status).await == 0;
            assert_eq!(hidden, !(own || admin), "facets of {status:?}, {role:?}");
        }
        let inside = if role.sees(Object::Product, State::Restricted) {
            2
        } else {
            1
        };
        assert_eq!(
            counted(&person, ProductStatus::Published).await,
            inside,
            "facets, {role:?}"
        );
        // What is a user's alone is in nobody else's list.
        for path in ["uploads", "tokens", "sessions"] {
            let list = person
                .get(&format!("/api/{path}/?page_size=1000"))
                .await
                .expect(200);
            let foreign = list["results"]
                .as_array()
                .unwrap()
                .iter()
                .any(|row: &Value| row["name"].as_str().is_some_and(|name| name.starts_with("spare")));
            assert!(!foreign || own, "{path}, {role:?}");
        }
    }
}
