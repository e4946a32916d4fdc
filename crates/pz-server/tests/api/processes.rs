//! Submitting, following and stopping processes, as their users do.

use pz_server::auth::token::Scope;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp, password};
use crate::on_both_databases;

on_both_databases!(
    submitting,
    submitting_by_form_and_with_a_file,
    lists,
    changing,
    stopping,
    logs
);

/// The id of a pipeline.
pub async fn pipeline(person: &Person, name: &str) -> i64 {
    let list = person
        .get(&format!("/api/pipelines/?name={name}"))
        .await
        .expect(200);
    list["results"][0]["id"].as_i64().unwrap()
}

/// A submitted run that combines these catalogs.
pub async fn combine(person: &Person, name: &str, inputs: &[&Value]) -> Value {
    let inputs: Vec<&Value> = inputs.iter().map(|input| &input["id"]).collect();
    let pipeline = pipeline(person, "combine_redshift_dedup").await;
    let body = json!({"display_name": name, "pipeline": pipeline, "inputs": inputs});
    person.post("/api/processes/", body).await.expect(201)
}

pub fn path(process: &Value) -> String {
    format!("/api/processes/{}/", process["id"])
}

async fn submitting(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let (first, second) = (
        alice.published_catalog("First").await,
        bob.published_catalog("Second").await,
    );
    let pipeline = pipeline(&alice, "combine_redshift_dedup").await;
    // As the Python library sends it: the configuration as text, the format within.
    let config = json!({"param": {"combine_type": "concatenate_and_mark_duplicates", "extra_columns": {},
        "z_flag_homogenized_value_to_cut": 2.0, "flags_translation_file": "default",
        "insert_DP1_footprint_flag": false, "insert_rubin_footprint_flag": true}, "output_format": "csv"});
    let body = json!({"display_name": "  my crc ", "used_config": config.to_string(), "pipeline": pipeline,
        "inputs": [second["id"], first["id"], second["id"]]});
    let process = alice.post("/api/processes/", body).await.expect(201);
    assert_eq!(
        (&process["status"], &process["phase"], &process["queue_position"]),
        (&json!("Pending"), &json!("queued"), &json!(1))
    );
    assert_eq!(process["inputs"], json!([second["id"], first["id"]]));
    assert_eq!(
        process["provenance_inputs"][0]["internal_name"],
        second["internal_name"]
    );
    assert_eq!(process["provenance_inputs"][0]["is_owner"], false);
    assert_eq!(process["used_config"]["param"], config["param"]);
    assert_eq!(process["used_config"]["output_format"], "csv");
    assert_eq!(
        process["used_config"]["inputs"]["specz"][1],
        json!({"product": first["id"], "internal_name": first["internal_name"], "columns": {
            "id": null, "ra": "ra", "dec": "dec", "z": "z", "z_err": null, "z_flag": null, "survey": null}})
    );
    for (key, value) in [
        ("display_name", json!("my crc")),
        ("pipeline", json!(pipeline)),
        ("pipeline_name", json!("combine_redshift_dedup")),
        ("owned_by", json!("alice")),
        ("is_owner", json!(true)),
        ("release", Value::Null),
        ("release_name", Value::Null),
        ("started_at", Value::Null),
        ("ended_at", Value::Null),
        ("orchestration_process_id", Value::Null),
        ("path", Value::Null),
        ("comment", Value::Null),
    ] {
        assert_eq!(process[key], value, "{key}");
    }
    assert_eq!(alice.get(&path(&process)).await.expect(200), process);
    let product = alice
        .get(&format!("/api/products/{}/", process["upload"]))
        .await
        .expect(200);
    for (key, value) in [
        ("status", json!(3)),
        ("product_status", json!("Processing")),
        ("display_name", json!("my crc")),
        ("internal_name", json!(format!("{}_my_crc", process["upload"]))),
        ("product_type_internal_name", json!("redshift_catalog")),
        ("process_id", process["id"].clone()),
        ("process_status", json!("Pending")),
        ("uploaded_by", json!("alice")),
        ("origin", json!("Combine Redshift Catalogs")),
    ] {
        assert_eq!(product[key], value, "{key}");
    }
    // What waits can neither be published nor taken back.
    let product_path = format!("/api/products/{}/", process["upload"]);
    for status in ["0", "1"] {
        let answer = alice.patch_form(&product_path, &[("status", status)]).await;
        answer.refused(400, "invalid_status");
    }
    let next = combine(&alice, "another", &[&first]).await;
    assert_eq!(next["queue_position"], 2);
    assert_eq!(next["used_config"]["output_format"], "parquet");

    // A token without the scope submits nothing.
    let reader = app
        .person_with_scopes("alice", &[Scope::Read, Scope::Upload])
        .await;
    let body = json!({"display_name": "x", "pipeline": pipeline, "inputs": [first["id"]]});
    reader
        .post("/api/processes/", body)
        .await
        .refused(403, "insufficient_scope");
    app.anonymous()
        .get("/api/processes/")
        .await
        .refused(401, "not_authenticated");
}

