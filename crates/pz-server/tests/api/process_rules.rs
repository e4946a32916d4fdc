//! What is refused before a process is made, and who sees it.

use pz_model::ProcessStatus;
use pz_store::process_steps::Outcome;
use pz_store::releases::NewRelease;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, CATALOG, Person, TestApp};
use crate::on_both_databases;
use crate::process_ends::{ALIASES, make_output};
use crate::processes::{browser, combine, path, pipeline};

on_both_databases!(
    f_05_processes_are_their_owners_and_name_no_paths,
    f_06_reading_links_stop_and_register_nothing,
    f_07_strangers_register_nothing,
    f_09_releases_and_inputs_out_of_sight_are_unknown,
    f_10_inputs_are_published_and_of_the_right_type,
    f_18_no_path_of_the_server_is_taken_from_users,
    f_30_inputs_are_found_whatever_their_files_are_called,
    f_31_columns_that_are_not_there_are_named,
    f_36_nothing_is_kept_of_what_is_refused,
    training_sets,
);

async fn post(person: &Person, pipeline: i64, inputs: &[&Value], more: Value) -> Answer {
    let inputs: Vec<&Value> = inputs.iter().map(|input| &input["id"]).collect();
    let mut body = json!({"display_name": "x", "pipeline": pipeline, "inputs": inputs});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    person.post("/api/processes/", body).await
}

async fn release(app: &TestApp, name: &str, groups: Vec<i64>) -> i64 {
    let option =
        |name: &str, selected: bool| json!({"name": name, "display_name": name, "selected": selected});
    let release = NewRelease {
        name: name.to_owned(),
        display_name: name.to_uppercase(),
        indexing_column: "objectId".to_owned(),
        has_flux_hats: true,
        fluxes: Some(json!([option("psf", false), option("cModel", true)])),
        dereddening: Some(json!([option("sfd", true)])),
        access_groups: groups,
        ..NewRelease::default()
    };
    app.store().add_release(release).await.unwrap().id
}

/// Gives the product of a process a main file with its columns, as a worker would.
async fn f_05_processes_are_their_owners_and_name_no_paths(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let (kept, withdrawn) = (
        alice.published_catalog("Kept").await,
        alice.published_catalog("Withdrawn").await,
    );
    let process = combine(&alice, "Mine", &[&withdrawn, &kept]).await;
    let path = path(&process);
    bob.get(&path).await.refused(404, "not_found");
    bob.get(&format!("{path}stop/")).await.refused(404, "not_found");
    assert_eq!(bob.get("/api/processes/").await.expect(200)["count"], 0);
    root.get(&path).await.expect(200);
    let text = root.get(&path).await.expect(200).to_string();
    let directory = app.state.settings.data_dir.display().to_string();
    assert!(
        !text.contains(&directory) && !text.contains("\"path\":\"/"),
        "{text}"
    );

    // Once everybody sees the product, they see how it was made, and still change nothing.
    let id = process["id"].as_i64().unwrap();
    assert!(app.store().start_process(id, "00000001").await.unwrap());
    make_output(&alice, &process, ALIASES).await;
    let end = app.store().finish_process(id, Outcome::Successful).await.unwrap();
    assert_eq!(end, ProcessStatus::Successful);
    let seen = bob.get(&path).await.expect(200);
    assert_eq!(
        (&seen["is_owner"], &seen["owned_by"]),
        (&json!(false), &json!("alice"))
    );
    assert_eq!(bob.get("/api/processes/").await.expect(200)["count"], 1);
    bob.get(&format!("{path}stop/"))
        .await
        .refused(403, "permission_denied");
    bob.get(&format!("{path}logs/"))
        .await
        .refused(403, "permission_denied");
    bob.patch(&path, json!({"comment": "x"}))
        .await
        .refused(403, "permission_denied");
    assert_eq!(seen["inputs"], json!([withdrawn["id"], kept["id"]]));
    // An input that is taken back is the owner's again, and so is its name.
    alice
        .patch_form(&format!("/api/products/{}/", withdrawn["id"]), &[("status", "0")])
        .await
        .expect(200);
    let seen = bob.get(&path).await.expect(200);
    assert_eq!(seen["inputs"], json!([kept["id"]]));
    assert_eq!(seen["provenance_inputs"].as_array().unwrap().len(), 1);
    assert!(!seen.to_string().contains("withdrawn"), "{seen}");
    assert_eq!(alice.get(&path).await.expect(200)["inputs"], process["inputs"]);
    let list = bob.get("/api/processes/").await.expect(200);
    assert_eq!(list["results"][0], seen);
}

