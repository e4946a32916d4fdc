use std::io::Read;

use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use reqwest::Method;

async fn get_with(person: &Person, path: &str, header: &str, value: &str) -> Answer {
    Answer::of(person.request(Method::GET, path).header(header, value)).await
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    String::from_utf8(answer.bytes.clone()).unwrap()
}

/// Kept by the browser, checked each time, sent again only when it changed; compressed for those who ask.
async fn is_cacheable(person: &Person, path: &str, compressed: bool) {
    let answer = person.get(path).await;
    let etag = answer.header("etag").to_owned();
    assert!(!etag.is_empty(), "{path}");
    assert_eq!(answer.header("cache-control"), "public, no-cache", "{path}");
    for known in [etag.clone(), format!("\"other\", {etag}"), "*".to_owned()] {
        let again = get_with(person, path, "if-none-match", &known).await;
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), etag);
    }
    assert_eq!(
        get_with(person, path, "if-none-match", "\"other\"").await.status,
        200
    );
    let packed = get_with(person, path, "accept-encoding", "br, gzip").await;
    if compressed {
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*packed.bytes)
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, answer.bytes, "{path}");
        let refused = get_with(person, path, "accept-encoding", "gzip;q=0").await;
        assert_eq!(refused.header("content-encoding"), "");
    } else {
        assert_eq!(
            (packed.header("content-encoding"), &packed.bytes),
            ("", &answer.bytes)
        );
    }
    let head = Answer::of(person.request(Method::HEAD, path)).await;
    assert_eq!((head.status, head.bytes.len()), (200, 0));
}

#[actix_web::test]
async fn the_document_comes_as_yaml_and_as_json() {
    let app = TestApp::sqlite().await;
    let anonymous = app.anonymous();
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    let yaml = anonymous.get("/api/schema/").await;
    assert_eq!(yaml.header("content-type"), "application/vnd.oai.openapi");
    assert!(
        yaml.header("content-disposition")
            .starts_with("inline; filename=")
    );
    let yaml = text(&yaml);
    assert!(yaml.starts_with("openapi: \"3.1.0\"\n"), "{}", &yaml[..100]);
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(
            yaml.contains(&format!("\n  {path}:\n")) || yaml.contains(&format!("\n  \"{path}\":\n")),
            "{path}"
        );
    }
    for answer in [
        anonymous.get("/api/schema/?format=json").await,
        get_with(&anonymous, "/api/schema/", "accept", "application/json").await,
        get_with(
            &anonymous,
            "/api/schema/",
            "accept",
            "text/html, application/json;q=0.9",
        )
        .await,
    ] {
        assert_eq!(answer.expect(200), document);
    }
    let yaml_again = get_with(
        &anonymous,
        "/api/schema/?format=yaml",
        "accept",
        "application/json",
    )
    .await;
    assert_eq!(text(&yaml_again), yaml);
    let wrong = anonymous
        .get("/api/schema/?format=xml")
        .await
        .refused(400, "invalid_parameter");
    assert!(wrong["format"][0].is_string());
    is_cacheable(&anonymous, "/api/schema/", true).await;
    is_cacheable(&anonymous, "/api/schema/?format=json", true).await;
}

#[actix_web::test]
async fn the_page_to_try_requests_loads_only_from_here() {
    let app = TestApp::sqlite().await;
    let anonymous = app.anonymous();
    let answer = anonymous.get("/api/swagger/").await;
    let policy = answer.header("content-security-policy").to_owned();
    for word in ["default-src 'none'", "script-src 'self'", "connect-src 'self'"] {
        assert!(policy.contains(word), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"));
    let page = text(&answer);
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains(" style="));
    for script in page.split("<script").skip(1) {
        assert!(
            script.starts_with(" src=\"") && script.contains("\"></script>"),
            "{script}"
        );
    }
    for (name, kind) in [
        ("swagger-ui-bundle.js", "text/javascript"),
        ("start.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("favicon-32x32.png", "image/png"),
    ] {
        assert!(page.contains(&format!("\"{name}\"")), "{name}");
        let path = format!("/api/swagger/{name}");
        let answer = anonymous.get(&path).await;
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.header("content-type").starts_with(kind), "{name}");
        is_cacheable(&anonymous, &path, kind.starts_with("text/")).await;
    }
    for name in ["index.html", "..%2fstart.js", "none.js"] {
        anonymous
            .get(&format!("/api/swagger/{name}"))
            .await
            .refused(404, "not_found");
    }
    is_cacheable(&anonymous, "/api/swagger/", true).await;
}

#[actix_web::test]
async fn the_reference_is_complete_and_has_no_script() {
    let app = TestApp::sqlite().await;
    let anonymous = app.anonymous();
    let answer = anonymous.get("/api/redoc/").await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("script-src"));
    let page = text(&answer);
    for code in [
        "<script",
        "style=\"",
        "<style",
        "onclick",
        "onload",
        "javascript:",
        "http:",
        "@import",
    ] {
        assert!(!page.contains(code), "{code} in the page");
    }
    let document: Value = serde_json::from_str(&pz_server::openapi::document().unwrap()).unwrap();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(page.contains(&format!("<article id=\"{id}\">")), "{id}");
            assert!(page.contains(&format!("href=\"#{id}\"")), "{id}");
        }
    }
    // Every link within the page leads somewhere.
    for target in page.split("href=\"#").skip(1) {
        let target = target.split('"').next().unwrap();
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
    let style = anonymous.get("/api/redoc/style.css").await;
    assert!(style.header("content-type").starts_with("text/css"));
    assert!(!text(&style).contains("url("));
    is_cacheable(&anonymous, "/api/redoc/", true).await;
    is_cacheable(&anonymous, "/api/redoc/style.css", true).await;
}

