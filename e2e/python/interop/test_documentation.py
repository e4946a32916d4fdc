"""The tables of docs/formats.md are what the other tests have seen: `./just e2e interop --write-docs` writes them anew."""

import pathlib
import re

import pytest
from interop import kinds, test_read, test_write
from interop.sinks import EXTENSIONS, SINKS
from interop.sources import SOURCES

DOCUMENT = pathlib.Path(__file__).parents[3] / "docs" / "formats.md"
FORMATS = ["CSV", "FITS", "HDF5", "Parquet", "VOTable"]


def table(head, rows):
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def read_tables(seen):
    for format in FORMATS:
        libraries = [source.library for source in SOURCES if source.format == format]
        rows = [[kind.name, f"`{kind.type}`", *(seen.get((kind.name, format, library), "·") for library in libraries)] for kind in kinds.ALL]
        yield f"### {format}, written by\n\n" + table(["column", "type", *libraries], [row for row in rows if set(row[2:]) != {"·"}])


def written_tables(stored, seen):
    for format in FORMATS:
        libraries = [sink.library for sink in SINKS if sink.format == format]
        rows = [[kind.name, f"`{kind.type}`", stored[kind.name, format], *(seen.get((kind.name, format, library), "·") for library in libraries)] for kind in kinds.ALL]
        yield f"### {format}, read by\n\n" + table(["column", "type", "stored as", *libraries], rows)


def replaced(text, name, content):
    pattern = re.compile(rf"(<!-- {name}: made by the tests -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    assert pattern.search(text), f"{DOCUMENT.name} has no place for {name}"
    return pattern.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)


@pytest.mark.last
def test_tables_are_current(cells, request):
    whole = len(test_read.CASES), len(test_write.HELD), len(kinds.ALL) * len(EXTENSIONS)
    if tuple(map(len, (cells["read"], cells["written"], cells["stored"]))) != whole:
        pytest.skip("not every test has run and passed")
    now = DOCUMENT.read_text()
    fresh = replaced(now, "reading", "\n\n".join(read_tables(cells["read"])))
    fresh = replaced(fresh, "writing", "\n\n".join(written_tables(cells["stored"], cells["written"])))
    if request.config.getoption("--write-docs"):
        DOCUMENT.write_text(fresh)
    assert fresh == now or request.config.getoption("--write-docs"), f"{DOCUMENT.name} is not what the tests have seen: run ./just e2e interop --write-docs and commit the result"
