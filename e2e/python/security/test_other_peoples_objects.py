"""What somebody does to what is not theirs: every operation of the document, on every kind of object. The
operations come from the document, so that a new one is attacked without anybody's doing."""

import base64
import itertools
import json
import re
import threading
import time

import pytest
from attack import ALL_STATUSES, CATALOG, TUS, UNKNOWN_ID, alike, face, session

from harness import PASSWORD

MARK = "zqhidden"
# What the id in a path is of, by the beginning of the path.
KINDS = {
    "/api/products/": "product",
    "/api/products-specz/": "product",
    "/api/product-files/": "file",
    "/api/product-contents/": "column",
    "/api/processes/": "process",
    "/api/uploads/": "upload",
    "/api/tokens/": "token",
    "/api/sessions/": "session",
}
# Objects that are nobody's: what everybody may read is tried with the rest of the operations.
SHARED = ("/api/admin/", "/api/pipelines/", "/api/product-types/", "/api/releases/", "/api/users/", "/api/config/")
# Things that are not objects of a user in place of an id.
NOT_IDS = ("/api/auth/", "/api/swagger/", "/api/views/")
# Bodies that would be accepted, so that what refuses is the right and not the form.
BODIES = {
    "product": {"display_name": "taken over", "product_type": 1, "description": "by bruno", "status": 1},
    "column": {"column_name": "stolen", "alias": "z", "order": 7, "product": 1},
    "file": {"role": 2},
    "process": {"display_name": "taken over"},
}


def operations(document):
    for path, item in document["paths"].items():
        for method in item:
            yield method.upper(), path


def with_ids(document):
    for method, path in operations(document):
        if "{" in path and not path.startswith(SHARED + NOT_IDS):
            kind = next((kind for start, kind in KINDS.items() if path.startswith(start)), None)
            assert kind, f"{path} has an id of a new kind: say here what it is of, and make one of ana's"
            yield method, path, kind


def attempts(method, path, kind):
    """Headers and body of each way to call an operation."""
    if kind == "upload":
        patch = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        return [({}, None), (TUS, None), (patch, b"stolen bytes")]
    if method in ("GET", "DELETE"):
        return [({}, None)]
    return [({}, {}), ({}, BODIES.get(kind, {}))]


def call(person, method, path, headers, body):
    arguments = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
    return person.request(method, path.removeprefix("/api/"), headers=headers, allow_redirects=False, **arguments)


def begin_upload(person, product):
    pairs = {"product": product["id"], "role": 2, "filename": f"{MARK}-upload.txt"}
    metadata = ",".join(f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in pairs.items())
    answer = person.request("POST", "uploads/", headers={**TUS, "Upload-Length": "12", "Upload-Metadata": metadata})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].rstrip("/").rsplit("/", 1)[1]


def whole(person, name, **fields):
    """A product with a file, a column of its own, and what else hangs on it."""
    product = person.draft(f"{MARK} {name}", description=f"{MARK} text", **fields)
    file = person.upload(product, f"{MARK}-{name}.csv", CATALOG.replace(b"survey", MARK.encode()))
    assert file.status_code == 201, file.text
    assert person.registry(product).status_code == 200
    column = next(row for row in person.columns(product) if row["column_name"] == MARK)
    return {"product": product["id"], "file": file.json()["id"], "column": column["id"]}


@pytest.fixture(scope="module")
def hidden(ana, chefe, published, restricted):
    """What bruno must not know of, by state: ids of each kind of object."""
    draft = whole(ana, "draft")
    draft["upload"] = begin_upload(ana, {"id": draft["product"]})
    token = ana.request("POST", "tokens/", json={"name": MARK, "scopes": ["read"]})
    assert token.status_code == 201, token.text
    draft["token"] = token.json()["id"]
    signed_in = session().post(f"{ana.server.api}login/", json={"username": "ana", "password": PASSWORD}, timeout=30)
    assert signed_in.status_code == 200, signed_in.text
    draft["session"] = ana.get("sessions/").json()["results"][0]["id"]
    inside = whole(ana, "inside", product_type="training_set", release=restricted)
    answer = ana.publish({"id": inside["product"]}, RA="ra", Dec="dec", z="z")
    assert answer.status_code == 200, answer.text
    deleted = whole(ana, "deleted")
    assert ana.request("DELETE", f"products/{deleted['product']}/").status_code == 204
    process = ana.request(
        "POST",
        "processes/",
        json={"display_name": f"{MARK} run", "pipeline": combine(ana), "inputs": [published["id"], second(ana)]},
    )
    assert process.status_code == 201, process.text
    draft["process"] = process.json()["id"]
    return {"draft": draft, "inside": inside, "deleted": deleted, "run": {"product": process.json()["upload"]}}


def combine(person):
    return next(row["id"] for row in person.get("pipelines/").json()["results"] if row["name"].startswith("combine"))