async fn f_06_reading_links_stop_and_register_nothing(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let process = combine(&alice, "Mine", &[&catalog]).await;
    let draft = alice.draft(1, "Draft").await;
    alice.upload(&draft, 0, "cat.csv", CATALOG).await.expect(201);
    let stop = format!("{}stop/", path(&process));
    let registry = format!("/api/products/{}/registry/", draft["id"]);
    let (browser, csrf) = browser(app, "alice").await;
    for path in [&stop, &registry] {
        browser.get(path).await.refused(403, "csrf_failed");
        browser.post(path, json!({})).await.refused(403, "csrf_failed");
    }
    assert_eq!(alice.get(&path(&process)).await.expect(200)["status"], "Pending");
    for path in [&stop, &registry] {
        let request = browser.request(Method::POST, path).header("X-CSRFToken", &csrf);
        Answer::of(request).await.expect(200);
    }
    let second = combine(&alice, "Second", &[&catalog]).await;
    let answer = alice.get(&format!("{}stop/", path(&second))).await;
    assert_eq!(answer.expect(200)["status"], "Stopped");
    assert!(answer.header("cache-control").contains("no-cache"));
}

async fn f_07_strangers_register_nothing(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let catalog = alice.published_catalog("Catalog").await;
    let registry = format!("/api/products/{}/registry/", catalog["id"]);
    let contents = format!("/api/product-contents/?product={}", catalog["id"]);
    let before = alice.get(&contents).await.expect(200);
    bob.get(&registry).await.refused(403, "permission_denied");
    bob.post(&registry, json!({}))
        .await
        .refused(403, "permission_denied");
    assert_eq!(alice.get(&contents).await.expect(200), before);
    let product = format!("/api/products/{}/", catalog["id"]);
    assert_eq!(
        alice.get(&product).await.expect(200)["updated_at"],
        catalog["updated_at"]
    );
    let draft = alice.draft(1, "Draft").await;
    let registry = format!("/api/products/{}/registry/", draft["id"]);
    bob.get(&registry).await.refused(404, "not_found");
}

async fn f_09_releases_and_inputs_out_of_sight_are_unknown(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let group = app.store().group("insiders").await.unwrap();
    let account = app.store().account_by_username("alice").await.unwrap().unwrap();
    app.store().join_group(account.id, group.id).await.unwrap();
    let secret = release(app, "secret", vec![group.id]).await;
    let catalog = alice.published_catalog("Catalog").await;
    let draft = alice.draft(1, "Draft").await;
    let training = pipeline(&bob, "training_set_maker").await;
    let refused = post(&bob, training, &[&catalog], json!({"release": secret})).await;
    let unknown = post(&bob, training, &[&catalog], json!({"release": 99})).await;
    let words = |answer: &Answer, number: &str| {
        answer.refused(400, "validation_failed")["release"]
            .to_string()
            .replace(number, "N")
    };
    assert_eq!(words(&refused, &secret.to_string()), words(&unknown, "99"));
    post(&alice, training, &[&catalog], json!({"release": secret}))
        .await
        .expect(201);

    let combine = pipeline(&bob, "combine_redshift_dedup").await;
    let hidden = post(&bob, combine, &[&catalog, &draft], json!({})).await;
    let absent = post(&bob, combine, &[&catalog, &json!({"id": 9999})], json!({})).await;
    let words = |answer: &Answer, number: &str| {
        answer.refused(400, "validation_failed")["inputs"]
            .to_string()
            .replace(number, "N")
    };
    assert_eq!(words(&hidden, &draft["id"].to_string()), words(&absent, "9999"));
}

