"""HDF5 as it is packed by h5py and its plugins, qp ensembles, and what must be refused."""

import h5py
import hdf5plugin
import numpy
import pytest
import qp
import tables

ROWS = 5_000
IDS = numpy.arange(ROWS) * 3 + 2**53
REDSHIFTS = numpy.sin(numpy.arange(ROWS)).astype("float32")

PACKED = {
    "gzip": {"compression": "gzip", "compression_opts": 9},
    "gzip, shuffle, checksum": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf": {"compression": "lzf"},
    "bzip2": dict(hdf5plugin.BZip2()),
    "lz4": dict(hdf5plugin.LZ4()),
    "bitshuffle": dict(hdf5plugin.Bitshuffle()),
    **{f"blosc {name}": dict(hdf5plugin.Blosc(cname=name)) for name in ("blosclz", "lz4", "lz4hc", "zlib")},
}
REFUSED = {"blosc2": dict(hdf5plugin.Blosc2()), "zstd": dict(hdf5plugin.Zstd()), "blosc zstd": dict(hdf5plugin.Blosc(cname="zstd"))}


def write(path, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("id", data=IDS, chunks=(999,), **options)
        file.create_dataset("z", data=REDSHIFTS, chunks=(999,), **options)


@pytest.mark.parametrize("name", PACKED)
def test_filters(name, program, tmp_path):
    write(tmp_path / "table.hdf5", PACKED[name])
    ours = program.read(tmp_path / "table.hdf5")
    assert ours.types == {"id": "int64", "z": "float32"}
    assert ours.values("id") == IDS.tolist()
    assert ours.values("z") == REDSHIFTS.tolist()


@pytest.mark.parametrize("name", REFUSED)
def test_unknown_filters_are_named(name, program, tmp_path):
    write(tmp_path / "table.hdf5", REFUSED[name])
    error = program.error(tmp_path / "table.hdf5")
    assert error["code"] == "unsupported_feature"
    assert "table.hdf5" in error["message"]


def test_newest_file_format(program, tmp_path):
    with h5py.File(tmp_path / "table.hdf5", "w", libver="latest") as file:
        file.create_dataset("id", data=IDS, chunks=(999,), compression="gzip")
    assert program.read(tmp_path / "table.hdf5").values("id") == IDS.tolist()


def test_pytables(program, tmp_path):
    records = numpy.rec.fromarrays([IDS, REDSHIFTS, numpy.array([b"a", b"bc"] * (ROWS // 2))], names="id,z,name")
    with tables.open_file(str(tmp_path / "table.h5"), "w") as file:
        file.create_table("/", "catalog", obj=records, filters=tables.Filters(complevel=5, complib="blosc:lz4"))
    ours = program.read(tmp_path / "table.h5")
    assert ours.values("id") == IDS.tolist()
    assert ours.values("name") == ["a", "bc"] * (ROWS // 2)


def test_qp_ensembles(program, tmp_path):
    """Photo-z estimates: a PDF per object, and point estimates beside."""
    grid = numpy.linspace(0, 3, 31)
    densities = numpy.exp(-((grid[None, :] - numpy.linspace(0.5, 2, 7)[:, None]) ** 2))
    ensemble = qp.Ensemble(qp.interp, data={"xvals": grid, "yvals": densities}, ancil={"object": numpy.arange(7)})
    ensemble.write_to(str(tmp_path / "photoz.fits"))
    path = tmp_path / "photoz.hdf5"
    ensemble.write_to(str(path))
    ours = program.read(path)
    assert ours.n_rows == 7
    assert ours.types["yvals"] == "float64[31]"
    found = ours.values("yvals")
    assert found == [tuple(row) for row in ensemble.objdata["yvals"].tolist()]
    # In FITS the first table is qp's own description; the densities have a name.
    rows = program.rows(tmp_path / "photoz.fits", "--table", "data")
    assert [row["yvals"] for row in rows] == ensemble.objdata["yvals"].tolist()


def test_files_of_the_server_are_never_read(program, tmp_path):
    """External raw files, external links and virtual datasets name other files: refused, whatever they name."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"0123456789" * 8)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = numpy.arange(5)
    with h5py.File(tmp_path / "raw.h5", "w") as file:
        file.create_dataset("x", (10,), "int64", external=[(str(secret), 0, 80)])
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["x"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout((5,), "int64")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (5,))
        file.create_virtual_dataset("x", layout)
    for name in ("raw", "link", "virtual"):
        error = program.error(tmp_path / f"{name}.h5")
        assert error["code"] in ("outside_reference", "not_a_table"), error
        assert str(tmp_path) not in error["message"]
