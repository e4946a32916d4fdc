"""What pz-tables does, done with the field's own libraries as a careful user would: column by column, vectorised.

    tables.py stats LIBRARY FILE             schema, row count and statistics of every column
    tables.py check LIBRARY FILE STATS       bounds for the statistics in the file STATS (pz-tables inspect's answer)
    tables.py pages LIBRARY FILE ROWS START...  milliseconds to open the file and read ROWS rows from each START
    tables.py convert LIBRARY FILE NEW       writes the table as Parquet (Parquet as CSV), by NEW's extension

LIBRARY is pyarrow, pandas, astropy or h5py. Everything is printed as one JSON document.
"""

import json
import math
import os
import sys
import time

QUARTILES = [0.25, 0.5, 0.75]
BINS = 50
# The rank error that pz-tables documents for statistics of a sample.
RANK_ERROR = 0.011


# --- columns as the libraries give them --------------------------------------------------------------------------


def columns(library: str, path: str):
    """Name and values of each column, one after the other where the format allows it."""
    yield from {
        ("pyarrow", ".parquet"): pyarrow_parquet,
        ("pyarrow", ".csv"): pyarrow_csv,
        ("pandas", ".parquet"): pandas_parquet,
        ("pandas", ".csv"): pandas_csv,
        ("astropy", ".fits"): astropy_fits,
        ("astropy", ".vot"): astropy_votable,
        ("h5py", ".hdf5"): h5py_datasets,
    }[(library, os.path.splitext(path)[1])](path)


def pyarrow_parquet(path):
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        for name in file.schema_arrow.names:
            yield name, file.read(columns=[name]).column(0)


def pyarrow_csv(path):
    import pyarrow.csv

    table = pyarrow.csv.read_csv(path)
    yield from zip(table.column_names, table.columns, strict=True)


def pandas_parquet(path):
    import pandas
    import pyarrow.parquet

    for name in pyarrow.parquet.read_schema(path).names:
        yield name, pandas.read_parquet(path, columns=[name])[name]


def pandas_csv(path):
    import pandas

    yield from pandas.read_csv(path).items()


def astropy_fits(path):
    from astropy.io import fits

    with fits.open(path, memmap=True) as hdus:
        table = hdus[1]
        for column in table.columns:
            yield column.name, table.data[column.name]


def astropy_votable(path):
    from astropy.io.votable import parse_single_table

    table = parse_single_table(path)
    for field in table.fields:
        yield field.name, table.array[field.name]


def h5py_datasets(path):
    import h5py

    with h5py.File(path) as file:
        for name, dataset in file.items():
            yield name, dataset[()]


# --- statistics --------------------------------------------------------------------------------------------------


def statistics(values) -> dict:
    import pyarrow

    if isinstance(values, pyarrow.ChunkedArray):
        return arrow_statistics(values)
    return numpy_statistics(values)


def arrow_statistics(values) -> dict:
    import numpy
    import pyarrow
    import pyarrow.compute as pc

    kind = values.type
    if pyarrow.types.is_boolean(kind):
        trues = pc.sum(values).as_py() or 0
        count = len(values) - values.null_count
        return {"count": count, "missing": values.null_count, "mean": trues / count if count else None}
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind) or pyarrow.types.is_string_view(kind):
        lengths = pc.min_max(pc.utf8_length(values)).as_py()
        return {
            "count": len(values) - values.null_count,
            "missing": values.null_count,
            "min_length": lengths["min"],
            "max_length": lengths["max"],
            "distinct": pc.count_distinct(values).as_py(),
        }
    values_present = values.drop_null() if values.null_count else values
    if pyarrow.types.is_floating(kind) and pc.any(pc.invert(pc.is_finite(values_present))).as_py():
        values_present = values_present.filter(pc.is_finite(values_present))
    missing = len(values) - len(values_present)
    ends = pc.min_max(values_present).as_py()
    quartiles = pc.quantile(values_present, q=QUARTILES).to_pylist()
    counts, _ = numpy.histogram(values_present.to_numpy(), bins=BINS)
    return {
        "count": len(values_present),
        "missing": missing,
        "min": ends["min"],
        "max": ends["max"],
        "mean": pc.mean(values_present).as_py(),
        "std": pc.stddev(values_present, ddof=1).as_py(),
        "quartiles": quartiles,
        "distinct": pc.count_distinct(values_present).as_py(),
        "histogram": counts.tolist(),
    }


def numpy_statistics(values) -> dict:
    import numpy

    array, missing = present(values)
    if array.dtype.kind == "b":
        return {"count": len(array), "missing": missing, "mean": float(array.mean())}
    if array.dtype.kind in "OSU":
        import pandas

        # Faster than numpy.unique, which sorts.
        different = pandas.unique(array)
        # FITS pads texts with blanks, which do not count.
        lengths = [len(value.rstrip()) for value in different]
        return {
            "count": len(array),
            "missing": missing,
            "min_length": min(lengths),
            "max_length": max(lengths),
            "distinct": len(different),
        }
    quartiles = numpy.percentile(array, [25, 50, 75])
    counts, _ = numpy.histogram(array, bins=BINS)
    return {
        "count": len(array),
        "missing": missing,
        "min": array.min().item(),
        "max": array.max().item(),
        "mean": float(array.mean(dtype="f8")),
        "std": float(array.std(ddof=1, dtype="f8")),
        "quartiles": [float(value) for value in quartiles],
        "distinct": distinct(array),
        "histogram": counts.tolist(),
    }


def distinct(array) -> int:
    import pandas

    # A hash table: faster than numpy.unique, which sorts.
    return len(pandas.unique(array))


