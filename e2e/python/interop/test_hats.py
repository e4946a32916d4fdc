"""A HATS catalog written by lsdb, zipped as people upload it."""

import json
import os
import pathlib
import subprocess
import zipfile

import pytest

PYTHON = os.environ.get("PZ_LSDB_PYTHON")

WRITE = """
import sys, numpy, pandas, lsdb
rows = 3000
random = numpy.random.default_rng(1)
frame = pandas.DataFrame({
    "object": numpy.arange(rows) + 2**53,
    "ra": random.uniform(0, 360, rows),
    "dec": random.uniform(-90, 90, rows),
    "z": random.gamma(2, 0.3, rows).astype("float32"),
    "survey": numpy.array(["DESI", "VVDS"])[numpy.arange(rows) % 2],
})
catalog = lsdb.from_dataframe(frame, ra_column="ra", dec_column="dec", catalog_name="demo", partition_rows=500, margin_threshold=None)
catalog.write_catalog(sys.argv[1], catalog_name="demo")
"""

READ = """
import sys, lsdb
catalog = lsdb.open_catalog(sys.argv[1])
frame = catalog.compute().sort_values("object")
print(frame[["object", "z", "survey"]].to_json(orient="records", double_precision=15))
"""


def lsdb(script, path):
    done = subprocess.run([PYTHON, "-c", script, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    if not PYTHON:
        pytest.skip("PZ_LSDB_PYTHON is not set: scripts/e2e.sh sets it")
    folder = tmp_path_factory.mktemp("hats") / "demo"
    lsdb(WRITE, folder)
    return folder


@pytest.fixture(scope="module")
def archive(catalog):
    path = catalog.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for member in sorted(catalog.rglob("*")):
            if member.is_file():
                file.write(member, pathlib.Path("demo") / member.relative_to(catalog))
    return path


@pytest.mark.parametrize("form", ["directory", "zip"])
def test_catalog(form, catalog, archive, program):
    ours = program.read(catalog if form == "directory" else archive)
    theirs = {row["object"]: row for row in json.loads(lsdb(READ, catalog))}
    assert ours.n_rows == len(theirs) == 3000
    wanted = {"object": "int64", "ra": "float64", "dec": "float64", "z": "float32", "survey": "string"}
    assert {name: ours.types[name] for name in wanted} == wanted
    assert not {"Norder", "Dir", "Npix", "_healpix_29"} & set(ours.types)
    found = {row["object"]: row for row in ours.rows}
    assert found.keys() == theirs.keys()
    for key, row in theirs.items():
        assert found[key]["survey"] == row["survey"]
        assert abs(found[key]["z"] - row["z"]) < 1e-6
    assert ours.inspection["format"] == "hats" or form == "zip"
