"""Who writes which format, and what is read of it here when that is not simply what was written.

A column is `absent` when the library has no such column, `refused` when it has but cannot write it in this format.
"""

import csv
import dataclasses
import math
from collections.abc import Callable

import numpy
from interop import kinds
from interop.libraries import arrow_tables, astropy_tables, old_pyarrow, others, pandas_frames


def matches(kind, names):
    return kind.name in names or kind.family in names


@dataclasses.dataclass
class Source:
    """A library that writes a format. `becomes` maps a kind or family to a function of kind and path that gives the type
    and the values read here."""

    format: str
    library: str
    extension: str
    write: Callable
    absent: set = dataclasses.field(default_factory=set)
    refuses: set = dataclasses.field(default_factory=set)
    becomes: dict = dataclasses.field(default_factory=dict)
    default: Callable = None
    # What is written but not read here, and the code of the error that says so.
    refused_here: dict = dataclasses.field(default_factory=dict)
    # HDF5 lists the members of a group by name.
    sorts: bool = False

    @property
    def name(self):
        return f"{self.format} by {self.library}"

    def has(self, kind):
        return not matches(kind, self.absent)

    def writes(self, kind):
        return self.has(kind) and not matches(kind, self.refuses)

    def refusal(self, kind):
        return self.refused_here.get(kind.name) or self.refused_here.get(kind.family)

    def expected(self, kind, path):
        rule = self.becomes.get(kind.name) or self.becomes.get(kind.family) or self.default
        return rule(kind, path) if rule else (kind.type, kind.values)


def nan_is_missing(kind, _path):
    """pandas knows one kind of missing number."""

    def without(value):
        if isinstance(value, list):
            return [without(item) for item in value]
        return None if isinstance(value, float) and math.isnan(value) else value

    return kind.type, [without(value) for value in kind.values]


def missing_is_nan(kind, _path):
    """Where a missing number can only be NaN."""
    return kind.type, [math.nan if value is None else value for value in kind.values]


def missing_is_empty(kind, _path):
    return kind.type, ["" if value is None else value for value in kind.values]


def empty_is_missing(kind, _path):
    return kind.type, [value or None for value in kind.values]


def as_type(name):
    return lambda kind, _path: (name, kind.values)


def lists(kind, _path):
    """Arrays of fixed shape come as lists of varying length."""
    found = kind.element
    for _ in kind.shape:
        found = f"list<{found}>"
    return found, [listed(value) for value in kind.values]


def empty_list_is_missing(kind, _path):
    return kind.type, [value or None for value in kind.values]


def flat(as_list):
    """Axes are lost: all numbers of a cell in one row."""

    def rule(kind, _path):
        values = [tuple(number for row in value for number in row) for value in kind.values]
        if as_list:
            return f"list<{kind.element}>", [[None if number != number else number for number in value] for value in values]
        return f"{kind.element}[{math.prod(kind.shape)}]", values

    return rule


def listed(value):
    return [listed(item) for item in value] if isinstance(value, tuple) else value


def lists_without_nan(kind, path):
    found, values = lists(kind, path)
    return found, [[None if item != item else item for item in value] for value in values]


def filled(kind, _path):
    """astropy keeps the mask in a column of its own; the column itself holds what lies under the mask."""
    filler = next(value for value in kind.values if value is not None)
    return kind.type, [filler if value is None else value for value in kind.values]


def bytes_without_zeros(kind, _path):
    """A zero ends the bytes that astropy writes."""
    return kind.type, [value.split(b"\0")[0] for value in kind.values]


def as_text(delimiter=","):
    """What any reader can make of the text in the file: the narrowest of integer, number, boolean and text."""

    def rule(kind, path):
        with open(path, newline="", encoding="utf-8") as file:
            lines = (line for line in file if not line.startswith("#"))
            cells = [row[kinds.column_name(kind)] for row in csv.DictReader(lines, delimiter=delimiter)]
        assert len(cells) == kinds.ROWS
        found, values = narrowest([None if cell in MISSING else cell for cell in cells])
        check_text(kind, found, values)
        return found, values

    return rule


MISSING = {"", "nan", "NaN", "NA", "null", "None"}


def narrowest(cells):
    def every(parse):
        try:
            return [None if cell is None else parse(cell) for cell in cells]
        except (ValueError, KeyError):
            return None

    if values := every(int):
        return "uint64" if any(value is not None and value >= 2**63 for value in values) else "int64", values
    if values := every(float):
        return "float64", [None if value is not None and math.isnan(value) else value for value in values]
    words = {"True": True, "False": False, "true": True, "false": False}
    if values := every(words.__getitem__):
        return "bool", values
    return "string", cells


