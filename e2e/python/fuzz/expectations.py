"""What no schema can say: the refusals of requests that the document allows, each with its reason.

A 400 to a request that the document allows is a failure, unless it is one of these.
"""

import re

# Code of the error (`X-Error-Code`; any when empty), what its text must say, and why a schema cannot say it.
REFUSALS = [
    ("validation_failed", r"object does not exist", "an id of another object: which there are changes from hour to hour"),
    ("invalid_filter", r"is not one of the available choices", "an id of another object, as a filter"),
    ("validation_failed", r"is not a year from \d+ to \d+", "the last year allowed is next year; a schema has no clock"),
    ("validation_failed", r"the main file stays the main file", "depends on the role that the file has"),
    ("validation_failed", r"cannot move to another product", "must be the product that the column has"),
    ("validation_failed", r"type is fixed once a file is attached", "depends on the files that the product has"),
    ("validation_failed", r"belongs to no release|names no algorithm", "depends on the product type"),
    ("name_taken", r"", "which names are taken changes from hour to hour"),
    ("validation_failed", r"Use 1 to 150 letters, digits", "which letters there are, patterns say in too many ways"),
    ("validation_failed", r"There is no (user|group)", "which users and groups there are changes from hour to hour"),
    ("validation_failed", r"This time is past|A token lives at most \d+ days", "a schema has no clock"),
    ("validation_failed", r"Item \d+ repeats the name", "a schema compares whole items, not their names"),
    ("validation_failed", r"Give an absolute directory", "a pattern cannot say that no part is .."),
    ("validation_failed", r"This pipeline (takes|needs)", "depends on the pipeline"),
    ("", r"Give a number above", "depends on another parameter"),
    ("validation_failed", r"send the list as JSON text", "what a text holds that is JSON is not in its schema"),
    ("validation_failed", r"is not an ORCID iD", "its last digit is a check of the others"),
    ("validation_failed", r"Entry \d+: .* is not an address", "depends on the type of the identifier"),
    ("validation_failed", r"is not a DOI", "it may be written in several ways, as an address too"),
    ("release_not_allowed", r"", "depends on the product type"),
    ("pz_code_not_allowed", r"", "depends on the product type"),
    ("missing_description", r"", "depends on the files that the product has"),
    ("missing_main_file", r"", "depends on the files that the product has"),
    ("invalid_status", r"", "depends on the status that the product has"),
    ("invalid_parameter", r"The table has no column", "the names of columns are in the file"),
    ("validation_failed", r"The table has no column", "the names of columns are in the file"),
    ("digest_mismatch", r"", "a schema cannot say which digest the bytes have"),
    ("empty_file", r"", "a schema cannot say how long a file must be"),
    ("invalid_file_name", r"", "the name of a file is not in the schema of its part"),
    ("invalid_credentials", r"not your current password|has no password", "a generated password is nobody's"),
    ("weak_password", r"easy to guess|at most 1024 bytes", "what is easy to guess is in no schema, nor how many bytes a text has"),
    ("invalid_credentials", r"Unable to log in", "a generated username and password belong to nobody"),
]
# The same, of single operations.
REFUSALS_OF = {
    "POST /api/processes/": (r"^.\"(used_config|param)[.\"]", "each pipeline says which options it takes"),
    "PATCH /api/admin/pipelines/{id}/": (r"^.\"param[.\"]", "each pipeline says which options it takes"),
    "POST /api/uploads/": (
        r"^.\"(product|role|type|filename|filetype)\"|Upload-Metadata is missing or wrong",
        "what the metadata hold is coded in a header",
    ),
}


def is_expected(code, text, operation=""):
    """Whether a refusal is one that no schema can say."""
    of_operation = REFUSALS_OF.get(operation)
    if of_operation and re.search(of_operation[0], text):
        return True
    return any(known in ("", code) and re.search(words, text) for known, words, _ in REFUSALS)


# Operations that no generated request can make succeed, and why.
UNREACHED = {
    "POST /api/auth/token": "of the identity provider, which a test has none of",
    "POST /api/auth/{endpoint}/": "of the identity provider, which a test has none of",
    "GET /api/oidc/login/": "of the identity provider; with a real one it is tried in the browser",
    "GET /api/oidc/callback/": "of the identity provider; with a real one it is tried in the browser",
    "POST /api/csrf_oauth/": "of the identity provider, which a test has none of",
    "POST /api/account/password/": "needs the caller's password",
    "DELETE /api/sessions/{id}/": "needs a session, which a token has none of",
    "POST /api/password-reset/": "needs the secret of a link, which is shown once",
    "GET /api/orch_pipelines/": "of the workers that run pipelines, which a test has none of",
    "GET /api/config/logos/{id}/": "logos are files that an operator puts there",
    "PATCH /api/uploads/{id}/": "needs the offset that the upload has at that moment",
}