const RULES: &str = "translation_rules:\n  A:\n    z_flag_translation: {default: 4}\n";

async fn submitting_by_form_and_with_a_file(app: &TestApp) {
    let alice = app.alice().await;
    let (first, second) = (
        alice.published_catalog("First").await,
        alice.published_catalog("Second").await,
    );
    let pipeline = pipeline(&alice, "combine_redshift_dedup").await;
    let body = format!(
        "display_name=by+form&pipeline={pipeline}&inputs={}&inputs={}&release=&output_format=FITS&description=d%C3%A9j%C3%A0",
        first["id"], second["id"]
    );
    let request = alice
        .request(Method::POST, "/api/processes/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let process = Answer::of(request).await.expect(201);
    assert_eq!(process["inputs"], json!([first["id"], second["id"]]));
    assert_eq!(process["used_config"]["output_format"], "fits");
    let product = alice
        .get(&format!("/api/products/{}/", process["upload"]))
        .await
        .expect(200);
    assert_eq!(product["description"], "déjà");

    let form = |rules: &[u8]| {
        let config = json!({"param": {"flags_translation_file": "/elsewhere/my rules.yaml"}});
        let part = Part::bytes(rules.to_vec()).file_name("../my rules.yaml");
        Form::new()
            .text("display_name", "with a file")
            .text("used_config", config.to_string())
            .text("pipeline", pipeline.to_string())
            .text("inputs", first["id"].to_string())
            .text("inputs", second["id"].to_string())
            .part("flags_translation_file", part)
    };
    let post = |form: Form| Answer::of(alice.request(Method::POST, "/api/processes/").multipart(form));
    let blobs = app.blob_files();
    for (rules, status, says) in [
        (b"a: [1".to_vec(), 400, "line 1"),
        (b"- 1".to_vec(), 400, "a YAML mapping"),
        (vec![b' '; (1 << 20) + 1], 413, "larger than"),
    ] {
        let answer = post(form(&rules)).await;
        assert_eq!(answer.status, status);
        assert!(
            String::from_utf8_lossy(&answer.bytes).contains(says),
            "{answer:?}"
        );
    }
    assert_eq!(app.blob_files(), blobs);
    let process = post(form(RULES.as_bytes())).await.expect(201);
    assert_eq!(
        process["used_config"]["param"]["flags_translation_file"],
        "my rules.yaml"
    );
    assert_eq!(process["inputs"], json!([first["id"], second["id"]]));
    let files = alice
        .get(&format!("/api/product-files/?product_id={}", process["upload"]))
        .await
        .expect(200);
    assert_eq!(files["count"], 1);
    assert_eq!(
        (&files["results"][0]["role"], &files["results"][0]["name"]),
        (&json!(2), &json!("my rules.yaml"))
    );
    let bytes = alice
        .get(&format!(
            "/api/product-files/{}/download/",
            files["results"][0]["id"]
        ))
        .await;
    assert_eq!(bytes.bytes, RULES.as_bytes());
    // A form without a chosen file sends an empty part.
    let process = post(form(b"")).await.expect(201);
    assert_eq!(
        process["used_config"]["param"]["flags_translation_file"],
        "default"
    );
}

async fn lists(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let catalog = alice.published_catalog("Catalog").await;
    let first = combine(&alice, "Galaxies", &[&catalog]).await;
    let second = combine(&alice, "Quasars 100%", &[&catalog]).await;
    alice
        .post(&format!("{}stop/", path(&second)), json!({}))
        .await
        .expect(200);
    combine(&bob, "Bob's", &[&catalog]).await;

    let names = async |person: &Person, query: &str| -> Vec<String> {
        let list = person.get(&format!("/api/processes/?{query}")).await.expect(200);
        let rows = list["results"].as_array().unwrap();
        assert_eq!(list["count"], rows.len(), "{query}");
        rows.iter()
            .map(|row| row["display_name"].as_str().unwrap().to_owned())
            .collect()
    };
    let none = Vec::<String>::new();
    assert_eq!(names(&alice, "").await, ["Quasars 100%", "Galaxies"]);
    assert_eq!(names(&alice, "ordering=id").await, ["Galaxies", "Quasars 100%"]);
    assert_eq!(names(&root, "ordering=created_at").await.len(), 3);
    assert_eq!(names(&bob, "").await, ["Bob's"]);
    assert_eq!(names(&alice, "status=Stopped").await, ["Quasars 100%"]);
    assert_eq!(names(&alice, "status=stopped").await, none);
    assert_eq!(names(&alice, "pipeline=REDSHIFT,dedup").await.len(), 2);
    assert_eq!(names(&alice, "pipeline=redshift,training").await, none);
    assert_eq!(names(&alice, "pipeline__or=redshift,training").await.len(), 2);
    assert_eq!(names(&alice, "release_name=dp").await, none);
    assert_eq!(names(&alice, "release_name__or=dp,dr").await, none);
    assert_eq!(names(&alice, "release__isnull=true").await.len(), 2);
    assert_eq!(names(&alice, "release__isnull=False").await, none);
    assert_eq!(
        names(&alice, &format!("upload={}", first["upload"])).await,
        ["Galaxies"]
    );
    assert_eq!(names(&root, "search=bob").await, ["Bob's"]);
    assert_eq!(names(&alice, "search=alice+100%25").await, ["Quasars 100%"]);
    assert_eq!(names(&alice, "search=combine_redshift").await.len(), 2);
    for (query, parameter) in [
        ("release=99", "release"),
        ("upload=x", "upload"),
        ("user=99", "user"),
    ] {
        let body = alice
            .get(&format!("/api/processes/?{query}"))
            .await
            .refused(400, "invalid_filter");
        assert!(body[parameter].is_array());
    }
    for query in ["page_size=1", "page_size=2", "search=a&pipeline=redshift"] {
        let before = app.store().statement_count();
        alice.get(&format!("/api/processes/?{query}")).await.expect(200);
        let statements = app.store().statement_count() - before;
        assert!((2..=5).contains(&statements), "{query}: {statements} statements");
    }

    let options = alice.options("/api/processes/").await.expect(200);
    assert_eq!(options["name"], "Process List");
    assert_eq!(options["parses"][0], "multipart/form-data");
    let classes: Vec<(&str, &str)> = options["filter_classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| (class["name"].as_str().unwrap(), class["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        classes,
        [
            ("pipeline", "CharFilter"),
            ("status", "CharFilter"),
            ("release", "ModelChoiceFilter"),
            ("upload", "ModelChoiceFilter"),
            ("user", "ModelChoiceFilter"),
            ("release__isnull", "BooleanFilter"),
            ("pipeline__or", "CharFilter"),
            ("release_name__or", "CharFilter"),
            ("release_name", "CharFilter"),
        ]
    );
    let search = [
        "pipeline_name",
        "pipeline_display_name",
        "upload",
        "user__username",
        "user__first_name",
        "user__last_name",
    ];
    assert_eq!(options["search"], json!(search));
    assert_eq!(options["ordering"], json!(["id", "created_at"]));
    let fields = &options["actions"]["POST"];
    for (field, required) in [
        ("display_name", true),
        ("pipeline", true),
        ("inputs", true),
        ("release", false),
        ("used_config", false),
    ] {
        assert_eq!(fields[field]["required"], required, "{field}");
    }
    assert_eq!(fields["status"]["read_only"], true);
    let schema = alice
        .get(&format!("{}api_schema/", path(&first)))
        .await
        .expect(200);
    assert_eq!(schema["name"], "Process Instance");
    assert_eq!(schema["actions"]["PUT"]["comment"]["required"], false);
}

async fn changing(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let catalog = alice.published_catalog("Catalog").await;
    let process = combine(&alice, "Mine", &[&catalog]).await;
    let path = path(&process);
    let body =
        json!({"comment": "a note", "pipeline": 99, "status": "Successful", "used_config": {}, "inputs": []});
    let changed = alice.patch(&path, body).await.expect(200);
    assert_eq!(
        (&changed["comment"], &changed["status"]),
        (&json!("a note"), &json!("Pending"))
    );
    assert_eq!(changed["used_config"], process["used_config"]);
    assert_eq!(changed["inputs"], process["inputs"]);
    assert_eq!(
        alice
            .patch_form(&path, &[("display_name", "Renamed")])
            .await
            .expect(200)["comment"],
        "a note"
    );
    let empty = alice
        .request(Method::PATCH, &path)
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(Answer::of(empty).await.expect(200)["display_name"], "Renamed");
    let put = |body: Value| Answer::of(alice.request(Method::PUT, &path).json(&body));
    assert!(
        put(json!({"comment": "x"}))
            .await
            .refused(400, "validation_failed")["display_name"]
            .is_array()
    );
    let put = put(json!({"display_name": "Put", "comment": null}))
        .await
        .expect(200);
    assert_eq!(
        (&put["display_name"], &put["comment"]),
        (&json!("Put"), &Value::Null)
    );
    for (field, value) in [
        ("display_name", json!(" ")),
        ("display_name", json!("x".repeat(256))),
        ("comment", json!("x".repeat(10_001))),
        ("comment", json!([])),
    ] {
        let body = alice
            .patch(&path, json!({field: value}))
            .await
            .refused(400, "validation_failed");
        assert!(body[field].is_array());
    }
    bob.patch(&path, json!({"comment": "x"}))
        .await
        .refused(404, "not_found");
    root.patch(&path, json!({"comment": "seen"})).await.expect(200);
    for person in [&alice, &root] {
        let answer = person.delete(&path).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET, PATCH, PUT, HEAD, OPTIONS");
    }
    for path in [
        "/api/processes/99/",
        "/api/processes/None/",
        "/api/processes/99999999999999999999/",
    ] {
        alice.get(path).await.refused(404, "not_found");
        alice
            .post(&format!("{path}stop/"), json!({}))
            .await
            .refused(404, "not_found");
    }
}

async fn stopping(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let (first, second) = (
        combine(&alice, "One", &[&catalog]).await,
        combine(&alice, "Two", &[&catalog]).await,
    );
    assert_eq!(second["queue_position"], 2);
    let stopped = alice.get(&format!("{}stop/", path(&first))).await.expect(200);
    assert_eq!(
        (&stopped["status"], &stopped["phase"], &stopped["queue_position"]),
        (&json!("Stopped"), &json!("done"), &Value::Null)
    );
    assert!(stopped["ended_at"].is_string() && stopped["started_at"].is_null());
    assert_eq!(alice.get(&path(&second)).await.expect(200)["queue_position"], 1);
    // Repeating it is harmless.
    for _ in 0..2 {
        let again = alice
            .post(&format!("{}stop/", path(&first)), json!({}))
            .await
            .expect(200);
        assert_eq!(again, stopped);
    }
    // One that runs is asked to stop, and stops when its worker says so.
    let id = second["id"].as_i64().unwrap();
    assert!(app.store().start_process(id, "00000002").await.unwrap());
    assert!(!app.store().start_process(id, "00000002").await.unwrap());
    let running = alice.get(&path(&second)).await.expect(200);
    assert_eq!(
        (&running["status"], &running["phase"]),
        (&json!("Running"), &json!("running"))
    );
    assert_eq!(
        (&running["queue_position"], &running["path"]),
        (&Value::Null, &json!("00000002"))
    );
    let asked = alice
        .post(&format!("{}stop/", path(&second)), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&asked["status"], &asked["phase"]),
        (&json!("Stopping"), &json!("running"))
    );
    assert!(!app.store().begin_registering(id).await.unwrap());
    let done = pz_store::process_steps::Outcome::Successful;
    app.store().finish_process(id, done).await.unwrap();
    assert_eq!(alice.get(&path(&second)).await.expect(200)["status"], "Stopped");
    // A token that may not run stops nothing, by no method.
    let third = combine(&alice, "Three", &[&catalog]).await;
    let reader = app.person_with_scopes("alice", &[Scope::Read]).await;
    let stop = format!("{}stop/", path(&third));
    reader.get(&stop).await.refused(403, "insufficient_scope");
    reader
        .post(&stop, json!({}))
        .await
        .refused(403, "insufficient_scope");
    let head = reader.request(Method::HEAD, &stop);
    assert_eq!(Answer::of(head).await.status, 403);
    let alice = app.alice().await;
    assert_eq!(Answer::of(alice.request(Method::HEAD, &stop)).await.status, 200);
    assert_eq!(alice.get(&path(&third)).await.expect(200)["status"], "Pending");
}

