use chrono::Utc;
use pz_store::entities::{process_inputs, processes, products};
use pz_store::pipelines::NewPipeline;
use pz_store::releases::NewRelease;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde_json::{Value, json};

use crate::app::{Person, TestApp};
use crate::on_both_databases;

on_both_databases!(
    ancestors_and_descendants,
    what_may_not_be_seen_has_no_name,
    big_graphs_are_cut,
    prov_json,
    process_config,
);

fn id(product: &Value) -> i64 {
    product["id"].as_i64().unwrap()
}

fn path(product: &Value) -> String {
    format!("/api/products/{}/", product["id"])
}

/// A published product of this type that a pipeline made of these.
pub async fn output(
    app: &TestApp,
    owner: &Person,
    product_type: i64,
    name: &str,
    inputs: &[&Value],
) -> Value {
    let product = owner.draft(product_type, name).await;
    make(
        app,
        &product,
        inputs,
        json!({"param": {"radius_arcsec": 0.5, "file": "/srv/secret/flags.yaml"},
        "executor": {"name": "slurm"}, "inputs": {"specz": [{"path": "/srv/secret/a.csv"}]}}),
    )
    .await;
    set_status(app, &product, 1).await;
    owner.get(&path(&product)).await.expect(200)
}

async fn make(app: &TestApp, product: &Value, inputs: &[&Value], used_config: Value) {
    let db = app.store().connection();
    let pipeline = match pz_store::entities::pipelines::Entity::find()
        .one(db)
        .await
        .unwrap()
    {
        Some(pipeline) => pipeline,
        None => {
            let new = NewPipeline {
                name: "combine_redshift_dedup".into(),
                display_name: "Combine Redshift Catalogs".into(),
                version: "1.0.2".into(),
                description: None,
                system_config: json!({"param": {}}),
                output_product_type_id: 1,
                product_types_accepted: vec![1],
            };
            app.store().add_pipeline(new).await.unwrap()
        }
    };
    let owner = products::Entity::find_by_id(id(product))
        .one(db)
        .await
        .unwrap()
        .unwrap()
        .user_id;
    let process = processes::ActiveModel {
        display_name: Set(product["display_name"].as_str().unwrap().to_owned()),
        pipeline_id: Set(pipeline.id),
        pipeline_version: Set(pipeline.version),
        user_id: Set(owner),
        output_product_id: Set(id(product)),
        used_config: Set(Some(used_config)),
        status: Set("Successful".into()),
        phase: Set("done".into()),
        created_at: Set(Utc::now()),
        started_at: Set(Some(Utc::now())),
        ended_at: Set(Some(Utc::now())),
        ..Default::default()
    };
    let process = process.insert(db).await.unwrap();
    for (position, input) in inputs.iter().enumerate() {
        let row = process_inputs::ActiveModel {
            process_id: Set(process.id),
            product_id: Set(id(input)),
            position: Set(i32::try_from(position).unwrap()),
        };
        row.insert(db).await.unwrap();
    }
}

/// What only processes and time can do.
pub async fn set_status(app: &TestApp, product: &Value, status: i32) {
    products::Entity::update_many()
        .col_expr(products::Column::Status, Expr::val(status))
        .filter(products::Column::Id.eq(id(product)))
        .exec(app.store().connection())
        .await
        .unwrap();
}

pub async fn set_process_status(app: &TestApp, product: &Value, status: &str) {
    processes::Entity::update_many()
        .col_expr(processes::Column::Status, Expr::val(status))
        .filter(processes::Column::OutputProductId.eq(id(product)))
        .exec(app.store().connection())
        .await
        .unwrap();
}

pub async fn process_status(app: &TestApp, product: &Value) -> String {
    processes::Entity::find()
        .filter(processes::Column::OutputProductId.eq(id(product)))
        .one(app.store().connection())
        .await
        .unwrap()
        .unwrap()
        .status
}

/// A release that only administrators see.
pub async fn restricted_release(app: &TestApp) -> i64 {
    let group = app.store().group("insiders").await.unwrap();
    let release = NewRelease {
        name: "restricted".into(),
        display_name: "Restricted".into(),
        access_groups: vec![group.id],
        ..NewRelease::default()
    };
    app.store().add_release(release).await.unwrap().id
}

async fn graph(person: &Person, product: &Value, query: &str) -> Value {
    person
        .get(&format!("{}provenance/{query}", path(product)))
        .await
        .expect(200)
}

fn names(graph: &Value) -> Vec<String> {
    let mut names: Vec<String> = graph["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let name = node["display_name"].as_str().unwrap_or("?");
            format!(
                "{} {} {name}",
                node["kind"].as_str().unwrap(),
                node["state"].as_str().unwrap()
            )
        })
        .collect();
    names.sort();
    names
}

