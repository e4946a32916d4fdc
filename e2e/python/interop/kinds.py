"""The kinds of columns that catalogs have, each with six values at the edges of what it can hold.

Values are plain Python, the same for every library: None is missing, NaN is a number. A moment is an integer: days for
dates, nanoseconds for everything else. An array of fixed shape is a nested tuple, one of varying length a list.
"""

import dataclasses
import datetime
import decimal
import math

NAN, INF = math.nan, math.inf
DAY = 86_400 * 10**9


@dataclasses.dataclass(frozen=True)
class Kind:
    """A column: what the types of its values are called by `pz-tables`, and the values."""

    name: str
    family: str
    type: str
    values: list

    @property
    def element(self):
        """The type without the shape."""
        return self.type.split("[")[0] if self.shape else self.type

    @property
    def shape(self):
        if self.family != "vectors":
            return ()
        return tuple(int(length) for length in self.type.split("[")[1].rstrip("]").split(", "))

    @property
    def nullable(self):
        return any(value is None for value in self.values)


def moment(text):
    """Nanoseconds since 1970 of an ISO 8601 text with up to nine decimals."""
    whole, _, fraction = text.partition(".")
    seconds = (datetime.datetime.fromisoformat(whole) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1)
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


def day(text):
    return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days


def _integers():
    for bits in 8, 16, 32, 64:
        low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        odd = 2**53 + 1 if bits == 64 else 100
        yield Kind(f"int{bits}", "integers", f"int{bits}", [low, high, odd, 0, 1, -1])
        yield Kind(f"int{bits}, nulls", "integers with nulls", f"int{bits}", [low, None, high, None, odd, 0])
        high = 2**bits - 1
        yield Kind(f"uint{bits}", "integers", f"uint{bits}", [0, high, high // 2 + 1, odd, 1, 2])
        yield Kind(f"uint{bits}, nulls", "integers with nulls", f"uint{bits}", [0, None, high - 2, None, odd, 1])


ALL = [
    Kind("bool", "booleans", "bool", [True, False, True, True, False, False]),
    Kind("bool, nulls", "booleans", "bool", [True, None, False, None, True, False]),
    *_integers(),
    Kind("float16", "floats", "float16", [0.5, 65504.0, 2.0**-24, -0.0, NAN, -INF]),
    Kind("float32", "floats", "float32", [0.10000000149011612, (2 - 2**-23) * 2.0**127, 2.0**-149, -0.0, NAN, INF]),
    Kind("float64", "floats", "float64", [0.1, 1.7976931348623157e308, 5e-324, -0.0, NAN, -INF]),
    Kind("float32, nulls", "floats", "float32", [1.5, None, NAN, None, -0.0, INF]),
    Kind("float64, nulls", "floats", "float64", [1.5, None, NAN, None, -0.0, INF]),
    Kind("complex64", "complex", "struct<re: float32, im: float32>", [1 + 2j, complex(-0.0, 0.5), complex(NAN, 1), complex(INF, -INF), 0j, 1j]),
    Kind("complex128", "complex", "struct<re: float64, im: float64>", [0.1 + 2j, complex(-0.0, 5e-324), complex(NAN, 1), complex(INF, -INF), 0j, 1j]),
    Kind("text", "texts", "string", ["plain", 'comma, "quote"', "x" * 200, "a'b\\c", "<&>", "2.5"]),
    Kind("text, empty", "texts", "string", ["a", "", "b", "", "c", "d"]),
    Kind("text, unicode", "texts", "string", ["é", "日本語", "😀", "ﬁ", "e\u0301", "ß"]),
    Kind("text, lines", "texts", "string", ["two\nlines", "tab\there", "a", "b", "c", "d"]),
    Kind("text, blanks", "texts", "string", [" before", "behind ", "in the middle", "a", "b", "c"]),
    Kind("text, nulls", "texts", "string", ["a", None, "b", None, "c", "d"]),
    Kind("category", "texts", "string", ["star", "galaxy", "star", "star", "quasar", "galaxy"]),
    Kind("bytes", "bytes", "binary", [b"\x00\xff", b"abc", b"\xfe", b"a\x00b", b"x", b""]),
    Kind("date", "times", "date", [day(t) for t in ("1970-01-01", "2025-12-31", "2000-02-29", "1858-11-17", "0001-01-01", "9999-12-31")]),
    Kind("time", "times", "time[us]", [0, DAY - 1000, 3_723_500_000_000, 10**9, 1000, 60 * 10**9]),
    Kind("timestamp, ms", "times", "timestamp[ms]", [moment(t) for t in ("1970-01-01T00:00:00", "2025-12-31T23:59:59.999", "1969-12-31T23:59:59.999", "2000-02-29T12:00:00", "1858-11-17T00:00:00", "2262-01-01T00:00:00.5")]),
    Kind("timestamp, us", "times", "timestamp[us]", [moment(t) for t in ("1970-01-01T00:00:00", "2025-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999", "2000-02-29T12:00:00", "1858-11-17T00:00:00", "2262-01-01T00:00:00.5")]),
    Kind("timestamp, ns", "times", "timestamp[ns]", [moment(t) for t in ("1970-01-01T00:00:00", "2025-12-31T23:59:59.999999999", "1969-12-31T23:59:59.999999999", "2000-02-29T12:00:00", "1900-01-01T00:00:00", "2262-01-01T00:00:00.5")]),
    Kind("timestamp, UTC", "times", "timestamp[us, UTC]", [moment(t) for t in ("1970-01-01T00:00:00", "2025-12-31T23:59:59.999999", "1969-12-31T23:59:59.999999", "2000-02-29T12:00:00", "1858-11-17T00:00:00", "2262-01-01T00:00:00.5")]),
    Kind("timestamp, nulls", "times", "timestamp[us]", [moment("2025-12-31T23:59:59.999999"), None, 0, None, 1000, -1000]),
    Kind("duration", "times", "duration[us]", [0, 1000, -1000, 10**9, DAY, 400 * DAY]),
    Kind("decimal", "decimals", "decimal(10,2)", [decimal.Decimal(t) for t in ("0.01", "-99999999.99", "1.50", "0.00", "12345678.90", "-0.10")]),
    Kind("vector", "vectors", "float32[3]", [(1.0, 2.0, 3.0), (NAN, -0.0, INF), (0.5, 0.25, 0.125), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (4.0, 5.0, 6.0)]),
    Kind("matrix", "vectors", "float64[2, 3]", [((float(n), 0.1, 0.2), (1e300, -1.0, NAN)) for n in range(6)]),
    Kind("vector of int64", "vectors", "int64[2]", [(-(2**63), 2**63 - 1), (2**53 + 1, 0), (1, 2), (3, 4), (5, 6), (7, 8)]),
    Kind("vector of bool", "vectors", "bool[3]", [(True, False, True), (False, False, False), (True, True, True)] * 2),
    Kind("vector of text", "vectors", "string[2]", [("a", "bb"), ("ccc", "d"), ("e", "f"), ("g", "h"), ("i", "j"), ("k", "l")]),
    Kind("list of float64", "lists", "list<float64>", [[0.1], [], [1.0, NAN, -0.0], [1e300], [2.0, 3.0], []]),
    Kind("list of int64", "lists", "list<int64>", [[-(2**63)], [2**63 - 1, 2**53 + 1], [], [1], [2], [3, 4, 5]]),
    Kind("list of text", "lists", "list<string>", [["a", ""], [], ["é, b"], ["c"], ["d", "e", "f"], []]),
    Kind("list, nulls", "lists", "list<float64>", [[1.0, None], None, [], None, [NAN], [2.0]]),
    Kind("struct", "nested", "struct<a: int64, b: string>", [{"a": n, "b": f"t{n}"} for n in range(6)]),
]  # fmt: skip

BY_NAME = {kind.name: kind for kind in ALL}
FAMILIES = list(dict.fromkeys(kind.family for kind in ALL))
ROWS = 6


def of_family(family):
    return [kind for kind in ALL if kind.family == family]


def column_name(kind):
    """The kind's name as every format takes it."""
    return kind.name.replace(", ", "_").replace(" ", "_")
