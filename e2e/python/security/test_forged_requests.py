"""What a page of another site makes a browser send for somebody who is signed in: cookies alone change nothing."""

import pytest
from attack import session

from harness import PASSWORD

FORM_TYPES = {
    "application/x-www-form-urlencoded": "display_name=forged&product_type=1",
    "multipart/form-data; boundary=x": '--x\r\nContent-Disposition: form-data; name="display_name"\r\n\r\nforged\r\n'
    '--x\r\nContent-Disposition: form-data; name="product_type"\r\n\r\n1\r\n--x--\r\n',
    "text/plain": '{"display_name": "forged", "product_type": 1, "x": "=y"}',
    "application/json": '{"display_name": "forged", "product_type": 1}',
    "": "",
}


class Browser:
    """Somebody signed in, with cookies."""

    def __init__(self, server, username):
        self.server = server
        self.session = session()
        answer = self.session.post(server.api + "login/", json={"username": username, "password": PASSWORD}, timeout=30)
        assert answer.status_code == 200, answer.text
        self.cookies = dict(self.session.cookies)
        self.csrf = next(value for name, value in self.cookies.items() if name.endswith("pz_csrf"))

    def send(self, method, path, headers=None, **arguments):
        return self.session.request(method, self.server.api + path, headers=headers, timeout=30, **arguments)


@pytest.fixture(scope="module")
def browser(server):
    return Browser(server, "ana")


def forged(answer):
    assert answer.status_code == 403, answer.text
    assert answer.headers["X-Error-Code"] == "csrf_failed"


def count(ana):
    return ana.get("products/", params={"status__in": "0,1,2,3,9"}).json()["count"]


@pytest.mark.parametrize("kind", FORM_TYPES)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_forms_of_other_sites(browser, ana, kind, origin):
    before = count(ana)
    headers = {"Content-Type": kind} | ({"Origin": origin, "Referer": f"{origin}/"} if origin else {})
    forged(browser.send("POST", "products/", headers, data=FORM_TYPES[kind]))
    assert count(ana) == before


def test_every_changing_operation_wants_the_header(document, browser, published):
    """Whatever the document says of it: with the cookie alone, nothing."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "get" or not operation.get("security") or not path.startswith("/api/"):
                continue
            target = path.replace("{id}", str(published["id"])).removeprefix("/api/")
            headers = {"Tus-Resumable": "1.0.0"} if "uploads" in path else {}
            forged(browser.send(method.upper(), target, headers, json={}))


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        ("wrong", None),
        ("", None),
        (None, ""),
        ("planted", "planted"),
        ("x", "x"),
        ("", ""),
        ("null", "null"),
        ("planted", "{csrf}; pz_csrf=planted"),
        ("planted", "planted; pz_csrf={csrf}"),
    ],
)
def test_the_header_must_be_that_of_the_session(server, browser, ana, header, cookie):
    """A cookie that a neighbouring site planted is no better than none."""
    before = count(ana)
    name, token = next((name, value) for name, value in browser.cookies.items() if name.endswith("pz_session"))
    csrf = browser.csrf if cookie is None else cookie.replace("{csrf}", browser.csrf)
    headers = {"Cookie": f"{name}={token}; pz_csrf={csrf}", "Origin": server.root}
    if header is not None:
        headers["X-CSRFToken"] = header
    answer = session(**headers).post(
        server.api + "products/", json={"display_name": "forged", "product_type": 1}, timeout=30
    )
    forged(answer)
    assert count(ana) == before


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "https://{host}:1",
        "http://{host}.evil.example",
        "http://evil.{host}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://{host}@evil.example",
        "http://user@{host}",
        "http://{host}/path",
        "file://",
        "",
        "http://[::1]:1",
        "http://{host} http://evil.example",
        "chrome-extension://x",
        "http://localhost:{port}",
    ],
)
def test_the_header_does_not_help_another_origin(server, browser, ana, origin):
    before = count(ana)
    origin = origin.format(host=f"{server.host}:{server.port}", port=server.port)
    headers = {"X-CSRFToken": browser.csrf, "Origin": origin}
    forged(browser.send("POST", "products/", headers, json={"display_name": "forged", "product_type": 1}))
    assert count(ana) == before


def test_with_header_and_origin_it_works(server, browser):
    headers = {"X-CSRFToken": browser.csrf, "Origin": server.root}
    answer = browser.send("POST", "products/", headers, json={"display_name": "wanted", "product_type": 1})
    assert answer.status_code == 201
    assert browser.send("DELETE", f"products/{answer.json()['id']}/", headers).status_code == 204


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_nobody_is_signed_in_by_another_site(server, origin):
    """Signing somebody in as the attacker is an attack, too."""
    for path in ("login/", "obtain_token/"):
        for kind, body in {
            "application/x-www-form-urlencoded": f"username=bruno&password={PASSWORD}",
            "application/json": f'{{"username": "bruno", "password": "{PASSWORD}"}}',
        }.items():
            answer = session(Origin=origin).post(
                server.api + path, data=body, headers={"Content-Type": kind}, timeout=30
            )
            assert answer.status_code == 403 and "Set-Cookie" not in answer.headers


def test_reading_changes_nothing(document, browser, ana, published):
    """GET never changes state: a link on another site is harmless."""
    before = ana.get(f"products/{published['id']}/").json()
    headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in document["paths"]:
        if path.startswith("/api/products/{id}/") and "get" in document["paths"][path] and "registry" not in path:
            browser.send("GET", path.replace("{id}", str(published["id"])).removeprefix("/api/"), headers)
    assert ana.get(f"products/{published['id']}/").json() == before
    assert browser.send("GET", "logout/", headers).status_code == 200
    assert browser.send("GET", "session/").json()["user"]["username"] == "ana"


@pytest.mark.parametrize("path", ["registry/", "stop/"])
def test_reading_links_of_older_clients_do_nothing_for_other_sites(browser, ana, path):
    """Two operations that change something are also offered as GET for older programs, which send tokens."""
    product = ana.draft("Drafted")
    assert ana.upload(product, "a.csv", b"ra,dec,z\n1,2,3\n").status_code == 201
    target = f"products/{product['id']}/registry/" if path == "registry/" else "processes/1/stop/"
    before = ana.get(f"products/{product['id']}/").json()
    for origin in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        browser.send("GET", target, origin)
    assert ana.get(f"products/{product['id']}/").json() == before


def test_no_other_site_may_read(browser):
    for origin in ("http://evil.example", "null"):
        for method in ("GET", "OPTIONS"):
            headers = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "X-CSRFToken",
            }
            answer = browser.send(method, "products/", headers)
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
