"""What may be accepted although the document does not ask for it, and what may not."""

import pytest
from fuzz.expectations import is_expected
from fuzz.reading import Reader

FIELDS = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "maxLength": 5, "minLength": 1},
        "number": {"type": ["integer", "null"], "maximum": 9},
        "flag": {"type": "boolean"},
    },
}
PATH = "/things/"
DOCUMENT = {
    "paths": {
        PATH: {
            "get": {
                "parameters": [
                    {"in": "query", "name": "page", "schema": {"type": "integer", "minimum": 1}},
                    {"in": "query", "name": "exact", "required": True, "schema": {"type": "string", "maxLength": 3}},
                ]
            },
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}},
                        "multipart/form-data": {"schema": {"$ref": "#/components/schemas/Thing"}},
                    },
                }
            },
        }
    },
    "components": {"schemas": {"Thing": FIELDS}},
}


@pytest.fixture(scope="module")
def reader():
    return Reader(DOCUMENT)


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("exact=abc", True),
        ("exact=abc&page=%20+7", True),
        ("exact=abc&page=", True),
        ("exact=abc&page=x&page=", True),
        ("exact=toolong&exact=abc", True),
        ("exact=abc&unknown=x", True),
        ("page=1", False),
        ("exact=toolong", False),
        ("exact=abc&page=0", False),
        ("exact=abc&page=x", False),
    ],
)
def test_queries(reader, query, allowed):
    assert reader.is_allowed("GET", PATH, f"http://server{PATH}?{query}", None, None) is allowed


@pytest.mark.parametrize(
    ("media_type", "body", "allowed"),
    [
        ("application/json", {"name": "a", "number": "7", "flag": "yes", "more": []}, True),
        ("application/json", {"name": 7, "number": None}, True),
        ("application/json", {"name": " abcde "}, True),
        ("multipart/form-data", {"name": "a", "number": ""}, True),
        ("application/json", {}, False),
        ("application/json", {"name": True}, False),
        ("application/json", {"name": "  "}, False),
        ("application/json", {"name": "abcdef"}, False),
        ("application/json", {"name": "a", "number": "10"}, False),
        ("application/json", {"name": "a", "number": ""}, False),
        ("application/json", {"name": "a", "flag": "maybe"}, False),
        ("application/json", {"name": "a", "flag": None}, False),
        ("application/json", ["name"], False),
        ("application/json", None, False),
        ("application/xml", {"name": "a"}, False),
    ],
)
def test_bodies(reader, media_type, body, allowed):
    assert reader.is_allowed("POST", PATH, f"http://server{PATH}", body, media_type) is allowed


def test_refusals_are_known_by_code_and_words():
    assert is_expected("validation_failed", '{"product":["Invalid pk \\"1\\" - object does not exist."]}')
    assert not is_expected("validation_failed", '{"name":["This field is required."]}')
    assert not is_expected("malformed_body", "object does not exist")