def second(person):
    product = person.draft("A second catalog")
    assert person.upload(product, "cat.csv", CATALOG).status_code == 201
    assert person.registry(product).status_code == 200
    assert person.publish(product, RA="ra", Dec="dec", z="z").status_code == 200
    return product["id"]


def snapshot(person, hidden):
    """Everything ana sees of her own things, to be compared afterwards."""
    seen = {}
    for state, ids in hidden.items():
        for start, kind in KINDS.items():
            if kind in ids and kind not in ("token", "session"):
                answer = person.request("GET", f"{start.removeprefix('/api/')}{ids[kind]}/", headers=TUS)
                seen[state, start] = answer.status_code, answer.text
        listed = person.get("product-files/", params={"product_id": ids["product"]})
        seen[state, "files"] = listed.status_code, listed.text
        seen[state, "columns"] = person.get("product-contents/", params={"product": ids["product"]}).text
    for path in ("tokens/", "sessions/"):
        seen[path] = [row["id"] for row in person.get(path).json()["results"]]
    return seen


def test_what_is_hidden_is_as_what_does_not_exist(document, hidden, ana, bruno):
    before = snapshot(ana, hidden)
    tried = set()
    unknown = {"upload": "0" * 32, "session": UNKNOWN_ID}
    for method, path, kind in with_ids(document):
        for state, ids in hidden.items():
            if kind not in ids:
                continue
            for headers, body in attempts(method, path, kind):
                mine, nothing = ids[kind], unknown.get(kind, UNKNOWN_ID)
                found = call(bruno, method, path.replace("{id}", str(mine)), headers, body)
                never = call(bruno, method, path.replace("{id}", str(nothing)), headers, body)
                where = f"{method} {path} on {state} with {body}"
                assert alike(found, mine, never, nothing), where
                assert found.status_code == 404 or (kind == "upload" and found.status_code == 412), where
                tried.add((method, path))
    assert tried == {(method, path) for method, path, _ in with_ids(document)}
    assert snapshot(ana, hidden) == before


def test_head_and_options_tell_no_more_than_get(document, hidden, bruno):
    for method, path, kind in with_ids(document):
        if method != "GET" or kind not in hidden["draft"]:
            continue
        target, nothing = hidden["draft"][kind], "0" * 32 if kind == "upload" else UNKNOWN_ID
        for verb in ("HEAD", "OPTIONS"):
            found = call(bruno, verb, path.replace("{id}", str(target)), TUS, None)
            never = call(bruno, verb, path.replace("{id}", str(nothing)), TUS, None)
            assert alike(found, target, never, nothing), f"{verb} {path}"


def test_no_list_no_sum_and_no_search_knows_of_it(document, hidden, bruno):
    """Every GET without an id, plain and with each of its filters, names nothing of what is hidden."""
    for method, path in operations(document):
        if method != "GET" or "{" in path or not path.startswith("/api/"):
            continue
        parameters = [row["name"] for row in document["paths"][path]["get"].get("parameters", [])]
        queries = [{}]
        if "/events/" in path:
            queries = [{"seconds": "1"}]
        elif parameters:
            queries += [{"page_size": "1000", "status__in": ALL_STATUSES}, {"search": MARK}]
            queries += [{name: MARK} for name in parameters if name not in ("page", "page_size", "ordering")]
            queries += [
                {name: str(ids["product"])}
                for name in ("product", "product_id", "upload", "id")
                for ids in hidden.values()
            ]
        for query in queries:
            answer = bruno.get(path.removeprefix("/api/"), params=query)
            text = answer.text
            # A filter's value comes back in the message of what is wrong with it, and in links to other pages.
            if answer.status_code == 200:
                answer_body = re.sub(r'"(next|previous)":"[^"]*"', "", text)
                assert MARK not in answer_body, (path, query)


def test_filters_by_hidden_ids_answer_as_for_unknown_ones(hidden, bruno):
    for path, name, kind in [
        ("product-contents/", "product", "product"),
        ("product-files/", "product_id", "product"),
        ("processes/", "upload", "product"),
        ("uploads/", "product", "product"),
    ]:
        for ids in hidden.values():
            found = bruno.get(path, params={name: ids[kind]})
            never = bruno.get(path, params={name: UNKNOWN_ID})
            assert alike(found, ids[kind], never, UNKNOWN_ID), path


