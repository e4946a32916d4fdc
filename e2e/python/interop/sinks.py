"""Who reads the formats that we write, and what they make of a column when that is not simply what was written."""

import dataclasses
import datetime
import json
import math
from collections.abc import Callable

import numpy
from interop.libraries import arrow_tables, astropy_tables, old_pyarrow, others, pandas_frames
from interop.sources import matches
from interop.values import shown


@dataclasses.dataclass
class Sink:
    """A library that reads a format. `becomes` maps a kind or family to a function of the kind that gives the values that
    the library finds; `fails` is what it cannot read."""

    format: str
    library: str
    read: Callable
    fails: set = dataclasses.field(default_factory=set)
    becomes: dict = dataclasses.field(default_factory=dict)

    @property
    def name(self):
        return f"{self.format} by {self.library}"

    def reads(self, kind):
        return not matches(kind, self.fails)

    def expected(self, kind):
        rule = self.becomes.get(kind.name) or self.becomes.get(kind.family)
        return rule(kind) if rule else kind.values


EXTENSIONS = {"CSV": "csv", "FITS": "fits", "HDF5": "hdf5", "Parquet": "parquet", "VOTable": "vot"}

# What a format refuses to hold: kinds and families.
REFUSED = {
    "CSV": set(),
    "FITS": {"nested", "int64, nulls"},
    "HDF5": {"bytes", "nested", "int64, nulls", "uint64, nulls", "list of int64"},
    "Parquet": set(),
    "VOTable": {"nested"},
}


def each(change):
    """A rule that changes every value, in arrays and lists too."""

    def changed(value):
        if isinstance(value, (tuple, list)):
            return [changed(item) for item in value]
        return change(value)

    return lambda kind: [changed(value) for value in kind.values]


def also(*rules):
    """One rule after the other."""

    def rule(kind):
        for step in rules:
            kind = dataclasses.replace(kind, values=step(kind))
        return kind.values

    return rule