#[actix_web::test]
async fn the_configuration_says_what_a_client_must_know() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("instance.toml");
    fs_err::write(
        directory.path().join("logo.svg"),
        "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
    )
    .unwrap();
    fs_err::write(
        &file,
        "[[footer]]\ntitle = 'Institutions'\nlinks = [{label = 'L', url = 'https://l.example'}]\n\
         [[partners]]\nname = 'P'\nlogo = 'logo.svg'\n[contacts]\nlead_name = 'V'\n\
         [map]\ncentre_ra_deg = 180.0\n[[map.footprints]]\nname = 'F'\noutline = [[1.0, 2.0], [3.0, 2.0], [3.0, 4.0]]\n",
    )
    .unwrap();
    let file = file.display().to_string();
    let arguments = [
        "--instance-file",
        &file,
        "--link-privacy",
        "https://p.example",
        "--environment",
        "Staging",
    ];
    let app = TestApp::start(&arguments).await;
    let anonymous = app.anonymous();
    let config = anonymous.get("/api/config/").await.expect(200);
    for (pointer, expected) in [
        ("/instance_name", json!("Photo-z Server")),
        ("/is_dev", json!(true)),
        (
            "/auth",
            json!({"password": true, "insecure": false, "providers": []}),
        ),
        ("/links/privacy", json!("https://p.example")),
        ("/links/footer/0/links/0/label", json!("L")),
        ("/contacts/lead_name", json!("V")),
        ("/map/centre_ra_deg", json!(180.0)),
        ("/map/projection", json!("mollweide")),
        ("/map/footprints/0/outline/2", json!([3.0, 4.0])),
        ("/limits/upload_max_bytes", json!(200_000_000)),
        ("/limits/display_name_max_chars", json!(255)),
        ("/limits/table_page_size_max", json!(100)),
        ("/limits/tokens_per_user_max", json!(50)),
        ("/features/web_app", json!(false)),
        ("/product_types/0/mandatory_aliases", json!(["Dec", "RA", "z"])),
        ("/column_meanings/1/ucd", json!("pos.eq.ra;meta.main")),
        ("/licences/0/id", json!("CC-BY-4.0")),
        ("/licences/0/is_default", json!(true)),
    ] {
        assert_eq!(config.pointer(pointer), Some(&expected), "{pointer}: {config}");
    }
    assert_eq!(config["licences"].as_array().unwrap().len(), 6);
    assert_eq!(config["product_types"].as_array().unwrap().len(), 7);
    assert!(
        config["table_extensions"]
            .as_array()
            .unwrap()
            .contains(&json!(".parquet"))
    );
    is_cacheable(&anonymous, "/api/config/", false).await;
    // The logo is an image that runs nothing.
    let path = config["links"]["partners"][0]["logo"].as_str().unwrap();
    let logo = anonymous.get(path).await;
    assert_eq!((logo.status, logo.header("content-type")), (200, "image/svg+xml"));
    assert!(logo.header("content-security-policy").contains("sandbox"));
    is_cacheable(&anonymous, path, false).await;
    for path in [
        "/api/config/logos/0/",
        "/api/config/logos/2/",
        "/api/config/logos/x/",
    ] {
        anonymous.get(path).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn the_root_names_the_resources_in_their_order() {
    let app = TestApp::sqlite().await;
    app.anonymous()
        .get("/api/")
        .await
        .refused(401, "not_authenticated");
    let root = text(&app.alice().await.get("/api/").await);
    assert_eq!(
        root,
        "{\"users\":\"/api/users/\",\"releases\":\"/api/releases/\",\"product-types\":\"/api/product-types/\",\
         \"products\":\"/api/products/\",\"products-specz\":\"/api/products-specz/\",\
         \"product-contents\":\"/api/product-contents/\",\"product-files\":\"/api/product-files/\",\
         \"pipelines\":\"/api/pipelines/\",\"processes\":\"/api/processes/\"}"
    );
    let alice = app.alice().await;
    alice
        .post("/api/", json!({}))
        .await
        .refused(405, "method_not_allowed");
    let app = TestApp::start(&["--public-url", "http://pz.example.org/"]).await;
    let root = app.alice().await.get("/api/").await.expect(200);
    assert_eq!(
        root["products-specz"],
        "http://pz.example.org/api/products-specz/"
    );
}
