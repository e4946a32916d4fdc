"""How a file holds its columns, in the words of its format."""

import csv
import functools
import warnings
import xml.etree.ElementTree

import astropy.io.fits
import h5py
import pyarrow.parquet


@functools.cache
def stored_types(format, path):
    """The column's name and its type, as text for the documentation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return globals()[f"_{format.lower()}"](path)


def _parquet(path):
    return {field.name: f"`{field.type}`" for field in pyarrow.parquet.read_schema(path)}


def _csv(path):
    """The first value that is there."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: f"`{next(row[name] for row in rows if row[name])}`".replace("|", "\\|").replace("\n", "\\n") for name in rows[0]}


def _fits(path):
    with astropy.io.fits.open(path) as file:
        header = file[1].header
        found = {}
        for number in range(1, header["TFIELDS"] + 1):
            parts = [f"{key} {header[f'{key}{number}']}" for key in ("TDIM", "TZERO", "TNULL") if f"{key}{number}" in header]
            found[header[f"TTYPE{number}"]] = " ".join([f"`{header[f'TFORM{number}']}`", *parts])
        return found


def _hdf5(path):
    with h5py.File(path) as file:
        return {name: f"`{hdf5_type(column)}`" for name, column in file.items()}


def hdf5_type(column):
    kind = column.dtype
    shape = str(list(column.shape[1:])) if column.ndim > 1 else ""
    if text := h5py.check_string_dtype(kind):
        return f"string of {text.length} bytes{shape}" if text.length else f"string{shape}"
    if names := h5py.check_enum_dtype(kind):
        return f"enum {'/'.join(names)}{shape}"
    if (items := h5py.check_vlen_dtype(kind)) is not None:
        return f"list of {items}"
    return f"{kind}{shape}"


def _votable(path):
    found = {}
    for _, element in xml.etree.ElementTree.iterparse(path):
        if element.tag.endswith("}FIELD"):
            parts = [f"{key} {element.get(key)}" for key in ("arraysize", "xtype") if element.get(key)]
            found[element.get("name")] = " ".join([f"`{element.get('datatype')}`", *parts])
    return found
