"""JSON that says two things, that nests without end, or holds what is no number and no text; and fields that nobody
may set."""

import json

import pytest
from attack import UNKNOWN_ID

JSON = {"Content-Type": "application/json"}


def send(person, method, path, text):
    return person.request(method, path, data=text.encode("utf-8", "surrogatepass"), headers=JSON)


ODD = [
    '{"display_name": "x", "product_type": 7, "product_type": 1, "display_name": "y"}',
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 100_000 + "1" + "}" * 100_000,
    '{"display_name": "x", "product_type": 7, "subjects": ' + "[" * 120 + "]" * 120 + "}",
    '{"display_name": "x", "product_type": 1e999}',
    '{"display_name": "x", "product_type": -0}',
    '{"display_name": "x", "product_type": 7.0}',
    '{"display_name": "x", "product_type": 7.5}',
    '{"display_name": "x", "product_type": 9223372036854775808}',
    '{"display_name": "x", "product_type": ' + "9" * 10_000 + "}",
    '{"display_name": "x", "product_type": 0x7}',
    '{"display_name": "x", "product_type": NaN}',
    '{"display_name": "x", "product_type": Infinity}',
    '{"display_name": "x", "product_type": true}',
    '{"display_name": "x", "product_type": [7]}',
    '{"display_name": "x", "product_type": {"id": 7}}',
    '{"display_name": "\\ud800", "product_type": 7}',
    '{"display_name": "\\udc00\\ud800", "product_type": 7}',
    '{"display_name": "\ud800", "product_type": 7}',
    '{"display_name": "\\u0000", "product_type": 7}',
    '{"display_name": "a\\u0000b", "product_type": 7}',
    '{"display_name": "a\nb", "product_type": 7}',
    "{'display_name': 'x', 'product_type': 7}",
    '{"display_name": "x", "product_type": 7,}',
    '{"display_name": "x", "product_type": 7} trailing',
    '{"display_name": "x", "product_type": 7}{"display_name": "y", "product_type": 7}',
    '\ufeff{"display_name": "x", "product_type": 7}',
    '{"display_name": "x" /* comment */, "product_type": 7}',
    '{"__proto__": {"official_product": true}, "display_name": "x", "product_type": 7}',
    '{"constructor": {"prototype": {"a": 1}}, "display_name": "x", "product_type": 7}',
    '{"": 1, "display_name": "x", "product_type": 7}',
    "null",
    "true",
    "1",
    '"text"',
    "[]",
    "[{}]",
    "{}",
    " ",
    "\x00",
    "{" + ",".join(f'"f{number}": 1' for number in range(50_000)) + "}",
]


@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_bodies(ana, number):
    text = ODD[number]
    for method, path in (
        ("POST", "products/"),
        ("POST", "tokens/"),
        ("POST", "processes/"),
        ("POST", "login/"),
        ("POST", "product-contents/"),
    ):
        answer = send(ana, method, path, text)
        assert answer.status_code in (201, 400, 403, 413, 429), (path, text[:60], answer.text[:200])
        if answer.status_code == 201 and path == "products/":
            made = answer.json()
            # One reading: what is kept is what a reader that takes the last of two sees.
            assert made["display_name"] == json.loads(text)["display_name"].strip()
            assert made["product_type"] == int(json.loads(text)["product_type"])
            assert "\x00" not in made["display_name"] and made["official_product"] is False


def test_two_ways_to_say_a_body(ana):
    """A body is read as its type says, whatever it looks like."""
    for kind, body in [
        ("application/json", "display_name=x&product_type=7"),
        ("text/json", '{"display_name": "x", "product_type": 7}'),
        ("application/xml", "<x/>"),
        ("application/x-yaml", "display_name: x"),
        ("application/json, text/plain", "{}"),
        ("multipart/form-data", "{}"),
        ("multipart/form-data; boundary=", "--\r\n"),
        ("multipart/form-data; boundary=" + "b" * 5000, "--"),
        ("application/octet-stream", "x"),
        ("application/x-python-pickle", "cos\nsystem\n"),
    ]:
        answer = ana.request("POST", "products/", data=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 415), (kind, answer.text)
    # YAML that asks for objects is text where YAML is taken at all.
    for config in ("!!python/object/apply:os.system ['id']", "a: &a [*a]", "a: &x [1]\nb: [" + "*x," * 20_000 + "]"):
        body = {"display_name": "x", "pipeline": 1, "inputs": [UNKNOWN_ID], "used_config": config}
        assert ana.request("POST", "processes/", json=body).status_code == 400


