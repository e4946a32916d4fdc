"""CSV, ECSV, FITS, HDF5, Parquet and VOTable by astropy."""

import warnings

import astropy.table
import numpy
from interop.kinds import column_name
from interop.libraries.numpy_arrays import array, values


def table(kinds):
    columns = []
    for kind in kinds:
        data = array(kind)
        if kind.name.startswith("float") and kind.nullable:
            data = numpy.ma.MaskedArray(data.data, data.mask)
        columns.append(astropy.table.MaskedColumn(data, name=column_name(kind)) if numpy.ma.isMaskedArray(data) else astropy.table.Column(data, name=column_name(kind)))
    return astropy.table.Table(columns)


def writer(format, **options):
    def write(kinds, path):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table(kinds).write(path, format=format, overwrite=True, **options)

    return write


def reader(format, **options):
    def read(path, kinds):
        if format == "parquet":
            # One column that it cannot read would spoil the others.
            options["include_names"] = [column_name(kind) for kind in kinds]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = astropy.table.Table.read(path, format=format, **options)
        return {kind.name: values(found[column_name(kind)]) for kind in kinds}

    return read
