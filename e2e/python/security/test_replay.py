"""What was good once: tokens, cookies and signed links after they ended, for another object, or in another's hands."""

import base64
import hashlib
import hmac
import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from attack import CATALOG, Attacker, remember, session

from harness import PASSWORD

CODES = ("invalid_token", "malformed_authorization", "inactive_user", "session_expired", "not_authenticated")


def status(server, **headers):
    answer = session(**headers).get(server.api, timeout=30)
    assert answer.status_code in (200, 401), answer.text
    if answer.status_code == 401:
        assert answer.headers["X-Error-Code"] in CODES
    return answer.status_code


def with_token(server, token):
    return status(server, Authorization=f"Token {token}")


def signed_in(server, username):
    """The cookie and the CSRF value of a new session."""
    browser = session()
    answer = browser.post(server.api + "login/", json={"username": username, "password": PASSWORD}, timeout=30)
    assert answer.status_code == 200, answer.text
    values = {name.removeprefix("__Host-"): value for name, value in browser.cookies.items()}
    remember(*values.values())
    return values["pz_session"], values["pz_csrf"]


def with_cookie(server, cookie):
    return status(server, Cookie=f"pz_session={cookie}")


def soon(look):
    """Asks until something holds; what an operator does on the command line is known within half a second."""
    for _ in range(40):
        if look():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def newcomer(server, chefe):
    """A member of their own for a test, with a password and a token."""
    name = f"new{time.monotonic_ns()}"
    server.add_user(name)
    rows = chefe.get("admin/users/", params={"username": name}).json()["results"]
    person = Attacker(server, name, server.token(name))
    person.id = rows[0]["id"]
    return person


def test_a_token_that_was_ended(server, ana):
    made = ana.request("POST", "tokens/", json={"name": "to end", "scopes": ["read", "upload"]}).json()
    assert with_token(server, made["token"]) == 200
    assert ana.request("DELETE", f"tokens/{made['id']}/").status_code == 204
    assert with_token(server, made["token"]) == 401


def test_a_token_that_was_replaced(server, newcomer):
    first = newcomer.request("POST", "get_token/").json()["token"]
    second = session(Authorization=f"Token {first}").post(server.api + "get_token/", timeout=30).json()["token"]
    assert with_token(server, first) == 401 and with_token(server, second) == 200


def test_a_token_that_expired(server, ana):
    end = datetime.now(UTC) + timedelta(seconds=2)
    body = {"name": f"short {end}", "scopes": ["read"], "expires_at": end.isoformat().replace("+00:00", "Z")}
    made = ana.request("POST", "tokens/", json=body)
    assert made.status_code == 201, made.text
    token = made.json()["token"]
    assert with_token(server, token) == 200
    assert soon(lambda: with_token(server, token) == 401)


def test_forged_tokens(server, ana):
    key, _, secret = ana.token.removeprefix("pz_").partition(".")
    for forged in (
        f"pz_{key}.{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}",
        f"pz_{key}.{'0' * 22}",
        f"pz_{key}.",
        f"pz_{key}",
        f"pz_{secret}.{key}",
        f"pz_{key}.{secret}.x",
        f"pz_{key}.{hashlib.sha256(secret.encode()).hexdigest()[:22]}",
        f"PZ_{key}.{secret}",
        f"pz_{key.swapcase()}.{secret}",
        f"pz_%.{secret}",
        f"pz_{'_' * 22}.{secret}",
        "null",
        "undefined",
        "",
        f"pz_{key}.{secret} extra",
        f"{ana.token}\t{ana.token}",
        "' OR 1=1 --",
    ):
        assert with_token(server, forged) == 401, forged
    # In an address it is no credential.
    for query in (f"token={ana.token}", f"access_token={ana.token}", f"Authorization=Token%20{ana.token}"):
        assert session().get(f"{server.api}?{query}", timeout=30).status_code == 401


