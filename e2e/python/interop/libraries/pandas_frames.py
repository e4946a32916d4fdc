"""CSV, HDF5 (PyTables) and Parquet by pandas."""

import datetime
import warnings

import numpy
import pandas
from interop.kinds import column_name
from interop.values import plain

EPOCH = datetime.datetime(1970, 1, 1)


def series(kind):
    """The column as people have it in pandas: nullable integers and booleans, numpy's types for the rest."""
    values = kind.values
    if kind.element in ("bool",) or kind.family.startswith("integers"):
        if kind.shape == () and kind.nullable:
            return pandas.Series(values, dtype={"bool": "boolean"}.get(kind.type, kind.type.replace("i", "I").replace("uI", "UI")))
    if kind.family in ("booleans", "integers", "floats"):
        return pandas.Series(numpy.array([numpy.nan if value is None else value for value in values], kind.type))
    if kind.family == "complex":
        return pandas.Series(numpy.array(values, "complex64" if "float32" in kind.type else "complex128"))
    if kind.name == "category":
        return pandas.Series(values, dtype="category")
    if kind.type == "string":
        return pandas.Series(values, dtype="str")
    if kind.type == "date":
        return pandas.Series([EPOCH.date() + datetime.timedelta(days=value) for value in values], dtype=object)
    if kind.type.startswith("time["):
        return pandas.Series([(EPOCH + datetime.timedelta(microseconds=value // 1000)).time() for value in values], dtype=object)
    if kind.type.startswith(("timestamp[", "duration[")):
        unit = kind.type.split("[")[1].split(",")[0].rstrip("]")
        counts = numpy.array([0 if value is None else value for value in values], "timedelta64[ns]")
        moments = counts.astype(f"timedelta64[{unit}]")
        if kind.type.startswith("timestamp["):
            moments = numpy.datetime64(0, unit) + moments
        moments[[value is None for value in values]] = "NaT"
        found = pandas.Series(moments)
        return found.dt.tz_localize("UTC") if kind.type.endswith("UTC]") else found
    if kind.family == "vectors":
        return pandas.Series([numpy.array(value, kind.element if kind.element != "string" else "U") for value in values], dtype=object)
    return pandas.Series(values, dtype=object)


def frame(kinds):
    return pandas.DataFrame({column_name(kind): series(kind) for kind in kinds})


def write_csv(kinds, path):
    frame(kinds).to_csv(path, index=False)


def write_parquet(kinds, path):
    frame(kinds).to_parquet(path)


def hdf_writer(**options):
    def write(kinds, path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame(kinds).to_hdf(path, key="data", mode="w", index=False, **options)

    return write


def values(found, kind):
    column = found[column_name(kind)]
    if isinstance(column.dtype, pandas.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pandas.DatetimeTZDtype):
        column = column.dt.tz_convert(None)
    if column.dtype.kind in "mM":
        return [plain(value) for value in column.to_numpy()]
    return [plain(value) for value in column]


def read_csv(path, kinds):
    found = pandas.read_csv(path, dtype_backend="numpy_nullable")
    return {kind.name: values(found, kind) for kind in kinds}


def read_parquet(path, kinds):
    found = pandas.read_parquet(path, dtype_backend="numpy_nullable")
    return {kind.name: values(found, kind) for kind in kinds}
