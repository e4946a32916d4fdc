"""What a proxy would say, said by anybody: who is calling, from where, for which host. It changes nothing."""

import itertools

import pytest
from attack import alike, exact, face, raw, session

NAMES = ["chefe", "ana", "1", "chefe@example.org"]
USER_HEADERS = [
    "X-Remote-User",
    "Remote-User",
    "Remote_User",
    "REMOTE_USER",
    "X-Forwarded-User",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Email",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "X-Authenticated-User",
    "X-WebAuth-User",
    "X-User",
    "X-User-Id",
    "X-Webauth-Groups",
    "X-Forwarded-Groups",
    "X-Remote-Groups",
    "X-Auth-Username",
    "X-Auth-Request-Uid",
    "X-Auth-Request-Token",
    "X-Grafana-User",
    "X-Gafaelfawr-User",
    "OIDC_CLAIM_sub",
    "X-Original-User",
    "X-SSL-Client-S-DN",
    "SSL_CLIENT_S_DN",
    "X-Amzn-Oidc-Identity",
    "Cf-Access-Authenticated-User-Email",
]
ADDRESS_HEADERS = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Client-IP": "203.0.113.9",
    "True-Client-IP": "203.0.113.9",
    "CF-Connecting-IP": "203.0.113.9",
    "X-Cluster-Client-IP": "203.0.113.9",
    "Fastly-Client-IP": "203.0.113.9",
    "X-ProxyUser-Ip": "203.0.113.9",
    "Via": "1.1 evil.example",
}
HOST_HEADERS = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443",
    "X-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/api/admin/users/",
    "X-Rewrite-URL": "/api/admin/users/",
    "X-HTTP-Method-Override": "DELETE",
    "X-Method-Override": "DELETE",
    "X-HTTP-Host-Override": "evil.example",
    "Front-End-Https": "on",
}


@pytest.mark.parametrize("header", USER_HEADERS)
def test_nobody_becomes_somebody(server, bruno, header):
    for name in NAMES:
        assert session(**{header: name}).get(server.api, timeout=30).status_code == 401
        who = bruno.with_headers("GET", "session/", {header: name}).json()["user"]
        assert (who["username"], who["is_admin"]) == ("bruno", False)
        assert bruno.with_headers("GET", "admin/users/", {header: name}).status_code == 403


def test_the_address_in_the_log_is_that_of_the_connection(server, ana, chefe):
    for header, value in ADDRESS_HEADERS.items():
        answer = ana.with_headers(
            "POST", "products/", {header: value}, json={"display_name": f"by {header}", "product_type": 7}
        )
        assert answer.status_code == 201
        entry = chefe.get("admin/audit/", params={"action": "product.create"}).json()["results"][0]
        assert entry["request_id"] == answer.headers["X-Request-Id"]
        assert entry["remote_address"] == "127.0.0.1", header
    assert "203.0.113.9" not in chefe.get("admin/audit/", params={"page_size": 1000}).text


def test_answers_do_not_depend_on_what_a_proxy_would_say(server, ana, published):
    for path in (
        f"products/{published['id']}/",
        "products/?page_size=1",
        "releases/",
        "config/",
        "session/",
        f"products/{published['id']}/citation/",
    ):
        usual = ana.get(path)
        for header, value in {**ADDRESS_HEADERS, **HOST_HEADERS}.items():
            assert face(ana.with_headers("GET", path, {header: value})) == face(usual), (path, header)


def test_methods_and_addresses_are_not_overridden(server, ana, published):
    for header, value in HOST_HEADERS.items():
        answer = ana.with_headers("POST", f"products/{published['id']}/", {header: value}, json={})
        assert answer.status_code == 405, header
    assert ana.get(f"products/{published['id']}/").status_code == 200


HOSTS = [
    "evil.example",
    "evil.example:80",
    "127.0.0.1@evil.example",
    "127.0.0.1:1",
    "localhost",
    "[::1]",
    "x" * 300,
    "a b",
    "a/b",
    "a\\b",
    "%0d%0a",
    "../",
    "<x>",
    "",
]


def places(published, prepared):
    yield "POST", f"/api/products/{published['id']}/download/prepare/"
    yield "GET", f"/api/products/{published['id']}/download/status/"
    yield "GET", f"/api/products/{published['id']}/"
    yield "GET", f"/api/products/{published['id']}/citation/?format=datacite"
    yield "GET", f"/api/product-files/?product_id={published['id']}"
    yield "GET", "/api/products/?page_size=1"
    yield "GET", "/api/"
    yield "GET", "/api/config/"
    yield "GET", "/api/schema/?format=json"
    yield "GET", "/"


def test_links_in_answers_do_not_follow_the_host(server, ana, published):
    """Also not afterwards: an answer that is remembered holds nothing of another's Host."""
    for (method, path), host in itertools.product(places(published, None), HOSTS):
        headers = {"Authorization": f"Token {ana.token}", "X-Forwarded-Host": "evil.example"}
        line = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n" + "".join(
            f"{name}: {value}\r\n" for name, value in headers.items()
        )
        answer = raw(server, (line + "Content-Length: 0\r\nConnection: close\r\n\r\n").encode())
        assert b"evil.example" not in answer.data, (path, host)
        afterwards = exact(server, method, path, {"Authorization": f"Token {ana.token}", "Content-Length": "0"})
        assert afterwards.status == 200 and b"evil" not in afterwards.data, path


def test_two_hosts_and_none(server):
    for head in (b"Host: a\r\nHost: b\r\n", b"", b"host: evil.example\r\nHost: x\r\n"):
        answer = raw(server, b"GET /api/session/ HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n")
        assert answer.status in (200, 400) and b"evil" not in answer.data


def test_no_redirect_leads_away(server):
    for path in (
        "//evil.example",
        "//evil.example/..",
        "/\\evil.example",
        "/%2f%2fevil.example",
        "/login?returnUrl=//evil.example",
        "/api//evil.example/",
        "/https://evil.example",
    ):
        answer = exact(server, "GET", path)
        assert not 300 <= answer.status < 400 and "location" not in answer.headers, path


def test_caches_are_told_apart(server, ana, bruno):
    """What one person was answered is not kept for another: private, and told apart by who asks."""
    for person in (ana, bruno):
        for path in ("", "products/", "session/", "tokens/", "account/"):
            answer = person.get(path)
            assert "private" in answer.headers["Cache-Control"] or "no-store" in answer.headers["Cache-Control"], path
            assert "Authorization" in answer.headers["Vary"] and "Cookie" in answer.headers["Vary"], path
    mine = ana.get("products/")
    theirs = bruno.with_headers("GET", "products/", {"If-None-Match": mine.headers["ETag"]})
    assert theirs.status_code == 200 or alike(mine, 0, theirs, 0) or theirs.headers.get("ETag") == mine.headers["ETag"]
    if ana.get("products/").json() != bruno.get("products/").json():
        assert theirs.status_code == 200
