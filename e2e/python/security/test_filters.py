"""Texts that mean something to SQL, to LIKE and to regular expressions, in every filter, search and order: they are
texts. What is found is what a comparison in plain Python finds."""

import itertools

import pytest
from attack import ALL_STATUSES, session

NAMES = [
    "100% sure",
    "100 sure",
    "under_score",
    "underXscore",
    "a'b",
    "a''b",
    'a"b',
    "a\\b",
    "a\\\\b",
    "a%b",
    "a_b",
    "a*b",
    "a?b",
    "[ab]c",
    "(x|y)",
    "^start$",
    "dot.dot",
    "dotXdot",
    "semi;colon",
    "--comment",
    "/* c */",
    "%",
    "_",
    "\\",
    "'",
    "ÅNGSTRÖM",
    "ångström",
    "Straße",
    "İstanbul",
    "ﬁne",
    "null",
    "NULL",
    "true",
    "1",
    "0",
    "-1",
    "1e3",
    "{}",
    "$1",
    "@x",
    ":y",
    "?1",
    "\u202eabc",
    "𝔘nicode",
    "'; DROP TABLE products; --",
    "' OR '1'='1",
    "') OR ('1'='1",
    "1) UNION SELECT secret_sha256 FROM api_tokens --",
    "x' AND (SELECT 1 FROM users)--",
    "a, b",
    "two words",
    "tab\there",
]
# Values that are no names, either.
VALUES = [
    *NAMES,
    "a" * 1000,
    "," * 900,
    "0x41",
    "chr(65)",
    "%25",
    "%27",
    "'||'",
    "a\nb",
    "\x01",
    "\ufeff",
    "\ud7ff",
    "9" * 40,
    "NaN",
    "Infinity",
    "1,2,3",
    "..",
    "1..2",
    "-..",
    "id",
    "id;",
    "id desc",
    "-id,--id",
    "random()",
    "(select 1)",
    "users.password_hash",
    "password_hash",
    "display_name__regex",
    "__class__",
    "*",
    "created_at, id",
    "-",
    ",",
    "+id",
]


@pytest.fixture(scope="module")
def named(bruno):
    """Drafts of bruno's with odd names, as they are kept: by id."""
    made = [bruno.draft(name, "other", description=f"about {name}") for name in NAMES]
    return {product["id"]: product for product in made}


def ids(answer):
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["results"]}


def found(person, **query):
    return ids(person.get("products/", params={"status__in": ALL_STATUSES, "page_size": 1000, **query}))


def plain(text):
    """Lower case, as far as ASCII goes: what every database agrees on."""
    return "".join(character.lower() if character.isascii() else character for character in text)


@pytest.mark.parametrize("name", NAMES)
def test_equality_finds_the_name_itself(bruno, named, name):
    mine = {key for key, product in named.items() if product["display_name"] == name.strip()}
    assert mine
    assert found(bruno, display_name=name.strip()) & named.keys() == mine


@pytest.mark.parametrize("name", [name for name in NAMES if "," not in name and name.isascii()])
def test_containment_finds_what_contains_it(bruno, named, name):
    expected = {key for key, product in named.items() if plain(name.strip()) in plain(product["display_name"])}
    hits = found(bruno, product_name=name.strip()) & named.keys()
    assert hits == expected, [named[key]["display_name"] for key in hits ^ expected]


@pytest.mark.parametrize("name", [name for name in NAMES if name.isascii() and not set(name) & set(", \t'\"")])
def test_searching_finds_what_contains_it(bruno, named, name):
    hits = found(bruno, search=name) & named.keys()
    certain = {
        key
        for key, product in named.items()
        if plain(name) in plain(product["display_name"]) or plain(name) in plain(product["description"])
    }
    assert certain <= hits
    for key in hits - certain:
        row = named[key]
        assert plain(name) in plain(" ".join(str(value) for value in row.values())), (name, row["display_name"])


def lists(document):
    for path, item in document["paths"].items():
        if "get" in item and "{" not in path and path.startswith("/api/"):
            names = [row["name"] for row in item["get"].get("parameters", []) if row["in"] == "query"]
            if names and "events" not in path:
                yield path, names


