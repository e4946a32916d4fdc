"""Parquet and CSV by pyarrow. Runs alone under another pyarrow: see old_pyarrow.py."""

import pyarrow
import pyarrow.csv
import pyarrow.parquet
from interop.kinds import column_name
from interop.values import NANOSECONDS, from_arrow

PLAIN = {
    "bool": pyarrow.bool_(),
    **{f"{sign}int{bits}": getattr(pyarrow, f"{sign}int{bits}")() for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float16": pyarrow.float16(),
    "float32": pyarrow.float32(),
    "float64": pyarrow.float64(),
    "string": pyarrow.string(),
    "binary": pyarrow.binary(),
    "date": pyarrow.date32(),
    "time[us]": pyarrow.time64("us"),
    "duration[us]": pyarrow.duration("us"),
    "decimal(10,2)": pyarrow.decimal128(10, 2),
    "struct<a: int64, b: string>": pyarrow.struct([("a", pyarrow.int64()), ("b", pyarrow.string())]),
}


def arrow_type(kind):
    """Arrow's type for a kind of column."""
    if kind.name == "category":
        return pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    if kind.family == "complex":
        part = PLAIN["float32" if "float32" in kind.type else "float64"]
        return pyarrow.struct([("re", part), ("im", part)])
    if kind.type.startswith("timestamp["):
        unit, _, zone = kind.type.removeprefix("timestamp[").removesuffix("]").partition(", ")
        return pyarrow.timestamp(unit, zone or None)
    if kind.family == "lists":
        return pyarrow.list_(PLAIN[kind.type.removeprefix("list<").removesuffix(">")])
    inner = PLAIN[kind.element]
    for length in reversed(kind.shape):
        inner = pyarrow.list_(inner, length)
    return inner


def arrow_array(kind):
    """The values of a kind as Arrow has them. None stays missing, NaN a number."""
    wanted = arrow_type(kind)
    values = kind.values
    if kind.family == "complex":
        return pyarrow.array([{"re": value.real, "im": value.imag} for value in values], wanted)
    if kind.type.startswith(("timestamp", "duration", "time")):
        divisor = NANOSECONDS[wanted.unit]
        counts = [None if value is None else value // divisor for value in values]
        return pyarrow.array(counts, pyarrow.int64()).cast(wanted)
    if kind.type == "date":
        return pyarrow.array(values, pyarrow.int32()).cast(wanted)
    if kind.type == "float16":
        import numpy

        return pyarrow.array([numpy.float16(value) for value in values], wanted)
    return pyarrow.array(values, wanted)


def arrow_table(kinds):
    return pyarrow.table({column_name(kind): arrow_array(kind) for kind in kinds})


def write_csv(kinds, path):
    pyarrow.csv.write_csv(arrow_table(kinds), path)


def read_csv(path, kinds):
    table = pyarrow.csv.read_csv(path)
    return {kind.name: from_arrow(table[column_name(kind)]) for kind in kinds}


def write_parquet(kinds, path):
    pyarrow.parquet.write_table(arrow_table(kinds), path)


def read_parquet(path, kinds):
    table = pyarrow.parquet.read_table(path)
    return {kind.name: from_arrow(table[column_name(kind)]) for kind in kinds}


def stored(path):
    """What pyarrow calls the types in the file."""
    return {field.name: str(field.type) for field in pyarrow.parquet.read_schema(path)}
