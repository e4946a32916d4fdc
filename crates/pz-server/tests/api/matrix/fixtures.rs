//! People, and objects in every state.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use pz_model::ProductStatus;
use pz_server::auth::token::{self, Scope};
use pz_store::accounts::NewUser;
use pz_store::entities::processes;
use pz_store::products::ProductChanges;
use pz_store::releases::NewRelease;
use pz_store::sessions::{Browser, NewSession};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, Set};
use serde_json::{Value, json};

use super::{Object, Role, Rule};
use crate::app::{Answer, CATALOG, Person, TestApp};

/// The state of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Draft,
    Published,
    /// Published, of a release that only a group may see.
    Restricted,
    Processing,
    Failed,
    Deleted,
}

impl State {
    pub const ALL: [Self; 6] = [
        Self::Draft,
        Self::Published,
        Self::Restricted,
        Self::Processing,
        Self::Failed,
        Self::Deleted,
    ];

    fn status(self) -> ProductStatus {
        match self {
            Self::Draft => ProductStatus::Registering,
            Self::Published | Self::Restricted => ProductStatus::Published,
            Self::Processing => ProductStatus::Processing,
            Self::Failed => ProductStatus::Failed,
            Self::Deleted => ProductStatus::Deleted,
        }
    }
}

/// The ids of a product and its parts.
#[derive(Debug, Clone, Copy)]
struct Ids {
    product: i64,
    file: i64,
    column: i64,
    process: i64,
}

/// What the cells are tried on.
pub struct Fixture<'a> {
    app: &'a TestApp,
    owner: Person,
    restricted: i64,
    open: i64,
    /// For names that nothing else has.
    count: AtomicUsize,
    ids: BTreeMap<State, Ids>,
}

fn id(value: &Value) -> i64 {
    value["id"].as_i64().unwrap()
}

