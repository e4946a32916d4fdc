"""Calls every operation of the API with generated requests, as anonymous, member, owner and administrator.

    python -m fuzz.run [--examples N] [--seed N | --random] [--callers …] [--only REGEX]

Every caller has a server of its own, with the same content, so that runs with the same seed are alike. All checks of
schemathesis run; `schemathesis.toml`, `hooks.py` and `expectations.py` say what is expected.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).parent
ROOT = FOLDER.parents[2]
sys.path.insert(0, str(FOLDER.parent))

from fuzz import expectations, world  # noqa: E402
from harness import LOGS, Person, Server  # noqa: E402

CALLERS = ["anonymous", "member", "owner", "admin"]
# Accounts of the demonstration data, but for the member, who belongs to no group.
ACCOUNTS = {"owner": "alice", "admin": "root", "member": "bruno"}
SEED = 20261121


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=50, help="examples of each operation, for each caller")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--random", action="store_true", help="another seed every time; it is printed")
    parser.add_argument("--callers", nargs="+", choices=CALLERS, default=CALLERS)
    parser.add_argument("--only", help="operations whose path matches this regular expression")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--document", type=pathlib.Path, default=ROOT / "openapi" / "openapi.json")
    parser.add_argument("--at-least", type=int, default=0, help="cases that every caller must have")
    arguments = parser.parse_args()
    if arguments.random:
        arguments.seed = random.SystemRandom().randrange(2**32)
    return arguments


def prepare(directory, document):
    """Fills a server and stops it; gives back the tokens and what is there."""
    server = Server(directory, "fuzz-world")
    server.run("seed", "demo")
    server.add_user(ACCOUNTS["member"])
    # Not the name `default`: get_token/ replaces that one.
    options = {"admin": ["--scopes", "read,upload,run,admin"]}
    tokens = {
        name: server.token(account, "--name", f"fuzz {secrets.token_hex(4)}", *options.get(name, []))
        for name, account in ACCOUNTS.items()
    }
    server.start()
    people = world.people(server, tokens, ACCOUNTS)
    owner, admin = people["owner"], people["admin"]
    deleted = world.populate(server, owner)
    work = world.work(owner)
    pools = world.pools(document, [owner, admin])
    known = {
        "tokens": tokens,
        "work": work,
        "deleted": deleted,
        "pools": pools,
        "victims": world.victims(owner, admin, document, work["uploads"]),
        "links": world.links(document, admin, pools),
        "own": {caller: world.own(people, caller, document) for caller in people},
    }
    if views := world.views(document, owner, pools):
        known["pools"]["/api/views/"] = views
    server.stop()
    return known


def configuration(directory, caller, known, document):
    """The configuration of one caller's run: the committed part, and what only this run knows."""
    text = [(FOLDER / "schemathesis.toml").read_text().replace('"hooks.py"', json.dumps(str(FOLDER / "hooks.py")))]
    for path, keys in known["pools"].items():
        text.append(f"[dictionaries.{name_of(path)}]\nvalues = {json.dumps([int(key) if key.isdecimal() else key for key in keys])}\n")
    for name, values in (("names", ["alice", "bob"]), ("passwords", ["alice-demo", "bob-demo"])):
        text.append(f"[dictionaries.account_{name}]\nvalues = {json.dumps(values)}\n")
    text.append("[parameters]")
    singular = {"query.release": "releases", "query.product": "products", "query.product_id": "products"}
    singular |= {"body.product": "products", "body.release": "releases", "body.product_type": "product_types"}
    singular |= {"body.username": "account_names", "body.password": "account_passwords"}
    singular |= {"query.user": "users", "query.product_type": "product_types", "body.pipeline": "pipelines"}
    names = {name_of(path) for path in known["pools"]} | {"account_names", "account_passwords"}
    for parameter, dictionary in singular.items():
        if dictionary in names:
            text.append(f'"{parameter}" = {{ dictionary = "{dictionary}", probability = 0.7 }}')
    variables = {**world.collections_of(document), "/api/views/": "token"}
    for path in known["pools"]:
        text.append(
            f'[[operations]]\ninclude-path-regex = "^{re.escape(path)}[{{]"\n'.replace("\\", "\\\\")
            + f'parameters = {{ "path.{variables[path]}" = '
            + f'{{ dictionary = "{name_of(path)}", probability = 0.7 }} }}\n'
        )
    for operation in streams_of(document):
        # What never ends is listened to for a moment.
        text.append(f'[[operations]]\ninclude-operation-id = "{operation}"\nrequest-timeout = 0.3\n')
    if caller != "anonymous":
        headers = {
            name: [{"name": "Authorization", "value": f"Token {token}"}] for name, token in known["tokens"].items()
        }
        users = {"auth": [{"name": name, "fixedHeaders": value} for name, value in headers.items()]}
        (directory / "auth.json").write_text(json.dumps(users))
        peers = '\npeers = ["owner", "member"]' if caller in ("owner", "member") else ""
        text.append(f'[auth.wfc]\npath = "{directory / "auth.json"}"\nuser = "{caller}"{peers}\n')
    (directory / "schemathesis.toml").write_text("\n".join(text))