async fn logs(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let catalog = alice.published_catalog("Catalog").await;
    let process = combine(&alice, "Mine", &[&catalog]).await;
    let logs = format!("{}logs/", path(&process));
    let empty = json!({"pipeline": {"filename": ["pipeline.log", "*.log"], "content": ""},
        "slurm": {"filename": ["run.out", "run.err"], "content": ""}});
    assert_eq!(alice.get(&logs).await.expect(200), empty);
    let directory = app
        .state
        .settings
        .data_dir
        .join(format!("processes/{:08}", process["id"].as_i64().unwrap()));
    fs_err::create_dir_all(directory.join("process_info")).unwrap();
    fs_err::write(directory.join("process_info/pipeline.log"), "prepared\n").unwrap();
    fs_err::write(directory.join("run.out"), "started\n").unwrap();
    let read = root.get(&logs).await.expect(200);
    assert_eq!(
        (&read["pipeline"]["content"], &read["slurm"]["content"]),
        (&json!("prepared\n"), &json!("started\n"))
    );
    bob.get(&logs).await.refused(404, "not_found");
}

/// A browser with a session, and the value of its CSRF header.
pub async fn browser(app: &TestApp, username: &str) -> (Person, String) {
    let browser = app.anonymous();
    let credentials = json!({"username": username, "password": password(username)});
    let answer = browser.post("/api/login/", credentials).await;
    answer.expect(200);
    let csrf = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .find_map(|cookie| cookie.to_str().unwrap().strip_prefix("pz_csrf="))
        .map(|value| value.split(';').next().unwrap().to_owned());
    (browser, csrf.unwrap())
}