def test_no_value_of_any_parameter_breaks_anything(document, bruno, chefe):
    """Every parameter of every list that the document names, with every value: an answer, and never more than asked."""
    for path, names in lists(document):
        person = chefe if path.startswith("/api/admin/") else bruno
        whole = None
        for name, value in itertools.product(names, VALUES):
            answer = person.get(path.removeprefix("/api/"), params={name: value})
            assert answer.status_code in (200, 400, 404), (path, name, value, answer.text[:200])
            for trace in (
                ()
                if answer.status_code == 200
                else ("SELECT ", "sqlite", "postgres", "syntax error", "no such column", "$argon2")
            ):
                assert trace not in answer.text or trace in value, (path, name, value)
            if answer.status_code == 200 and "count" in answer.json():
                if whole is None:
                    whole = person.get(path.removeprefix("/api/")).json()["count"]
                # Statuses that a list leaves out by itself come when they are asked for.
                if not name.startswith("status") and not path.endswith("/audit/"):
                    assert answer.json()["count"] <= whole, (path, name, value)


def test_always_true_is_not_true(bruno, named):
    for name, value in itertools.product(
        (
            "display_name",
            "internal_name",
            "product_name",
            "release_name",
            "uploaded_by",
            "product_type_name",
            "format__in",
            "pz_code",
        ),
        ("' OR '1'='1", "' OR 1=1 --", '" OR ""="', "x%' OR '1' LIKE '1"),
    ):
        answer = bruno.get("products/", params={name: value, "status__in": ALL_STATUSES, "page_size": 1000})
        if answer.status_code == 200 and name != "pz_code":
            assert ids(answer) & named.keys() <= {key for key, row in named.items() if "OR" in row["display_name"]}, (
                name,
                value,
            )


def test_order_takes_only_what_it_names(document, bruno, chefe):
    """A column that is not offered does not order, so that nothing hidden can be guessed by it."""
    for path, names in lists(document):
        if "ordering" not in names:
            continue
        person = chefe if path.startswith("/api/admin/") else bruno
        usual = [row.get("id") for row in person.get(path.removeprefix("/api/")).json()["results"]]
        for column in (
            "password_hash",
            "-password_hash",
            "secret_sha256",
            "session_epoch",
            "email",
            "user__password",
            "key",
            "1",
            "random()",
        ):
            answer = person.get(path.removeprefix("/api/"), params={"ordering": column})
            offered = column.strip("-") in str(document["paths"][path]["get"]["parameters"])
            if answer.status_code == 200 and not offered:
                assert [row.get("id") for row in answer.json()["results"]] == usual, (path, column)


def test_users_cannot_be_searched_by_what_is_hidden(bruno):
    for name in ("email", "password", "is_superuser", "search", "username__startswith", "last_login"):
        whole = bruno.get("users/", params={"page_size": 1000}).json()["count"]
        assert bruno.get("users/", params={name: "a", "page_size": 1000}).json()["count"] == whole
    rows = bruno.get("users/", params={"page_size": 1000}).json()["results"]
    assert not any("password" in row or "email" in row for row in rows)


def test_many_parameters_and_long_ones(server, bruno):
    for query in (
        "&".join(f"search=a{number}" for number in range(3000)),
        "&".join(f"x{number}=1" for number in range(5000)),
        "id__in=" + ",".join(["1"] * 10_000),
        "status__in=" + ",".join(["1"] * 900),
        "search=" + "%20".join(["ab"] * 300),
        "page=" + "9" * 30,
        "page_size=" + "9" * 30,
        "page_size=-1",
        "page_size=0",
        "page_size=100000",
        "page=2&page_size=1000000000000",
    ):
        answer = bruno.get("products/?" + query)
        assert answer.status_code in (200, 400, 404, 414, 431), (query[:80], answer.text[:200])
        if answer.status_code == 200:
            assert len(answer.json()["results"]) <= 1000
    assert session().get(server.api + "products/?" + "a" * 100, timeout=30).status_code == 401