def test_scopes_hold(server, ana, chefe):
    for person, scopes, path, body in [
        (ana, ["read"], "products/", {"display_name": "x", "product_type": 7}),
        (chefe, ["read", "upload", "run"], "admin/groups/", {"name": "x"}),
    ]:
        made = person.request("POST", "tokens/", json={"name": f"less {time.monotonic_ns()}", "scopes": scopes}).json()
        weak = Attacker(server, person.username, made["token"])
        assert weak.request("POST", path, json=body).status_code == 403
        assert weak.request("POST", "tokens/", json={"name": "more", "scopes": ["admin"]}).status_code == 403
    assert ana.request("POST", "tokens/", json={"name": "admin", "scopes": ["admin"]}).status_code == 403


def test_deactivation_ends_everything(server, chefe, newcomer):
    cookie, csrf = signed_in(server, newcomer.username)
    product = newcomer.draft("Left behind", "other")
    file = newcomer.upload(product, "page.html", b"<p>x</p>", role=2).json()
    view = server.root + newcomer.get(f"product-files/{file['id']}/view-url/").json()["url"]
    assert session().get(view, timeout=30).status_code == 200
    assert chefe.request("PATCH", f"admin/users/{newcomer.id}/", json={"is_active": False}).status_code == 200
    assert with_token(server, newcomer.token) == 401
    assert with_cookie(server, cookie) == 401
    assert session().get(view, timeout=30).status_code == 403
    login = session().post(
        server.api + "login/", json={"username": newcomer.username, "password": PASSWORD}, timeout=30
    )
    assert login.status_code == 400 and "Set-Cookie" not in login.headers
    # The products stay, and coming back brings no old cookie back.
    assert chefe.get(f"products/{product['id']}/").status_code == 200
    assert chefe.request("PATCH", f"admin/users/{newcomer.id}/", json={"is_active": True}).status_code == 200
    assert with_cookie(server, cookie) == 401
    assert csrf


def test_a_copied_cookie_ends_with_the_session(server):
    cookie, csrf = signed_in(server, "bruno")
    thief = cookie
    assert with_cookie(server, thief) == 200
    answer = session(Cookie=f"pz_session={cookie}; pz_csrf={csrf}", Origin=server.root).post(
        server.api + "logout/", headers={"X-CSRFToken": csrf}, timeout=30
    )
    assert answer.status_code == 200
    assert with_cookie(server, thief) == 401


def test_signing_out_everywhere_ends_every_cookie(server, chefe, users):
    cookies = [signed_in(server, "clara")[0] for _ in range(3)]
    assert len(set(cookies)) == 3, "two sign-ins gave one session"
    assert chefe.request("POST", f"admin/users/{users['clara']}/sign_out/", json={}).status_code == 200
    assert [with_cookie(server, cookie) for cookie in cookies] == [401] * 3


def test_a_new_password_ends_sessions(server, newcomer):
    cookie, _ = signed_in(server, newcomer.username)
    server.run("user", "passwd", "--username", newcomer.username, "--password-stdin", stdin=PASSWORD + " anew")
    remember(PASSWORD + " anew")
    assert soon(lambda: with_cookie(server, cookie) == 401)


def test_nobody_chooses_their_session(server):
    """A cookie that an attacker planted before signing in is not the session afterwards (fixation)."""
    others, _ = signed_in(server, "ana")
    for planted in (others, "x" * 40, ""):
        victim = session(Cookie=f"pz_session={planted}; pz_csrf=planted")
        answer = victim.post(server.api + "login/", json={"username": "bruno", "password": PASSWORD}, timeout=30)
        assert answer.status_code == 200
        given = {name.removeprefix("__Host-"): value for name, value in answer.cookies.items()}
        assert given["pz_session"] not in (planted, others) and given["pz_csrf"] != "planted"
        assert all("HttpOnly" in line and "SameSite=Lax" in line for line in lines(answer) if "pz_session=" in line)
        who = session(Cookie=f"pz_session={given['pz_session']}").get(server.api + "session/", timeout=30).json()
        assert who["user"]["username"] == "bruno"


