"""Tables at the edges: without rows, of one row, of one column, with odd names, with units."""

import warnings

import astropy.io.fits
import astropy.io.votable
import astropy.table
import h5py
import numpy
import pyarrow
import pyarrow.parquet
import pytest
from interop.libraries import others
from interop.sinks import EXTENSIONS
from interop.values import assert_same

ODD = ["with blank", "a.b", "UPPER", "upper", "1st", "x" * 60, "per/cent%", "quote'd", "été"]


def source(columns, path, metadata=None):
    fields = [pyarrow.field(name, array.type, metadata=(metadata or {}).get(name)) for name, array in columns.items()]
    pyarrow.parquet.write_table(pyarrow.table(list(columns.values()), schema=pyarrow.schema(fields)), path)


def converted(program, columns, format, folder, metadata=None):
    source(columns, folder / "source.parquet", metadata)
    target = folder / f"table.{EXTENSIONS[format]}"
    done = program.convert(folder / "source.parquet", target)
    assert done.returncode == 0, done.stdout
    return target


def by_astropy(format, path):
    name = {"CSV": "ascii.csv", "Parquet": "parquet"}.get(format, format.lower())
    if format == "HDF5":
        with h5py.File(path) as file:
            return {column: others.values(file[column].asstr()[:] if h5py.check_string_dtype(file[column].dtype) else file[column][:]) for column in file}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Else a VOTable's columns are called by their IDs, which astropy makes of the names.
        options = {"use_names_over_ids": True} if format == "VOTable" else {}
        table = astropy.table.Table.read(path, format=name, **options)
    return {column: others.values(table[column]) for column in table.colnames}


@pytest.mark.parametrize("format", EXTENSIONS)
@pytest.mark.parametrize("rows", [0, 1, 20_000])
def test_row_counts(format, rows, program, tmp_path):
    columns = {"id": pyarrow.array(range(rows), pyarrow.int64()), "z": pyarrow.array([row / 8 for row in range(rows)], pyarrow.float64()), "name": pyarrow.array([f"n{row}" for row in range(rows)])}
    path = converted(program, columns, format, tmp_path)
    assert by_astropy(format, path) == {name: array.to_pylist() for name, array in columns.items()}
    ours = program.read(path)
    assert (ours.n_rows, list(ours.columns)) == (rows, list(columns))
    assert [row["id"] for row in ours.rows] == list(range(rows))


@pytest.mark.parametrize("format", EXTENSIONS)
@pytest.mark.parametrize("array", [pyarrow.array([2**53 + 1, 3]), pyarrow.array(["a b", "c"]), pyarrow.array([0.5, -1e-30])], ids=["int64", "text", "float64"])
def test_one_column(format, array, program, tmp_path):
    path = converted(program, {"only": array}, format, tmp_path)
    assert by_astropy(format, path) == {"only": array.to_pylist()}
    assert program.read(path).values("only") == array.to_pylist()


@pytest.mark.parametrize("format", EXTENSIONS)
def test_odd_names(format, program, tmp_path):
    """FITS has ASCII names only, HDF5 gives the slash another meaning; all others keep every name."""
    names = [name for name in ODD if not (format == "FITS" and not name.isascii()) and not (format == "HDF5" and "/" in name)]
    path = converted(program, {name: pyarrow.array([number, 7]) for number, name in enumerate(names)}, format, tmp_path)
    assert list(program.read(path).columns) == names
    found = by_astropy(format, path)
    assert sorted(found) == sorted(names)
    assert all(found[name] == [number, 7] for number, name in enumerate(names))


METADATA = {
    "ra": {"unit": "deg", "ucd": "pos.eq.ra;meta.main", "description": "Right ascension (ICRS)"},
    "flux": {"unit": "nJy", "description": "It's \"<flux>\" & more"},
    "plain": {},
}
COLUMNS = {"ra": pyarrow.array([150.5, 0.25]), "flux": pyarrow.array([1.5, 2.5], pyarrow.float32()), "plain": pyarrow.array([1, 2])}


def told(format, path):
    """Unit, UCD and description of each column, as the format's own library finds them."""
    if format == "Parquet":
        return {field.name: {key.decode(): value.decode() for key, value in (field.metadata or {}).items() if b":" not in key} for field in pyarrow.parquet.read_schema(path)}
    if format == "HDF5":
        with h5py.File(path) as file:
            return {name: {key: text.decode() if isinstance(text, bytes) else str(text) for key, text in file[name].attrs.items()} for name in file}
    if format == "FITS":
        header = astropy.io.fits.getheader(path, 1)
        keys = {"unit": "TUNIT", "ucd": "TUCD", "description": "TCOMM"}
        numbers = range(1, header["TFIELDS"] + 1)
        return {header[f"TTYPE{number}"]: {word: header[f"{key}{number}"] for word, key in keys.items() if f"{key}{number}" in header} for number in numbers}
    fields = astropy.io.votable.parse(path, verify="ignore").get_first_table().fields
    return {field.name: {key: str(text) for key, text in (("unit", field.unit), ("ucd", field.ucd), ("description", field.description)) if text} for field in fields}


