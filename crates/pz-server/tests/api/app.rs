//! The test application and the people who use it.

use std::net::{IpAddr, TcpListener};

use actix_web::dev::ServerHandle;
use pz_server::auth::token::{self, Scope};
use pz_server::config::Settings;
use pz_server::state::AppState;
use pz_server::{auth, limits};
use pz_store::Store;
use pz_store::accounts::NewUser;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
#[macro_export]
macro_rules! on_both_databases {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[actix_web::test]
            async fn sqlite() {
                super::$name(&$crate::app::TestApp::sqlite().await).await;
            }

            #[actix_web::test]
            async fn postgres() {
                super::$name(&$crate::app::TestApp::postgres().await).await;
            }
        }
    )+};
}

/// A running service with two members (alice, bob) and an administrator (root).
pub struct TestApp {
    pub root: String,
    pub state: AppState,
    server: ServerHandle,
    _directory: TempDir,
}

/// Somebody who uses the API.
pub struct Person {
    root: String,
    client: Client,
    authorization: Option<String>,
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl TestApp {
    pub async fn sqlite() -> Self {
        Self::start(&[]).await
    }

    pub async fn postgres() -> Self {
        let url = pz_test_postgres::fresh_database().unwrap();
        Self::start(&["--database-url", &url]).await
    }

    /// With further settings, as on the command line.
    pub async fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().join("data").display().to_string();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut all = vec!["test", "--data-dir", &data_dir];
        if !arguments.contains(&"--listen") {
            all.extend(["--listen", &address]);
        }
        all.extend_from_slice(arguments);
        // Most tests ask as fast as they can; those of the rates switch them on.
        if !arguments.contains(&"--rate-limits") {
            all.extend(["--rate-limits", "off"]);
        }
        let state = AppState::open(settings(&all)).await.unwrap();
        for (username, admin) in [("alice", false), ("bob", false), ("root", true)] {
            let user = NewUser {
                username: username.to_owned(),
                first_name: username.to_uppercase(),
                last_name: "Tester".to_owned(),
                password_hash: Some(auth::password::hash(&password(username)).unwrap()),
                is_superuser: admin,
                ..NewUser::default()
            };
            state.store.add_user(user).await.unwrap();
        }
        let server = limits::start(state.clone(), None, listener, Some(1), false).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            root: format!("http://{address}"),
            state,
            server: handle,
            _directory: directory,
        }
    }

    pub fn store(&self) -> &Store {
        &self.state.store
    }

    pub fn anonymous(&self) -> Person {
        self.anonymous_at([127, 0, 0, 1])
    }

    /// Somebody at another address of this machine.
    pub fn anonymous_at(&self, address: [u8; 4]) -> Person {
        // reqwest decodes nothing and follows nothing: what the server sends is what is seen.
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .local_address(IpAddr::from(address))
            .cookie_store(true);
        Person {
            root: self.root.clone(),
            client: client.build().unwrap(),
            authorization: None,
        }
    }

    /// A person with a token that may do all that the account may.
    pub async fn person(&self, username: &str) -> Person {
        self.person_with_scopes(username, &Scope::ALL).await
    }

    pub async fn person_with_scopes(&self, username: &str, scopes: &[Scope]) -> Person {
        let account = self.store().account_by_username(username).await.unwrap().unwrap();
        let text = token::create(self.store(), account.id, "test", scopes)
            .await
            .unwrap();
        Person {
            authorization: Some(format!("Token {text}")),
            ..self.anonymous()
        }
    }

    pub async fn alice(&self) -> Person {
        self.person("alice").await
    }

    pub async fn bob(&self) -> Person {
        self.person("bob").await
    }

    pub async fn root(&self) -> Person {
        self.person("root").await
    }

    /// Blobs that are there, finished or not.
    pub fn blob_files(&self) -> usize {
        fn walk(directory: &std::path::Path) -> usize {
            fs_err::read_dir(directory)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .map(|path| if path.is_dir() { walk(&path) } else { 1 })
                .sum()
        }
        walk(&self.state.settings.blob_dir())
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        let stopping = self.server.stop(false);
        actix_web::rt::spawn(stopping);
    }
}