missing_is_nan = each(lambda value: math.nan if value is None else value)
nan_is_missing = each(lambda value: None if isinstance(value, float) and math.isnan(value) else value)
missing_is_empty = each(lambda value: "" if value is None else value)
missing_is_false = each(bool)
empty_is_missing = each(lambda value: value or None)
floats = each(lambda value: math.nan if value is None else float(value))
as_bytes = each(lambda value: value.encode())
as_numbers = each(int)
bytes_as_numbers = each(list)
ascii_only = each(lambda value: value.encode("ascii", "replace").decode())
no_trailing_blanks = each(lambda value: value.rstrip(" "))
microseconds = each(lambda value: value // 1000)
nan_part_is_missing = each(lambda value: None if value != value else value)
EPOCH = datetime.datetime(1970, 1, 1)


def pairs(kind):
    return [(value.real, value.imag) for value in kind.values]


def parts(kind):
    return [{"re": value.real, "im": value.imag} for value in kind.values]


def dates(kind):
    return [EPOCH.date() + datetime.timedelta(days=value) for value in kind.values]


def clock_times(kind):
    return [(EPOCH + datetime.timedelta(microseconds=value // 1000)).time() for value in kind.values]


def days_in_nanoseconds(kind):
    return [value * 86_400 * 10**9 for value in kind.values]


def iso(zone=""):
    """Moments as text in ISO 8601, without zeros at the end."""

    def text(kind, value):
        if value is None:
            return None
        if kind.type == "date":
            return (EPOCH.date() + datetime.timedelta(days=value)).isoformat()
        seconds, fraction = divmod(value, 10**9)
        moment = (EPOCH + datetime.timedelta(seconds=seconds)).isoformat()
        moment += f".{fraction:09}".rstrip("0") if fraction else ""
        return moment.split("T")[1] if kind.type.startswith("time[") else moment + (zone if "UTC" in kind.type else "")

    return lambda kind: [text(kind, value) for value in kind.values]


def padded(filler):
    """Lists filled up to the longest; a missing one is nothing but filling."""

    def rule(kind):
        longest = max(len(value or []) for value in kind.values)
        filled = [[filler if item is None else item for item in value or []] for value in kind.values]
        return [value + [filler] * (longest - len(value)) for value in filled]

    return rule


def list_nulls_are_nan(kind):
    return [value and [math.nan if item is None else item for item in value] for value in kind.values]


def missing_list_is_empty(kind):
    return [value or [] for value in list_nulls_are_nan(kind)]


def filled(*fillers):
    """The number that stands for a missing one, when the reader does not know it."""
    named = dict(fillers)
    return lambda kind: [named[kind.type] if value is None else value for value in kind.values]


def json_text(kind):
    """Arrays, lists and parts as the preview has them."""
    return [None if value is None else json.dumps(shown(value, kind.type), ensure_ascii=False, separators=(",", ":")) for value in kind.values]


def shortest(kind):
    """The shortest decimal of a 32-bit number, read as one of 64 bits."""
    return [value if value is None or value != value else float(str(numpy.float32(value))) for value in kind.values]


def words(kind):
    return [{True: "true", False: "false", None: ""}[value] for value in kind.values]


def lengths_of_time(kind):
    return [f"{value // 1000} us" for value in kind.values]


def as_is(kind):
    return kind.values


floats_or_missing = each(lambda value: None if value is None else float(value))
texts = each(lambda value: "" if value is None else str(value))
texts_or_missing = each(lambda value: None if value is None else str(value))
no_blanks = each(lambda value: value.strip(" "))


no_emoji = each(lambda value: value.replace("😀", "¿¿"))


def nan_is_missing_in_lists(kind):
    return [value and [None if item is None or item != item else item for item in value] for value in kind.values]


def empty_is_missing_only(kind):
    return [value or None for value in kind.values]


# STILTS takes a CSV file for Latin-1.
latin = each(lambda value: value.encode().decode("latin-1"))


def hexadecimal(kind):
    return ["0x" + value.hex() if 0 in value or max(value, default=0) > 127 else value.decode() for value in kind.values]


NUMBER_NULLS = {"float32, nulls": missing_is_nan, "float64, nulls": missing_is_nan}
MASKED_NAN = {"floats": nan_is_missing, "vector": nan_is_missing}
FITS = {
    "bool, nulls": missing_is_false, "text, unicode": ascii_only, "text, blanks": no_trailing_blanks, "bytes": bytes_as_numbers,
    "duration": microseconds, "times": iso(), "decimal": floats,
}  # fmt: skip
# What stands for a missing integer in FITS; most readers leave it to their users to look for it.
NULL_NUMBERS = [("int8", -(2**15)), ("int16", -(2**31)), ("int32", -(2**63)), ("uint8", 255), ("uint16", -(2**31)), ("uint32", -(2**63)), ("uint64", 2**64 - 1)]
HDF5 = {
    "integers with nulls": floats, **NUMBER_NULLS, "duration": lengths_of_time, "decimal": floats,
    "list of float64": padded(math.nan), "list, nulls": padded(math.nan),
}  # fmt: skip
HDF5_BYTES = {
    **HDF5, "bool, nulls": also(words, as_bytes), "texts": also(missing_is_empty, as_bytes), "vector of text": as_bytes,
    "duration": also(lengths_of_time, as_bytes), "times": also(iso("Z"), missing_is_empty, as_bytes), "list of text": also(padded(""), as_bytes),
}  # fmt: skip
CSV = {
    "float16": shortest, "float32": shortest, "complex": json_text, "vectors": json_text, "lists": json_text, "nested": json_text,
    "duration": lengths_of_time, "times": iso("Z"), "decimal": floats,
}  # fmt: skip
CSV_NO_NAN = {"float16": also(shortest, nan_is_missing), "float32": also(shortest, nan_is_missing), "floats": nan_is_missing}

VOTABLE = {
    "uint64": texts, "uint64, nulls": texts, **MASKED_NAN, "text, nulls": missing_is_empty, "bytes": bytes_as_numbers,
    "duration": microseconds, "decimal": floats, "list of float64": nan_is_missing,
}  # fmt: skip

SINKS = [
    Sink("Parquet", "pyarrow", arrow_tables.read_parquet),
    Sink("Parquet", "pyarrow 17", old_pyarrow.read_parquet),
    Sink(
        "Parquet", "pandas", pandas_frames.read_parquet,
        becomes={"float32": nan_is_missing, "float64": nan_is_missing, "float32, nulls": nan_is_missing, "float64, nulls": nan_is_missing, "complex": parts, "date": dates, "time": clock_times, "list, nulls": list_nulls_are_nan},
    ),
    Sink(
        "Parquet", "astropy", astropy_tables.reader("parquet"),
        # Texts in arrays are cut to the length of the first.
        fails={"complex", "nested", "text, nulls", "category", "bytes", "time", "matrix", "vector of text", "list of text"},
        becomes={"integers with nulls": floats, **NUMBER_NULLS, "date": days_in_nanoseconds, "list, nulls": list_nulls_are_nan},
    ),
    Sink(
        "Parquet", "tables_io", others.read_tables_io,
        becomes={"integers with nulls": floats, **NUMBER_NULLS, "complex": parts, "date": days_in_nanoseconds, "time": clock_times, "list, nulls": list_nulls_are_nan},
    ),
    Sink(
        "FITS", "astropy", astropy_tables.reader("fits"),
        fails={"list of text"},
        becomes={
            **FITS, "int8": floats, **MASKED_NAN, "complex": nan_part_is_missing, "text, empty": empty_is_missing, "text, nulls": None,
            "uint64, nulls": filled(*NULL_NUMBERS),
            "vector of text": as_bytes, "list, nulls": missing_list_is_empty,
        },
    ),
    Sink(
        "FITS", "fitsio", others.read_fitsio,
        fails={"list of text"},
        becomes={
            **FITS, **NUMBER_NULLS, "text, nulls": missing_is_empty, "timestamp, nulls": also(iso(), missing_is_empty), "list, nulls": missing_list_is_empty,
            "integers with nulls": filled(*NULL_NUMBERS),
        },
    ),
    Sink(
        "FITS", "STILTS", others.stilts_reader("fits"),
        fails={"vector of text", "list of text"},
        becomes={**FITS, **MASKED_NAN, "bool, nulls": as_is, "text, blanks": no_blanks, "uint64": texts, "uint64, nulls": texts, "complex": also(pairs, nan_is_missing), "text, nulls": missing_is_empty, "timestamp, nulls": also(iso(), missing_is_empty), "list of float64": nan_is_missing, "list, nulls": also(missing_list_is_empty, nan_is_missing)},
    ),
    Sink(
        "FITS", "tables_io", others.read_tables_io,
        fails={"list of text"},
        becomes={
            **FITS, **NUMBER_NULLS, "int8": floats, "text, unicode": also(ascii_only, as_bytes), "text, blanks": also(no_trailing_blanks, as_bytes),
            "texts": also(missing_is_empty, as_bytes), "times": also(iso(), missing_is_empty, as_bytes), "duration": microseconds,
            "vector of text": as_bytes, "list, nulls": missing_list_is_empty,
            "integers with nulls": filled(*NULL_NUMBERS),
        },
    ),
    Sink("HDF5", "h5py", others.read_h5py, becomes={**HDF5, "bool, nulls": words, "text, nulls": missing_is_empty, "times": also(iso("Z"), missing_is_empty), "list of text": padded("")}),
    Sink("HDF5", "PyTables", others.read_pytables, becomes={**HDF5_BYTES, "bool": as_numbers, "vector of bool": as_numbers}),
    Sink("HDF5", "tables_io", others.read_tables_io, becomes=HDF5_BYTES),
    Sink(
        "VOTable", "astropy", astropy_tables.reader("votable"),
        fails={"vector of text", "list of text"},
        becomes={**VOTABLE, "complex": nan_part_is_missing, "times": also(iso("Z"), missing_is_empty), "list, nulls": nan_is_missing_in_lists},
    ),
    Sink(
        "VOTable", "STILTS", others.stilts_reader("votable"),
        fails={"list of text"},
        becomes={
            **VOTABLE, "complex": also(pairs, nan_is_missing), "text, unicode": no_emoji, "text, blanks": no_blanks, "bytes": also(bytes_as_numbers, empty_is_missing_only),
            "times": also(iso("Z"), missing_is_empty), "vector of text": as_bytes, "list, nulls": also(missing_list_is_empty, nan_is_missing),
        },
    ),
    Sink("CSV", "pandas", pandas_frames.read_csv, becomes={**CSV, **CSV_NO_NAN, "uint64, nulls": texts, "text, empty": empty_is_missing, "bytes": also(hexadecimal, empty_is_missing)}),
    Sink("CSV", "pyarrow", arrow_tables.read_csv, becomes={**CSV, **CSV_NO_NAN, "uint64": floats, "uint64, nulls": floats_or_missing, "text, nulls": missing_is_empty, "date": as_is, **{f"timestamp, {unit}": as_is for unit in ("ms", "us", "ns", "UTC", "nulls")}, "list, nulls": also(json_text, missing_is_empty), "bytes": hexadecimal}),
    Sink("CSV", "astropy", astropy_tables.reader("ascii.csv"), becomes={**CSV, "bool": texts, "bool, nulls": texts_or_missing, "uint64": texts, "uint64, nulls": texts_or_missing, "text, empty": empty_is_missing, "text, blanks": no_blanks, "bytes": also(hexadecimal, empty_is_missing)}),
    Sink("CSV", "STILTS", others.stilts_reader("csv(header=true)"), becomes={**CSV, **CSV_NO_NAN, "uint64": floats, "uint64, nulls": floats_or_missing, "text, nulls": missing_is_empty, "timestamp, nulls": also(iso(), missing_is_empty), "list, nulls": also(json_text, missing_is_empty), "text, blanks": no_blanks, "text, unicode": latin, "list of text": also(json_text, latin), "bytes": hexadecimal}),
]  # fmt: skip
