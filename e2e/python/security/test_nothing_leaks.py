"""Last, when everything has been tried: no secret that was used stands in the log, in the audit log, or on the disk in
a form that could be used."""

import re

from attack import seen_secrets, session

from harness import PASSWORD


def test_the_suite_used_secrets():
    """So that the tests below look for something."""
    assert PASSWORD in seen_secrets
    assert len(seen_secrets) >= 5


def test_the_log_holds_no_secret(server):
    text = server.log.read_text(errors="replace")
    assert "answered" in text
    held = [secret[:6] + "…" for secret in seen_secrets if secret in text]
    assert not held, held
    assert not re.search(r"pz_[0-9A-Za-z]{22}\.[0-9A-Za-z]{22}|eyJ[\w-]{10,}\.[\w-]{10,}\.|\$argon2", text)
    assert str(server.directory / "secret.key") not in text
    assert (server.directory / "secret.key").read_text().strip() not in text


def test_the_audit_log_holds_no_secret(chefe):
    page, seen = 1, ""
    while True:
        answer = chefe.get("admin/audit/", params={"page_size": 1000, "page": page})
        if answer.status_code == 404:
            break
        seen += answer.text
        page += 1
    assert '"action":"product.create"' in seen
    assert not [secret[:6] for secret in seen_secrets if secret in seen]
    assert "$argon2" not in seen


def test_the_database_holds_no_secret_as_it_is(server):
    """Neither passwords nor tokens can be read out of a copy of the database."""
    kept = b"".join(path.read_bytes() for path in server.directory.glob("pz-server.sqlite3*"))
    assert b"$argon2id$" in kept
    assert not [secret[:6] for secret in seen_secrets if secret.encode() in kept]
    assert (server.directory / "secret.key").stat().st_mode & 0o077 == 0


def test_errors_hold_no_causes(server, ana, document):
    """No error of any operation names a file of the server, a line of its code or a statement."""
    nobody = session()
    for path, item in document["paths"].items():
        for method in item:
            for person in (ana.session, nobody):
                if "events" in path:
                    continue
                answer = person.request(
                    method,
                    server.root + path.replace("{id}", "999999999").replace("{token}", "x"),
                    data=b"\xff\xfe{",
                    timeout=30,
                    headers={"Content-Type": "application/json"},
                )
                if answer.status_code >= 400:
                    for trace in (
                        str(server.directory),
                        ".rs:",
                        "panicked",
                        "SELECT",
                        "sqlx",
                        "sea_orm",
                        "/rustc/",
                        "stack backtrace",
                    ):
                        assert trace not in answer.text, (method, path, trace)
