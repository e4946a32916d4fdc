"""Archives as other programs see them: unzip, zipinfo, Python and sha256sum; before and after a crash."""

import hashlib
import io
import json
import pathlib
import random
import signal
import subprocess
import time
import zipfile

import pytest
import yaml
from harness import Person, Server

WITHIN_SECONDS = 60
TEXT = b"".join(b"%d,%d.25,-%d.5\n" % (1486231857497402613 + n, n % 360, n % 90) for n in range(60_000))
BINARY = random.Random(7).randbytes(400_000)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("archives"), "server-archives")
    server.add_user("dora")
    server.start()
    yield Person(server, "dora", server.token("dora"))
    server.stop()


def archive(person, product):
    answer = person.request("POST", f"products/{product['id']}/download/prepare/")
    assert answer.status_code == 200, answer.text
    return answer.json()


def fetch(person, prepared, **headers):
    return person.session.get(person.server.root + prepared["download_url"], headers=headers, timeout=60)


def eventually(look):
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError("it did not happen in time")


def methods(content):
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {member.filename: member.compress_type for member in opened.infolist()}


def compressed_archive(person, product, name):
    """The archive once the file of this name stands compressed in it."""

    def look():
        answer = fetch(person, archive(person, product))
        return answer.content if methods(answer.content)[name] == zipfile.ZIP_DEFLATED else None

    return eventually(look)


@pytest.fixture(scope="module")
def product(place):
    product = place.draft("Survey of ünïcode, \"quoted\"", "other", description="First line\nsecond: line")
    for name, content, role in [
        ("notes.csv", TEXT, 0),
        ("binary.dat", BINARY, 2),
        ("ünï cöde.txt", "Grüße\n".encode(), 2),
        ("ro-crate-metadata.json", b"{}", 2),
        ("tiny.txt", b"x", 1),
    ]:
        assert place.upload(product, name, content, role).status_code == 201
    return product


@pytest.fixture(scope="module")
def unpacked(place, product, tmp_path_factory):
    """The archive as a file, and a directory with what `unzip` makes of it."""
    directory = tmp_path_factory.mktemp("unpacked")
    packed = directory / "product.zip"
    packed.write_bytes(compressed_archive(place, product, "notes.csv"))
    return packed, directory / "content"


def test_unzip_and_zipinfo_take_it(unpacked):
    packed, content = unpacked
    tested = subprocess.run(["unzip", "-t", packed], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "No errors detected" in tested.stdout
    listed = subprocess.run(["zipinfo", "-v", packed], capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "warning" not in (listed.stdout + listed.stderr).lower()
    subprocess.run(["unzip", "-q", packed, "-d", content], check=True)
    assert (content / "notes.csv").read_bytes() == TEXT
    assert (content / "binary.dat").read_bytes() == BINARY
    assert (content / "ünï_cöde.txt").read_text() == "Grüße\n"
    assert (content / "ro-crate-metadata_2.json").read_bytes() == b"{}"
    checked = subprocess.run(
        ["sha256sum", "-c", "manifest-sha256.txt"], cwd=content, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(checked.stdout.splitlines()) == len(list(content.iterdir())) - 1


def test_python_takes_it(unpacked):
    packed, _ = unpacked
    with zipfile.ZipFile(packed) as opened:
        assert opened.testzip() is None
        kinds = {member.filename: member.compress_type for member in opened.infolist()}
        assert kinds["notes.csv"] == zipfile.ZIP_DEFLATED
        assert kinds["binary.dat"] == kinds["tiny.txt"] == zipfile.ZIP_STORED
        assert opened.read("notes.csv") == TEXT
        assert list(kinds)[0] == "product_metadata.yaml"


def test_the_metadata_reads_back(unpacked, product):
    packed, _ = unpacked
    with zipfile.ZipFile(packed) as opened:
        said = yaml.safe_load(opened.read("product_metadata.yaml"))
    assert said["id"] == product["id"]
    assert said["display_name"] == 'Survey of ünïcode, "quoted"'
    assert said["description"] == "First line\nsecond: line"
    assert said["main_file"]["name"] == "notes.csv"
    assert said["main_file"]["size"] == len(TEXT)
    assert [file["name"] for file in said["attach_files"]][:2] == ["tiny.txt", "binary.dat"]
    assert isinstance(said["created_at"], str) and said["created_at"].endswith("+00:00")


def test_the_research_object_names_every_file(unpacked):
    packed, _ = unpacked
    with zipfile.ZipFile(packed) as opened:
        crate = json.loads(opened.read("ro-crate-metadata.json"))
        entities = {entity["@id"]: entity for entity in crate["@graph"]}
        assert len(entities) == len(crate["@graph"]), "ids are unique"
        descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
        assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
        assert descriptor["about"] == {"@id": "./"}
        assert root["@type"] == "Dataset" and root["datePublished"] and root["description"]
        assert entities[root["author"][0]["@id"]]["name"]
        files = [entities[part["@id"]] for part in root["hasPart"]]
        assert {entity["name"] for entity in files} == set(opened.namelist()) - {
            "ro-crate-metadata.json",
            "manifest-sha256.txt",
        }
        for entity in files:
            content = opened.read(entity["name"])
            assert entity["contentSize"] == str(len(content))
            assert entity["sha256"] == hashlib.sha256(content).hexdigest()
            assert " " not in entity["@id"] and entity["encodingFormat"]


def test_any_part_continues_the_download(place, product):
    whole = compressed_archive(place, product, "notes.csv")
    prepared = archive(place, product)
    assert prepared["size"] == len(whole)
    numbers = random.Random(20261121)
    for _ in range(40):
        start = numbers.randrange(len(whole))
        answer = fetch(place, prepared, Range=f"bytes={start}-")
        assert answer.status_code == 206
        assert answer.headers["Content-Length"] == str(len(whole) - start)
        assert whole[:start] + answer.content == whole


def test_the_checksum_comes_later(place, product):
    def look():
        status = place.get(f"products/{product['id']}/download/status/").json()
        return status if status["checksum"] else None

    archive(place, product)
    status = eventually(look)
    content = fetch(place, status).content
    assert hashlib.sha256(content).hexdigest() == status["checksum"]


def test_what_a_crash_interrupted_is_compressed_after_the_start(tmp_path):
    server = Server(tmp_path, "server-archives-killed")
    server.add_user("eva")
    server.start()
    eva = Person(server, "eva", server.token("eva"))
    product = eva.draft("Killed", "other")
    # Long enough to compress that the end comes first.
    large = TEXT * 40
    assert eva.upload(product, "large.csv", large).status_code == 201
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(timeout=30)
    server.process = None
    assert not [path for path in pathlib.Path(tmp_path).rglob("*.deflate")]
    server.start()
    content = compressed_archive(eva, product, "large.csv")
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        assert opened.read("large.csv") == large
    server.stop()