def streams_of(document):
    """Names of the operations that answer with a stream of events."""
    for item in document["paths"].values():
        for operation in item.values():
            if any("text/event-stream" in answer.get("content", {}) for answer in operation["responses"].values()):
                yield operation["operationId"]


def name_of(path):
    return re.sub(r"[^a-z]+", "_", path.removeprefix("/api/").strip("/"))


def fuzz(arguments, caller, base, known, document):
    """One caller's run; gives back whether it went well, what was counted and how long it took."""
    directory = base / caller
    shutil.copytree(base / "world", directory / "data")
    server = Server(directory / "data", f"fuzz-{caller}").start()
    configuration(directory, caller, known, document)
    (directory / "world.json").write_text(json.dumps({**known, "own": known["own"].get(caller, {})}))
    log = LOGS / f"fuzz-{caller}.txt"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(directory / "schemathesis.toml"), "run"]
    command += [str(arguments.document), "--url", server.root, "--seed", str(arguments.seed), "--no-color"]
    command += ["--max-examples", str(arguments.examples), "--phases", arguments.phases]
    if arguments.only:
        command += ["--include-path-regex", arguments.only]
    environment = {
        **os.environ,
        "PZ_FUZZ_WORLD": str(directory / "world.json"),
        "PZ_FUZZ_ROOT": server.root,
        "PZ_FUZZ_DOCUMENT": str(arguments.document.resolve()),
        "PZ_FUZZ_COUNTS": str(directory / "counts.json"),
    }
    began = time.monotonic()
    with log.open("w") as out:
        code = subprocess.run(command, cwd=directory, env=environment, stdout=out, stderr=out).returncode
    seconds = time.monotonic() - began
    alive = server.process.poll() is None
    lives = caller == "anonymous" or Person(server, caller, known["tokens"][caller]).get("").status_code == 200
    server.stop()
    found = directory / "counts.json"
    counts = json.loads(found.read_text()) if found.exists() else {"calls": {}, "expected": {}}
    if not (alive and lives):
        with log.open("a") as out:
            out.write("the server ended\n" if not alive else "the caller's token ended: the run spoiled its fixture\n")
    return code == 0 and alive and lives and bool(counts["calls"]), counts, seconds, log


def report(caller, fine, counts, seconds, log):
    """Tells what came of a caller's run; gives back its number of cases."""
    cases = sum(sum(statuses.values()) for statuses in counts["calls"].values())
    print(f"{caller:10} {cases:7} cases in {seconds:4.0f} s: {'passed' if fine else 'FAILED'}")
    for reason, number in sorted(counts["expected"].items()):
        print(f"{number:18} no failure: {reason}")
    if not fine:
        text = log.read_text()
        print(text[text.find("= FAILURES =") :] if "= FAILURES =" in text else text[-5000:])
    sys.stdout.flush()
    return cases


def main():
    arguments = read_arguments()
    document = json.loads(arguments.document.read_text())
    print(f"seed {arguments.seed}, {arguments.examples} examples of each operation for each caller", flush=True)
    faults = []
    successes = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="pz-fuzz-") as base:
        base = pathlib.Path(base)
        (base / "world").mkdir()
        known = prepare(base / "world", document)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(fuzz, arguments, caller, base, known, document) for caller in arguments.callers]
            for caller, job in zip(arguments.callers, jobs, strict=True):
                fine, counts, seconds, log = job.result()
                cases = report(caller, fine, counts, seconds, log)
                for label, statuses in counts["calls"].items():
                    successes[label] += sum(number for status, number in statuses.items() if status[0] in "23")
                if not fine:
                    faults.append(f"{caller} found failures, see {log.relative_to(ROOT)}")
                if cases < arguments.at_least:
                    faults.append(f"{caller} made {cases} cases, fewer than {arguments.at_least}")
    if arguments.callers == CALLERS and not arguments.only:
        never = {label for label, number in successes.items() if not number} - set(expectations.UNREACHED)
        faults += [f"no request to {label} ever succeeded, so it is not really tested" for label in sorted(never)]
    for fault in faults:
        print(f"FAILED: {fault}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
