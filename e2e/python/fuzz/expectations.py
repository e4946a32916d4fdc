"""What no schema can say: the refusals of requests that the document allows, each with its reason.

A 400 to a request that the document allows is a failure, unless it is one of these.
"""

import re

# Code of the error (`X-Error-Code`), what its text must say, and why a schema cannot say it.
REFUSALS = [
    ("validation_failed", r"object does not exist", "an id of another object: which there are changes from hour to hour"),
    ("invalid_filter", r"is not one of the available choices", "an id of another object, as a filter"),
    ("validation_failed", r"is not a year from \d+ to \d+", "the last year allowed is next year; a schema has no clock"),
    ("validation_failed", r"the main file stays the main file", "depends on the role that the file has"),
    ("validation_failed", r"cannot move to another product", "must be the product that the column has"),
    ("validation_failed", r"type is fixed once a file is attached", "depends on the files that the product has"),
    ("validation_failed", r"belongs to no release|names no algorithm", "depends on the product type"),
    ("release_not_allowed", r"", "depends on the product type"),
    ("pz_code_not_allowed", r"", "depends on the product type"),
    ("missing_description", r"", "depends on the files that the product has"),
    ("missing_main_file", r"", "depends on the files that the product has"),
    ("invalid_status", r"", "depends on the status that the product has"),
    ("invalid_parameter", r"The table has no column", "the names of columns are in the file"),
    ("validation_failed", r"The table has no column", "the names of columns are in the file"),
    ("empty_file", r"", "a schema cannot say how long a file must be"),
    ("invalid_file_name", r"", "the name of a file is not in the schema of its part"),
    ("invalid_credentials", r"Unable to log in", "a generated username and password belong to nobody"),
]


def is_expected(code, text):
    """Whether a refusal is one that no schema can say."""
    return any(code == known and re.search(words, text) for known, words, _ in REFUSALS)


# Operations that no generated request can make succeed, and why.
UNREACHED = {
    "POST /api/auth/token": "of the identity provider, which a test has none of",
    "POST /api/auth/{endpoint}/": "of the identity provider, which a test has none of",
    "POST /api/csrf_oauth/": "of the identity provider, which a test has none of",
    "GET /api/orch_pipelines/": "of the workers that run pipelines, which a test has none of",
    "GET /api/config/logos/{id}/": "logos are files that an operator puts there",
    "PATCH /api/uploads/{id}/": "needs the offset that the upload has at that moment",
}
