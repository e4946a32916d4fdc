"""Paths that would lead out, in addresses: of the API, of the web app's assets, of the documentation's files."""

import itertools
import os

import pytest
from attack import exact, session

SECRET_FILES = ("secret.key", "pz-server.sqlite3", "etc/passwd", "Cargo.toml")
UP = (
    "..",
    "%2e%2e",
    "%2E%2E",
    ".%2e",
    "%2e.",
    "%252e%252e",
    "%25252e%25252e",
    "..;",
    "%c0%ae%c0%ae",
    "%u002e%u002e",
    "..%00",
    "..%0d%0a",
    "\\..",
    "..%5c",
    "%2e%2e%5c",
    "..%2f",
    "..%252f",
)
PREFIXES = ("/", "/assets/", "/api/", "/api/swagger/", "/api/redoc/", "/api/config/logos/", "/api/views/", "/licenses/")
# What gives a secret file away: how a database begins, an account of the system, a manifest.
TRACES = (b"SQLite format 3", b"root:x:0", b"[workspace]", b"BEGIN ")


def leaks(server, answer):
    secret = (server.directory / "secret.key").read_bytes().strip()
    return any(trace in answer.data for trace in (*TRACES, secret))


def test_no_path_leads_out(server):
    for prefix, up, name in itertools.product(PREFIXES, UP, SECRET_FILES):
        for depth in (1, 8):
            path = prefix + "/".join([up] * depth) + "/" + name
            answer = exact(server, "GET", path.replace(" ", "%20"))
            assert not leaks(server, answer), path
            assert answer.status in (200, 400, 401, 403, 404, 405, 410), (path, answer)
            if prefix.startswith("/api/") and ".." not in path:
                assert answer.status != 200, path
            if answer.status == 200:
                # The web app answers every address of its own with its one page.
                assert b"<!doctype html>" in answer.data.lower(), path


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "//etc/passwd",
        "///etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets//etc/passwd",
        "/file:///etc/passwd",
        "/c:/windows/win.ini",
        "/c:%5cwindows%5cwin.ini",
        "/\\\\server\\share",
        "/.git/config",
        "/.env",
        "/index.html/..",
        "/index.html.br",
        "/index.html.gz",
        "/.fingerprint",
        "/api/../api/products/",
        "/api/%2e%2e/health/live",
        "/health/../api/admin/users/",
        "/api/products/..%2fadmin%2fusers/",
        "/api//admin//users/",
        "/API/admin/users/",
        "/api/admin/users",
        "/api/admin/users/%20",
        "/api/admin/users/.json",
        "/api/admin/users/;a=b",
        "/api/products/1%2f..%2f2/",
        "/api/admin%2fusers/",
        "/%61pi/admin/users/",
        "/api/products/%31/",
        "/api/products/1/%00",
        "/api/products/1\x00/",
        "*",
        "http://elsewhere.example/api/admin/users/",
        "/?%00",
        "/%",
        "/%zz",
        "/api/%",
        "/api/products/%ff/",
        "/api/products/1/#/",
    ],
)
def test_odd_paths_open_nothing(server, path):
    answer = exact(server, "GET", path)
    assert not leaks(server, answer)
    if answer.status == 200 and answer.headers.get("content-type", "").startswith("application/json"):
        pytest.fail(f"{path} was answered: {answer}")


@pytest.mark.parametrize(
    "path", ["/api/admin/users/", "//api//admin//users/", "/%61pi/admin/users/", "/api/./admin/users/"]
)
def test_a_member_finds_no_other_way_to_the_administration(server, bruno, path):
    answer = exact(server, "GET", path, {"Authorization": f"Token {bruno.token}"})
    assert answer.status in (403, 404), answer
    assert b'"results"' not in answer.data


@pytest.mark.parametrize("length", [1_000, 8_000, 60_000, 130_000, 1_000_000])
def test_very_long_addresses(server, length):
    for path in (
        "/" + "a" * length,
        "/api/products/" + "1" * length + "/",
        "/api/products/?search=" + "a" * length,
        "/" + "../" * (length // 3),
    ):
        answer = exact(server, "GET", path)
        assert answer.status is None or answer.status < 500, (length, answer)


@pytest.mark.parametrize(
    "method",
    ["GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND", "get", "G" * 5000],
)
def test_methods(server, method):
    answer = exact(server, method, "/", {"Cookie": "pz_session=abc", "X-Secret": "shibboleth"})
    # Nobody's headers come back (cross-site tracing).
    assert b"shibboleth" not in answer.data
    if method not in ("GET", "HEAD"):
        assert answer.status in (400, 404, 405), answer


@pytest.mark.skipif(not os.path.isdir(os.environ.get("PZ_WEB_DIR", "")), reason="the web app is not built")
def test_the_web_app_serves_its_files_and_no_others(server):
    page = exact(server, "GET", "/")
    assert page.status == 200 and page.headers["x-frame-options"] == "DENY"
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    for path in ("/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html"):
        answer = exact(server, "GET", path)
        assert answer.status in (200, 404) and answer.headers["x-content-type-options"] == "nosniff"


def test_every_answer_has_the_headers(server, document):
    """No error, no redirect and no odd address comes without the headers that confine it."""
    nobody = session()
    for path in (
        "/",
        "/none",
        "/api/",
        "/api/none/",
        "/api/products/1/",
        "/api/schema/",
        "/health/live",
        "/api/views/x/",
        "/%zz",
    ):
        for method in ("GET", "HEAD", "OPTIONS", "POST", "DELETE"):
            answer = nobody.request(method, server.root + path, timeout=30)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", (method, path)
            assert "Content-Security-Policy" in answer.headers, (method, path)
            assert "Referrer-Policy" in answer.headers, (method, path)
            assert "Access-Control-Allow-Origin" not in answer.headers, (method, path)
            assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers
