"""What every attack shares: sessions that notice a 5xx by themselves and remember every secret, bare connections,
and the answers that a stranger must not be able to tell apart."""

import re
import socket

import requests

from harness import Person

TIMEOUT_SECONDS = 60
UNKNOWN_ID = 999_999_999
ALL_STATUSES = "0,1,2,3,9"
CATALOG = b"id,ra,dec,z,survey\n1,10.5,-3.25,0.5,A\n2,11.5,-4.25,0.75,B\n3,12.5,-5.25,1.75,C\n"
TUS = {"Tus-Resumable": "1.0.0"}
# What differs from one answer to the next without telling anything. What is left of a rate is counted per caller;
# a connection is closed when the answer was ready before the body had come.
PASSING = {
    "connection",
    "date",
    "x-request-id",
    "set-cookie",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
}
# Secrets of every shape that answers show once: tokens, signed links, signed addresses of views.
SECRETS = (
    re.compile(r"pz_[0-9A-Za-z]{22}\.([0-9A-Za-z]{22})"),
    re.compile(r"[?&]token=([\w.-]{20,})"),
    re.compile(r"/api/views/([\w.-]{20,})/"),
)
seen_secrets = set()


def remember(*secrets):
    """Adds what must never stand in a log or an audit entry."""
    seen_secrets.update(secret for secret in secrets if secret and len(secret) >= 8)


def watch(answer, *_, **__):
    """Looks at every answer: no attack makes the server fail, and every secret is remembered."""
    assert answer.status_code < 500, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text[:300]}"
    remember(*(cookie.value for cookie in answer.cookies))
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        for secret in SECRETS:
            remember(*secret.findall(answer.text))
    return answer


class Unguided(requests.Session):
    """Follows no redirect: where it would lead is what is looked at."""

    def request(self, method, url, **arguments):
        return super().request(method, url, **{**arguments, "allow_redirects": False})


def session(**headers):
    """Somebody without credentials, watched."""
    made = Unguided()
    made.headers.update(headers)
    made.hooks["response"].append(watch)
    return made


class Attacker(Person):
    """A person whose requests are watched."""

    def __init__(self, server, username, token):
        super().__init__(server, username, token)
        remember(token.partition(".")[2])
        self.session = session(Authorization=f"Token {token}")

    def with_headers(self, method, path, headers, **arguments):
        return self.request(method, path, headers=headers, **arguments)


def exact(server, method, path, headers=None, body=b"", close=True):
    """Sends a path as it is, byte by byte: libraries would tidy it up."""
    if isinstance(path, str):
        path = path.encode()
    lines = [method.encode() + b" " + path + b" HTTP/1.1", f"Host: {server.host}:{server.port}".encode()]
    for name, value in (headers or {}).items():
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    if body:
        lines.append(f"Content-Length: {len(body)}".encode())
    if close:
        lines.append(b"Connection: close")
    return raw(server, b"\r\n".join(lines) + b"\r\n\r\n" + body)


class RawAnswer:
    """The first answer on a connection, and what came after it."""

    def __init__(self, data):
        self.data = data
        head, _, self.rest = data.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.status = int(lines[0].split()[1]) if data.startswith(b"HTTP/1.") else None
        pairs = (line.partition(b":") for line in lines[1:])
        self.headers = {name.decode("latin-1").lower(): value.strip().decode("latin-1") for name, _, value in pairs}
        self.answers = len(re.findall(rb"HTTP/1\.[01] \d{3}", data))

    def __repr__(self):
        return repr(self.data[:300])


def raw(server, data, wait_seconds=10):
    """Sends bytes and reads until the server closes or says nothing more."""
    received = b""
    with socket.create_connection((server.host, server.port), timeout=wait_seconds) as connection:
        try:
            connection.sendall(data)
            while chunk := connection.recv(65536):
                received += chunk
                if len(received) > 1 << 22:
                    break
        except (TimeoutError, ConnectionError):
            pass
    answer = RawAnswer(received)
    assert answer.status is None or answer.status < 500 or answer.status == 505, answer
    return answer


def face(answer):
    """What somebody sees of an answer."""
    headers = {name.lower(): text for name, text in answer.headers.items() if name.lower() not in PASSING}
    return answer.status_code, answer.text, tuple(sorted(headers.items()))


def alike(found, key, never, unknown):
    """Whether two answers tell apart the ids that were asked for, but for repeating them."""
    if face(found) == face(never):
        return True

    def neutral(answer, value):
        status, body, headers = face(answer)
        headers = [header for header in headers if header[0] != "content-length"]
        return status, re.sub(rf"(?<!\d){value}(?!\d)", "{id}", body), headers

    return neutral(found, key) == neutral(never, unknown)