/// Edges by the names of their ends.
fn edges(graph: &Value) -> Vec<String> {
    let name = |key: &Value| {
        let node = graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|node| node["key"] == *key);
        assert!(node.is_some(), "{key} is no node");
        let node = node.unwrap();
        let kind = if node["kind"] == "process" { "p:" } else { "" };
        format!("{kind}{}", node["display_name"].as_str().unwrap_or("?"))
    };
    let mut edges: Vec<String> = graph["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| format!("{}>{}", name(&edge["from"]), name(&edge["to"])))
        .collect();
    edges.sort();
    edges
}

async fn ancestors_and_descendants(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let (a, b) = (
        alice.published_catalog("A").await,
        alice.published_catalog("B").await,
    );
    let combined = output(app, &alice, 1, "C", &[&b, &a]).await;
    let training = output(app, &bob, 2, "T", &[&combined]).await;
    let alone = graph(&bob, &alice.published_catalog("Alone").await, "?depth=4").await;
    assert_eq!(
        (names(&alone), edges(&alone)),
        (vec!["product visible Alone".to_owned()], vec![])
    );
    assert_eq!((&alone["depth"], &alone["truncated"]), (&json!(4), &json!(false)));

    let near = graph(&bob, &combined, "").await;
    assert_eq!(near["root"], format!("product-{}", combined["id"]));
    let all = ["A>p:C", "B>p:C", "C>p:T", "p:C>C", "p:T>T"];
    assert_eq!(edges(&near), all);
    assert_eq!(names(&near).len(), 6);
    // From one end to the other; other inputs of a process that is not an ancestor do not belong to it.
    assert_eq!(edges(&graph(&bob, &training, "?depth=2").await), all);
    assert_eq!(
        edges(&graph(&bob, &training, "?depth=1").await),
        ["C>p:T", "p:T>T"]
    );
    assert_eq!(
        edges(&graph(&bob, &a, "?depth=4").await),
        ["A>p:C", "C>p:T", "p:C>C", "p:T>T"]
    );

    let process = near["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["kind"] == "process" && node["display_name"] == "C")
        .unwrap();
    assert_eq!(process["pipeline"], "Combine Redshift Catalogs");
    let pipelines = bob
        .get("/api/pipelines/?name=combine_redshift_dedup")
        .await
        .expect(200);
    assert_eq!(
        (&process["pipeline_version"], &process["status"]),
        (&pipelines["results"][0]["version"], &json!("Successful"))
    );
    assert_eq!(
        process["parameters"],
        json!({"radius_arcsec": 0.5, "file": "flags.yaml"})
    );
    assert!(!near.to_string().contains("/srv"), "no paths of the server");

    for bad in ["?depth=0", "?depth=5", "?depth=x", "?depth=-1", "?format=dot"] {
        bob.get(&format!("{}provenance/{bad}", path(&a)))
            .await
            .refused(400, "invalid_parameter");
    }
    bob.get(&format!("{}provenance/?depth=4", path(&combined)))
        .await
        .expect(200);
    let before = app.store().statement_count();
    graph(&bob, &training, "?depth=4").await;
    let statements = app.store().statement_count() - before;
    // Caller, product, three levels that have something, products.
    assert!(statements <= 7, "{statements}");
}

async fn what_may_not_be_seen_has_no_name(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let release = restricted_release(app).await;
    let source = root.published_catalog("Source").await;
    let secret = output(app, &root, 7, "Secret", &[&source]).await;
    root.patch(&path(&secret), json!({"release": release}))
        .await
        .expect(200);
    let gone = root.published_catalog("Gone").await;
    let open = output(app, &root, 7, "Open", &[&secret, &gone]).await;
    root.delete(&path(&gone)).await;
    // Drafts and failures that others make of a product are nobody's business.
    let draft = output(app, &alice, 7, "Draft", &[&open]).await;
    set_status(app, &draft, 0).await;
    let failed = output(app, &alice, 7, "Failed", &[&open]).await;
    set_status(app, &failed, 9).await;
    let hidden = output(app, &root, 7, "Hidden", &[&open]).await;
    root.patch(&path(&hidden), json!({"release": release}))
        .await
        .expect(200);

    let seen = graph(&bob, &open, "?depth=4").await;
    assert_eq!(
        names(&seen),
        [
            "process restricted ?",
            "process visible Open",
            "product deleted Gone",
            "product restricted ?",
            "product restricted ?",
            "product visible Open",
        ]
    );
    assert_eq!(
        edges(&seen),
        ["?>p:Open", "Gone>p:Open", "Open>p:?", "p:?>?", "p:Open>Open"]
    );
    let text = seen.to_string();
    for name in ["Secret", "Source", "Hidden", "Draft", "Failed"] {
        assert!(!text.contains(name), "{name}: {text}");
    }
    for restricted in seen["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|node| node["state"] == "restricted")
    {
        let said: Vec<&String> = restricted
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, _)| key)
            .collect();
        assert_eq!(said, ["key", "kind", "state"]);
    }
    // Who made them sees them; administrators see all.
    let own = graph(&alice, &open, "").await;
    assert!(names(&own).contains(&"product visible Failed".to_owned()));
    let all = graph(&root, &open, "?depth=4").await;
    assert_eq!(
        names(&all)
            .iter()
            .filter(|name| name.contains("restricted"))
            .count(),
        0
    );
    assert!(names(&all).contains(&"product visible Source".to_owned()));
    bob.get(&format!("{}provenance/", path(&secret)))
        .await
        .refused(404, "not_found");
    bob.get(&format!("{}provenance/", path(&gone)))
        .await
        .refused(404, "not_found");
}

