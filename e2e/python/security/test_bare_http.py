"""HTTP as no library sends it: sizes that contradict each other, lines that never end, many headers, slow bodies."""

import socket
import threading
import time

import pytest
import requests
from attack import RawAnswer, exact, raw

GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
# A second request, hidden in the body of the first: whoever answers it was smuggled past.
INNER = b"GET /api/config/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def post(*headers, body=b""):
    return (
        b"\r\n".join([b"POST /api/login/ HTTP/1.1", b"Host: x", b"Content-Type: application/json", *headers])
        + b"\r\n\r\n"
        + body
    )


AMBIGUOUS = {
    "two lengths": post(b"Content-Length: 0", b"Content-Length: %d" % len(INNER), body=INNER),
    "two equal lengths": post(b"Content-Length: 2", b"Content-Length: 2", body=b"{}" + INNER),
    "list of lengths": post(b"Content-Length: 0, %d" % len(INNER), body=INNER),
    "length and chunks": post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + INNER),
    "chunks and length": post(b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"0\r\n\r\n" + INNER),
    "negative": post(b"Content-Length: -1", body=INNER),
    "plus": post(b"Content-Length: +0", body=INNER),
    "hexadecimal": post(b"Content-Length: 0x0", body=INNER),
    "blank within": post(b"Content-Length: 0 0", body=INNER),
    "too large": post(b"Content-Length: 99999999999999999999999", body=INNER),
    "blank before the colon": post(b"Content-Length : 0", body=INNER),
    "line folding": post(b"X: a\r\n Content-Length: 0", b"Content-Length: 0", body=INNER),
    "chunked twice": post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + INNER),
    "chunked and identity": post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + INNER),
    "identity": post(b"Transfer-Encoding: identity", b"Content-Length: 0", body=INNER),
    "almost chunked": post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + INNER),
    "vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n" + INNER),
    "tab before chunked": post(b"Transfer-Encoding:\tchunked", b"Content-Length: 4", body=b"0\r\n\r\n" + INNER),
    "bare line feeds": b"POST /api/login/ HTTP/1.1\nHost: x\nContent-Length: 0\n\n" + INNER,
    "bare carriage returns": b"GET /health/live HTTP/1.1\rHost: x\r\r" + INNER,
    "nul in a header": post(b"X-A: a\x00b", b"Content-Length: 0", body=INNER),
    "nul in a name": post(b"X\x00A: b", b"Content-Length: 0", body=INNER),
    "no colon": post(b"nothing", b"Content-Length: 0", body=INNER),
    "chunk size overflow": post(b"Transfer-Encoding: chunked", body=b"FFFFFFFFFFFFFFFFF\r\n" + INNER),
    "negative chunk": post(b"Transfer-Encoding: chunked", body=b"-1\r\n" + INNER),
    "chunk extension": post(b"Transfer-Encoding: chunked", body=b"0;" + b"a" * 100_000 + b"\r\n\r\n" + INNER),
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + INNER,
    "http 0.9": b"GET /api/config/\r\n",
    "http 9": b"GET / HTTP/9.9\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "nothing": b"\r\n\r\n\r\n",
    "noise": bytes(range(256)) * 8,
}
# One clear end and nothing else: what follows the body is the next request, rightly. A bare line feed may end a line
# (RFC 9112, 2.2), and an extension of a chunk has no limit.
CLEAR = ("two equal lengths", "identity", "bare line feeds", "chunk extension")


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_nothing_is_smuggled(server, name):
    answer = raw(server, AMBIGUOUS[name], wait_seconds=3)
    # /api/config/ is answered by 200 with this word; nothing in front of the server may have seen that request.
    answered = b'"instance_name"' in answer.data
    if name not in CLEAR:
        assert not answered, answer
        assert answer.status is None or 400 <= answer.status < 500 or answer.status == 505, answer
    if answered:
        assert answer.answers == 2


@pytest.mark.parametrize(
    ("count", "length"),
    [(50, 10), (95, 10), (100, 10), (1000, 10), (100_000, 10), (1, 10_000), (1, 200_000), (1, 5_000_000), (50, 5_000)],
)
def test_headers_without_end(server, count, length):
    lines = b"".join(b"X-%d: " % number + b"a" * length + b"\r\n" for number in range(count))
    answer = raw(server, GET + lines + b"Connection: close\r\n\r\n")
    assert answer.status in (200, 400, 413, 431, None), answer
    if count * length > 400_000:
        assert answer.status != 200