async fn f_10_inputs_are_published_and_of_the_right_type(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let draft = alice.draft(1, "Draft").await;
    let notes = alice
        .post(
            "/api/products/",
            json!({"display_name": "Notes", "product_type": 7, "description": "x"}),
        )
        .await
        .expect(201);
    let notes_path = format!("/api/products/{}/", notes["id"]);
    alice
        .patch_form(&notes_path, &[("status", "1")])
        .await
        .expect(200);
    let gone = alice.published_catalog("Gone").await;
    alice
        .delete(&format!("/api/products/{}/", gone["id"]))
        .await
        .expect(204);
    let combine = pipeline(&alice, "combine_redshift_dedup").await;
    for (input, says) in [
        (&draft, "Registering"),
        (&notes, "takes Reference Redshift Catalog"),
        (&gone, "does not exist"),
    ] {
        let body = post(&alice, combine, &[&catalog, input], json!({}))
            .await
            .refused(400, "validation_failed");
        assert!(body["inputs"].to_string().contains(says), "{body}");
    }
    let waiting = crate::processes::combine(&alice, "Waiting", &[&catalog]).await;
    let output = json!({"id": waiting["upload"]});
    let body = post(&alice, combine, &[&output], json!({}))
        .await
        .refused(400, "validation_failed");
    assert!(body["inputs"].to_string().contains("Processing"), "{body}");
}

async fn f_18_no_path_of_the_server_is_taken_from_users(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let combine = pipeline(&alice, "combine_redshift_dedup").await;
    let config = json!({"output_root_dir": "/etc", "output_dir": "/etc", "output_name": "../../x",
        "executor": {"name": "slurm"}, "inputs": {"specz": [{"path": "/etc/passwd"}]},
        "param": {"flags_translation_file": "/etc/passwd", "cross_max_inflight": 999}});
    let process = post(&alice, combine, &[&catalog], json!({"used_config": config}))
        .await
        .expect(201);
    let used = &process["used_config"];
    assert_eq!(used["param"]["flags_translation_file"], "default");
    assert!(
        !used.to_string().contains("/etc") && !used.to_string().contains("executor"),
        "{used}"
    );
    for (config, field) in [
        (
            json!({"param": {"dataset_path": "/etc"}}),
            "used_config.param.dataset_path",
        ),
        (json!({"hats_config": {}}), "used_config.hats_config"),
    ] {
        let body = post(&alice, combine, &[&catalog], json!({"used_config": config})).await;
        let body = body.refused(400, "validation_failed");
        assert!(body[field].is_array(), "{body}");
    }
    let training = pipeline(&alice, "training_set_maker").await;
    let release = release(app, "open", vec![]).await;
    let with = |param: Value| json!({"release": release, "used_config": {"param": param}});
    let process = post(
        &alice,
        training,
        &[&catalog],
        with(json!({"use_absolute_lsdb_path": true})),
    )
    .await
    .expect(201);
    assert_eq!(process["used_config"]["param"]["use_absolute_lsdb_path"], false);
    let body = post(
        &alice,
        training,
        &[&catalog],
        with(json!({"flux_type": "../../etc"})),
    )
    .await;
    assert!(body.refused(400, "validation_failed")["used_config.param.flux_type"].is_array());
}