def check_text(kind, found, values):
    """The library has written numbers, booleans and texts with every digit and letter."""
    wanted = kind.values
    if kind.family == "floats":
        short = numpy.float16 if kind.type == "float16" else numpy.float32 if kind.type == "float32" else float
        wanted = [None if value is None or math.isnan(value) else short(value) for value in wanted]
        values = [None if value is None else short(value) for value in values]
        assert found == "float64"
    elif kind.family in ("booleans", "integers", "integers with nulls"):
        assert found in ("bool", "int64", "uint64")
    elif kind.name in ("text", "text, unicode", "text, lines", "category"):
        assert found == "string"
    else:
        return
    assert values == wanted, f"the library has written {values}, not {wanted}"


def logical(kind, path):
    """astropy writes 8-bit integers with a sign as logicals."""
    return "bool", [value != 0 for value in filled(kind, path)[1]]


def without_trailing_blanks(kind, _path):
    """Blanks at the end of a text mean nothing in FITS."""
    return kind.type, [value.rstrip(" ") for value in kind.values]


def latin_text(kind, _path):
    """Bytes are characters in FITS; a NUL ends the text."""
    return "string", [value.split(b"\0")[0].decode("latin-1") for value in kind.values]


def pairs(kind, _path):
    """STILTS has no complex numbers."""
    part = "float32" if "float32" in kind.type else "float64"
    return f"{part}[2]", [(value.real, value.imag) for value in kind.values]


def no_emoji(kind, _path):
    """STILTS writes characters outside the basic multilingual plane as question marks in TABLEDATA."""
    return kind.type, [value.replace("😀", "¿¿") for value in kind.values]


def padded(filler):
    """STILTS fills up lists to the longest."""

    def rule(kind, _path):
        longest = max(map(len, kind.values))
        inner = kind.type.removeprefix("list<").removesuffix(">")
        return f"{inner}[{longest}]", [tuple(value + [filler] * (longest - len(value))) for value in kind.values]

    return rule


def turned(kind, _path):
    """astropy writes the shape of an array as numpy has it; a VOTable wants the fastest axis first."""
    flat = [[number for row in value for number in row] for value in kind.values]
    rows, columns = kind.shape
    cut = [tuple(tuple(value[start : start + rows]) for start in range(0, rows * columns, rows)) for value in flat]
    return f"{kind.element}[{columns}, {rows}]", cut


NULLS = {"bool, nulls", "integers with nulls", "float32, nulls", "float64, nulls", "text, nulls", "timestamp, nulls", "list, nulls"}
NUMPY_LACKS = {"times", "decimals", "nested"}
FLOAT_NULLS = {"float32, nulls": missing_is_nan, "float64, nulls": missing_is_nan}
NO_NAN = {"floats": nan_is_missing, "list of float64": nan_is_missing, "list, nulls": nan_is_missing}
LISTS = {"vector": lists_without_nan, "vectors": lists}
MASKS = {name: filled for name in NULLS}
FITS = {
    "bytes": latin_text, "text, blanks": without_trailing_blanks, "text, nulls": missing_is_empty,
    **FLOAT_NULLS, "float16": as_type("float32"),
}  # fmt: skip
FITS_BY_ASTROPY = {
    **FITS, "int8": logical, "int8, nulls": logical, "bool, nulls": filled,
}  # fmt: skip
VOTABLE_LACKS = {f"{name}{nulls}" for name in ("int8", "uint16", "uint32", "uint64") for nulls in ("", ", nulls")} | {"float16"}
LISTS_OF_ASTROPY = {"list of float64", "list of int64", "list of text"}
PANDAS_NULLS = {"bool, nulls", "integers with nulls"}
PICKLED = "unsupported_feature"


def zone_is_lost(kind, _path):
    return kind.type.replace(", UTC", ""), kind.values


HDF5_BY_PANDAS = {**FLOAT_NULLS, "timestamp, UTC": zone_is_lost}

