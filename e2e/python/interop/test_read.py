"""Written by other libraries, read here: equal types and values, to the last bit."""

import pytest
from interop import kinds
from interop.libraries import old_pyarrow
from interop.sources import SOURCES
from interop.values import same

CASES = [(source, kind) for source in SOURCES for kind in kinds.ALL if source.has(kind)]


def skip_without(library):
    if library.library == "pyarrow 17" and not old_pyarrow.PYTHON:
        pytest.skip("pyarrow 17 needs Python 3.11 or 3.12")


def readable(source, family):
    return [kind for kind in kinds.of_family(family) if source.writes(kind) and not source.refusal(kind)]


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """A file per library, format and family of kinds, written once; its failure is told once too."""
    written = {}

    def file(source, family):
        key = source.name, family
        if key not in written:
            path = tmp_path_factory.mktemp("read") / f"table.{source.extension}"
            try:
                source.write(readable(source, family), path)
                written[key] = path
            except Exception as error:
                written[key] = error
        if isinstance(written[key], Exception):
            raise written[key]
        return written[key]

    return file


@pytest.mark.parametrize(("source", "kind"), CASES, ids=lambda value: value.name)
def test_values(source, kind, program, files, cells, tmp_path):
    skip_without(source)
    if not source.writes(kind):
        # It still cannot: else the table in the documentation lacks something.
        with pytest.raises(Exception):  # noqa: B017, PT011  (each library has its own)
            source.write([kind], tmp_path / f"table.{source.extension}")
        cells["read"][kind.name, source.format, source.library] = "–"
        return
    if code := source.refusal(kind):
        path = tmp_path / f"table.{source.extension}"
        source.write([kind], path)
        assert program.error(path)["code"] == code
        cells["read"][kind.name, source.format, source.library] = "refused"
        return
    path = files(source, kind.family)
    ours = program.read(path)
    assert ours.n_rows == kinds.ROWS
    type_name, values = source.expected(kind, path)
    ours.assert_column(kinds.column_name(kind), type_name, values)
    cells["read"][kind.name, source.format, source.library] = f"`{type_name}`" if type_name != kind.type else "✓" if same(values, kind.values) else "≈"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_column_order(source, program, files):
    """The columns are in the order of the library's own, and none is lost or made up."""
    skip_without(source)
    for family in kinds.FAMILIES:
        written = [kinds.column_name(kind) for kind in readable(source, family)]
        if written:
            found = [name for name in program.read(files(source, family)).columns if name in written]
            assert found == (sorted(written) if source.sorts else written)
