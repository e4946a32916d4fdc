"""What the server of a run holds: people, products in every state, and objects made to be deleted."""

import base64
import io
import re
import sqlite3

from harness import Person

VICTIMS = 60
# Enough that requests to bring them back meet one.
DELETED = 8
UPLOADS = 12
CATALOG = b"id,ra,dec,z,survey\n" + b"".join(b"%d,%d.5,-%d.25,0.%d,VVDS\n" % (i, i, i, i) for i in range(200))
MEANINGS = {"ID": "id", "RA": "ra", "Dec": "dec", "z": "z"}
# A product's states, as the server numbers them.
PROCESSING = 3
ANY_STATE = "0,1,2,3,9"


def populate(server, owner):
    """Makes products of the owner in every state; gives back the ids of deleted ones."""
    published = catalog(owner, "Published by the owner")
    assert owner.publish(published, **MEANINGS).status_code == 200
    owner.upload(published, "notes.md", b"# Notes\n", role=1, media_type="text/markdown")
    owner.upload(published, "plot.png", b"\x89PNG\r\n\x1a\n", role=2, media_type="image/png")
    catalog(owner, "A draft with a table")
    owner.draft("A draft without a file")
    broken = owner.draft("Broken")
    owner.upload(broken, "broken.parquet", b"PAR1" + b"\xff" * 64 + b"PAR1")
    owner.registry(broken)
    deleted = [catalog(owner, f"Deleted {number}") for number in range(DELETED)]
    for product in deleted:
        owner.publish(product, **MEANINGS)
        assert owner.request("DELETE", f"products/{product['id']}/").status_code == 204
    release = owner.get("releases/").json()["results"][0]["id"]
    restricted = owner.draft("Of a release", "other", release=release, description="Restricted")
    owner.upload(restricted, "notes.txt", b"text")
    processing = owner.draft("Being made by a process", "other")
    with sqlite3.connect(server.directory / "pz-server.sqlite3") as database:
        database.execute("UPDATE products SET status = ? WHERE id = ?", (PROCESSING, processing["id"]))
    return [product["id"] for product in deleted]


