"""Columns as numpy arrays: what astropy, fitsio, h5py and tables_io build upon."""

import numpy
from interop.values import plain

# What numpy has no type for.
ABSENT = {"times", "decimals", "nested"}

TYPES = {"bool": "?", "string": "U", "binary": "S"}


def dtype(kind):
    if kind.family == "complex":
        return numpy.dtype("complex64" if "float32" in kind.type else "complex128")
    element = kind.type.removeprefix("list<").removesuffix(">") if kind.family == "lists" else kind.element
    return numpy.dtype(TYPES.get(element, element))


def array(kind):
    """A numpy array, masked where values are missing; lists of varying length as an array of arrays."""
    if kind.family == "lists":
        cells = numpy.empty(len(kind.values), object)
        for row, value in enumerate(kind.values):
            cells[row] = numpy.array(value, dtype(kind))
        return cells
    missing = [value is None for value in kind.values]
    filler = next(value for value in kind.values if value is not None)
    values = numpy.array([filler if value is None else value for value in kind.values], dtype(kind))
    return numpy.ma.MaskedArray(values, missing) if any(missing) else values


def arrays(kinds, name):
    return {name(kind): array(kind) for kind in kinds}


def values(column, trims=False):
    """The values of a column of numpy's or astropy's."""
    found = [plain(value) for value in column]
    if hasattr(column, "mask"):
        mask = numpy.broadcast_to(column.mask, numpy.shape(column))
        found = [None if numpy.all(hidden) and numpy.ndim(hidden) == 0 and bool(hidden) else value for value, hidden in zip(found, mask, strict=True)]
    return found