SOURCES = [
    Source("Parquet", "pyarrow", "parquet", arrow_tables.write_parquet),
    Source("Parquet", "pyarrow 17", "parquet", old_pyarrow.write_parquet),
    Source(
        "Parquet", "pandas", "parquet", pandas_frames.write_parquet,
        refuses={"complex", "matrix"},
        becomes={**NO_NAN, **LISTS},
    ),
    Source(
        "Parquet", "astropy", "parquet", astropy_tables.writer("parquet"),
        absent=NUMPY_LACKS | {"list, nulls"},
        refuses={"complex", "list of text"},
        becomes={"bytes": bytes_without_zeros, "matrix": flat(as_list=False), **MASKS},
    ),
    Source(
        "Parquet", "tables_io", "pq", others.write_tables_io,
        absent=NUMPY_LACKS | NULLS,
        refuses={"complex"},
        becomes={**NO_NAN, **LISTS, "matrix": flat(as_list=True)},
    ),
    Source("FITS", "astropy", "fits", astropy_tables.writer("fits"), absent=NUMPY_LACKS | {"list, nulls"}, refuses={"text, unicode", "list of text"}, becomes=FITS_BY_ASTROPY),
    Source("FITS", "fitsio", "fits", others.write_fitsio, absent=NUMPY_LACKS | NULLS, refuses={"float16", "list of text"}, becomes=FITS),
    Source(
        "FITS", "STILTS", "fits", others.stilts_writer("fits-basic"),
        absent=NUMPY_LACKS | VOTABLE_LACKS | {"bytes", "text, unicode", "list of text", "list, nulls", "bool, nulls"},
        becomes={**FITS, "complex": pairs, "list of float64": padded(math.nan), "list of int64": padded(0)},
    ),
    Source("FITS", "tables_io", "fits", others.write_tables_io, absent=NUMPY_LACKS | NULLS, refuses={"text, unicode", "list of text"}, becomes=FITS_BY_ASTROPY),
    Source("HDF5", "h5py", "hdf5", others.h5py_columns(), absent=NUMPY_LACKS | NULLS | {"bytes"}, refuses={"list of text"}, sorts=True),
    Source("HDF5", "h5py, in a group, packed", "hdf5", others.h5py_columns("photometry", True, compression="gzip", shuffle=True), absent=NUMPY_LACKS | NULLS | {"bytes", "lists"}, sorts=True),
    Source("HDF5", "h5py, records", "h5", others.write_h5py_records, absent=NUMPY_LACKS | NULLS | {"bytes", "lists"}),
    Source("HDF5", "astropy", "hf5", astropy_tables.writer("hdf5", path="data"), absent=NUMPY_LACKS | {"bytes"}, refuses={"lists"}, becomes=MASKS),
    Source("HDF5", "tables_io", "hdf5", others.write_tables_io, absent=NUMPY_LACKS | NULLS | {"bytes", "lists", "vector of text"}, sorts=True),
    Source(
        "HDF5", "pandas, fixed", "h5", pandas_frames.hdf_writer(format="fixed"),
        refuses=PANDAS_NULLS | {"category"},
        becomes=HDF5_BY_PANDAS,
        refused_here={name: PICKLED for name in ("texts", "bytes", "date", "time", "decimals", "vectors", "lists", "nested")},
    ),
    *(
        Source(
            "HDF5", f"pandas, table{note}", "h5", write,
            refuses=PANDAS_NULLS | {"bytes", "date", "time", "decimals", "vectors", "lists", "nested"},
            becomes=HDF5_BY_PANDAS,
            refused_here={"category": PICKLED},
        )
        for note, write in [("", pandas_frames.hdf_writer(format="table")), (" of data columns", pandas_frames.hdf_writer(format="table", data_columns=True))]
    ),
    *(
        Source(
            "VOTable", f"astropy, {way.upper()}", "vot", astropy_tables.writer("votable", tabledata_format=way),
            absent=NUMPY_LACKS | {"list, nulls", "bytes", "list of text"},
            refuses=VOTABLE_LACKS | {"vector of text"} | refuses,
            becomes={"matrix": turned, **becomes},
        )
        for way, refuses, becomes in [
            ("tabledata", set(), {"text, empty": empty_is_missing, "lists": empty_list_is_missing}),
            ("binary", {"uint8, nulls", "int16, nulls", "int32, nulls", "int64, nulls", "lists"}, {"bool, nulls": filled, "text, empty": empty_is_missing, **FLOAT_NULLS}),
            ("binary2", {"lists"}, {}),
        ]
    ),
    *(
        Source(
            "VOTable", f"STILTS, {way.upper()}", "vot", others.stilts_writer(f"votable-{way}" if way == "tabledata" else f"votable-{way}-inline"),
            absent=NUMPY_LACKS | VOTABLE_LACKS | {"list, nulls", "bytes", "list of text", "bool, nulls"},
            becomes={"complex": pairs, "text, empty": empty_is_missing, **FLOAT_NULLS, **becomes},
        )
        for way, becomes in [("tabledata", {"text, unicode": no_emoji, "lists": empty_list_is_missing}), ("binary", {"lists": empty_list_is_missing}), ("binary2", {})]
    ),
    Source("CSV", "pandas", "csv", pandas_frames.write_csv, default=as_text()),
    Source("CSV", "pyarrow", "csv", arrow_tables.write_csv, refuses={"complex", "bytes", "vectors", "lists", "nested"}, default=as_text()),
    Source("CSV", "astropy", "csv", astropy_tables.writer("ascii.csv"), absent=NUMPY_LACKS | {"list, nulls"}, refuses={"bytes", "vectors", "lists"}, default=as_text()),
    Source("CSV", "astropy, ECSV", "ecsv", astropy_tables.writer("ascii.ecsv"), absent=NUMPY_LACKS | {"bytes", "list, nulls"}, default=as_text(" ")),
    Source("CSV", "STILTS", "csv", others.stilts_writer("csv"), absent=NUMPY_LACKS | VOTABLE_LACKS | {"bytes", "bool, nulls", "list of text", "list, nulls"}, default=as_text()),
]  # fmt: skip