async fn big_graphs_are_cut(app: &TestApp) {
    let alice = app.alice().await;
    let source = alice.draft(7, "Source").await;
    set_status(app, &source, 1).await;
    for number in 0..160 {
        let made = alice.draft(7, &format!("Made {number}")).await;
        make(app, &made, &[&source], json!({})).await;
        set_status(app, &made, 1).await;
    }
    let cut = graph(&alice, &source, "?depth=4").await;
    assert_eq!(cut["truncated"], true);
    let nodes = cut["nodes"].as_array().unwrap().len();
    assert!((250..=300).contains(&nodes), "{nodes}");
    assert_eq!(edges(&cut).len(), nodes - 1);
}

async fn prov_json(app: &TestApp) {
    let alice = app.alice().await;
    let a = alice.published_catalog("A").await;
    let made = output(app, &alice, 1, "C", &[&a]).await;
    let prov = graph(&alice, &made, "?format=prov").await;
    assert!(prov["prefix"]["pz"].as_str().unwrap().starts_with("http"));
    let key = |product: &Value| format!("pz:product-{}", product["id"]);
    assert_eq!(prov["entity"][key(&a)]["prov:label"], "A");
    assert_eq!(prov["entity"].as_object().unwrap().len(), 2);
    let activities = prov["activity"].as_object().unwrap();
    let (process, activity) = activities.iter().next().unwrap();
    assert!(activity["prov:startTime"].is_string() && activity["prov:endTime"].is_string());
    let statements = |kind: &str| {
        prov[kind]
            .as_object()
            .unwrap()
            .values()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        statements("used"),
        [json!({"prov:activity": process, "prov:entity": key(&a)})]
    );
    assert_eq!(
        statements("wasGeneratedBy"),
        [json!({"prov:activity": process, "prov:entity": key(&made)})]
    );
    assert_eq!(statements("wasAttributedTo").len(), 2);
    assert_eq!(prov["agent"]["pz:user-alice"]["prov:label"], "alice");
}

async fn process_config(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let upload = alice.published_catalog("Upload").await;
    let config = |product: &Value| format!("{}process_config/", path(product));
    assert_eq!(bob.get(&config(&upload)).await.expect(200), json!({}));
    let made = output(app, &alice, 1, "Made", &[&upload]).await;
    assert_eq!(
        bob.get(&config(&made)).await.expect(200),
        json!({"config": {"radius_arcsec": 0.5, "file": "flags.yaml"}})
    );
    let with_flags = async |name: &str, bytes: &[u8]| {
        let file = alice.upload(&made, 2, name, bytes).await.expect(201);
        processes::Entity::update_many()
            .col_expr(
                processes::Column::FlagsFileId,
                Expr::val(file["id"].as_i64().unwrap()),
            )
            .filter(processes::Column::OutputProductId.eq(id(&made)))
            .exec(app.store().connection())
            .await
            .unwrap();
        (bob.get(&config(&made)).await.expect(200), file)
    };
    let (answer, file) = with_flags("flags.yaml", b"translation_rules:\n  DESI: {3: 4}\n").await;
    assert_eq!(
        answer["flag_translation"],
        json!({"translation_rules": {"DESI": {"3": 4}}})
    );
    let bomb = "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n\
        d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e]\n";
    let big = "x".repeat((1 << 20) + 1);
    for broken in [bomb.as_bytes(), b"a: [", b"- 1\n", b"\xff", big.as_bytes()] {
        let (answer, _) = with_flags("broken.yaml", broken).await;
        assert!(answer["config"].is_object());
        assert!(answer["flag_translation_error"].is_string(), "{answer}");
        assert!(answer.get("flag_translation").is_none());
    }
    // The file is gone, or was never one of this product: only the configuration is left.
    alice.delete(&format!("/api/product-files/{}/", file["id"])).await;
    let foreign = alice
        .get(&format!("/api/product-files/?product_id={}", upload["id"]))
        .await
        .expect(200);
    for gone in [&file["id"], &foreign["results"][0]["id"]] {
        processes::Entity::update_many()
            .col_expr(processes::Column::FlagsFileId, Expr::val(gone.as_i64().unwrap()))
            .filter(processes::Column::OutputProductId.eq(id(&made)))
            .exec(app.store().connection())
            .await
            .unwrap();
        let answer = bob.get(&config(&made)).await.expect(200);
        assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    }
    set_status(app, &made, 0).await;
    bob.get(&config(&made)).await.refused(404, "not_found");
    app.anonymous()
        .get(&config(&made))
        .await
        .refused(401, "not_authenticated");
}