def lines(answer):
    return answer.raw.headers.getlist("Set-Cookie")


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed(header, claims, key):
    text = f"{encoded(header)}.{encoded(claims)}"
    mac = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def forgeries(token, **changes):
    """The token with other claims, in every way that a careless check would take."""
    head, body, signature = token.split(".")
    header, claims = decoded(head), decoded(body)
    for name, value in {"exp": claims["exp"] + 10**6, "aud": "session", **changes}.items():
        if claims.get(name) != value:
            yield f"{head}.{encoded({**claims, name: value})}.{signature}"
    more = {**claims, "exp": claims["exp"] + 1000}
    for algorithm in ("none", "None", "NONE", "nOnE", "", None):
        yield f"{encoded({**header, 'alg': algorithm})}.{encoded(more)}."
        yield f"{encoded({**header, 'alg': algorithm})}.{encoded(more)}.{signature}"
    for key in (b"", b"secret", b"key", b"pz-server", b"\0" * 32, head.encode()):
        yield signed({"alg": "HS256", "typ": "JWT"}, more, key)
    for algorithm in ("HS384", "RS256", "ES256", "EdDSA"):
        yield signed({"alg": algorithm}, more, b"secret")
    yield signed({"alg": "HS256", "jwk": {"kty": "oct", "k": encoded("x")}}, more, b"x")
    yield signed({"alg": "HS256", "kid": "../../../../dev/null"}, more, b"")
    yield signed({"alg": "HS256", "jku": "http://127.0.0.1:1/keys"}, more, b"x")
    yield from (
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}..{signature}",
        f".{body}.{signature}",
        f"{head}.{body}.{signature[:-2]}AA",
        f"{head}.{body}.{signature[::-1]}",
        f"{token}.x",
        "x" * 5000,
        "e30.e30.e30",
        "a.b.c",
        "%00",
    )


@pytest.fixture(scope="module")
def links(server, ana, published):
    prepared = ana.request("POST", f"products/{published['id']}/download/prepare/").json()["download_url"]
    draft = ana.draft("With a page", "other")
    file = ana.upload(draft, "page.html", b"<p>ana's</p>", role=2).json()
    view = ana.get(f"product-files/{file['id']}/view-url/").json()["url"]
    return {"download": server.root + prepared, "view": server.root + view, "file": file["id"], "product": draft["id"]}


def test_forged_downloads(server, ana, links, published):
    address, token = links["download"].split("?token=")
    assert ana.session.get(links["download"], timeout=30).status_code == 200
    for forged in forgeries(token, sub=links["product"], kind="main_file", uid=999, sig="x"):
        answer = ana.session.get(f"{address}?token={forged}", timeout=30)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "invalid_link"), forged


def test_what_is_signed_well_still_ends(server, ana, links):
    """Signed with the server's own key, which no attacker has: expired, for another purpose, or with a part missing."""
    key = (server.directory / "secret.key").read_bytes().strip()
    cookie, _ = signed_in(server, "ana")

    def download(token):
        return ana.session.get(f"{links['download'].split('?')[0]}?token={token}", timeout=30).status_code == 200

    def view(token):
        return session().get(f"{server.api}views/{token}/", timeout=30).status_code == 200

    for token, works in (
        (links["download"].split("?token=")[1], download),
        (links["view"].rstrip("/").rsplit("/", 1)[1], view),
        (cookie, lambda token: with_cookie(server, token) == 200),
    ):
        header, claims = (decoded(part) for part in token.split(".")[:2])
        # So that what follows is refused for the one thing that is wrong with it.
        assert works(signed(header, claims, key))
        for name, values in {
            "exp": (int(time.time()) - 1, 0, -1, "never", None),
            "aud": ("other", "", None, []),
        }.items():
            for value in values:
                assert not works(signed(header, {**claims, name: value}, key)), (name, value)
            assert not works(signed(header, {other: claims[other] for other in claims if other != name}, key)), name
        assert not works(signed({**header, "alg": "HS512"}, claims, key))
        for other in ("download", "view", "session"):
            if other != claims["aud"]:
                assert not works(signed(header, {**claims, "aud": other}, key)), other


