"""fitsio, h5py, tables_io and STILTS."""

import pathlib
import subprocess
import warnings

import fitsio
import h5py
import hdf5plugin  # noqa: F401  (registers blosc, bzip2 and others with h5py)
import numpy
import tables
import tables_io
from interop.kinds import column_name
from interop.libraries import astropy_tables
from interop.libraries.numpy_arrays import array, arrays, values


def encoded(data):
    """Text as the fixed-width bytes that FITS and HDF5 have."""
    return numpy.char.encode(data, "utf-8") if data.dtype.kind == "U" else data


def write_fitsio(kinds, path):
    columns = {name: encoded(data) for name, data in arrays(kinds, column_name).items()}
    if any(numpy.ma.isMaskedArray(data) for data in columns.values()):
        raise TypeError("fitsio knows no missing values")
    fitsio.write(str(path), columns, clobber=True)


def read_fitsio(path, kinds):
    found = fitsio.read(str(path), ext=1, vstorage="object", trim_strings=True)
    return {kind.name: values(found[column_name(kind)]) for kind in kinds}


def h5py_data(kind):
    data = array(kind)
    if numpy.ma.isMaskedArray(data):
        raise TypeError("HDF5 knows no missing values")
    if data.dtype.kind == "U":
        return numpy.array(data.tolist(), h5py.string_dtype())
    if data.dtype == object:
        inner = data[0].dtype
        if inner.kind == "U":
            raise TypeError("h5py has no lists of texts")
        cells = numpy.empty(len(data), h5py.vlen_dtype(inner))
        cells[:] = list(data)
        return cells
    return data


def h5py_columns(group=None, fixed=False, **options):
    """One dataset per column, at the root or in a group."""

    def write(kinds, path):
        with h5py.File(path, "w") as file:
            place = file.create_group(group) if group else file
            for kind in kinds:
                data = encoded(array(kind)) if fixed and kind.type == "string" and not kind.nullable else h5py_data(kind)
                place.create_dataset(column_name(kind), data=data, **options)

    return write


def write_h5py_records(kinds, path):
    """One dataset of records."""
    columns = {column_name(kind): array(kind) for kind in kinds}
    if any(numpy.ma.isMaskedArray(data) or data.dtype == object for data in columns.values()):
        raise TypeError("no such member of a record")
    columns = {name: encoded(data) for name, data in columns.items()}
    fields = [(name, data.dtype, data.shape[1:]) for name, data in columns.items()]
    records = numpy.zeros(len(next(iter(columns.values()))), fields)
    for name, data in columns.items():
        records[name] = data
    with h5py.File(path, "w") as file:
        file.create_dataset("table", data=records)


def read_h5py(path, kinds):
    found = {}
    with h5py.File(path) as file:
        for kind in kinds:
            column = file[column_name(kind)]
            found[kind.name] = values(column.asstr()[:] if h5py.check_string_dtype(column.dtype) else column[:])
    return found


def write_tables_io(kinds, path):
    data = arrays(kinds, column_name)
    if any(numpy.ma.isMaskedArray(column) for column in data.values()):
        raise TypeError("tables_io's dictionaries of arrays know no missing values")
    if path.suffix == ".hdf5":
        # Text that is not bytes is left out with a warning.
        data = {name: encoded(column) for name, column in data.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables_io.write(data, str(path))


def read_tables_io(path, kinds):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = tables_io.read(str(path), tables_io.types.NUMPY_DICT)
    return {kind.name: values(found[column_name(kind)]) for kind in kinds}


def stilts(*arguments):
    done = subprocess.run(["stilts", "-Xmx512M", "-Dfile.encoding=UTF-8", *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def stilts_writer(format):
    """STILTS writes what it reads from a file by astropy: FITS, or a VOTable where characters are beyond ASCII."""

    def write(kinds, path):
        source = pathlib.Path(f"{path}.source")
        source_format = "votable" if kinds[0].family == "texts" else "fits"
        options = {"tabledata_format": "tabledata"} if source_format == "votable" else {}
        astropy_tables.writer(source_format, **options)(kinds, source)
        stilts("tpipe", f"in={source}", f"ifmt={source_format}", f"out={path}", f"ofmt={format}")

    return write


def stilts_reader(format):
    """What STILTS reads, told in another format and read by astropy."""

    def read(path, kinds):
        # Numbers survive BINARY2 only, texts beyond ASCII TABLEDATA only, arrays of texts FITS only.
        ways = {"texts": "votable-tabledata", "lists": "votable-tabledata", "vectors": "fits-basic"}
        way = ways.get(kinds[0].family, "votable-binary2-inline")
        told = pathlib.Path(f"{path}.told")
        if not told.exists():
            stilts("tpipe", f"in={path}", f"ifmt={format}", f"out={told}", f"ofmt={way}")
        return astropy_tables.reader(way.split("-")[0])(told, kinds)

    return read




def read_pytables(path, kinds):
    with tables.open_file(str(path)) as file:
        return {kind.name: values(file.get_node(f"/{column_name(kind)}")[:]) for kind in kinds}
