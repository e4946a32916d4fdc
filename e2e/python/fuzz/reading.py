"""How the server reads what is sent: more generously than its document asks clients to send.

Every body, whatever its encoding, is read by the same rules: numbers may come as text and text as numbers, truth in
several words, white space around text does not count, unknown names are ignored. In a query the last of repeated
parameters counts, and an empty one is absent. So a request that breaks the document only in this way is an allowed
one in other words, and need not be refused.
"""

import copy
import json
import re
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs

TRUE = {"true", "1", "yes", "on", "t", "y"}
FALSE = {"false", "0", "no", "off", "f", "n"}
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
ABSENT = object()


class Reader:
    """Knows the schemas of a document."""

    def __init__(self, document):
        self.document = document
        self.validators = {}

    def is_allowed(self, method, path, url, body, media_type):
        """Whether the request is one that the document allows, once its query and body are read."""
        operation = self.document["paths"][path][method.lower()]
        return self._query_is_allowed(operation, url) and self._body_is_allowed(operation, body, media_type)

    def _query_is_allowed(self, operation, url):
        last = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        sent = {name: text for name, text in last.items() if text}
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "query":
                continue
            text = sent.get(parameter["name"])
            if text is None:
                if parameter.get("required"):
                    return False
            elif not any(self._is_valid(value, parameter["schema"]) for value in wordings(text)):
                return False
        return True

    def _body_is_allowed(self, operation, body, media_type):
        if "requestBody" not in operation:
            return True
        content = operation["requestBody"]["content"].get(media_type)
        if content is None:
            return False
        schema = content["schema"]
        if body is None:
            return not operation["requestBody"].get("required")
        if not isinstance(body, dict):
            return schema.get("format") == "binary"
        return self._is_valid(self._read(body, self._resolve(schema), media_type in FORMS), schema)

    def _read(self, body, schema, is_form):
        read = {}
        for name, value in body.items():
            if name not in schema.get("properties", {}):
                continue
            value = read_field(value, self._resolve(schema["properties"][name]), is_form)
            if value is not ABSENT:
                read[name] = value
        return read

    def _resolve(self, schema):
        if "$ref" in schema:
            return self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _is_valid(self, value, schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            whole = {**copy.deepcopy(schema), "components": self.document["components"]}
            self.validators[key] = jsonschema_rs.validator_for(whole)
        return self.validators[key].is_valid(value)


def wordings(text):
    """What a text in a query may be meant as."""
    yield text
    stripped = text.strip()
    yield stripped
    if re.fullmatch(r"[+-]?[0-9]+", stripped):
        yield int(stripped)
    elif re.fullmatch(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", stripped):
        yield float(stripped)
    if stripped.lower() in TRUE | FALSE:
        yield stripped.lower() in TRUE


def read_field(value, schema, is_form):
    """One field as the server reads it."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if isinstance(value, str):
        text = value.strip()
        if "string" in types:
            return text
        if is_form and text == "":
            return ABSENT
        if "integer" in types and re.fullmatch(r"[+-]?[0-9]+", text):
            return int(text)
    else:
        text = json.dumps(value) if not isinstance(value, str) else value
    if "boolean" in types and not isinstance(value, (dict, list, float)) and text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    if "string" in types and (is_form or (isinstance(value, (int, float)) and not isinstance(value, bool))):
        return text
    return value