def test_a_link_is_for_one_object_and_one_user(server, ana, bruno, links, published):
    address, token = links["download"].split("?token=")
    other = ana.draft("Another", "other")
    assert ana.upload(other, "a.txt", b"x", role=2).status_code == 201
    for wrong in (
        f"{server.api}products/{other['id']}/download/file/?token={token}",
        f"{server.api}products/{published['id']}/download/main-file/file/?token={token}",
        f"{address}?token=&token={token[:-3]}",
        f"{address}?Token={token}",
        address,
    ):
        answer = ana.session.get(wrong, timeout=30)
        assert answer.status_code == 403, wrong
    assert bruno.session.get(links["download"], timeout=30).status_code == 403
    assert session().get(links["download"], timeout=30).status_code == 401


def test_forged_views(server, ana, bruno, links):
    token = links["view"].rstrip("/").rsplit("/", 1)[1]
    assert session().get(links["view"], timeout=30).content == b"<p>ana's</p>"
    claims = decoded(token.split(".")[1])
    for forged in forgeries(token, file=claims["file"] + 1, uid=1, adm=True, scripts=True, sha="0" * 64):
        answer = session().get(f"{server.api}views/{forged}/", timeout=30)
        assert answer.status_code in (403, 404), forged
        assert b"ana's" not in answer.content


def test_nothing_signed_is_good_for_something_else(server, ana, links):
    cookie, _ = signed_in(server, "ana")
    download, view = links["download"].split("?token=")[1], links["view"].rstrip("/").rsplit("/", 1)[1]
    for token in (download, view):
        assert with_cookie(server, token) == 401
        assert with_token(server, token) == 401
    for token in (cookie, download):
        assert session().get(f"{server.api}views/{token}/", timeout=30).status_code == 403
    for token in (cookie, view):
        answer = ana.session.get(links["download"].split("?")[0], params={"token": token}, timeout=30)
        assert answer.status_code == 403
    for forged in forgeries(cookie, sub=1, epoch=0, sid=1, session=1, generation=0, fresh=2**40):
        if re.fullmatch(r"[\x21-\x7e]*", forged) and not set(forged) & set(',;"'):
            assert with_cookie(server, forged) == 401, forged
    assert with_cookie(server, cookie) == 200


def test_views_end_with_the_right_to_see(server, ana, links):
    assert ana.request("DELETE", f"products/{links['product']}/").status_code == 204
    answer = session().get(links["view"], timeout=30)
    assert answer.status_code == 404 and b"ana's" not in answer.content


def test_what_changed_is_not_continued(server, ana):
    """A link made for other bytes sends the new ones whole, never a part of them; a view of other bytes is refused."""
    draft = ana.draft("Changes", "redshift_catalog")
    assert ana.upload(draft, "a.csv", CATALOG).status_code == 201
    link = ana.request("POST", f"products/{draft['id']}/download/main-file/prepare/").json()["download_url"]
    file = ana.get("product-files/", params={"product_id": draft["id"]}).json()["results"][0]["id"]
    shown = server.root + ana.get(f"product-files/{file}/view-url/").json()["url"]
    changed = CATALOG + b"4,1,1,1,D\n"
    assert ana.upload(draft, "a.csv", changed).status_code == 201
    answer = ana.session.get(server.root + link, headers={"Range": "bytes=10-"}, timeout=30)
    assert (answer.status_code, answer.content) == (200, changed)
    assert session().get(shown, timeout=30).status_code in (403, 404)