def test_bodies_that_name_hidden_objects(hidden, bruno, restricted):
    """What is named in a body is as unknown as in a path."""
    pipeline = combine(bruno)
    for ids in hidden.values():
        for path, body in [
            ("product-contents/", {"column_name": "x", "order": 0, "product": "{id}"}),
            ("processes/", {"display_name": "steal", "pipeline": pipeline, "inputs": ["{id}"]}),
            ("products/", {"display_name": "x", "product_type": 1, "related_identifiers": "{id}"}),
        ]:

            def sent(value, path=path, body=body):
                text = json.dumps(body).replace('"{id}"', str(value))
                return bruno.request("POST", path, data=text, headers={"Content-Type": "application/json"})

            found, never = sent(ids["product"]), sent(UNKNOWN_ID)
            assert alike(found, ids["product"], never, UNKNOWN_ID), path
            assert found.status_code == 400, found.text
        upload = bruno.upload({"id": ids["product"]}, "x.csv", CATALOG, role=2)
        never = bruno.upload({"id": UNKNOWN_ID}, "x.csv", CATALOG, role=2)
        assert alike(upload, ids["product"], never, UNKNOWN_ID)
    for unknown in (restricted, UNKNOWN_ID):
        answer = bruno.request("POST", "products/", json={"display_name": "x", "product_type": 2, "release": unknown})
        assert answer.status_code == 400
    begun = bruno.request(
        "POST",
        "uploads/",
        headers={
            **TUS,
            "Upload-Length": "3",
            "Upload-Metadata": "product "
            + base64.b64encode(str(hidden["draft"]["product"]).encode()).decode()
            + ",filename eA==",
        },
    )
    assert begun.status_code in (400, 404), begun.text


def test_ids_one_by_one_show_what_the_lists_show(document, hidden, bruno):
    """Somebody who tries every id finds exactly what the lists say there is."""
    for path, query in [
        ("products", {"status__in": ALL_STATUSES}),
        ("product-files", {}),
        ("product-contents", {}),
        ("processes", {}),
    ]:
        listed = {row["id"] for row in bruno.get(f"{path}/", params={**query, "page_size": 1000}).json()["results"]}
        highest = max(itertools.chain(listed, (ids.get(KINDS[f"/api/{path}/"], 0) for ids in hidden.values()))) + 3
        found = {key for key in range(highest) if bruno.get(f"{path}/{key}/").status_code == 200}
        assert found == listed, path


def test_what_one_sees_but_does_not_own_is_not_changed(document, ana, bruno, published):
    """Every operation that changes something, on a published product: refused, and everything is as before."""
    mine = {"product": published["id"]}
    mine["file"] = ana.get("product-files/", params={"product_id": published["id"]}).json()["results"][0]["id"]
    mine["column"] = ana.columns(published)[0]["id"]
    before = snapshot(ana, {"published": mine})
    for method, path, kind in with_ids(document):
        if method == "GET" or kind not in mine:
            continue
        for headers, body in attempts(method, path, kind):
            answer = call(bruno, method, path.replace("{id}", str(mine[kind])), headers, body)
            # A download is prepared by whoever may download.
            assert answer.status_code in (403, 404) or path.endswith("/prepare/"), f"{method} {path} {answer.text}"
    assert call(bruno, "GET", f"/api/products/{mine['product']}/registry/", {}, None).status_code == 403
    assert snapshot(ana, {"published": mine}) == before


def test_members_do_not_administer(document, bruno, users):
    for method, path in operations(document):
        if path.startswith("/api/admin/"):
            for key in (users["chefe"], users["bruno"], UNKNOWN_ID):
                answer = call(bruno, method, path.replace("{id}", str(key)), {}, {} if method != "GET" else None)
                assert answer.status_code == 403, f"{method} {path}"


def test_nobody_is_somebody(server, document, hidden):
    """Without credentials: the same answer for every id."""
    nobody = session()
    for method, path, kind in with_ids(document):
        answers = set()
        for key in (hidden["draft"].get(kind, 1), UNKNOWN_ID):
            answer = nobody.request(method, server.root + path.replace("{id}", str(key)), json={}, timeout=30)
            assert answer.status_code == 401, f"{method} {path}"
            answers.add(face(answer))
        assert len(answers) == 1, f"{method} {path}"


def test_a_stream_of_events_tells_only_what_its_listener_may_see(server, ana, bruno, hidden):
    heard = {}

    def listen(person):
        heard[person.username] = person.get("events/", params={"seconds": 4}).text

    listeners = [threading.Thread(target=listen, args=(person,)) for person in (ana, bruno)]
    for listener in listeners:
        listener.start()
    time.sleep(1)
    product = ana.draft(f"{MARK} heard")
    assert ana.upload(product, f"{MARK}-heard.csv", CATALOG).status_code == 201
    assert ana.registry(product).status_code == 200
    ana.request("PATCH", f"products/{hidden['inside']['product']}/", json={"description": f"{MARK} anew"})
    for listener in listeners:
        listener.join()
    assert f'"product":{product["id"]}' in heard["ana"], heard["ana"]
    assert MARK not in heard["bruno"]
    for key in (product["id"], hidden["inside"]["product"]):
        assert not re.search(rf'"product":{key}\b', heard["bruno"]), heard["bruno"]
    missed = bruno.request("GET", "events/?seconds=1", headers={"Last-Event-ID": "0"}).text
    for ids in hidden.values():
        assert not re.search(rf'"product":{ids["product"]}\b', missed)