@pytest.mark.parametrize(
    "header",
    [
        "Authorization",
        "Cookie",
        "Range",
        "If-None-Match",
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Content-Type",
        "Origin",
        "Referer",
        "If-Match",
        "Last-Event-ID",
        "Tus-Resumable",
        "Upload-Metadata",
        "Upload-Length",
        "Content-Digest",
        "If-Range",
        "Host",
        "Expect",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff\xfe",
        b"a" * 30_000,
        b"," * 20_000,
        b";" * 20_000,
        b"=" * 20_000,
        b"bytes=" + b"0-0," * 5000,
        b"*",
        b'"',
        b"-1",
        b"18446744073709551616",
        b"%00",
        b"%s%n%x",
        "名前".encode(),
    ],
)
def test_odd_values_of_headers(server, ana, published, header, value):
    for method, path in (
        ("GET", f"/api/products/{published['id']}/"),
        ("GET", f"/api/products/{published['id']}/download_main_file/"),
        ("POST", "/api/uploads/"),
    ):
        headers = {"Authorization": f"Token {ana.token}", "X-Odd": "1", header: value}
        answer = exact(server, method, path, headers)
        assert answer.status is None or answer.status < 500, (header, value[:40], answer)


@pytest.mark.parametrize("path", ["/api/login/", "/api/products/", "/api/product-files/", "/api/tokens/"])
@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml"]
)
def test_bodies_larger_than_allowed(server, ana, path, kind):
    """Refused while they come: nobody reads a petabyte to say that it is too much."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {ana.token}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {10**15}\r\n\r\n"
    )
    start = (
        b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n' if "multipart" in kind else b'{"username": "'
    )
    deadline = time.monotonic() + 20
    closed = False
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        try:
            connection.sendall(head.encode() + start + b"a" * 9_000_000)
            while time.monotonic() < deadline:
                connection.sendall(b"a" * 100_000)
                time.sleep(0.01)
        except OSError:
            closed = True
    # It has answered long ago; whoever sends on all the same is cut off.
    assert closed, "the server reads on and on"


def test_slow_bodies_and_heads_hold_nobody_up(server):
    """Half a hundred who send a byte now and then: others are answered at once, and the slow ones go without harm."""
    slow = []
    for number in range(60):
        connection = socket.create_connection((server.host, server.port), timeout=5)
        if number % 2:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-")
        else:
            connection.sendall(post(b"Content-Length: 1000", body=b'{"user'))
        slow.append(connection)
    worst = 0.0
    for _ in range(10):
        for connection in slow:
            try:
                connection.sendall(b"a")
            except OSError:
                pass
        began = time.monotonic()
        assert requests.get(f"{server.root}/health/live", timeout=5).status_code == 200
        worst = max(worst, time.monotonic() - began)
    for connection in slow:
        connection.close()
    assert worst < 1, worst


def test_a_body_that_ends_early_changes_nothing(server, ana):
    before = ana.get("products/", params={"status__in": "0"}).json()["count"]
    head = (
        f"POST /api/products/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token {ana.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(head.encode() + b'{"display_name": "cut", "product_type": 7}')
        connection.shutdown(socket.SHUT_WR)
        try:
            answer = RawAnswer(connection.recv(65536))
        except OSError:
            answer = RawAnswer(b"")
    assert answer.status in (None, 400, 408), answer
    assert ana.get("products/", params={"status__in": "0"}).json()["count"] == before


def test_pipelined_requests_keep_their_order_and_their_owners(server, ana, bruno):
    """Answers on one connection are to its requests, each with its own credentials."""
    requests_of = [(ana, b"ana"), (bruno, b"bruno"), (None, None)] * 5
    data = b""
    for person, _ in requests_of:
        data += b"GET /api/session/ HTTP/1.1\r\nHost: x\r\n"
        if person:
            data += f"Authorization: Token {person.token}\r\n".encode()
        data += b"\r\n"
    answer = raw(server, data + b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    bodies = [part for part in answer.data.split(b"\r\n\r\n")[1:] if part.startswith(b'{"user"')]
    names = [name for _, name in requests_of]
    assert len(bodies) == len(names)
    for body, name in zip(bodies, names, strict=True):
        assert body.startswith(b'{"user":null') if name is None else b'"username":"' + name + b'"' in body


def test_many_at_once_are_told_apart(server, ana, bruno, published):
    """Remembered answers are never another's, also under load."""
    wrong = []

    def ask(person):
        for _ in range(30):
            if person.get("session/").json()["user"]["username"] != person.username:
                wrong.append(person.username)
            row = person.get(f"products/{published['id']}/").json()
            if row["is_owner"] != (person.username == "ana"):
                wrong.append(row)

    threads = [threading.Thread(target=ask, args=(person,)) for person in (ana, bruno) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
