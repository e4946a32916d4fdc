"""Values of all libraries in one form (see kinds.py), and what makes two of them the same."""

import datetime
import decimal
import json
import math
import subprocess

import numpy

NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def plain(value, trims=False):
    """A value of numpy's, pandas' or astropy's as plain Python. With `trims`, texts lose the blanks at their end."""
    if value is None or value is numpy.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, numpy.ma.MaskedArray):
        data = [plain(item) for item in value.data]
        return tuple(None if hidden is True or (numpy.ndim(hidden) == 0 and bool(hidden)) else item for item, hidden in zip(data, numpy.ma.getmaskarray(value)))
    if isinstance(value, numpy.ndarray):
        return tuple(plain(item) for item in value)
    if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
        return None if numpy.isnat(value) else nanoseconds(value)
    if isinstance(value, numpy.bytes_):
        return bytes(value)
    if isinstance(value, numpy.generic):
        return value.item() if not isinstance(value, numpy.float16) else float(value)
    return value


def nanoseconds(value):
    unit, count = numpy.datetime_data(value.dtype)
    if unit == "D":
        return int(value.astype("int64")) * count * 86_400 * 10**9
    return int(value.astype("int64")) * count * NANOSECONDS[unit]


def same(found, wanted):
    """Equal to the last bit: NaN is NaN, -0.0 is not 0.0, True is not 1."""
    if isinstance(wanted, float):
        if not isinstance(found, float):
            return False
        return math.isnan(found) if math.isnan(wanted) else found == wanted and math.copysign(1, found) == math.copysign(1, wanted)
    if isinstance(wanted, complex):
        return isinstance(found, complex) and same(found.real, wanted.real) and same(found.imag, wanted.imag)
    if isinstance(wanted, (tuple, list)):
        return isinstance(found, (tuple, list)) and len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, dict):
        return isinstance(found, dict) and found.keys() == wanted.keys() and all(same(found[key], wanted[key]) for key in wanted)
    return type(found) is type(wanted) and found == wanted


def assert_same(found, wanted):
    assert len(found) == len(wanted), f"{len(found)} rows, not {len(wanted)}"
    for row, (mine, theirs) in enumerate(zip(found, wanted, strict=True)):
        assert same(mine, theirs), f"row {row}: {mine!r} is not {theirs!r}"


def shown(value, type_name):
    """The value as the preview shows it: JSON with every digit, moments in milliseconds or ISO 8601."""
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, complex):
        part = "float32" if "float32" in type_name else "float64"
        return {"re": shown(value.real, part), "im": shown(value.imag, part)}
    if isinstance(value, dict):
        return value
    if isinstance(value, (tuple, list)):
        item = type_name.split("[")[0] if isinstance(value, tuple) else type_name.removeprefix("list<").removesuffix(">")
        return [shown(part, type_name if isinstance(part, tuple) else item) for part in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return "0x" + value.hex()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        # The shortest text of the value's own precision.
        return float(str(numpy.float32(value))) if type_name in ("float16", "float32") else value
    if type_name == "date":
        return (datetime.date(1970, 1, 1) + datetime.timedelta(days=value)).isoformat()
    if type_name.startswith("time["):
        text = (datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value // 1000)).time().isoformat()
        return text.rstrip("0") if "." in text else text
    if type_name.startswith(("timestamp[", "duration[")):
        return value // 10**6
    return value


def from_arrow(column):
    """The values of a pyarrow column (or array)."""
    import pyarrow

    array = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    kind, types = array.type, pyarrow.types
    if types.is_dictionary(kind):
        return from_arrow(array.dictionary_decode())
    if types.is_date32(kind):
        return array.cast(pyarrow.int32()).to_pylist()
    if types.is_timestamp(kind) or types.is_duration(kind) or types.is_time64(kind) or types.is_time32(kind):
        counts = array.cast(pyarrow.int32() if types.is_time32(kind) else pyarrow.int64()).to_pylist()
        return [None if count is None else count * NANOSECONDS[kind.unit] for count in counts]
    if types.is_fixed_size_list(kind):
        length = kind.list_size
        items = from_arrow(pyarrow.concat_arrays([array]).values)[array.offset * length :]
        return [tuple(items[row * length : (row + 1) * length]) if array[row].is_valid else None for row in range(len(array))]
    if types.is_struct(kind) and [field.name for field in kind] == ["re", "im"]:
        parts = [row and (row["re"], row["im"]) for row in array.to_pylist()]
        return [None if pair is None else complex(*pair) for pair in parts]
    if types.is_float16(kind):
        return [None if value is None else float(value) for value in array.to_pylist()]
    return array.to_pylist()


class Ours:
    """What `pz-tables` says about a file."""

    def __init__(self, program, path, scratch, table=None):
        self.program, self.path = program, path
        choice = ["--table", table] if table else []
        answer = json.loads(run(program, "inspect", path).stdout)
        assert "ok" in answer, answer["error"]["message"]
        self.inspection = answer["ok"]
        self.n_rows = self.inspection["n_rows"]
        self.columns = {column["name"]: column for column in self.inspection["schema"]["columns"]}
        shapes = {name: column.get("shape") for name, column in self.columns.items()}
        self.types = {name: column["dtype"] + (str(shapes[name]) if shapes[name] else "") for name, column in self.columns.items()}
        self.statistics = dict(zip(self.columns, self.inspection["statistics"], strict=True))
        self.rows = json.loads(run(program, "rows", path, "--count", str(2**31), *choice).stdout)
        self._parquet = scratch / f"{path.name}.ours.parquet"
        self._values = None

    def values(self, name):
        """The column's values to the last bit, by way of a Parquet file and pyarrow."""
        import pyarrow.parquet

        if self._values is None:
            done = run(self.program, "convert", self.path, self._parquet)
            assert done.returncode == 0, done.stdout
            self._values = pyarrow.parquet.read_table(self._parquet)
        return from_arrow(self._values[name])

    def assert_column(self, name, type_name, values):
        """Type, values, the preview's values and the counts of the statistics."""
        assert self.types[name] == type_name, f"{self.types[name]} is not {type_name}"
        assert_same(self.values(name), values)
        wanted = [shown(value, type_name) for value in values]
        assert_same([row[name] for row in self.rows], wanted)
        # NaN counts as missing in a column of numbers; an array is a value whatever is in it.
        statistics = self.statistics[name]
        numbers = [value for value in values if isinstance(value, float)]
        nan = sum(map(math.isnan, numbers))
        assert statistics["missing"] == sum(value is None for value in values) + nan
        if numbers and self.path.suffix not in (".csv", ".ecsv"):
            assert statistics["nan"] == nan


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120)
