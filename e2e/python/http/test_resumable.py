"""Uploads by tus 1.0: the server is killed in the middle, and the upload goes on where its bytes were kept."""

import base64
import hashlib
import random
import socket
import time

import pytest
import requests
from harness import Person, Server

SIZE = 200_000_000
TRIALS = 4
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def own_server(tmp_path):
    server = Server(tmp_path / "server", "server-resumable", PZ_UPLOAD_MAX_BYTES=str(SIZE))
    server.add_user("ana")
    yield server.start()
    server.stop()


def begin(person, product, name, size):
    """Begins an upload and gives back its address."""
    pairs = {"product": product["id"], "role": 0, "filename": name}
    metadata = ",".join(f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in pairs.items())
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    answer = person.request("POST", "uploads/", headers=headers)
    assert answer.status_code == 201, answer.text
    return person.server.root + answer.headers["Location"]


def offset(person, address):
    answer = person.session.head(address, headers=TUS, timeout=60)
    assert answer.status_code == 200
    return int(answer.headers["Upload-Offset"])


def patch(person, address, start, content):
    headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(start)}
    return person.session.patch(address, data=content, headers=headers, timeout=120)


def send_and_kill(server, person, address, start, content, kill_after):
    """Sends bytes over a bare connection and kills the server when so many are gone."""
    path = address.removeprefix(server.root)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Token {person.token}\r\n"
        "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Upload-Offset: {start}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection((server.host, server.port)) as connection:
        connection.sendall(head.encode() + content[:kill_after])
        server.process.kill()
        server.process.wait()
        server.process = None


def test_an_upload_survives_kills_and_ends_whole(own_server):
    ana = Person(own_server, "ana", own_server.token("ana"))
    product = ana.draft("Killed", "other")
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    content = chance.randbytes(SIZE)
    address = begin(ana, product, "large.bin", SIZE)

    sent, reached = 0, 0
    for _ in range(TRIALS):
        start = offset(ana, address)
        assert start >= reached, "what was kept stays kept"
        reached = start
        burst = chance.randrange(60_000_000, 90_000_000)
        burst = min(burst, SIZE - start - 1)
        send_and_kill(own_server, ana, address, start, content[start:], burst)
        sent = max(sent, start + burst)
        own_server.start()
    start = offset(ana, address)
    assert reached <= start <= sent
    assert start > 0, "something of 60 MB is kept before the end of a request"

    answer = patch(ana, address, start, content[start:])
    assert answer.status_code == 204, answer.text
    file = ana.get(f"product-files/{answer.headers['X-File-Id']}/").json()
    assert (file["size"], file["sha256"]) == (SIZE, hashlib.sha256(content).hexdigest())
    got = ana.session.get(own_server.root + file["file"], timeout=120).content
    assert got == content
    assert own_server.bytes_kept() == SIZE, "nothing else is left"


def test_a_kill_around_the_end_leaves_a_file_or_an_upload_that_can_be_ended(own_server):
    ana = Person(own_server, "ana", own_server.token("ana"))
    content = random.Random(7).randbytes(20_000_000)
    digest = hashlib.sha256(content).hexdigest()
    for trial in range(6):
        product = ana.draft(f"End {trial}", "other")
        address = begin(ana, product, "end.bin", len(content))
        path = address.removeprefix(own_server.root)
        head = (
            f"PATCH {path} HTTP/1.1\r\nHost: {own_server.host}\r\nAuthorization: Token {ana.token}\r\n"
            "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Upload-Offset: 0\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection((own_server.host, own_server.port)) as connection:
            connection.sendall(head.encode() + content)
            time.sleep(random.uniform(0, 0.1))
            own_server.process.kill()
            own_server.process.wait()
            own_server.process = None
        own_server.start()
        record = ana.session.get(address, timeout=60).json()
        files = ana.get("product-files/", params={"product_id": product["id"]}).json()
        assert files["count"] == (1 if record["complete"] else 0)
        if not record["complete"]:
            start = record["offset"]
            assert start < len(content), "the end is said only of a file that is kept"
            answer = patch(ana, address, start, content[start:])
            assert answer.status_code == 204, answer.text
            files = ana.get("product-files/", params={"product_id": product["id"]}).json()
        (file,) = files["results"]
        assert (file["size"], file["sha256"]) == (len(content), digest)


def test_other_requests_go_on_while_an_upload_stands_still(own_server):
    ana = Person(own_server, "ana", own_server.token("ana"))
    product = ana.draft("Slow", "other")
    address = begin(ana, product, "slow.bin", 1000)
    path = address.removeprefix(own_server.root)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: {own_server.host}\r\nAuthorization: Token {ana.token}\r\n"
        "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
        "Upload-Offset: 0\r\nContent-Length: 1000\r\n\r\n"
    )
    with socket.create_connection((own_server.host, own_server.port)) as connection:
        connection.sendall(head.encode() + b"7" * 400)
        deadline = time.monotonic() + 10
        while patch(ana, address, 0, b"").status_code != 423 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert patch(ana, address, 0, b"8" * 1000).status_code == 423
        assert ana.get("products/").status_code == requests.codes.ok
    deadline = time.monotonic() + 10
    while offset(ana, address) != 400 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert offset(ana, address) == 400
    assert patch(ana, address, 400, b"7" * 600).status_code == 204
