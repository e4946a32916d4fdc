//! Demonstration data: made by code, the same every time, believable.

mod catalogs;
mod documents;
mod survey;
mod tables;
mod universe;

use std::fmt;

use anyhow::Context;
use pz_model::{ColumnMeaning, FileRole, ProductStatus, ProductType, file_name};
use pz_store::Viewer;
use pz_store::accounts::NewUser;
use pz_store::product_contents::ContentChanges;
use pz_store::product_files::NewFile;
use pz_store::products::{NewProduct, ProductChanges};
use pz_store::releases::NewRelease;
use serde_json::json;

use crate::auth::password;
use crate::auth::token::{self, Scope};
use crate::products::registry;
use crate::state::AppState;

/// Login, first name, last name, administrator.
const USERS: [(&str, &str, &str, bool); 3] = [
    ("alice", "Alice", "Leavitt", false),
    ("bob", "Bob", "Slipher", false),
    ("root", "Vera", "Admin", true),
];

/// What was made, to be told once.
#[derive(Debug)]
pub(crate) struct Seeded {
    token: String,
    products: usize,
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Demonstration data: {} products. Sign in as", self.products)?;
        for (username, _, _, admin) in USERS {
            let what = if admin { "  (administrator)" } else { "" };
            writeln!(f, "  {username:<6} password {}{what}", demo_password(username))?;
        }
        writeln!(f, "API token of alice, shown this once: {}", self.token)
    }
}

fn demo_password(username: &str) -> String {
    format!("{username}-demo")
}

/// A file of a demonstration product.
struct DemoFile {
    role: FileRole,
    name: String,
    mime_type: &'static str,
    bytes: Vec<u8>,
}

/// A demonstration product.
struct DemoProduct {
    owner: &'static str,
    product_type: ProductType,
    release: Option<&'static str>,
    display_name: String,
    official: bool,
    pz_code: Option<&'static str>,
    description: String,
    release_year: Option<i32>,
    files: Vec<DemoFile>,
    meanings: Vec<(&'static str, ColumnMeaning)>,
    published: bool,
}

/// Fills an empty database.
///
/// # Errors
/// When there is data already, or a part cannot be made.
pub(crate) async fn demo(state: &AppState) -> anyhow::Result<Seeded> {
    if state.store.has_users().await? || state.store.has_products().await? {
        anyhow::bail!("the database is not empty: demonstration data are for an empty one");
    }
    let owners = users(state).await?;
    releases(state).await?;
    let mut products = catalogs::products()?;
    products.extend(documents::products()?);
    let count = products.len();
    for product in products {
        let name = product.display_name.clone();
        add(state, &owners, product)
            .await
            .with_context(|| format!("cannot make '{name}'"))?;
    }
    let alice = owners.first().context("no user was made")?.1;
    let token = token::create(&state.store, alice, token::DEFAULT_NAME, &Scope::DEFAULT).await?;
    Ok(Seeded {
        token,
        products: count,
    })
}

async fn users(state: &AppState) -> anyhow::Result<Vec<(&'static str, i64)>> {
    let mut owners = Vec::new();
    for (username, first_name, last_name, admin) in USERS {
        let password = demo_password(username);
        let hash = tokio::task::spawn_blocking(move || password::hash(&password)).await??;
        let user = NewUser {
            username: username.to_owned(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: String::new(),
            password_hash: Some(hash),
            is_superuser: admin,
        };
        owners.push((username, state.store.add_user(user).await?.id));
    }
    Ok(owners)
}

async fn releases(state: &AppState) -> anyhow::Result<()> {
    let dp1_group = state.store.group("dp1").await?;
    let alice = state
        .store
        .account_by_username("alice")
        .await?
        .context("alice is missing")?;
    state.store.join_group(alice.id, dp1_group.id).await?;
    let flux = |name: &str, display_name: &str, selected: bool| json!({"name": name, "display_name": display_name, "selected": selected});
    for (name, display_name, description, is_public, access_groups) in [
        (
            "dp02",
            "DP0.2",
            "Simulated data: LSST DESC Data Challenge 2 as processed for Data Preview 0.2.",
            true,
            vec![],
        ),
        (
            "dp1",
            "DP1",
            "Data Preview 1: seven fields observed with the LSST commissioning camera.",
            false,
            vec![dp1_group.id],
        ),
    ] {
        state
            .store
            .add_release(NewRelease {
                name: name.to_owned(),
                display_name: display_name.to_owned(),
                description: Some(description.to_owned()),
                indexing_column: "objectId".to_owned(),
                has_mag_hats: false,
                has_flux_hats: true,
                dereddening: Some(json!([{"name": "sfd", "display_name": "SFD", "selected": true}])),
                fluxes: Some(json!([flux("cModel", "cModel", true), flux("psf", "PSF", false)])),
                mag_zero_point: Some(31.4),
                is_public,
                access_groups,
                ..NewRelease::default()
            })
            .await?;
    }
    Ok(())
}

/// Goes the way of every upload: bytes, row, registration, meanings, publication.
async fn add(state: &AppState, owners: &[(&str, i64)], demo: DemoProduct) -> anyhow::Result<()> {
    let store = &state.store;
    let user_id = owners
        .iter()
        .find(|(name, _)| *name == demo.owner)
        .context("unknown owner")?
        .1;
    let viewer = Viewer {
        user_id,
        is_admin: true,
    };
    let release_id = match demo.release {
        Some(name) => Some(
            store
                .release_id_by_name(name)
                .await?
                .with_context(|| format!("no release {name}"))?,
        ),
        None => None,
    };
    let violations = demo
        .product_type
        .check_metadata(release_id.is_some(), demo.pz_code);
    if let Some(violation) = violations.first() {
        anyhow::bail!("{}: {}", violation.field, violation.message);
    }
    let id = store
        .create_product(NewProduct {
            product_type_id: demo.product_type.id(),
            release_id,
            user_id,
            display_name: demo.display_name,
            official_product: demo.official,
            pz_code: demo.pz_code.map(str::to_owned),
            description: Some(demo.description),
            status: ProductStatus::Registering,
            release_year: demo.release_year,
        })
        .await?;
    for file in demo.files {
        let blob = store.blobs.put(&file.bytes).await?;
        let new = NewFile {
            product_id: id,
            role: file.role,
            extension: file_name::extension(&file.name),
            name: file.name,
            mime_type: Some(file.mime_type.to_owned()),
            blob,
        };
        store.add_file(new).await?;
    }
    let row = store.product(viewer, id).await?.context("the product vanished")?;
    if row.size_bytes.is_some() {
        registry::register(state, &row)
            .await
            .map_err(|error| anyhow::anyhow!("registration: {error}"))?;
    }
    for column in store.contents_of(id).await? {
        if let Some((_, meaning)) = demo.meanings.iter().find(|(name, _)| *name == column.column_name) {
            let changes = ContentChanges {
                ucd: Some(Some(meaning.ucd().to_owned())),
                alias: Some(Some(meaning.alias().to_owned())),
                ..ContentChanges::default()
            };
            store.change_content(column.id, changes).await?;
        }
    }
    if demo.published {
        let changes = ProductChanges {
            status: Some(ProductStatus::Published),
            ..ProductChanges::default()
        };
        store.change_product(id, changes).await?;
    }
    Ok(())
}