pub fn password(username: &str) -> String {
    format!("{username} has a long password")
}

fn settings(arguments: &[&str]) -> Settings {
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        settings: Settings,
    }

    let settings = Program::parse_from(arguments).settings;
    settings.validate().unwrap();
    settings
}

impl Person {
    pub fn with_authorization(mut self, value: &str) -> Self {
        self.authorization = Some(value.to_owned());
        self
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.root));
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        request
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    pub async fn options(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::OPTIONS, path)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A PATCH as the Python library sends it.
    pub async fn patch_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = fields
            .iter()
            .map(|(key, value)| {
                format!(
                    "{key}={}",
                    value.replace('%', "%25").replace(';', "%3B").replace('&', "%26")
                )
            })
            .collect::<Vec<_>>()
            .join("&");
        let request = self.request(Method::PATCH, path);
        Answer::of(
            request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(body),
        )
        .await
    }

    /// A draft; its JSON.
    pub async fn draft(&self, product_type: i64, display_name: &str) -> Value {
        let body = json!({"display_name": display_name, "product_type": product_type});
        self.post("/api/products/", body).await.expect(201)
    }

    pub async fn upload(&self, product: &Value, role: i32, name: &str, bytes: &[u8]) -> Answer {
        let part = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let form = Form::new()
            .text("product", product["id"].to_string())
            .text("role", role.to_string())
            .text("type", "text/csv")
            .part("file", part);
        Answer::of(self.request(Method::POST, "/api/product-files/").multipart(form)).await
    }

    /// A published redshift catalog with the columns ra, dec, z; its JSON.
    pub async fn published_catalog(&self, display_name: &str) -> Value {
        let product = self.draft(1, display_name).await;
        self.upload(&product, 0, "cat.csv", CATALOG).await.expect(201);
        let path = format!("/api/products/{}/", product["id"]);
        self.get(&format!("{path}registry/")).await.expect(200);
        self.associate(&product, &[("ra", "RA"), ("dec", "Dec"), ("z", "z")])
            .await;
        self.patch_form(&path, &[("status", "1")]).await.expect(200)
    }

    pub async fn associate(&self, product: &Value, aliases: &[(&str, &str)]) {
        let columns = self
            .get(&format!("/api/product-contents/?product={}", product["id"]))
            .await
            .expect(200);
        for (name, alias) in aliases {
            let column = columns["results"]
                .as_array()
                .unwrap()
                .iter()
                .find(|row| row["column_name"] == *name);
            let path = format!("/api/product-contents/{}/", column.unwrap()["id"]);
            self.patch_form(&path, &[("alias", alias)]).await.expect(200);
        }
    }
}

/// A small catalog with 19-digit ids.
pub const CATALOG: &[u8] = b"id,ra,dec,z,survey\n\
    1486231857497402613,10.5,-3.25,0.5,A\n\
    1486231857497402614,11.5,-4.25,,B\n\
    1486231857497402615,12.5,-5.25,1.75,C\n";

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self {
            status,
            headers,
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// An answer without its body, which may have no end.
    pub async fn head_of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: Vec::new(),
        }
    }

    /// The JSON of an answer that has this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        if self.bytes.is_empty() {
            return Value::Null;
        }
        assert!(
            self.header("content-type").starts_with("application/json"),
            "{:?}",
            self.headers
        );
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// Asserts status and error code; the JSON.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(self.header("x-error-code"), code, "{body}");
        body
    }

    /// Asserts the status of an answer to HEAD, which has no body.
    #[track_caller]
    pub fn refused_head(&self, status: u16) {
        assert_eq!((self.status, self.bytes.len()), (status, 0), "{:?}", self.headers);
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}
