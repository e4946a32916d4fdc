"""Every format that the library can read comes back with equal values, wrapped or not, and is previewed by the server."""

import gzip
import io
import tarfile
import zipfile

import h5py
import numpy
import pandas
import pytest
from astropy.table import Table
from conftest import FIRST_ID

MEANINGS = {"coord_ra": "RA", "coord_dec": "Dec", "redshift": "z"}


def write_hdf5_columns(frame, path):
    with h5py.File(path, "w") as file:
        for name in frame.columns:
            values = frame[name].to_numpy()
            file[name] = values.astype("S8") if values.dtype == object else values


def write_hdf5_compound(frame, path):
    columns = {
        name: frame[name].to_numpy().astype("S8") if frame[name].dtype.kind not in "iuf" else frame[name].to_numpy()
        for name in frame.columns
    }
    array = numpy.zeros(len(frame), dtype=[(name, values.dtype) for name, values in columns.items()])
    for name, values in columns.items():
        array[name] = values
    with h5py.File(path, "w") as file:
        file["data"] = array


def numbers(frame):
    """Without text, which pandas' fixed format pickles."""
    return frame.select_dtypes("number")


def write_fits(frame, path):
    table = Table.from_pandas(frame)
    table["coord_ra"].unit = "deg"
    table.write(path)


WRITERS = {
    "c.csv": lambda frame, path: frame.to_csv(path, index=False, float_format="%.17g"),
    "c.fits": write_fits,
    "c.hdf5": write_hdf5_columns,
    "compound.hf5": write_hdf5_compound,
    "compound.h5": write_hdf5_compound,
    "fixed.h5": lambda frame, path: numbers(frame).to_hdf(path, key="data", format="fixed"),
    "table.h5": lambda frame, path: frame.to_hdf(path, key="data", format="table"),
    "c.parquet": lambda frame, path: frame.to_parquet(path, index=False),
    "c.pq": lambda frame, path: frame.to_parquet(path, index=False, compression="zstd"),
}


def publish(somebody, name, path):
    upload = somebody.upload(name, "redshift_catalog", str(path))
    upload.make_columns_association(MEANINGS)
    upload.save()
    return upload.product_id


def texts(values):
    return [value.decode().rstrip() if isinstance(value, bytes) else str(value).rstrip() for value in values]


def as_read_here(path, frame):
    """What the library can get out of the file at best: pandas rounds the last digit of some numbers in text."""
    return pandas.read_csv(path) if path.suffix == ".csv" else frame


def assert_equal(table, frame):
    """Equal values whatever a format makes of text; numbers to the last digit, and of the same kind."""
    assert set(frame.columns) <= set(table.colnames)
    for name in frame.columns:
        column = numpy.asarray(table[name]).reshape(len(frame))
        if frame[name].dtype.kind in "iuf":
            assert column.dtype.kind == frame[name].dtype.kind, name
            assert column.tolist() == frame[name].tolist(), name
        else:
            assert texts(column.tolist()) == texts(frame[name].tolist()), name


