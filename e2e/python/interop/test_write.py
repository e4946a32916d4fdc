"""Written here, read by other libraries: equal values, to the last bit."""

import json

import pytest
from interop import kinds
from interop.libraries import arrow_tables, old_pyarrow
from interop.sinks import EXTENSIONS, REFUSED, SINKS
from interop.sources import matches
from interop.stored import stored_types
from interop.values import assert_same, same

HELD = [(sink, kind) for sink in SINKS for kind in kinds.ALL if not matches(kind, REFUSED[sink.format])]
REFUSALS = [(format, kind) for format in EXTENSIONS for kind in kinds.ALL if matches(kind, REFUSED[format])]


# Columns for which astropy refuses the whole file.
ALONE = {"VOTable": ["vector of text", "list of text"]}


def in_one_file(format, family):
    return [kind for kind in kinds.of_family(family) if not matches(kind, REFUSED[format]) and kind.name not in ALONE.get(format, ())]


def skip_without(library):
    if library.library == "pyarrow 17" and not old_pyarrow.PYTHON:
        pytest.skip("pyarrow 17 needs Python 3.11 or 3.12")


@pytest.fixture(scope="session")
def converted(program, tmp_path_factory):
    """The file of a format with the kinds of a family that the format can hold, converted from Parquet once."""
    files = {}

    def file(format, kind):
        family = kind.name if kind.name in ALONE.get(format, ()) else kind.family
        if (format, family) not in files:
            held = [kind] if family == kind.name else in_one_file(format, family)
            folder = tmp_path_factory.mktemp("write")
            arrow_tables.write_parquet(held, folder / "source.parquet")
            target = folder / f"table.{EXTENSIONS[format]}"
            done = program.convert(folder / "source.parquet", target)
            files[format, family] = (target, done)
        target, done = files[format, family]
        assert done.returncode == 0, done.stdout
        return target

    return file


@pytest.mark.parametrize(("sink", "kind"), HELD, ids=lambda value: value.name)
def test_values(sink, kind, converted, cells):
    skip_without(sink)
    path = converted(sink.format, kind)
    if not sink.reads(kind):
        # It still cannot, or gets it wrong: else the table in the documentation lacks something.
        with pytest.raises(Exception):  # noqa: B017, PT011  (each library has its own)
            assert_same(sink.read(path, [kind])[kind.name], kind.values)
        cells["written"][kind.name, sink.format, sink.library] = "–"
        return
    wanted = sink.expected(kind)
    assert_same(sink.read(path, [kind])[kind.name], wanted)
    cells["written"][kind.name, sink.format, sink.library] = "✓" if same(wanted, kind.values) else "≈"


@pytest.mark.parametrize(("format", "kind"), [(format, kind) for format in EXTENSIONS for kind in kinds.ALL], ids=lambda value: getattr(value, "name", value))
def test_stored_types(format, kind, converted, cells):
    """How the format itself holds the column, as its reference library sees it."""
    if matches(kind, REFUSED[format]):
        cells["stored"][kind.name, format] = "refused"
        return
    path = converted(format, kind)
    cells["stored"][kind.name, format] = stored_types(format, path)[kinds.column_name(kind)]


@pytest.mark.parametrize(("format", "kind"), REFUSALS, ids=lambda value: getattr(value, "name", value))
def test_refusals(format, kind, program, tmp_path):
    """What a format cannot hold is said, with the column's name, and no file is left."""
    arrow_tables.write_parquet([kind], tmp_path / "source.parquet")
    target = tmp_path / f"table.{EXTENSIONS[format]}"
    done = program.convert(tmp_path / "source.parquet", target)
    answer = json.loads(done.stdout)["error"]
    assert (done.returncode, answer["code"]) == (2, "unwritable")
    assert kinds.column_name(kind) in (answer.get("column") or answer["message"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.parquet"]


@pytest.mark.parametrize("format", EXTENSIONS)
def test_equal_tables_give_equal_bytes(format, program, converted, tmp_path):
    for family in kinds.FAMILIES:
        held = in_one_file(format, family)
        if not held:
            continue
        path = converted(format, held[0])
        again = tmp_path / f"{family}.{EXTENSIONS[format]}"
        assert program.convert(path.with_name("source.parquet"), again).returncode == 0
        assert again.read_bytes() == path.read_bytes(), family
