"""Files that hurt whoever unpacks or reads them: refused in time, in bounds, and nothing is left of them."""

import pathlib
import threading
import time

import pytest
from bombs import hostile, hostile_tables

TIME_SECONDS = 60
# The server itself only passes bytes on; what reads them is another process, with limits of its own.
GROWTH_BYTES = 200_000_000
OUTSIDE = [pathlib.Path(path) for path in ("/tmp/evil.csv", "/etc/cron.d/evil.csv", "/evil.csv", "evil", "evil.csv")]


def resident_bytes(server):
    pages = pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def children(server):
    """Processes that any thread of the server has started and that still are."""
    found = []
    for thread in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        try:
            found += (thread / "children").read_text().split()
        except OSError:
            continue
    return found


def register(person, name, content, product_type):
    product = person.draft(f"Hostile {name}"[:200], product_type)
    uploaded = person.upload(product, name, content)
    assert uploaded.status_code == 201, uploaded.text
    began = time.monotonic()
    answer = person.registry(product)
    assert time.monotonic() - began < TIME_SECONDS, name
    return product, answer


@pytest.mark.parametrize(("name", "content"), [pytest.param(*case, id=case[0]) for case in hostile()])
def test_archives(server, ana, name, content):
    memory, kept = resident_bytes(server), server.bytes_kept()
    product, answer = register(ana, name, content, "redshift_catalog")
    # Only what was wrapped many times over may turn out to be the table at its core.
    assert answer.status_code == 422, f"{answer.status_code} {answer.text[:300]}"
    for trace in ("root:x", "PATH=", str(server.directory)):
        assert trace not in answer.text
    assert server.bytes_kept() <= kept + len(content), "something is left of what was unwrapped"
    assert resident_bytes(server) < memory + GROWTH_BYTES
    assert not children(server), "a reader still runs"
    assert not [path for path in OUTSIDE if path.exists()]
    assert ana.request("DELETE", f"products/{product['id']}/").status_code == 204


@pytest.mark.parametrize(("name", "content"), [pytest.param(*case, id=case[0]) for case in hostile_tables()])
def test_tables(server, ana, name, content):
    memory = resident_bytes(server)
    product, answer = register(ana, name, content, "redshift_catalog")
    assert answer.status_code in (200, 422), answer.text[:300]
    seen = [
        answer.text,
        ana.get(f"products/{product['id']}/read_data/").text,
        ana.get(f"products/{product['id']}/stats/").text,
    ]
    for trace in ("root:x", "lollol", "PATH="):
        assert not any(trace in text for text in seen)
    assert resident_bytes(server) < memory + GROWTH_BYTES
    assert not children(server)
    assert not [path for path in OUTSIDE if path.exists()]
    assert ana.request("DELETE", f"products/{product['id']}/").status_code == 204


def test_the_reader_knows_no_secrets(server, ana):
    """A reader that was taken over would find nothing around it: it is started without an environment."""
    product = ana.draft("Environment", "other")
    assert ana.upload(product, "environment.csv", b"a,b,c\n" + b"1,2,3\n" * 2_000_000).status_code == 201
    seen = []
    registering = threading.Thread(target=ana.registry, args=(product,))
    registering.start()
    while registering.is_alive():
        for child in children(server):
            try:
                # In this order: between fork and exec it is still the server.
                program = pathlib.Path(f"/proc/{child}/exe").readlink().name
                surroundings = pathlib.Path(f"/proc/{child}/environ").read_bytes()
            except OSError:
                continue
            if program == "pz-tables":
                seen.append(surroundings)
    registering.join()
    assert seen and set(seen) == {b""}
    assert ana.request("DELETE", f"products/{product['id']}/").status_code == 204
