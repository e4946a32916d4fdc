use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Person, TestApp};
use crate::on_both_databases;
use crate::provenance::{output, restricted_release};

on_both_databases!(
    metadata_fields,
    exports,
    exports_of_pipelines_and_versions,
    signposting
);

fn path(product: &Value) -> String {
    format!("/api/products/{}/", product["id"])
}

async fn export(person: &Person, product: &Value, format: &str) -> Answer {
    let answer = person
        .get(&format!("{}citation/?format={format}", path(product)))
        .await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
    answer
}

async fn text(person: &Person, product: &Value, format: &str) -> String {
    String::from_utf8(export(person, product, format).await.bytes).unwrap()
}

async fn document(person: &Person, product: &Value, format: &str) -> Value {
    serde_json::from_str(&text(person, product, format).await).unwrap()
}

async fn metadata_fields(app: &TestApp) {
    let (alice, root) = (app.alice().await, app.root().await);
    let draft = alice.draft(7, "Draft").await;
    assert_eq!(draft["license"], "CC-BY-4.0", "unless said otherwise");
    for list in ["creators", "related_identifiers", "subjects", "funding"] {
        assert_eq!(draft[list], json!([]), "{list}");
    }
    let creators = json!([{"name": " Ada ", "orcid": "https://orcid.org/0000-0002-1825-0097"}, {"name": "Bo", "affiliation": "LIneA"}]);
    let body = json!({"display_name": "x", "product_type": 7, "license": "cc0-1.0", "creators": creators,
        "related_identifiers": [{"identifier": "https://doi.org/10.1234/x", "relation": "Cites", "type": "DOI"}],
        "subjects": ["z", "z", " surveys "], "funding": [{"funder": "CNPq"}], "doi": ""});
    let product = alice.post("/api/products/", body).await.expect(201);
    let normal = json!([{"name": "Ada", "orcid": "0000-0002-1825-0097", "affiliation": null},
        {"name": "Bo", "orcid": null, "affiliation": "LIneA"}]);
    assert_eq!(product["creators"], normal);
    assert_eq!(product["license"], "CC0-1.0");
    assert_eq!(product["related_identifiers"][0]["identifier"], "10.1234/x");
    assert_eq!(product["subjects"], json!(["z", "surveys"]));
    assert_eq!(
        product["funding"],
        json!([{"funder": "CNPq", "award_number": null, "award_title": null}])
    );
    assert_eq!(alice.get(&path(&product)).await.expect(200), product);
    let list = alice.get("/api/products/?search=x").await.expect(200);
    assert_eq!(list["results"][0]["creators"], normal);

    // The same in forms, as JSON text; what is absent stays.
    let form = [
        ("creators", r#"[{"name":"Cy"}]"#),
        ("subjects", "[]"),
        ("license", "other"),
    ];
    let changed = alice.patch_form(&path(&product), &form).await.expect(200);
    assert_eq!(
        changed["creators"],
        json!([{"name": "Cy", "orcid": null, "affiliation": null}])
    );
    assert_eq!(
        (&changed["subjects"], &changed["license"]),
        (&json!([]), &json!("other"))
    );
    assert_eq!(changed["funding"], product["funding"]);
    let multipart = reqwest::multipart::Form::new()
        .text("display_name", "x")
        .text("product_type", "7")
        .text("creators", "")
        .text("funding", r#"[{"funder":"ANID","award_number":"7"}]"#);
    let request = alice.request(Method::PUT, &path(&product)).multipart(multipart);
    let changed = Answer::of(request).await.expect(200);
    assert_eq!(changed["creators"], json!([]));
    assert_eq!(changed["funding"][0]["funder"], "ANID");
    let changed = alice
        .patch(&path(&product), json!({"funding": null, "license": null}))
        .await
        .expect(200);
    assert_eq!(
        (&changed["funding"], &changed["license"]),
        (&json!([]), &json!(null))
    );

    for (field, value) in [
        ("license", json!("WTFPL")),
        ("license", json!(["CC0-1.0"])),
        ("creators", json!("Ada")),
        ("creators", json!([{"orcid": "0000-0002-1825-0097"}])),
        (
            "creators",
            json!([{"name": "Ada", "orcid": "0000-0002-1825-0098"}]),
        ),
        ("creators", json!([{"name": "A\nB"}])),
        ("creators", json!([3])),
        ("creators", json!(vec![json!({"name": "x"}); 501])),
        (
            "related_identifiers",
            json!([{"identifier": "x", "relation": "Cites", "type": "DOI"}]),
        ),
        (
            "related_identifiers",
            json!([{"identifier": "10.1234/x", "relation": "Likes", "type": "DOI"}]),
        ),
        (
            "related_identifiers",
            json!([{"identifier": "javascript:x", "relation": "Cites", "type": "URL"}]),
        ),
        ("subjects", json!([""])),
        ("subjects", json!(["x".repeat(256)])),
        ("funding", json!([{"award_number": "1"}])),
        ("doi", json!("11.1234/x")),
        ("doi", json!("10.1234/a b")),
    ] {
        let refused = alice
            .patch(&path(&product), json!({field: value}))
            .await
            .refused(400, "validation_failed");
        assert!(refused[field].is_array(), "{field}: {refused}");
        let body = json!({"display_name": "x", "product_type": 7, field: value});
        let refused = alice
            .post("/api/products/", body)
            .await
            .refused(400, "validation_failed");
        assert!(refused[field].is_string(), "{field}: {refused}");
    }
    alice
        .patch_form(&path(&product), &[("creators", "[{")])
        .await
        .refused(400, "validation_failed");

    // The DOI is for administrators; naming it again is no change.
    let refused = alice.patch(&path(&product), json!({"doi": "10.1234/mine"})).await;
    refused.refused(403, "permission_denied");
    let changed = root
        .patch(&path(&product), json!({"doi": "https://doi.org/10.1234/ours"}))
        .await
        .expect(200);
    assert_eq!(changed["doi"], "10.1234/ours");
    alice
        .patch(&path(&product), json!({"doi": "10.1234/ours"}))
        .await
        .expect(200);
    alice
        .patch(&path(&product), json!({"doi": null}))
        .await
        .refused(403, "permission_denied");
}

async fn exports(app: &TestApp) {
    let (alice, bob, root) = (app.alice().await, app.bob().await, app.root().await);
    let product = alice.published_catalog("DESI \"DR1\" {z} & 100% @misc{x,").await;
    let name = product["internal_name"].as_str().unwrap();
    alice
        .patch(
            &path(&product),
            json!({"description": "Line one\n</script><b>two", "subjects": ["redshift"]}),
        )
        .await
        .expect(200);
    for (format, media_type) in [
        ("text", "text/plain; charset=utf-8"),
        ("bibtex", "application/x-bibtex; charset=utf-8"),
        ("ris", "application/x-research-info-systems; charset=utf-8"),
        ("datacite", "application/json"),
        ("jsonld", "application/ld+json"),
        ("croissant", "application/ld+json"),
    ] {
        assert_eq!(
            export(&bob, &product, format).await.header("content-type"),
            media_type
        );
    }
    let default = bob.get(&format!("{}citation/", path(&product))).await;
    assert_eq!(
        String::from_utf8(default.bytes).unwrap(),
        text(&bob, &product, "text").await
    );

    let sentence = text(&bob, &product, "text").await;
    assert!(
        sentence.starts_with("ALICE Tester (20")
            && sentence.contains("(Version 1) [Data set]. Photo-z Server. http://"),
        "{sentence}"
    );
    assert_eq!(sentence.lines().count(), 1);

    let bibtex = text(&bob, &product, "bibtex").await;
    assert_eq!(bibtex.matches('{').count(), bibtex.matches('}').count());
    assert_eq!(
        bibtex
            .lines()
            .filter(|line| line.trim_start().starts_with('@'))
            .count(),
        1
    );
    for field in ["author", "title", "year", "version", "url"] {
        assert!(
            bibtex.lines().any(|line| line.trim_start().starts_with(field)),
            "{field}: {bibtex}"
        );
    }
    assert!(bibtex.contains(&format!("/product/{name}}}")), "{bibtex}");

    let datacite = document(&bob, &product, "datacite").await;
    let page = datacite["identifiers"][0]["identifier"].as_str().unwrap();
    assert!(page.ends_with(&format!("/product/{name}")), "{page}");
    assert_eq!(datacite["alternateIdentifiers"][0]["alternateIdentifier"], name);
    assert_eq!(datacite["creators"][0]["name"], "ALICE Tester");
    assert_eq!(datacite["titles"][0]["title"], product["display_name"]);
    assert_eq!(datacite["publisher"]["name"], "Photo-z Server");
    assert_eq!(datacite["publicationYear"].as_str().unwrap().len(), 4);
    assert_eq!(datacite["types"]["resourceTypeGeneral"], "Dataset");
    assert_eq!(datacite["types"]["resourceType"], "Reference Redshift Catalog");
    assert_eq!(datacite["rightsList"][0]["rightsIdentifier"], "CC-BY-4.0");
    assert_eq!(datacite["schemaVersion"], "http://datacite.org/schema/kernel-4");
    // The order of the keys is the format's, not the alphabet's.
    let written = text(&bob, &product, "datacite").await;
    assert!(written.find("\"creators\"") < written.find("\"titles\""));

    let jsonld = text(&bob, &product, "jsonld").await;
    assert!(
        !jsonld.contains('<') && jsonld.trim_start().starts_with("{\n  \"@context\""),
        "{jsonld}"
    );
    let jsonld: Value = serde_json::from_str(&jsonld).unwrap();
    assert_eq!(
        (&jsonld["@type"], &jsonld["identifier"]),
        (&json!("Dataset"), &json!(name))
    );
    assert_eq!(
        (&jsonld["name"], &jsonld["version"]),
        (&product["display_name"], &json!("1"))
    );
    assert_eq!(jsonld["license"], "https://creativecommons.org/licenses/by/4.0/");
    assert_eq!(jsonld["variableMeasured"].as_array().unwrap().len(), 5);

    let croissant = document(&bob, &product, "croissant").await;
    assert_eq!(croissant["conformsTo"], "http://mlcommons.org/croissant/1.1");
    assert_eq!(croissant["version"], "1.0.0");
    let files = bob
        .get(&format!("/api/product-files/?product_id={}", product["id"]))
        .await
        .expect(200);
    let file = &croissant["distribution"][0];
    assert_eq!(file["@id"], format!("file-{}", files["results"][0]["id"]));
    let address = file["contentUrl"].as_str().unwrap();
    let bytes = bob.get(&address[address.find("/api/").unwrap()..]).await.bytes;
    assert_eq!(file["contentSize"], format!("{} B", bytes.len()));
    assert_eq!(file["sha256"], sha256(&bytes));
    assert_eq!(file["encodingFormat"], "text/csv");
    let fields = croissant["recordSet"][0]["field"].as_array().unwrap();
    let kinds: Vec<(&str, &str)> = fields
        .iter()
        .map(|field| {
            (
                field["name"].as_str().unwrap(),
                field["dataType"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("id", "sc:Integer"),
            ("ra", "sc:Float"),
            ("dec", "sc:Float"),
            ("z", "sc:Float"),
            ("survey", "sc:Text")
        ]
    );
    assert_eq!(
        fields[1]["source"],
        json!({"fileObject": {"@id": file["@id"]}, "extract": {"column": "ra"}})
    );

    // With a DOI, everything points there.
    root.patch(&path(&product), json!({"doi": "10.1234/cat"}))
        .await
        .expect(200);
    assert!(
        text(&bob, &product, "text")
            .await
            .ends_with("https://doi.org/10.1234/cat")
    );
    assert!(
        text(&bob, &product, "bibtex")
            .await
            .contains("doi       = {10.1234/cat}")
    );
    assert!(
        text(&bob, &product, "ris")
            .await
            .contains("\r\nDO  - 10.1234/cat\r\n")
    );
    assert_eq!(document(&bob, &product, "datacite").await["doi"], "10.1234/cat");

    let refused = bob.get(&format!("{}citation/?format=apa", path(&product))).await;
    assert!(
        refused.refused(400, "invalid_parameter")["format"][0]
            .as_str()
            .unwrap()
            .contains("bibtex")
    );
    app.anonymous()
        .get(&format!("{}citation/", path(&product)))
        .await
        .refused(401, "not_authenticated");
    bob.get("/api/products/999/citation/")
        .await
        .refused(404, "not_found");
    alice
        .patch(&path(&product), json!({"status": 0}))
        .await
        .expect(200);
    bob.get(&format!("{}citation/", path(&product)))
        .await
        .refused(404, "not_found");
    export(&alice, &product, "croissant").await;
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    pz_store::blobs::hex(&sha2::Sha256::digest(bytes))
}

async fn exports_of_pipelines_and_versions(app: &TestApp) {
    let (bob, root) = (app.bob().await, app.root().await);
    let first = root.published_catalog("First").await;
    let secret = root
        .post(
            "/api/products/",
            json!({"display_name": "Secret", "product_type": 7, "description": "x",
            "release": restricted_release(app).await}),
        )
        .await
        .expect(201);
    root.patch(&path(&secret), json!({"status": 1})).await.expect(200);
    root.patch(&path(&first), json!({"doi": "10.1234/first"}))
        .await
        .expect(200);
    let second = root.published_catalog("Second").await;
    let made = output(app, &root, 7, "Made", &[&first, &second, &secret]).await;
    let own = json!([{"identifier": "10.1234/paper", "relation": "IsDescribedBy", "type": "DOI"}]);
    root.patch(
        &path(&made),
        json!({"related_identifiers": own, "description": "x"}),
    )
    .await
    .expect(200);
    let next = root
        .post(&format!("{}versions/", path(&made)), json!({}))
        .await
        .expect(201);
    root.patch(&path(&next), json!({"status": 1})).await.expect(200);

    let related = document(&bob, &made, "datacite").await["relatedIdentifiers"].clone();
    let said: Vec<(&str, &str)> = related
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["relationType"].as_str().unwrap(),
                one["relatedIdentifier"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(said.len(), 4, "{related}");
    assert_eq!(said[0], ("IsDescribedBy", "10.1234/paper"));
    assert_eq!(said[1], ("IsDerivedFrom", "10.1234/first"));
    assert_eq!(said[2].0, "IsDerivedFrom");
    assert!(said[2].1.ends_with(second["internal_name"].as_str().unwrap()));
    assert_eq!(said[3].0, "IsPreviousVersionOf");
    assert!(!related.to_string().contains("secret"), "{related}");
    let jsonld = document(&bob, &made, "jsonld").await;
    assert_eq!(jsonld["isBasedOn"].as_array().unwrap().len(), 2);
    assert_eq!(jsonld["citation"], json!(["https://doi.org/10.1234/paper"]));
    let all = document(&root, &made, "datacite").await;
    assert_eq!(all["relatedIdentifiers"].as_array().unwrap().len(), 5);
    let newer = document(&bob, &next, "datacite").await;
    assert!(
        newer["relatedIdentifiers"].to_string().contains("IsNewVersionOf"),
        "{newer}"
    );
    assert_eq!(document(&bob, &next, "jsonld").await["version"], "2");
}

async fn signposting(app: &TestApp) {
    let (alice, bob) = (app.alice().await, app.bob().await);
    let product = alice.published_catalog("Naïve <x>; rel=\"y\"").await;
    let creators = json!([{"name": "Ada, \"the\" <one>", "orcid": "0000-0002-1825-0097"}]);
    alice
        .patch(&path(&product), json!({"creators": creators}))
        .await
        .expect(200);
    let answer = bob.get(&path(&product)).await;
    let link = answer.header("link");
    for part in [
        "rel=\"cite-as\"",
        "<https://schema.org/Dataset>; rel=\"type\"",
        "citation/?format=croissant>; rel=\"describedby\"; type=\"application/ld+json\"",
        "<https://creativecommons.org/licenses/by/4.0/>; rel=\"license\"",
        "<https://orcid.org/0000-0002-1825-0097>; rel=\"author\"",
    ] {
        assert!(link.contains(part), "{part}: {link}");
    }
    assert!(link.is_ascii() && !link.contains("Ada"), "{link}");
    assert_eq!(link.matches("rel=").count(), 10);
}
