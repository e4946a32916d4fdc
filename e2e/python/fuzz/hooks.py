"""What schemathesis does besides its own: spares the objects of the run, counts, and knows expected refusals.

Loaded by schemathesis, in one process per caller; `run.py` says in the environment what is there.
"""

import atexit
import collections
import json
import os
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))

import requests
import schemathesis
from fuzz import expectations
from fuzz.reading import Reader
from schemathesis.core import NOT_SET
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import ObjectLevelAuthorizationViolation, RejectedPositiveData

WORLD = json.loads(pathlib.Path(os.environ["PZ_FUZZ_WORLD"]).read_text())
COUNTS = pathlib.Path(os.environ["PZ_FUZZ_COUNTS"])
NOBODY = "999999999"  # an id that nothing has
COLLECTION = re.compile(r"^(.*/)\{([a-z_]+)\}/")

READER = Reader(json.loads(pathlib.Path(os.environ["PZ_FUZZ_DOCUMENT"]).read_text()))
ROOT = os.environ["PZ_FUZZ_ROOT"]

counts = collections.defaultdict(collections.Counter)
expected = collections.Counter()
helped = collections.Counter()
# What is brought back is deleted no more.
DELETED = {
    "POST /api/products/{id}/restore/": WORLD["deleted"][::2],
    "GET /api/products/{id}/tombstone/": WORLD["deleted"][1::2],
}
victims = {path: list(ids) for path, ids in WORLD["victims"].items()}


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(context, value):
    """A piece of a file: bytes as they are."""
    return value if isinstance(value, bytes) else str(value).encode()


def next_victim(path):
    """One of the objects made to be deleted, in turn; the last one stays for good."""
    ids = victims.get(path)
    if not ids:
        return None
    return ids.pop(0) if len(ids) > 1 else ids[0]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sends what is right where only luck could find it, and spares what the run needs.

    Of a signed link it gives the token that belongs to the object; of a form, what says where a file belongs before the
    file. It deletes other objects than those that the run needs, and never takes its own account or token.
    """
    if isinstance(case.body, dict) and case.media_type == "multipart/form-data":
        # No client can name a part with control characters: the name is in a header of the part.
        parts = [(name, value) for name, value in case.body.items() if name.isprintable()]
        case.body = dict(sorted(parts, key=lambda part: part[0] == "file"))
    if is_allowed(case):
        help_along(case, f"{case.method} {case.path}")
    if case.path == "/api/account/sign-out/" and isinstance(case.body, dict):
        # Neither this token nor those that are made to be deleted.
        case.body |= {name: False for name in ("this_one_too", "tokens") if case.body.get(name) is True}
    links = WORLD["links"].get(case.path, {})
    if is_allowed(case) and "token" in (case.query or {}):
        case.query["token"] = links.get(str((case.path_parameters or {}).get("id")), case.query["token"])
    found = COLLECTION.match(case.path)
    if not found or case.method == "GET":
        return
    collection, parameter = found.groups()
    value = str((case.path_parameters or {}).get(parameter))
    own = value in WORLD["own"].get(collection, [])
    spared = case.method == "DELETE" and value in WORLD["pools"].get(collection, [])
    if own or spared:
        case.path_parameters[parameter] = next_victim(collection) or NOBODY


def help_along(case, label):
    """Every second request for what hangs together across fields gets fields that do."""
    helped[label] += 1
    if helped[label] % 2:
        return
    if label == "POST /api/processes/" and isinstance(case.body, dict) :
        fields = ("display_name", "description")
        case.body = {name: case.body[name] for name in fields if name in case.body} | WORLD["work"]["process"]
    elif label == "POST /api/uploads/" and "Upload-Metadata" in case.headers:
        case.headers["Upload-Metadata"] = WORLD["work"]["upload"]
    elif label in DELETED:
        ids = DELETED[label]
        case.path_parameters["id"] = ids[helped[label] // 2 % len(ids)]


def is_allowed(case):
    """Whether the case was made to be one that the document allows."""
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def after_call(context, case, response):
    # Other methods are tried, too; they are no calls of the operation.
    if response.request.method == context.operation.method.upper():
        counts[context.operation.label][str(response.status_code)] += 1


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops what is no failure, for reasons that neither a schema nor a list of statuses can say."""
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        code = response.headers.get("x-error-code", [""])[0]
        fine = expectations.is_expected(code, response.text or "", context.operation.label)
        reason = f"refused: {code}"
    elif isinstance(failure, AcceptedNegativeData):
        body = None if case.body is NOT_SET else case.body
        fine = READER.is_allowed(case.method, case.path, response.request.url, body, case.media_type)
        reason = "accepted: allowed in other words"
    elif isinstance(failure, ObjectLevelAuthorizationViolation):
        fine = is_shared(failure.peer, case, response)
        reason = "seen by a peer: part of a product that the peer may see"
    else:
        return True
    expected[reason] += fine
    return not fine


def is_shared(peer, case, response):
    """Whether what was read belongs to a product that the peer may see: then everybody who sees it sees its parts."""
    if case.path.startswith("/api/products/{id}/"):
        products = {case.path_parameters["id"]}
    else:
        body = response.json()
        products = {row.get("product") for row in body.get("results", [body])}
    headers = {"Authorization": f"Token {WORLD['tokens'][peer]}"}
    return None not in products and all(
        requests.get(f"{ROOT}/api/products/{product}/", headers=headers, timeout=60).status_code == 200
        for product in products
    )


@atexit.register
def write_counts():
    COUNTS.write_text(json.dumps({"calls": counts, "expected": expected}))
