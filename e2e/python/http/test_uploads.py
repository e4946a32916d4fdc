"""Files that are too large, empty or not what their name says: refused with the reason, and one can go on."""

import io
import random
import re
import socket
import time

import numpy
import pyarrow
import pyarrow.parquet
import pytest
import requests
from harness import Person, Server

LIMIT = 1_000_000
GOOD_CSV = b"ra,dec,z\n10.5,-3.25,0.5\n11.5,-4.25,0.75\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Somebody on a server that takes files of up to a megabyte."""
    server = Server(tmp_path_factory.mktemp("small"), "server-small-files", PZ_UPLOAD_MAX_BYTES=str(LIMIT))
    server.start()
    server.add_user("clara")
    yield Person(server, "clara", server.token("clara"))
    server.stop()


def parquet(rows=1000):
    buffer = io.BytesIO()
    values = numpy.linspace(0, 1, rows)
    pyarrow.parquet.write_table(pyarrow.table({"ra": values, "dec": values, "z": values}), buffer)
    return buffer.getvalue()


def junk(seed, size=5000):
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("excess", [1, LIMIT // 2, 40 * LIMIT])
def test_a_file_over_the_limit_is_413_and_nothing_of_it_is_kept(small, excess):
    product = small.draft("Too large")
    kept = small.server.bytes_kept()
    answer = small.upload(product, "large.csv", b"1" * (LIMIT + excess))
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "1 MB" in answer.text or "1000000" in answer.text or "1,000,000" in answer.text
    assert small.server.bytes_kept() == kept
    assert small.get("product-files/", params={"product_id": product["id"]}).json()["count"] == 0


def test_a_file_exactly_at_the_limit_is_taken(small):
    product = small.draft("Just right", "other")
    answer = small.upload(product, "exact.bin", b"1" * LIMIT)
    assert answer.status_code == 201
    assert answer.json()["size"] == LIMIT


def test_of_an_upload_that_breaks_off_nothing_is_kept(small):
    product = small.draft("Cut off")
    kept = small.server.bytes_kept()
    request = requests.Request(
        "POST",
        small.server.api + "product-files/",
        headers={"Authorization": f"Token {small.token}"},
        data={"product": product["id"]},
        files={"file": ("cut.csv", b"1" * (LIMIT // 2))},
    ).prepare()
    head = f"POST /api/product-files/ HTTP/1.1\r\nHost: {small.server.host}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    with socket.create_connection((small.server.host, small.server.port)) as connection:
        connection.sendall(head.encode() + b"\r\n" + request.body[: LIMIT // 3])
    deadline = time.monotonic() + 10
    while small.server.bytes_kept() != kept and time.monotonic() < deadline:
        time.sleep(0.05)
    assert small.server.bytes_kept() == kept
    assert small.get("product-files/", params={"product_id": product["id"]}).json()["count"] == 0


def test_an_empty_file_is_400(ana):
    product = ana.draft("Empty")
    answer = ana.upload(product, "empty.csv", b"")
    assert answer.status_code == 400
    assert answer.json()["file"]
    assert ana.get("product-files/", params={"product_id": product["id"]}).json()["count"] == 0


def test_an_upload_without_file_product_or_role_that_exists_is_400(ana, bruno):
    product = ana.draft("Parts missing")
    assert ana.request("POST", "product-files/", files={"product": (None, str(product["id"]))}).status_code == 400
    assert ana.upload({"id": 999999999}, "a.csv", GOOD_CSV).status_code == 400
    assert ana.upload({"id": "x"}, "a.csv", GOOD_CSV).status_code == 400
    assert ana.upload(product, "a.csv", GOOD_CSV, role=7).status_code == 400
    assert ana.upload(product, "..", GOOD_CSV).status_code == 400
    # A draft of somebody else's is not even there.
    assert bruno.upload(product, "a.csv", GOOD_CSV).status_code in (400, 404)
    assert ana.get("product-files/", params={"product_id": product["id"]}).json()["count"] == 0


@pytest.mark.parametrize("name", ["../../etc/cron.d/x.csv", "/etc/x.csv", "..\\..\\x.csv", "C:\\data\\x.csv"])
def test_only_the_last_part_of_a_name_is_taken(ana, name):
    product = ana.draft("Paths")
    answer = ana.upload(product, name, GOOD_CSV)
    assert answer.status_code == 201
    assert answer.json()["name"] == "x.csv"


BROKEN = {
    "empty shell.parquet": (b"PAR1PAR1", ""),
    "no footer.parquet": (parquet()[:-20], ""),
    "half.parquet": (parquet()[: len(parquet()) // 2], ""),
    "junk between magics.parquet": (b"PAR1" + junk(1) + b"PAR1", ""),
    "damaged pages.parquet": (parquet()[:40] + junk(2, 400) + parquet()[440:], ""),
    "ragged.csv": (b"ra,dec,z\n1.5,2.5,0.5\n1.5,2.5,0.5\n1.5,2.5,0.5,7\n1.5,2.5,0.5\n", r"(line|row)\D*[34]\b"),
    "short row.csv": (b"ra,dec,z\n1.5,2.5,0.5\n1.5,2.5\n1.5,2.5,0.5\n", r"(line|row)\D*[23]\b"),
    "junk.csv": (junk(3), ""),
    "zeros.csv": (b"\0" * 5000, ""),
    "latin.csv": ("ra,dec,z,name\n1.5,2.5,0.5,Óptico\n".encode("latin-1"), r"UTF-8"),
    "open quote.csv": (b'ra,dec,z\n1.5,2.5,"0.5\n1.5,2.5,0.5\n', ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_a_table_is_422_with_the_reason_and_the_draft_goes_on(ana, name):
    content, reason = BROKEN[name]
    product = ana.draft(f"Broken {name}")
    assert ana.upload(product, name, content).status_code == 201
    answer = ana.registry(product)
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert body["code"] in ("not_a_table", "broken_file", "unsupported_format")
    assert len(body["error"]) > 15
    assert re.search(reason, body["error"]), body["error"]

    # It is still a draft without columns, and cannot be published.
    assert ana.get(f"products/{product['id']}/").json()["status"] == 0
    assert ana.columns(product) == []
    assert ana.publish(product).status_code in (400, 406)

    # A second file takes the first one's place.
    assert ana.upload(product, "good.csv", GOOD_CSV).status_code == 201
    files = ana.get("product-files/", params={"product_id": product["id"]}).json()["results"]
    assert [item["name"] for item in files] == ["good.csv"]
    assert ana.registry(product).status_code == 200
    assert ana.publish(product, RA="ra", Dec="dec", z="z").status_code == 200


def test_a_published_product_keeps_its_main_file(ana):
    product = ana.draft("Settled")
    ana.upload(product, "good.csv", GOOD_CSV)
    ana.registry(product)
    assert ana.publish(product, RA="ra", Dec="dec", z="z").status_code == 200
    assert ana.upload(product, "other.csv", GOOD_CSV).status_code == 409


def test_a_name_does_not_make_the_format(ana):
    """Parquet bytes under a name that says CSV are read as what they are."""
    product = ana.draft("Misnamed")
    ana.upload(product, "really parquet.csv", parquet())
    assert ana.registry(product).status_code == 200
    assert [column["column_name"] for column in ana.columns(product)] == ["ra", "dec", "z"]


def test_registering_again_keeps_the_meanings_of_columns_that_stay(ana):
    product = ana.draft("Twice")
    ana.upload(product, "good.csv", GOOD_CSV)
    ana.registry(product)
    assert ana.publish(product, RA="ra", Dec="dec", z="z").status_code == 200
    assert ana.registry(product).status_code == 200
    assert [column["alias"] for column in ana.columns(product)] == ["RA", "Dec", "z"]
    assert ana.get(f"products/{product['id']}/").json()["status"] == 1


def test_no_main_file_is_409(ana):
    assert ana.registry(ana.draft("Nothing yet")).status_code == 409