impl<'a> Fixture<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        let store = app.store();
        let outsider = NewUser {
            username: "carol".into(),
            ..NewUser::default()
        };
        store.add_user(outsider).await.unwrap();
        let group = store.group("Insiders").await.unwrap();
        for username in ["alice", "bob"] {
            let account = store.account_by_username(username).await.unwrap().unwrap();
            store.join_group(account.id, group.id).await.unwrap();
        }
        let release = |name: &str, access_groups| NewRelease {
            name: name.into(),
            display_name: name.into(),
            indexing_column: "id".into(),
            access_groups,
            ..NewRelease::default()
        };
        let restricted = store
            .add_release(release("inside", vec![group.id]))
            .await
            .unwrap();
        let open = store.add_release(release("open", vec![])).await.unwrap();
        let mut fixture = Self {
            app,
            owner: app.alice().await,
            restricted: restricted.id,
            open: open.id,
            count: AtomicUsize::new(0),
            ids: BTreeMap::new(),
        };
        for state in State::ALL {
            let ids = fixture.product(state, true).await;
            fixture.ids.insert(state, ids);
        }
        fixture
    }

    pub async fn person(&self, role: Role) -> Person {
        let (username, scopes): (&str, &[Scope]) = match role {
            Role::Anonymous => return self.app.anonymous(),
            Role::Outsider => ("carol", &Scope::ALL),
            Role::Member => ("bob", &Scope::ALL),
            Role::Owner => ("alice", &Scope::ALL),
            Role::OwnerReading => ("alice", &[Scope::Read]),
            Role::AdminAsMember => ("root", &Scope::DEFAULT),
            Role::Admin => ("root", &Scope::ALL),
        };
        let account = self
            .app
            .store()
            .account_by_username(username)
            .await
            .unwrap()
            .unwrap();
        // A name of its own: a token takes the place of the one with its name.
        let text = token::create(self.app.store(), account.id, &format!("{role:?}"), scopes)
            .await
            .unwrap();
        self.app.anonymous().with_authorization(&format!("Token {text}"))
    }

    /// A product in this state, with a main file and a column.
    async fn product(&self, state: State, registered: bool) -> Ids {
        let release = (state == State::Restricted).then_some(self.restricted);
        let body = json!({"display_name": format!("{state:?}"), "product_type": 2, "release": release});
        let product = self.owner.post("/api/products/", body).await.expect(201);
        let file = self
            .owner
            .upload(&product, 0, "cat.csv", CATALOG)
            .await
            .expect(201);
        let column = if registered {
            let path = format!("/api/products/{}/registry/", id(&product));
            self.owner.get(&path).await.expect(200);
            let path = format!("/api/product-contents/?product={}", id(&product));
            self.owner.get(&path).await.expect(200)["results"][3].clone()
        } else {
            let body = json!({"product": id(&product), "column_name": "z", "order": 0});
            self.owner.post("/api/product-contents/", body).await.expect(201)
        };
        let path = format!("/api/product-contents/{}/", id(&column));
        self.owner.patch(&path, json!({"alias": "z"})).await.expect(200);
        let store = self.app.store();
        if state == State::Deleted {
            // Deleted after it was published: what remains of it may be seen.
            self.set_status(id(&product), ProductStatus::Published).await;
            store.delete_product(id(&product), 1).await.unwrap();
        } else {
            self.set_status(id(&product), state.status()).await;
        }
        Ids {
            product: id(&product),
            file: id(&file),
            column: id(&column),
            process: self.process(id(&product)).await,
        }
    }

    async fn set_status(&self, product: i64, status: ProductStatus) {
        let changes = ProductChanges {
            status: Some(status),
            ..ProductChanges::default()
        };
        self.app.store().change_product(product, changes).await.unwrap();
    }

    /// The ids of the product in this state, of its file, of its column, and of the process that makes it.
    pub fn all_ids(&self, state: State) -> (i64, i64, i64, i64) {
        let ids = self.ids[&state];
        (ids.product, ids.file, ids.column, ids.process)
    }

    /// The id of the product in this state.
    pub fn product_id(&self, state: State) -> i64 {
        self.ids[&state].product
    }

    /// A process of the owner that makes this product.
    async fn process(&self, product: i64) -> i64 {
        let store = self.app.store();
        let owner = store.account_by_username("alice").await.unwrap().unwrap();
        let process = processes::ActiveModel {
            display_name: Set("A run".to_owned()),
            pipeline_id: Set(1),
            pipeline_version: Set("1".to_owned()),
            user_id: Set(owner.id),
            output_product_id: Set(product),
            status: Set("Pending".to_owned()),
            phase: Set("queued".to_owned()),
            created_at: Set(chrono::Utc::now()),
            ..Default::default()
        };
        process.insert(store.connection()).await.unwrap().id
    }

    /// A resumable upload of the owner that has begun.
    async fn upload(&self) -> String {
        let product = self.owner.draft(7, "Upload").await;
        let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let metadata = format!(
            "product {},filename {}",
            encoded(&product["id"].to_string()),
            encoded("a.txt")
        );
        let request = self
            .owner
            .request(Method::POST, "/api/uploads/")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", "10")
            .header("upload-metadata", metadata);
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 201);
        let location = answer.header("location");
        location
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    }

    /// A token of the owner that may do more than read.
    async fn token(&self) -> i64 {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let body = json!({"name": format!("spare {number}"), "scopes": ["read", "upload"]});
        id(&self.owner.post("/api/tokens/", body).await.expect(201))
    }

    /// A session of the owner.
    async fn session(&self) -> i64 {
        let owner = self
            .app
            .store()
            .account_by_username("alice")
            .await
            .unwrap()
            .unwrap();
        let day = std::time::Duration::from_secs(86_400);
        let new = NewSession {
            user_id: owner.id,
            method: "password",
            browser: Browser::default(),
            unused: day,
            longest: day,
        };
        self.app.store().begin_session(new).await.unwrap().id
    }

    /// The object of an administration page: a fresh one, since the call may remove it.
    async fn administered(&self, path: &str) -> i64 {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let store = self.app.store();
        if path.contains("/groups/") {
            return store.group(&format!("Spare {number}")).await.unwrap().id;
        }
        if path.contains("/releases/") {
            let name = format!("spare{number}");
            let release = NewRelease {
                display_name: name.clone(),
                name,
                indexing_column: "id".into(),
                ..NewRelease::default()
            };
            return store.add_release(release).await.unwrap().id;
        }
        if path.contains("/users/") {
            let user = NewUser {
                username: format!("spare{number}"),
                ..NewUser::default()
            };
            return store.add_user(user).await.unwrap().id;
        }
        1
    }

    /// The path with ids in it; of fresh objects when the call spends them.
    pub async fn address(&self, path: &str, rule: Rule, state: State, spends: bool) -> String {
        let path = path
            .replace("{file}", "swagger-ui.css")
            .replace("{token}", "none")
            .replace("{endpoint}", "revoke-token");
        let text = match rule.object() {
            Some(Object::Upload) => self.upload().await,
            Some(Object::Token) => self.token().await.to_string(),
            Some(Object::Session) => self.session().await.to_string(),
            None if path.contains("/admin/") => self.administered(&path).await.to_string(),
            None if path.starts_with("/api/releases/") => self.open.to_string(),
            None => "1".to_owned(),
            Some(object) => {
                let ids = if spends {
                    self.product(state, false).await
                } else {
                    self.ids[&state]
                };
                let number = match object {
                    Object::File => ids.file,
                    Object::Column => ids.column,
                    Object::Process => ids.process,
                    _ => ids.product,
                };
                number.to_string()
            }
        };
        path.replace("{id}", &text)
    }
}
