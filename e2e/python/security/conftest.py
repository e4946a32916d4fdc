"""A server under attack, without demonstration data. After every test it still lives, and nothing in it broke."""

import os

import pytest
import requests
from attack import CATALOG, Attacker, remember

from harness import PASSWORD, Server

SETTINGS = {
    # The attacks are many and come from one address; the limits have tests of their own.
    "PZ_RATE_LIMITS": "off",
    # Whatever is in the log at this level must not hold a secret either.
    "PZ_LOG": "info,pz_server=trace,pz_store=trace,sqlx=debug",
    "PZ_UPLOAD_MAX_BYTES": "30000000",
    "PZ_UNWRAP_MAX_BYTES": "60000000",
}


def pytest_collection_modifyitems(items):
    """The log is read when everything has been tried."""
    items.sort(key=lambda item: item.path.name == "test_nothing_leaks.py")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    web_app = {"PZ_WEB_DIR": os.environ["PZ_WEB_DIR"]} if os.path.isdir(os.environ.get("PZ_WEB_DIR", "")) else {}
    server = Server(tmp_path_factory.mktemp("attacked"), "server-security", **SETTINGS, **web_app)
    for username in ("ana", "bruno", "clara"):
        server.add_user(username)
    server.add_user("chefe", admin=True)
    remember(PASSWORD)
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def still_alive(server):
    """Every attack asserts this."""
    yield
    assert server.process.poll() is None, "the server died"
    assert requests.get(f"{server.root}/health/ready", timeout=10).status_code == 200
    assert "panicked at" not in server.log.read_text()


def attacker(name, *options):
    @pytest.fixture(scope="session", name=name)
    def fixture(server):
        return Attacker(server, name, server.token(name, *options))

    return fixture


ana = attacker("ana")
bruno = attacker("bruno")
clara = attacker("clara")
chefe = attacker("chefe", "--scopes", "read,upload,run,admin")


@pytest.fixture(scope="session")
def document(server):
    answer = requests.get(f"{server.api}schema/", params={"format": "json"}, timeout=30)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="session")
def users(chefe):
    rows = chefe.get("admin/users/", params={"page_size": 1000}).json()["results"]
    return {row["username"]: row["id"] for row in rows}


@pytest.fixture(scope="session")
def restricted(chefe):
    """A release for the group of ana and clara."""
    group = chefe.request("POST", "admin/groups/", json={"name": "Insiders"})
    assert group.status_code == 201, group.text
    members = chefe.request("PUT", f"admin/groups/{group.json()['id']}/members/", json={"members": ["ana", "clara"]})
    assert members.status_code == 200, members.text
    release = {
        "name": "inside",
        "display_name": "Inside",
        "indexing_column": "id",
        "is_public": False,
        "access_groups": [group.json()["id"]],
    }
    made = chefe.request("POST", "admin/releases/", json=release)
    assert made.status_code == 201, made.text
    return made.json()["id"]


@pytest.fixture(scope="session")
def published(ana):
    """A catalog of ana's that everybody sees."""
    product = ana.draft("Seen by all", description="Nothing to hide")
    assert ana.upload(product, "cat.csv", CATALOG).status_code == 201
    assert ana.registry(product).status_code == 200
    answer = ana.publish(product, RA="ra", Dec="dec", z="z")
    assert answer.status_code == 200, answer.text
    return answer.json()
