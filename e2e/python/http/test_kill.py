"""The server is killed while it registers an archive: afterwards the file is the archive, or what was in it, and whole."""

import io
import random
import threading
import time
import zipfile

import pytest
import requests
from harness import Person, Server

ROWS = 200_000
TRIALS = 8


@pytest.fixture
def own_server(tmp_path):
    server = Server(tmp_path / "server", "server-kill")
    server.add_user("ana")
    yield server.start()
    server.stop()


def archive():
    lines = [f"{n},{n / 7:.6f},{n % 180 - 90},{n % 500 / 100}" for n in range(ROWS)]
    content = ("id,ra,dec,z\n" + "\n".join(lines) + "\n").encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as members:
        members.writestr("data/catalog.csv", content)
    return content, packed.getvalue()


def test_a_kill_at_any_moment_leaves_the_archive_or_its_content(own_server):
    content, packed = archive()
    ana = Person(own_server, "ana", own_server.token("ana"))

    def upload(name):
        product = ana.draft(name)
        assert ana.upload(product, "catalog.zip", packed).status_code == 201
        return product

    def main_file(product):
        (file,) = ana.get("product-files/", params={"product_id": product["id"]}).json()["results"]
        return file

    def register(product):
        try:
            ana.registry(product)
        except requests.ConnectionError:
            pass  # the answer of a server that was killed

    product = upload("Undisturbed")
    began = time.monotonic()
    assert ana.registry(product).json()["n_rows"] == ROWS
    whole = time.monotonic() - began

    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    outcomes = set()
    for trial in range(TRIALS):
        product = upload(f"Killed {trial}")
        registering = threading.Thread(target=register, args=[product])
        registering.start()
        time.sleep(chance.uniform(0, 1.1 * whole))
        own_server.process.kill()
        own_server.process.wait()
        own_server.process = None
        registering.join()
        own_server.start()

        file = main_file(product)
        outcomes.add(file["name"])
        expected = packed if file["name"] == "catalog.zip" else content
        assert file["size"] == len(expected)
        assert ana.session.get(own_server.root + file["file"], timeout=60).content == expected
        if file["name"] != "catalog.zip":
            assert (file["name"], file["n_rows"]) == ("data/catalog.csv", ROWS)
        assert ana.registry(product).json()["n_rows"] == ROWS
        assert main_file(product)["name"] == "data/catalog.csv"
    assert "catalog.zip" in outcomes, "some kills come before the end"
