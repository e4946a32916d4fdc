"""Names of files: whatever they hold, they are text, and never a header, a path or a part of another name."""

import base64
import email.message
import email.policy
import io
import zipfile

import pytest
from attack import CATALOG, exact, remember

NAMES = [
    "plain.csv",
    'quote".csv',
    "back\\slash.csv",
    'both\\".csv',
    "semi;colon; filename=evil.exe",
    "percent%0d%0aSet-Cookie: a=b.csv",
    "%2e%2e%2fup.csv",
    "r\u202egpj.exe",
    "zero\u200bwidth.csv",
    "名前 – ñ.csv",
    "\U0001f4a5.csv",
    "e\u0301.csv",
    " leading and trailing ",
    "con",
    "aux.csv",
    "a:stream.csv",
    "-rf",
    "--checkpoint-action=exec=sh x",
    "$(touch x).csv",
    "`id`.csv",
    "| id",
    "<script>alert(1)</script>.html",
    "=cmd|' /C calc'!A0.csv",
    "{{7*7}}${7*7}.csv",
    "..",
    ".htaccess",
    "a" * 200 + ".csv",
    "a" * 5000 + ".csv",
    "'; DROP TABLE products; --.csv",
]
# What a form's header may hold besides; the parser or the service refuses, or takes it out.
BREAKING = [
    b"cr\rlf.csv",
    b"lf\nX-Evil: 1.csv",
    b"crlf\r\nX-Evil: 1\r\n\r\nbody.csv",
    b"nul\x00.csv",
    b"\xff\xfe.csv",
    b"tab\t.csv",
    b"esc\x1b[31m.csv",
]


def multipart(product, name, content=CATALOG, role=2):
    quoted = name.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    edge = b"edgeedgeedge"
    parts = [
        b'Content-Disposition: form-data; name="product"\r\n\r\n' + str(product["id"]).encode(),
        b'Content-Disposition: form-data; name="role"\r\n\r\n' + str(role).encode(),
        b'Content-Disposition: form-data; name="file"; filename="'
        + quoted
        + b'"\r\nContent-Type: text/html\r\n\r\n'
        + content,
    ]
    body = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + edge + b"--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=" + edge.decode()}


def file_name(header):
    """The file name as a mail reader's parser understands it: an implementation that is not ours."""
    message = email.message.EmailMessage(policy=email.policy.HTTP)
    message["Content-Disposition"] = header
    return message.get_filename()


@pytest.fixture(scope="module")
def product(ana):
    return ana.draft("Names", "other")


def sent(server, ana, product, name):
    body, headers = multipart(product, name)
    return exact(server, "POST", "/api/product-files/", {**headers, "Authorization": f"Token {ana.token}"}, body)


@pytest.mark.parametrize("name", NAMES)
def test_names_stay_names(server, ana, product, name):
    before = {row["id"] for row in files(ana, product)}
    answer = sent(server, ana, product, name.encode())
    if answer.status != 201:
        assert answer.status == 400, answer
        assert {row["id"] for row in files(ana, product)} == before
        return
    made = next(row for row in files(ana, product) if row["id"] not in before)
    assert "/" not in made["name"] and "\\" not in made["name"] and made["name"] not in ("", ".", "..")
    got = exact(server, "GET", f"/api/product-files/{made['id']}/download/", {"Authorization": f"Token {ana.token}"})
    check_headers(got)
    assert got.rest == CATALOG
    assert file_name(got.headers["content-disposition"]) == made["name"]


@pytest.mark.parametrize("name", BREAKING)
def test_names_break_no_header(server, ana, product, name):
    before = {row["id"] for row in files(ana, product)}
    answer = sent(server, ana, product, name)
    assert answer.status in (201, 400), answer
    assert "x-evil" not in answer.headers
    for made in files(ana, product):
        if made["id"] in before:
            continue
        assert not any(ord(character) < 32 for character in made["name"]), made["name"]
        got = exact(
            server, "GET", f"/api/product-files/{made['id']}/download/", {"Authorization": f"Token {ana.token}"}
        )
        check_headers(got)
        assert got.answers == 1 and "x-evil" not in got.headers and got.rest == CATALOG


def files(person, product):
    answer = person.get("product-files/", params={"product_id": product["id"], "page_size": 1000})
    return answer.json()["results"]


def check_headers(got):
    assert got.status == 200, got
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert got.headers["content-type"] in ("text/csv", "application/octet-stream"), got.headers["content-type"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["cross-origin-resource-policy"] == "same-origin"
    assert not any(ord(character) < 32 or ord(character) > 126 for text in got.headers.values() for character in text)


def test_an_archive_of_such_names_unpacks_into_one_directory(ana, product, tmp_path):
    prepared = ana.request("POST", f"products/{product['id']}/download/prepare/").json()
    remember(prepared["download_url"])
    answer = ana.session.get(ana.server.root + prepared["download_url"], timeout=60)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = archive.namelist()
        assert len(names) > len(NAMES) // 2
        for name in names:
            assert not name.startswith(("/", "\\", "~")), name
            assert ".." not in name.split("/") and "\\" not in name and ":" not in name
            assert not any(ord(character) < 32 for character in name)
        assert len({name.lower() for name in names}) == len(names)
        archive.extractall(tmp_path)
    assert {path.parent for path in tmp_path.rglob("*")} == {tmp_path}


@pytest.mark.parametrize(
    "encoded", ["../../x.csv", "/etc/passwd", "a\r\nX-Evil: 1", "a\x00b", "..", "C:\\x.csv", "x" * 5000]
)
def test_names_of_resumable_uploads(ana, product, encoded):
    pairs = {"product": product["id"], "role": 2, "filename": encoded}
    metadata = ",".join(f"{key} {base64.b64encode(str(value).encode()).decode()}" for key, value in pairs.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "0", "Upload-Metadata": metadata}
    before = {row["id"] for row in files(ana, product)}
    answer = ana.request("POST", "uploads/", headers=headers)
    assert answer.status_code in (201, 400), answer.text
    assert "X-Evil" not in answer.headers
    for made in files(ana, product):
        if made["id"] not in before:
            assert not set(made["name"]) & set("/\\\r\n\0") and made["name"] not in ("", ".", "..")


def test_the_store_knows_no_names(server, ana, product):
    """Nothing on disk is called as a user calls it."""
    kept = [path.name for path in (server.directory / "blobs").rglob("*") if path.is_file()]
    assert kept
    for name in kept:
        assert "csv" not in name and "passwd" not in name and not set(name) - set("0123456789abcdef.-_rtpuloadze"), name