def assert_previewed(somebody, product, frame):
    """The server's own pages say the same."""
    pages = [
        somebody.get(f"products/{product}/read_data/", params={"page": page}).json()
        for page in range(1, (len(frame) + 99) // 100 + 1)
    ]
    assert {page["total_rows"] for page in pages} == {len(frame)}
    rows = [row for page in pages for row in page["results"]]
    for name in frame.columns:
        found = [row[name] for row in rows]
        if frame[name].dtype.kind in "iuf":
            assert found == frame[name].tolist(), name
        else:
            assert texts(found) == texts(frame[name].tolist()), name
    statistics = somebody.get(f"products/{product}/stats/").json()
    assert statistics["n_rows"] == len(frame)
    columns = {column["column_name"]: column for column in statistics["columns"]}
    redshift = columns["redshift"]
    assert redshift["alias"] == "z"
    assert redshift["statistics"]["count"] == len(frame)
    assert redshift["statistics"]["min"] == frame["redshift"].min()
    assert redshift["statistics"]["max"] == frame["redshift"].max()
    assert redshift["statistics"]["mean"] == pytest.approx(frame["redshift"].mean(), rel=1e-12)
    assert redshift["statistics"]["quartiles"] == pytest.approx(frame["redshift"].quantile([0.25, 0.5, 0.75]).tolist(), rel=1e-12)
    assert sum(redshift["statistics"]["histogram"]["counts"]) == len(frame)
    assert columns["objectId"]["statistics"]["max"] == int(frame["objectId"].max())
    return columns


@pytest.mark.parametrize("name", WRITERS)
def test_get_product_and_the_preview_give_equal_values(as_ana, as_bruno, ana, catalog, tmp_path, name):
    path = tmp_path / name
    WRITERS[name](catalog, path)
    if name == "fixed.h5":
        catalog = numbers(catalog)
    product = publish(as_ana, f"Read {name}", path)
    main_file = as_bruno.get_product_metadata(product)["main_file"]
    assert main_file["name"] == name
    assert main_file["n_rows"] == len(catalog)
    assert main_file["size"] == path.stat().st_size
    columns = assert_previewed(ana, product, catalog)
    if name == "c.fits":
        assert columns["coord_ra"]["unit"] == "deg"
    table = as_bruno.get_product(product)
    assert_equal(table, as_read_here(path, catalog))
    assert int(table["objectId"][0]) == FIRST_ID


def zipped(path, inner, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        members.write(path, inner)
        members.writestr("__MACOSX/._litter", b"litter")


def tarred(mode):
    def write(path, inner, archive):
        with tarfile.open(archive, mode) as members:
            members.add(path, inner)

    return write


def compressed(path, inner, archive):
    archive.write_bytes(gzip.compress(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "archive", "inner", "wrap"),
    [
        ("c.csv", "c.csv.gz", "c.csv", compressed),
        ("c.csv", "v1.zip", "v1/data/c.csv", zipped),
        ("c.fits", "c.fits.gz", "c.fits", compressed),
        ("c.fits", "c.tar.bz2", "c.fits", tarred("w:bz2")),
        ("c.hdf5", "c.tar.xz", "deep/c.hdf5", tarred("w:xz")),
        ("c.parquet", "c.tar.gz", "c.parquet", tarred("w:gz")),
        ("c.parquet", "c.tar", "./c.parquet", tarred("w:")),
    ],
)
def test_one_table_in_an_archive_is_that_table(as_ana, as_bruno, ana, catalog, tmp_path, name, archive, inner, wrap):
    path = tmp_path / name
    WRITERS[name](catalog, path)
    wrap(path, inner, tmp_path / archive)
    product = publish(as_ana, f"Wrapped {archive}", tmp_path / archive)
    main_file = as_bruno.get_product_metadata(product)["main_file"]
    assert main_file["name"] == inner.removeprefix("./")
    assert main_file["extension"] == path.suffix
    assert main_file["size"] == path.stat().st_size
    assert_previewed(ana, product, catalog)
    assert_equal(as_bruno.get_product(product), as_read_here(path, catalog))
    saved = as_bruno.api.download_main_file(product, str(tmp_path / "saved"))["message"]
    with open(saved, "rb") as file:
        assert file.read() == path.read_bytes()


def zip_directory(directory, top):
    """A zip of a directory, as a file manager makes it: below its name, or what is in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as members:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                members.write(path, f"{top}{path.relative_to(directory)}")
    return content.getvalue()


@pytest.mark.parametrize(("kind", "top"), [("catalog", "my_catalog/"), ("collection", "")])
def test_a_hats_catalog_comes_back_readable_by_lsdb(as_ana, as_bruno, ana, catalog, tmp_path, kind, top):
    lsdb = pytest.importorskip("lsdb")
    source = tmp_path / "source"
    made = lsdb.from_dataframe(
        catalog, ra_column="coord_ra", dec_column="coord_dec", catalog_name="my_catalog", lowest_order=0, highest_order=3,
        partition_rows=100,
    )
    made.write_catalog(source, catalog_name="my_catalog", as_collection=kind == "collection")
    archive = tmp_path / "my_catalog.zip"
    archive.write_bytes(zip_directory(source, top))

    product = publish(as_ana, f"HATS {kind} {top or 'bare'}", archive)
    main_file = as_bruno.get_product_metadata(product)["main_file"]
    name = top.rstrip("/") or "my_catalog_hats"
    assert (main_file["name"], main_file["extension"], main_file["is_directory"]) == (name, "", True)
    assert main_file["n_rows"] == len(catalog)
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    assert main_file["size"] == sum(map(len, files.values()))
    names = [column["column_name"] for column in ana.columns({"id": product})]
    assert names == list(catalog.columns), "without the spatial index"

    # Every row is in the preview, in the order of the sky.
    pages = [ana.get(f"products/{product}/read_data/", params={"page": page}).json()["results"] for page in range(1, 6)]
    shown = pandas.DataFrame([row for page in pages for row in page]).sort_values("objectId", ignore_index=True)
    for column in catalog.columns:
        assert shown[column].tolist() == catalog[column].tolist(), column

    # The library unpacks and opens it; so does lsdb itself, on the very same bytes.
    table = as_bruno.get_product(product)
    table.sort("objectId")
    assert_equal(table, catalog)
    saved = as_bruno.api.download_main_file(product, str(tmp_path / "saved"))["message"]
    assert saved.endswith(f"{name}.zip")
    with zipfile.ZipFile(saved) as members:
        assert members.testzip() is None
        assert {member: members.read(member) for member in members.namelist()} == files
        members.extractall(tmp_path / "opened")
    opened = lsdb.open_catalog(tmp_path / "opened").compute().sort_values("objectId")
    assert opened["objectId"].tolist() == catalog["objectId"].tolist()
    assert opened["redshift"].tolist() == catalog["redshift"].tolist()

    # And within the whole product it lies below its name.
    as_bruno.download_product(product, str(tmp_path / "whole"))
    (whole,) = (tmp_path / "whole").iterdir()
    with zipfile.ZipFile(whole) as members:
        assert members.testzip() is None
        inside = {
            member.removeprefix(f"{name}/"): members.read(member)
            for member in members.namelist()
            if member.startswith(f"{name}/")
        }
    assert inside == files


def test_what_cannot_be_a_table_is_refused_with_the_reason(as_ana, ana, catalog, tmp_path):
    path = tmp_path / "c.csv"
    catalog.to_csv(path, index=False)
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as members:
        members.write(path, "a.csv")
        members.write(path, "b.csv")
    with pytest.raises(Exception, match="two.zip is not a table"):
        as_ana.upload("Two tables", "redshift_catalog", str(archive))

    # A pickle is never loaded; the answer names the column and the remedy.
    pickled = tmp_path / "fixed.h5"
    catalog.to_hdf(pickled, key="data", format="fixed")
    with pytest.raises(Exception, match=r'(?s)survey.*format=\\?"table'):
        as_ana.upload("Pickled text", "redshift_catalog", str(pickled))

    # A link to a file of the server's own is never followed.
    linked = tmp_path / "linked.hdf5"
    with h5py.File(linked, "w") as file:
        file["coord_ra"] = numpy.arange(3.0)
        file["secret"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(Exception, match="(?s)linked.hdf5 is refused.*outside_reference"):
        as_ana.upload("Linked", "redshift_catalog", str(linked))