# What only the service sets, with a value that would matter.
FORBIDDEN = {
    "id": 1,
    "pk": 1,
    "user": "chefe",
    "user_id": 1,
    "owner": 1,
    "uploaded_by": "chefe",
    "is_owner": True,
    "can_delete": True,
    "can_update": True,
    "status": 1,
    "product_status": "Published",
    "internal_name": "1_taken",
    "created_at": "2000-01-01T00:00:00Z",
    "updated_at": "2000-01-01T00:00:00Z",
    "n_rows": 7,
    "size": 7,
    "concept": 1,
    "version_number": 99,
    "latest_version": "1_x",
    "registry_error": "x",
    "origin": "Pipeline",
    "process_id": 1,
    "process_status": "Successful",
    "is_superuser": True,
    "is_admin": True,
    "is_staff": True,
    "groups": ["Admin"],
    "blob_key": "../../secret.key",
    "path": "/etc/passwd",
    "sha256": "0" * 64,
}


def test_products_cannot_be_assigned(ana, users):
    body = {"display_name": "Assigned", "product_type": 7}
    usual = ana.request("POST", "products/", json=body).json()
    passing = {"id", "internal_name", "created_at", "updated_at", "concept", "latest_version"}
    for name, value in FORBIDDEN.items():
        answer = ana.request("POST", "products/", json={**body, name: value})
        assert answer.status_code in (201, 400), (name, answer.text)
        if answer.status_code == 201:
            made = answer.json()
            assert {key: made[key] for key in made.keys() - passing} == {
                key: usual[key] for key in usual.keys() - passing
            }, name
            assert made["id"] != 1 and made["version_number"] == 1 and not made["created_at"].startswith("2000")
    for name, value in FORBIDDEN.items():
        if name == "status":
            continue
        before = ana.get(f"products/{usual['id']}/").json()
        answer = ana.request("PATCH", f"products/{usual['id']}/", json={name: value})
        assert answer.status_code in (200, 400), (name, answer.text)
        after = ana.get(f"products/{usual['id']}/").json()
        before.pop("updated_at"), after.pop("updated_at")
        assert after == before, name
    official = ana.request("PATCH", f"products/{usual['id']}/", json={"official_product": True})
    assert official.status_code == 403
    for status in (2, 3, 9, -1, 4, 2**40):
        assert ana.request("PATCH", f"products/{usual['id']}/", json={"status": status}).status_code == 400


def test_files_columns_and_processes_cannot_be_assigned(ana, bruno, published):
    own = ana.draft("With a file", "other")
    file = ana.upload(own, "a.csv", b"a,b\n1,2\n").json()
    ana.registry(own)
    column = ana.columns(own)[0]
    foreign = bruno.draft("Bruno's", "other")
    for path, row, fields in [
        (
            f"product-files/{file['id']}/",
            file,
            {**FORBIDDEN, "product": foreign["id"], "file": "/etc/passwd", "name": "../x", "extension": ".html"},
        ),
        (
            f"product-contents/{column['id']}/",
            column,
            {**FORBIDDEN, "product": foreign["id"], "min": 0, "max": 9, "null_count": 7, "dtype": "x"},
        ),
    ]:
        before = ana.get(path).json()
        for name, value in fields.items():
            answer = ana.request("PATCH", path, json={name: value})
            assert answer.status_code in (200, 400), (path, name, answer.text)
            after = ana.get(path).json()
            assert {key: after[key] for key in after if "updated" not in key} == {
                key: before[key] for key in before if "updated" not in key
            }, name
        assert row["id"] == before["id"]
    assert bruno.get("product-files/", params={"product_id": foreign["id"]}).json()["count"] == 0


def test_accounts_cannot_be_assigned(server, ana, bruno, users):
    """No endpoint of one's own takes rights."""
    for path in (
        "account/",
        "logged_user/",
        "session/",
        "login/",
        f"users/{users['bruno']}/",
        f"admin/users/{users['bruno']}/",
    ):
        for method in ("POST", "PUT", "PATCH"):
            answer = bruno.request(method, path, json=FORBIDDEN)
            assert answer.status_code in (200, 400, 403, 404, 405), (method, path)
    assert bruno.get("session/").json()["user"]["is_admin"] is False
    made = bruno.request(
        "POST",
        "tokens/",
        json={
            "name": "mine",
            "scopes": ["read"],
            "user": users["ana"],
            "user_id": users["ana"],
            "key": "a" * 22,
            "secret": "b" * 22,
            "id": 1,
        },
    )
    assert made.status_code in (201, 400)
    if made.status_code == 201:
        assert "b" * 22 not in made.json()["token"]
        assert made.json()["id"] not in {row["id"] for row in ana.get("tokens/").json()["results"]}
