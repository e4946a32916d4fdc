"""What the library sends, recorded in the test and compared with what is known of the released one."""

import dataclasses
import re
import sys
from email import message_from_bytes

import requests

JSON = {"Accept": "application/json", "Content-Type": "application/json"}


@dataclasses.dataclass
class Sent:
    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def line(self):
        return f"{self.method} {self.path}"

    @property
    def parts(self):
        """Names and values of a multipart body, in their order."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        return [
            (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
            for part in message_from_bytes(head + self.body).get_payload()
        ]


class Traffic:
    """Every request that the library sends, as it goes to the connection."""

    def __init__(self, monkeypatch, api, token):
        self.api = api
        self.token = token
        self.sent = []
        send = requests.Session.send

        def record(session, request, **arguments):
            if "/pzserver/" not in sys._getframe(1).f_code.co_filename:
                return send(session, request, **arguments)  # of the test itself
            body = request.body
            if hasattr(body, "read"):
                body = body.read()
            body = body.encode() if isinstance(body, str) else body or b""
            assert request.url.startswith(api), request.url
            path = "/" + request.url.removeprefix(api)
            self.sent.append(Sent(request.method, path, dict(request.headers), body))
            return send(session, request, **arguments)

        monkeypatch.setattr(requests.Session, "send", record)

    def take(self):
        """What was sent since the last time; every request is one that the library may send at all."""
        taken, self.sent = self.sent, []
        for sent in taken:
            check_form(sent, self.token)
        return taken

    def lines(self):
        return [sent.line for sent in self.take()]


def check_form(sent, token):
    """Headers and body as the released library sends them: nothing more may be asked of it."""
    headers = dict(sent.headers)
    assert headers.pop("Authorization") == f"Token {token}"
    assert "User-Agent" not in headers and "Accept-Encoding" not in headers
    length = headers.pop("Content-Length", None)
    if sent.method in ("GET", "OPTIONS"):
        assert sent.body == b""
        assert length == ("0" if sent.method == "OPTIONS" else None)
        if re.search(r"/download/.*file/\?token=", sent.path):
            headers.pop("Range", None)
            assert headers == {}
        else:
            assert headers == JSON  # a content type without a body
    elif sent.method == "DELETE":
        assert sent.body == b""
        assert headers == {"Accept": "application/json"}
    elif sent.method == "PATCH":
        # An empty form has neither a type nor anything else.
        assert headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {})
    elif sent.path.endswith("/prepare/"):
        assert (headers, sent.body, length) == (JSON, b"", "0")
    elif headers.get("Content-Type", "").startswith("multipart/form-data; boundary="):
        assert headers.keys() == ({"Content-Type", "Accept"} if sent.path == "/processes/" else {"Content-Type"})
    else:
        assert sent.method == "POST" and headers == JSON
    assert length is None or int(length) == len(sent.body)


class Calls:
    """Names of the library's functions that ran while this was on."""

    def __init__(self):
        self.names = set()

    def __enter__(self):
        def note(frame, event, _):
            code = frame.f_code
            if event == "call" and "/pzserver/" in code.co_filename:
                self.names.add(code.co_qualname)

        sys.setprofile(note)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)
