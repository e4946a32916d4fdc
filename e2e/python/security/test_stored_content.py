"""Scripts where texts are expected, and files that are documents: kept as they are, and served so that nothing runs."""

import itertools

import pytest
from attack import exact, session

SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "<svg/onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{constructor.constructor('alert(1)')()}}",
    "\"><iframe srcdoc='<script>alert(1)</script>'>",
]
DOCUMENTS = {
    "page.html": b"<script>document.title=document.cookie</script>",
    "page.htm": b"<script>1</script>",
    "page.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>1</script></html>",
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
    "feed.xml": b"<?xml-stylesheet href='javascript:alert(1)'?><x/>",
    "style.xsl": b"<xsl:stylesheet xmlns:xsl='http://www.w3.org/1999/XSL/Transform'/>",
    "script.js": b"alert(1)",
    "module.mjs": b"alert(1)",
    "worker.wasm": b"\0asm",
    "style.css": b"*{}",
    "readme.md": b"[x](javascript:alert(1)) <script>1</script>",
    "mail.mht": b"MIME-Version: 1.0",
    "old.swf": b"FWS",
    "paper.pdf": b"%PDF-1.7 /JS (app.alert(1))",
    "data.json": b'{"a": "<script>"}',
    "table.csv": b"a\n<script>1</script>\n",
    "picture.png": b"<script>1</script>",
    "picture.gif": b"GIF89a<script>1</script>",
    "none": b"<!doctype html><script>1</script>",
    "double.html.csv": b"<script>1</script>",
    "upper.HTML": b"<script>1</script>",
    "dot.html.": b"<script>1</script>",
}
# Types under which a browser runs something of what it gets.
ACTIVE = ("html", "svg", "xml", "javascript", "ecmascript", "wasm", "css", "flash", "multipart", "message")


@pytest.fixture(scope="module")
def product(ana):
    return ana.draft("Documents", "other")


@pytest.mark.parametrize("script", SCRIPTS)
def test_texts_come_back_as_json_only(server, ana, script):
    product = ana.draft(script, "other", description=script)
    assert (product["display_name"], product["description"]) == (script, script)
    assert "<" not in product["internal_name"] and ":" not in product["internal_name"]
    table = f"id,{script.replace(',', '')}\n1,2\n".encode()
    assert ana.upload(product, f"{script.replace('/', '')}.csv", table).status_code == 201
    ana.registry(product)
    pages = [
        f"products/{product['id']}/",
        "products/?status__in=0&page_size=1000",
        f"product-files/?product_id={product['id']}",
        f"product-contents/?product={product['id']}",
        f"products/{product['id']}/read_data/",
        f"products/{product['id']}/stats/",
        f"products/{product['id']}/citation/",
        f"products/{product['id']}/provenance/",
        "products/facets/?status__in=0",
    ]
    for path in pages:
        # What a browser asks for when somebody opens the address.
        answer = ana.with_headers("GET", path, {"Accept": "text/html,application/xhtml+xml"})
        assert answer.status_code < 500
        kind = answer.headers["Content-Type"]
        assert not any(active in kind for active in ACTIVE), (path, kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for style in ("bibtex", "ris", "datacite", "croissant", "text", "schema.org", "json"):
        answer = ana.get(f"products/{product['id']}/citation/", params={"format": style})
        assert not any(active in answer.headers["Content-Type"] for active in ACTIVE), style


def test_errors_repeat_scripts_as_json_only(server, ana):
    nobody = session()
    for script, path in itertools.product(
        SCRIPTS,
        ("products/?status={}", "products/?ordering={}", "products/?page={}", "{}/", "views/{}/", "schema/?format={}"),
    ):
        for person in (ana.session, nobody):
            answer = person.get(server.api + path.format(script), timeout=30)
            assert answer.headers["Content-Type"].split(";")[0] in (
                "application/json",
                "application/vnd.oai.openapi",
            ), path
            assert "nosniff" in answer.headers["X-Content-Type-Options"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_are_saved_not_shown(server, ana, product, name):
    content = DOCUMENTS[name]
    # What the sender says of the type counts for nothing.
    made = ana.upload(product, name, content, role=2, media_type="text/html")
    assert made.status_code == 201, made.text
    for path in (made.json()["file"], f"/api/product-files/{made.json()['id']}/download/?type=text/html"):
        for accept in ("text/html", "*/*"):
            answer = ana.session.get(
                server.root + path.removeprefix(server.root), headers={"Accept": accept}, timeout=30
            )
            assert answer.content == content
            assert answer.headers["Content-Disposition"].startswith("attachment; ")
            assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
            assert not any(active in answer.headers["Content-Type"] for active in ACTIVE), answer.headers[
                "Content-Type"
            ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_that_are_shown_are_confined(server, ana, product, name):
    made = ana.upload(product, name, DOCUMENTS[name], role=2).json()
    for scripts in ("false", "true"):
        view = ana.get(f"product-files/{made['id']}/view-url/", params={"scripts": scripts})
        if view.status_code == 404:
            assert view.headers["X-Error-Code"] == "not_viewable"
            continue
        answer = session(Cookie="pz_session=planted").get(server.root + view.json()["url"], timeout=30)
        assert answer.status_code == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "connect-src" not in policy and "allow-same-origin" not in policy
        assert "form-action" not in policy or "form-action 'none'" in policy
        assert policy.startswith("sandbox ") or answer.headers["Content-Type"] == "application/pdf"
        assert ("script-src" in policy) == (scripts == "true" and view.json()["scripts"])
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


def test_formulas_stay_as_they_are(server, ana, product):
    """Scientific tables must stay exact: what looks like a formula is not changed, nor sent as a spreadsheet."""
    table = b"a,b\n=1+1,@SUM(1)\n-3,+4\n"
    made = ana.upload(product, "formulas.csv", table, role=2).json()
    answer = exact(server, "GET", f"/api/product-files/{made['id']}/download/", {"Authorization": f"Token {ana.token}"})
    assert answer.rest == table and answer.headers["content-type"] == "text/csv"