def present(values):
    """The values that are neither masked, null nor NaN as a native numpy array, and how many are not."""
    import numpy

    total = len(values)
    if hasattr(values, "isna"):
        array = values.dropna().to_numpy()
    elif isinstance(values, numpy.ma.MaskedArray):
        array = values.compressed()
    else:
        array = numpy.asarray(values)
    if array.dtype.kind == "f":
        finite = numpy.isfinite(array)
        if not finite.all():
            array = array[finite]
    if array.dtype.byteorder == ">":
        array = array.astype(array.dtype.newbyteorder("="))
    return array, total - len(array)


def stats(library: str, path: str) -> dict:
    return {name: statistics(values) for name, values in columns(library, path)}


def check(library: str, path: str, answer: str) -> dict:
    """For each column of numbers: the values between which a quartile of a sample must lie, and how many values really
    lie below each edge of the histogram."""
    import numpy
    import pyarrow

    with open(answer, encoding="utf-8") as file:
        inspection = json.load(file)["ok"]
    names = [column["name"] for column in inspection["schema"]["columns"]]
    found = dict(zip(names, inspection["statistics"], strict=True))
    bounds = {}
    for name, values in columns(library, path):
        ours = found[name]
        if "quartiles" not in ours:
            continue
        if isinstance(values, pyarrow.ChunkedArray):
            values = values.drop_null().to_numpy()
        array = numpy.sort(present(values)[0].astype("f8"))
        error = RANK_ERROR if "sampled" in ours else 0.0
        histogram = ours["histogram"]
        bins = len(histogram["counts"])
        edges = histogram["low"] + (histogram["high"] - histogram["low"]) * (numpy.arange(bins + 1) / bins)
        edges = numpy.append(edges[:-1], numpy.nextafter(histogram["high"], math.inf))
        bounds[name] = {
            "quartiles": [
                [float(numpy.quantile(array, max(q - error, 0))), float(numpy.quantile(array, min(q + error, 1)))]
                for q in QUARTILES
            ],
            "below_edges": numpy.searchsorted(array, edges).tolist(),
            "rank_error": error,
        }
    return bounds


# --- pages -------------------------------------------------------------------------------------------------------


def page(library: str, path: str, start: int, rows: int) -> list:
    extension = os.path.splitext(path)[1]
    if (library, extension) == ("pyarrow", ".parquet"):
        import pyarrow.parquet

        with pyarrow.parquet.ParquetFile(path) as file:
            first = 0
            for group in range(file.num_row_groups):
                length = file.metadata.row_group(group).num_rows
                if start < first + length:
                    return file.read_row_group(group).slice(start - first, rows).to_pylist()
                first += length
        return []
    if (library, extension) == ("pandas", ".csv"):
        import pandas

        return pandas.read_csv(path, skiprows=range(1, start + 1), nrows=rows).to_dict("records")
    if library == "astropy" and extension == ".fits":
        from astropy.io import fits

        with fits.open(path, memmap=True) as hdus:
            return hdus[1].data[start : start + rows].tolist()
    if library == "h5py":
        import h5py

        with h5py.File(path) as file:
            parts = [dataset[start : start + rows].tolist() for dataset in file.values()]
            return list(zip(*parts, strict=True))
    raise SystemExit(f"{library} opens no page of {extension}")


def pages(library: str, path: str, rows: int, starts: list[int]) -> list[float]:
    page(library, path, starts[0], rows)
    taken = []
    for start in starts:
        began = time.perf_counter()
        found = page(library, path, start, rows)
        taken.append((time.perf_counter() - began) * 1e3)
        if len(found) != rows:
            raise SystemExit(f"{len(found)} rows from {start}, {rows} wanted")
    return taken


# --- conversion --------------------------------------------------------------------------------------------------


def convert(library: str, path: str, new: str) -> dict:
    extension, wanted = os.path.splitext(path)[1], os.path.splitext(new)[1]
    if library == "pyarrow" and extension == ".csv" and wanted == ".parquet":
        import pyarrow.csv
        import pyarrow.parquet

        with pyarrow.csv.open_csv(path) as reader, pyarrow.parquet.ParquetWriter(new, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    elif library == "pyarrow" and extension == ".parquet" and wanted == ".csv":
        import pyarrow.csv
        import pyarrow.parquet

        file = pyarrow.parquet.ParquetFile(path)
        with pyarrow.csv.CSVWriter(new, file.schema_arrow) as writer:
            for batch in file.iter_batches():
                writer.write_batch(batch)
    elif library == "astropy" and wanted == ".parquet":
        from astropy.table import Table

        table = Table.read(path)
        for name in table.colnames:
            # The Parquet writer takes texts of a fixed width only.
            if table[name].dtype.kind == "O":
                table[name] = table[name].astype(str)
        table.write(new, overwrite=True)
    elif library == "h5py" and wanted == ".parquet":
        import h5py
        import pyarrow.parquet

        with h5py.File(path) as file:
            table = pyarrow.table({name: plain(dataset[()]) for name, dataset in file.items()})
        pyarrow.parquet.write_table(table, new)
    else:
        raise SystemExit(f"{library} converts no {extension} to {wanted}")
    return {"bytes": os.path.getsize(new)}


def plain(array):
    """Texts as Python has them; numbers as they are."""
    return [text.decode() for text in array.tolist()] if array.dtype.kind in "OS" else array


def main() -> None:
    action, library, path, *rest = sys.argv[1:]
    if action == "stats":
        answer = stats(library, path)
    elif action == "check":
        answer = check(library, path, rest[0])
    elif action == "pages":
        answer = pages(library, path, int(rest[0]), [int(start) for start in rest[1:]])
    elif action == "convert":
        answer = convert(library, path, rest[0])
    else:
        raise SystemExit(__doc__)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