@pytest.mark.parametrize("format", ["FITS", "HDF5", "Parquet", "VOTable"])
def test_units_written_here(format, program, tmp_path):
    path = converted(program, COLUMNS, format, tmp_path, METADATA)
    assert told(format, path) == METADATA
    ours = program.read(path)
    for name, wanted in METADATA.items():
        found = {key: text for key, text in ours.columns[name].items() if key in ("unit", "ucd", "description")}
        assert found == wanted


@pytest.mark.parametrize("format", ["FITS", "Parquet", "VOTable"])
def test_units_written_here_as_astropy_reads_them(format, program, tmp_path):
    path = converted(program, COLUMNS, format, tmp_path, METADATA)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = astropy.table.Table.read(path, format=format.lower())
    assert {name: str(table[name].unit or "") for name in METADATA} == {"ra": "deg", "flux": "nJy", "plain": ""}
    if format != "FITS":
        assert table["ra"].description == METADATA["ra"]["description"]


@pytest.mark.parametrize(("extension", "format", "options"), [("fits", "fits", {}), ("hdf5", "hdf5", {"path": "data", "serialize_meta": True}), ("parquet", "parquet", {}), ("vot", "votable", {}), ("ecsv", "ascii.ecsv", {})])
def test_units_written_by_astropy(extension, format, options, program, tmp_path):
    table = astropy.table.Table({"ra": [150.5, 0.25], "flux": numpy.array([1.5, 2.5], "float32"), "plain": [1, 2]})
    table["ra"].unit, table["ra"].description = "deg", "Right ascension (ICRS)"
    table["flux"].unit, table["flux"].description = "nJy", "It's the \"flux\""
    path = tmp_path / f"table.{extension}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write(path, format=format, **options)
    columns = program.read(path).columns
    assert [columns[name].get("unit") for name in table.colnames] == ["deg", "nJy", None]
    wanted = ["Right ascension (ICRS)", "It's the \"flux\"", None]
    # astropy writes no descriptions of columns to FITS.
    assert [columns[name].get("description") for name in table.colnames] == ([None] * 3 if format == "fits" else wanted)


def test_masks_of_astropy_in_hdf5(program, tmp_path):
    """With its metadata, a masked table of astropy's keeps what is missing."""
    table = astropy.table.Table({"n": astropy.table.MaskedColumn([1, 2, 3], mask=[False, True, False])})
    path = tmp_path / "table.hdf5"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write(path, format="hdf5", path="data", serialize_meta=True)
    program.read(path).assert_column("n", "int64", [1, None, 3])


def test_pipeline_rules(program, tmp_path):
    """Booleans as words, integers with gaps as numbers with NaN, 8 bits as 16: what the redshift pipelines write."""
    columns = {"good": pyarrow.array([True, None, False]), "flag": pyarrow.array([1, None, 3]), "tie": pyarrow.array([0, 1, 2], pyarrow.int8()), "survey": pyarrow.array(["é", None, "b"])}
    source(columns, tmp_path / "source.parquet")
    for extension in ("fits", "hdf5"):
        assert program.convert(tmp_path / "source.parquet", tmp_path / f"table.{extension}", "--pipeline-rules").returncode == 0
    with h5py.File(tmp_path / "table.hdf5") as file:
        found = {name: column[:] for name, column in file.items()}
    in_fits = astropy.io.fits.getdata(tmp_path / "table.fits", 1)
    assert found["good"].tolist() == [b"true", b"", b"false"]
    assert in_fits["good"].tolist() == ["true", "", "false"]
    for values in found["flag"], in_fits["flag"]:
        assert_same([float(value) for value in values], [1.0, float("nan"), 3.0])
        assert values.dtype.itemsize == 8
    assert (found["tie"].dtype.name, in_fits["tie"].dtype.newbyteorder("=").name) == ("int16", "int16")
    assert found["survey"].tolist() == ["é".encode(), b"", b"b"]
    assert in_fits["survey"].tolist() == ["?", "", "b"]


@pytest.mark.parametrize("way", ["tabledata", "binary2"])
def test_astropy_writes_what_it_reads_here(way, program, tmp_path):
    """Through all three: astropy, here, astropy."""
    table = astropy.table.Table({"id": [2**53 + 1, -1], "z": [0.1, float("nan")], "name": ["é", "b"]})
    first, second = tmp_path / "first.vot", tmp_path / "second.vot"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write(first, format="votable", tabledata_format=way)
        assert program.convert(first, second).returncode == 0
        again = astropy.table.Table.read(second, format="votable")
    assert again["id"].tolist() == table["id"].tolist()
    assert again["name"].tolist() == table["name"].tolist()
