"""The program under test, and what its runs said about each format, library and kind of column."""

import json
import os
import shutil

import pytest
from interop.values import Ours, run

PROGRAM = os.environ.get("PZ_TABLES_BINARY", "pz-tables")


class Program:
    """`pz-tables`, and a directory for what it makes."""

    def __init__(self, path, scratch):
        self.path, self.scratch = path, scratch
        self._read = {}

    def read(self, path, **options):
        """What the program says about a file; asked once."""
        key = (path, *options.items())
        if key not in self._read:
            self._read[key] = Ours(self.path, path, self.scratch, **options)
        return self._read[key]

    def error(self, path):
        """What the program says about a file that it refuses."""
        return json.loads(run(self.path, "inspect", path).stdout)["error"]

    def rows(self, path, *options):
        """Rows as the preview has them."""
        return json.loads(run(self.path, "rows", path, "--count", str(2**31), *options).stdout)

    def convert(self, source, target, *options):
        return run(self.path, "convert", source, target, *options)


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    assert shutil.which(PROGRAM), f"{PROGRAM} is not there: run scripts/build.sh, or set PZ_TABLES_BINARY"
    return Program(PROGRAM, tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="session")
def cells():
    """What tests have seen, for the tables of docs/formats.md: cells[table][kind, column] = text."""
    return {"read": {}, "stored": {}, "written": {}}


def pytest_collection_modifyitems(items):
    """The comparison with the documentation comes last."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_configure(config):
    config.addinivalue_line("markers", "last: runs behind all others")


def pytest_addoption(parser):
    parser.addoption("--write-docs", action="store_true", help="write the tables of docs/formats.md anew")