async fn f_30_inputs_are_found_whatever_their_files_are_called(app: &TestApp) {
    let alice = app.alice().await;
    let mut inputs = Vec::new();
    for name in ["my catalog (final) ü.csv", "my catalog (final) ü.csv"] {
        let product = alice.draft(1, "Same name").await;
        alice.upload(&product, 0, name, CATALOG).await.expect(201);
        alice
            .get(&format!("/api/products/{}/registry/", product["id"]))
            .await
            .expect(200);
        alice.associate(&product, ALIASES).await;
        let published = alice
            .patch_form(&format!("/api/products/{}/", product["id"]), &[("status", "1")])
            .await;
        inputs.push(published.expect(200));
    }
    let process = combine(&alice, "Both", &inputs.iter().collect::<Vec<_>>()).await;
    let specz = process["used_config"]["inputs"]["specz"].as_array().unwrap();
    let products: Vec<&Value> = specz.iter().map(|input| &input["product"]).collect();
    assert_eq!(products, [&inputs[0]["id"], &inputs[1]["id"]]);
    for input in &inputs {
        // By product, not by name: the stored bytes are found through it.
        let file = app
            .store()
            .main_file(input["id"].as_i64().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert!(
            app.state
                .settings
                .blob_dir()
                .join(&file.blob_key)
                .try_exists()
                .unwrap()
        );
    }
}

async fn f_31_columns_that_are_not_there_are_named(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let catalog = alice.published_catalog("Catalog").await;
    let combine = pipeline(&alice, "combine_redshift_dedup").await;
    // Published long ago, and its meanings changed since.
    alice.associate(&catalog, &[("id", "ra")]).await;
    let body = post(&alice, combine, &[&catalog], json!({}))
        .await
        .refused(400, "missing_columns");
    let says = body["inputs"].to_string();
    assert!(
        says.contains(catalog["internal_name"].as_str().unwrap())
            && says.contains("2 columns have the alias RA: id, ra"),
        "{says}"
    );
    // Without aliases the columns named ra, dec and z are read; without those nothing is guessed.
    root.associate(&catalog, &[("id", ""), ("ra", ""), ("dec", ""), ("z", "")])
        .await;
    let process = post(&alice, combine, &[&catalog], json!({})).await.expect(201);
    assert_eq!(
        process["used_config"]["inputs"]["specz"][0]["columns"]["ra"],
        "ra"
    );
    let product = alice.draft(1, "Other names").await;
    alice
        .upload(&product, 0, "cat.csv", b"a,b,c,d\n1,2,3,x\n")
        .await
        .expect(201);
    alice
        .get(&format!("/api/products/{}/registry/", product["id"]))
        .await
        .expect(200);
    alice
        .associate(&product, &[("a", "RA"), ("b", "Dec"), ("c", "z")])
        .await;
    alice
        .patch_form(&format!("/api/products/{}/", product["id"]), &[("status", "1")])
        .await
        .expect(200);
    alice.associate(&product, &[("b", "")]).await;
    let body = post(&alice, combine, &[&catalog, &product], json!({}))
        .await
        .refused(400, "missing_columns");
    assert_eq!(
        body["inputs"],
        json!([format!(
            "{}_other_names: no column has the alias Dec.",
            product["id"]
        )])
    );
}

async fn f_36_nothing_is_kept_of_what_is_refused(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let catalog = alice.published_catalog("Catalog").await;
    let combine = pipeline(&alice, "combine_redshift_dedup").await;
    let training = pipeline(&alice, "training_set_maker").await;
    let release = release(app, "open", vec![]).await;
    let two = [&catalog, &alice.published_catalog("Second").await];
    let products = root.get("/api/products/?status__in=0,1,2,3,9").await.expect(200)["count"].clone();
    for (pipeline, inputs, more, status, field) in [
        (combine, &two[..1], json!({"release": release}), 400, "release"),
        (training, &two[..1], json!({}), 400, "release"),
        (
            training,
            &two[..1],
            json!({"release": release, "pz_code": "bpz"}),
            400,
            "pz_code",
        ),
        (training, &two[..], json!({"release": release}), 400, "inputs"),
        (combine, &two[..0], json!({}), 400, "inputs"),
        (combine, &two[..1], json!({"inputs": null}), 400, "inputs"),
        (combine, &two[..1], json!({"inputs": ["x"]}), 400, "inputs"),
        (
            combine,
            &two[..1],
            json!({"display_name": ""}),
            400,
            "display_name",
        ),
        (
            combine,
            &two[..1],
            json!({"display_name": "x".repeat(256)}),
            400,
            "display_name",
        ),
        (99, &two[..1], json!({}), 400, "pipeline"),
        (combine, &two[..1], json!({"pipeline": null}), 400, "pipeline"),
        (
            combine,
            &two[..1],
            json!({"used_config": "{"}),
            400,
            "used_config",
        ),
        (
            combine,
            &two[..1],
            json!({"used_config": "[1, 2]"}),
            400,
            "used_config",
        ),
        (combine, &two[..1], json!({"used_config": 7}), 400, "used_config"),
        (
            combine,
            &two[..1],
            json!({"used_config": {"param": 7}}),
            400,
            "used_config.param",
        ),
        (
            combine,
            &two[..1],
            json!({"output_format": "xlsx"}),
            400,
            "output_format",
        ),
        (
            combine,
            &two[..1],
            json!({"output_format": "specz"}),
            400,
            "output_format",
        ),
        (
            combine,
            &two[..1],
            json!({"official_product": "maybe"}),
            400,
            "official_product",
        ),
        (
            combine,
            &two[..1],
            json!({"official_product": true}),
            403,
            "error",
        ),
        (
            training,
            &two[..1],
            json!({"release": release, "used_config": {"param": {"crossmatch": {"radius_arcsec": 91}}}}),
            400,
            "used_config.param.crossmatch.radius_arcsec",
        ),
    ] {
        let body = post(&alice, pipeline, inputs, more.clone()).await.expect(status);
        assert!(!body[field].is_null(), "{more} gave {body}");
    }
    assert_eq!(root.get("/api/processes/").await.expect(200)["count"], 0);
    assert_eq!(
        root.get("/api/products/?status__in=0,1,2,3,9").await.expect(200)["count"],
        products
    );
    // An administrator may.
    let made = post(&root, combine, &two, json!({"official_product": true}))
        .await
        .expect(201);
    let product = root
        .get(&format!("/api/products/{}/", made["upload"]))
        .await
        .expect(200);
    assert_eq!(product["official_product"], true);
}

async fn training_sets(app: &TestApp) {
    let alice = app.alice().await;
    let catalog = alice.published_catalog("Catalog").await;
    let release = release(app, "dp9", vec![]).await;
    let training = pipeline(&alice, "training_set_maker").await;
    // What the Python library sends when nothing was changed: the release's own choices are meant.
    let list = alice
        .get("/api/pipelines/?name=training_set_maker")
        .await
        .expect(200);
    let param = &list["results"][0]["system_config"]["param"];
    let body = json!({"release": release, "used_config": json!({ "param": param }).to_string()});
    let process = post(&alice, training, &[&catalog], body).await.expect(201);
    let used = &process["used_config"];
    assert_eq!(
        (&used["param"]["flux_type"], &used["param"]["dereddening"]),
        (&json!("cModel"), &json!("sfd"))
    );
    assert_eq!(
        (&used["output_format"], &process["release_name"]),
        (&json!("specz"), &json!("DP9"))
    );
    let product = alice
        .get(&format!("/api/products/{}/", process["upload"]))
        .await
        .expect(200);
    assert_eq!(
        (&product["release"], &product["product_type"]),
        (&json!(release), &json!(2))
    );
    let with =
        |param: Value| json!({"release": release, "output_format": "hats", "used_config": {"param": param}});
    let chosen = with(json!({"flux_type": "psf", "duplicate_criteria": "closest", "random_seed": 3}));
    let process = post(&alice, training, &[&catalog], chosen).await.expect(201);
    assert_eq!(process["used_config"]["param"]["flux_type"], "psf");
    assert_eq!(process["used_config"]["param"]["duplicate_criteria"], "closest");
    let refused = post(&alice, training, &[&catalog], with(json!({"flux_type": "kron"}))).await;
    let body = refused.refused(400, "validation_failed");
    assert!(
        body["used_config.param.flux_type"]
            .to_string()
            .contains("psf, cModel"),
        "{body}"
    );
    let names = alice
        .get("/api/processes/?release_name=dp9&release__isnull=false")
        .await
        .expect(200);
    assert_eq!(names["count"], 2);
    assert_eq!(
        alice
            .get(&format!("/api/processes/?release={release}"))
            .await
            .expect(200)["count"],
        2
    );
}
