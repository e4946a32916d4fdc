"""A real server on a free port, in a directory of its own, driven only from outside."""

import os
import pathlib
import socket
import subprocess
import time

import requests

BINARY = os.environ.get("PZ_SERVER_BINARY", "pz-server")
LOGS = pathlib.Path(__file__).parents[1] / "out"
READY_WITHIN_SECONDS = 30
PASSWORD = "correct horse battery staple"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One `pz-server` process and its data directory; extra settings are environment variables."""

    def __init__(self, directory, name, **settings):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.host = "127.0.0.1"
        self.root = f"http://{self.host}:{self.port}"
        self.api = f"{self.root}/api/"
        LOGS.mkdir(exist_ok=True)
        self.log = LOGS / f"{name}.log"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PZ_", "DATABASE_"))},
            "PZ_DATA_DIR": str(directory),
            "PZ_LISTEN": f"{self.host}:{self.port}",
            # Tests ask as fast as they can; those of the limits switch them on.
            "PZ_RATE_LIMITS": "off",
            **settings,
        }
        self.process = None

    def run(self, *arguments, stdin=None):
        """Runs one of the program's commands and gives back what it printed."""
        done = subprocess.run(
            [BINARY, *arguments], env=self.environment, input=stdin, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"pz-server {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def start(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended at once:\n{self.log.read_text()[-2000:]}"
            try:
                if requests.get(f"{self.root}/health/ready", timeout=1).ok:
                    return self
            except requests.ConnectionError:
                time.sleep(0.05)
        raise TimeoutError(f"the server was not ready in time:\n{self.log.read_text()[-2000:]}")

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(timeout=30) == 0, "the server did not end cleanly"
            self.process = None

    def bytes_kept(self):
        """How much the blob store holds, half-written files included."""
        return sum(path.stat().st_size for path in (self.directory / "blobs").rglob("*") if path.is_file())

    def add_user(self, username, admin=False):
        flags = ["--admin"] if admin else []
        self.run("user", "add", "--username", username, "--password-stdin", *flags, stdin=PASSWORD)

    def token(self, username, *options):
        return self.run("token", "new", "--username", username, *options).strip()


class Person:
    """Somebody with a token, speaking plain HTTP."""

    def __init__(self, server, username, token):
        self.server = server
        self.username = username
        self.token = token
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {token}"

    def request(self, method, path, **arguments):
        return self.session.request(method, self.server.api + path, timeout=60, **arguments)

    def get(self, path, **arguments):
        return self.request("GET", path, **arguments)

    def draft(self, display_name="A draft", product_type="redshift_catalog", **fields):
        """A new product, not yet published."""
        types = {item["name"]: item["id"] for item in self.get("product-types/").json()["results"]}
        body = {"display_name": display_name, "product_type": types[product_type], **fields}
        answer = self.request("POST", "products/", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def upload(self, product, name, content, role=0, media_type="application/octet-stream"):
        return self.request(
            "POST",
            "product-files/",
            data={"product": product["id"], "role": role},
            files={"file": (name, content, media_type)},
        )

    def registry(self, product):
        return self.request("POST", f"products/{product['id']}/registry/")

    def columns(self, product):
        return self.get("product-contents/", params={"product": product["id"]}).json()["results"]

    def publish(self, product, **roles):
        """Says what columns mean (`RA="ra"`) and publishes."""
        ids = {column["column_name"]: column["id"] for column in self.columns(product)}
        for alias, column in roles.items():
            answer = self.request("PATCH", f"product-contents/{ids[column]}/", data={"alias": alias})
            assert answer.status_code == 200, answer.text
        return self.request("PATCH", f"products/{product['id']}/", data={"status": 1})
