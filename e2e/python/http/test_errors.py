"""What the server says when a request is wrong: the right status, a JSON body, the field named."""

import pytest
import requests


def is_json(answer):
    return answer.headers["Content-Type"].startswith("application/json") and answer.json() is not None


@pytest.mark.parametrize(
    "authorization", [None, "Token wrong", "Token", "Token a b", "Bearer wrong", "Basic YTpi", "nonsense"]
)
@pytest.mark.parametrize("path", ["", "products/", "products/1/", "releases/", "users/", "product-files/"])
def test_no_or_wrong_credentials_are_401(server, authorization, path):
    headers = {"Authorization": authorization} if authorization else {}
    answer = requests.get(server.api + path, headers=headers, timeout=30)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"]
    assert answer.headers["X-Error-Code"] in (
        "not_authenticated",
        "invalid_token",
        "malformed_authorization",
        "invalid_credentials",
    )


def test_options_are_for_people_with_a_token(server, ana):
    assert requests.options(server.api + "products/", timeout=30).status_code == 401
    assert ana.request("OPTIONS", "products/").json()["filter_classes"]


@pytest.mark.parametrize("resource", ["products", "product-types", "releases", "users", "product-contents", "product-files"])
@pytest.mark.parametrize("key", ["999999999", "None", "0", "-1", "1.5", "9" * 30, "%00", "%E2%82%AC"])
def test_unknown_ids_are_404(ana, resource, key):
    answer = ana.get(f"{resource}/{key}/")
    assert answer.status_code == 404
    assert is_json(answer) and answer.json()["detail"]


@pytest.mark.parametrize(
    "action", ["main_file_info/", "registry/", "read_data/", "download/status/", "download/main-file/status/"]
)
def test_actions_on_unknown_products_are_404(ana, action):
    answer = ana.get(f"products/999999999/{action}")
    assert answer.status_code == 404
    assert is_json(answer)


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        ("products", "release", "999999"),
        ("products", "release", "dr1"),
        ("products", "release__in", "1,999999"),
        ("products", "product_type", "99"),
        ("products", "product_type__in", "1,x"),
        ("products", "status", "7"),
        ("products", "status", "published"),
        ("products", "status__in", "0,one"),
        ("products", "user", "999999"),
        ("products", "user__in", "me"),
        ("product-contents", "product", "999999999"),
        ("product-files", "product_id", "999999999"),
    ],
)
def test_unknown_filter_values_are_400_naming_the_filter(ana, resource, name, value):
    answer = ana.get(f"{resource}/", params={name: value})
    assert answer.status_code == 400
    assert list(answer.json())[0] == name
    assert isinstance(answer.json()[name], list)


def test_unknown_parameters_and_empty_values_are_ignored_and_the_last_one_wins(ana):
    whole = ana.get("products/").json()["count"]
    assert ana.get("products/?colour=red&status=&page_size=x").json()["count"] == whole
    assert ana.get("products/?status=7&status=1").status_code == 200


@pytest.mark.parametrize("page", ["0", "-1", "x", "999999"])
def test_pages_that_are_none_are_404(ana, page):
    assert ana.get("products/", params={"page": page}).status_code == 404


def test_pages_cover_the_list_once(ana):
    whole = [item["id"] for item in ana.get("products/").json()["results"]]
    assert len(whole) > 7
    pages = [
        item["id"]
        for page in range(1, (len(whole) + 6) // 7 + 1)
        for item in ana.get("products/", params={"page": page, "page_size": 7}).json()["results"]
    ]
    assert pages == whole
    last = ana.get("products/", params={"page": "last", "page_size": 7}).json()["results"]
    assert [item["id"] for item in last] == whole[-(len(whole) % 7 or 7) :]


def test_slashes_are_merged_never_trimmed_or_redirected(ana):
    assert ana.get("/products/").status_code == 200
    assert ana.get("//products///").status_code == 200
    for path in ["products", "products/1"]:
        answer = ana.get(path, allow_redirects=False)
        assert answer.status_code == 404
        assert is_json(answer)


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "product-types/"), ("DELETE", "releases/1/"), ("PUT", "product-files/1/"), ("PATCH", "products/"), ("POST", "")],
)
def test_methods_that_are_not_offered_are_405_with_the_ones_that_are(ana, method, path):
    answer = ana.request(method, path)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert is_json(answer)


def test_bodies_that_cannot_be_read(ana):
    wrong = {
        "{not json": 400,
        "[1, 2]": 400,
        '"text"': 400,
        "": 400,
        '{"display_name": {"a": 1}, "product_type": 1}': 400,
    }
    for body, status in wrong.items():
        answer = ana.request("POST", "products/", data=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, body
        assert is_json(answer)
    answer = ana.request("POST", "products/", data="<a/>", headers={"Content-Type": "application/xml"})
    assert answer.status_code == 415
    assert is_json(answer)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("display_name", {"product_type": 1}),
        ("display_name", {"product_type": 1, "display_name": "  "}),
        ("display_name", {"product_type": 1, "display_name": "x" * 256}),
        ("product_type", {"display_name": "x"}),
        ("product_type", {"display_name": "x", "product_type": 99}),
        ("release", {"display_name": "x", "product_type": 2, "release": 999999}),
        ("release", {"display_name": "x", "product_type": 1, "release": 1}),
        ("pz_code", {"display_name": "x", "product_type": 2, "pz_code": "BPZ"}),
        ("pz_code", {"display_name": "x", "product_type": 7, "pz_code": "x" * 56}),
    ],
)
def test_wrong_fields_of_a_new_product_are_named_and_nothing_is_made(ana, field, body):
    before = ana.get("products/", params={"status__in": "0,1,2,3,9"}).json()["count"]
    answer = ana.request("POST", "products/", json=body)
    assert answer.status_code == 400
    assert field in answer.json()
    assert ana.get("products/", params={"status__in": "0,1,2,3,9"}).json()["count"] == before


def test_official_products_are_made_by_admins(ana, chefe):
    body = {"display_name": "Official", "product_type": 7, "official_product": True, "description": "x"}
    answer = ana.request("POST", "products/", json=body)
    assert answer.status_code == 403
    assert answer.json()["error"]
    answer = chefe.request("POST", "products/", json=body)
    assert answer.status_code == 201
    assert answer.json()["status"] == 0


def test_signed_links_work_only_whole(server, ana):
    product = ana.get("products/", params={"product_type": 1}).json()["results"][0]["id"]
    archive = ana.request("POST", f"products/{product}/download/prepare/").json()
    assert archive["status"] == "ready"
    link = requests.compat.urljoin(server.api, archive["download_url"])
    assert ana.session.get(link, timeout=30).status_code == 200
    for wrong in [link.split("?")[0], link[:-3], link.replace(f"/{product}/", f"/{product + 1}/")]:
        answer = ana.session.get(wrong, timeout=30)
        assert answer.status_code in (403, 404), wrong
        assert is_json(answer)


def test_errors_hold_no_paths_or_causes(server, ana):
    product = ana.draft("Broken on purpose")
    ana.upload(product, "c.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1")
    text = ana.registry(product).text
    assert str(server.directory) not in text
    assert "panicked" not in text and ".rs:" not in text