def work(owner):
    """Starts processes and uploads; gives back what requests for more of them need, and uploads to end."""
    published = {"status": 1, "product_type_name": "redshift_catalog", "release__isnull": "true"}
    inputs = [row["id"] for row in owner.get("products/", params=published).json()["results"]][:3]
    pipelines = owner.get("pipelines/", params={"name": "combine_redshift_dedup"}).json()["results"]
    process = {"pipeline": pipelines[0]["id"] if pipelines else None, "inputs": inputs}
    target = owner.draft("Uploaded to in pieces", "other")["id"]
    metadata = {"product": target, "role": 2, "filename": "piece.txt"}
    upload = ",".join(f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in metadata.items())
    for number in range(3):
        owner.request("POST", "processes/", json={"display_name": f"Process {number}", **process})
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "100", "Upload-Metadata": upload}
    begun = [owner.request("POST", "uploads/", headers=headers) for _ in range(UPLOADS)]
    uploads = [answer.headers["Location"].rstrip("/").rsplit("/", 1)[1] for answer in begun]
    return {"process": process, "upload": upload, "uploads": uploads[: UPLOADS // 2]}


def catalog(owner, name):
    product = owner.draft(name)
    assert owner.upload(product, "catalog.csv", CATALOG, media_type="text/csv").status_code == 201
    assert owner.registry(product).status_code == 200
    return product


def collections_of(document):
    """Paths of lists whose objects have paths of their own, and the name of the variable."""
    found = {}
    for path in document["paths"]:
        match = re.match(r"^(/api/[^{}]*)\{([a-z_]+)\}/", path)
        if match and "get" in document["paths"].get(match[1], {}):
            found[match[1]] = match[2]
    return found


def pools(document, people):
    """Ids of what is there, for each list, as far as anybody sees it; the owner's own come first."""
    result = {}
    for path, variable in collections_of(document).items():
        keys = []
        for person in people:
            query = {"status__in": ANY_STATE} if path == "/api/products/" else {}
            answer = person.get(path.removeprefix("/api/"), params=query)
            if answer.status_code != 200:
                continue
            body = answer.json()
            rows = body.get("results", body) if isinstance(body, dict) else body
            own = [row for row in rows if not isinstance(row, dict) or row.get("is_owner") is not False]
            rest = [row for row in rows if row not in own]
            for row in own + rest[:5]:
                key = row.get(variable, row.get("id")) if isinstance(row, dict) else None
                if key is not None and str(key) not in keys:
                    keys.append(str(key))
        if keys:
            result[path] = keys[:40]
    return result


def victims(owner, admin, document, uploads):
    """Objects that may be deleted: the owner's, and of other lists what an example of the document makes."""
    made = {"/api/products/": [], "/api/product-files/": [], "/api/product-contents/": []}
    made["/api/uploads/"] = uploads
    home = catalog(owner, "Home of what is deleted")
    for number in range(VICTIMS):
        made["/api/products/"].append(owner.draft(f"Victim {number}")["id"])
        file = owner.upload(home, f"{number}.txt", io.BytesIO(b"x"), role=2, media_type="text/plain")
        made["/api/product-files/"].append(file.json()["id"])
        column = {"product": home["id"], "column_name": f"victim_{number}", "order": 100 + number}
        made["/api/product-contents/"].append(owner.request("POST", "product-contents/", json=column).json()["id"])
    for path, variable in collections_of(document).items():
        if path in made or "post" not in document["paths"][path]:
            continue
        for person in (owner, admin):
            answers = [create(document, person, path, number) for number in range(VICTIMS)]
            made[path] = [answer[variable] for answer in answers if variable in answer]
            if made[path]:
                break
    return {path: [str(key) for key in keys] for path, keys in made.items()}


def create(document, person, path, number):
    """Makes an object of the examples in the document; empty when they do not do."""
    content = document["paths"][path]["post"].get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    schema = document["components"]["schemas"].get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)
    body = {}
    for name in schema.get("required", []):
        field = schema.get("properties", {}).get(name, {})
        example = field.get("example", field.get("default"))
        if field.get("type") == "string" and "enum" not in field and "format" not in field:
            example = f"{example or name}{number}"
        body[name] = example
    answer = person.request("POST", path.removeprefix("/api/"), json=body)
    is_json = answer.headers.get("Content-Type", "").startswith("application/json")
    return answer.json() if answer.status_code == 201 and is_json else {}


def links(document, admin, pools):
    """Tokens of signed links by path and id, and of signed views."""
    found = {}
    for kind in ("download", "download/main-file"):
        path = f"/api/products/{{id}}/{kind}/file/"
        if path not in document["paths"]:
            continue
        found[path] = {}
        for key in pools["/api/products/"]:
            answer = admin.request("POST", f"products/{key}/{kind}/prepare/")
            if answer.status_code == 200 and "token=" in answer.json().get("download_url", ""):
                found[path][key] = answer.json()["download_url"].split("token=")[1]
    return found


def views(document, owner, pools):
    """Tokens of signed addresses under which a file can be shown."""
    if "/api/product-files/{id}/view-url/" not in document["paths"]:
        return []
    answers = [owner.get(f"product-files/{key}/view-url/") for key in pools["/api/product-files/"]]
    found = [re.search(r"/api/views/([^/\"]+)/", answer.text) for answer in answers if answer.status_code == 200]
    return [match[1] for match in found if match]


def own(people, caller, document):
    """Ids of the caller's own account and token, by list: they are not to be ended."""
    if caller not in people:
        return {}
    person = people[caller]
    found = {}
    for path in ("/api/users/", "/api/admin/users/"):
        rows = person.get(path.removeprefix("/api/"), params={"search": person.account, "page_size": 1000})
        if rows.status_code == 200:
            mine = [row for row in rows.json()["results"] if row.get("username") == person.account]
            found[path] = [str(row["id"]) for row in mine if "id" in row]
    if "/api/tokens/" in document["paths"]:
        rows = person.get("tokens/").json()
        rows = rows.get("results", rows) if isinstance(rows, dict) else rows
        found["/api/tokens/"] = [str(row["id"]) for row in rows if str(row.get("name", "")).startswith("fuzz ")]
    return found


def people(server, tokens, accounts):
    """Everybody who calls with a token, by what they are here."""
    found = {name: Person(server, name, token) for name, token in tokens.items()}
    for name, person in found.items():
        person.account = accounts[name]
    return found
