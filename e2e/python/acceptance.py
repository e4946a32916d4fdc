"""Uploads the Parquet files of a directory through the library, as their owner would, and looks at each.

Run by `just acceptance DIR`. A catalog becomes a reference redshift catalog when its positions and redshifts can be
told by the names of its columns, else a product of type "other".
"""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zipfile

import numpy
import pyarrow.parquet
import tables_io
from harness import Person, Server
from pzserver import PzServer

# The first column whose name matches carries the meaning.
MEANINGS = {
    "ra": ["ra", "radeg", "ra_?deg", "ra_targ", "alpha", "ra_j2000", "coord_ra"],
    "dec": ["dec", "de", "dedeg", "dec_?deg", "dec_targ", "delta", "dec_j2000", "coord_dec"],
    "z": ["z", "redshift", "z_?best", "z_?spec", "zspec", "z_mosfire", "z_helio"],
}


def tell_meanings(columns):
    """Which column is right ascension, declination and redshift, as far as names tell."""
    found = {}
    for meaning, patterns in MEANINGS.items():
        for pattern in patterns:
            match = next((name for name in columns if re.fullmatch(pattern, name, re.IGNORECASE)), None)
            if match:
                found[match] = meaning
                break
    return found


def upload(server, path):
    columns = pyarrow.parquet.ParquetFile(path).schema_arrow.names
    meanings = tell_meanings(columns)
    kind = "redshift_catalog" if len(meanings) == len(MEANINGS) else "other"
    product = server.upload(path.stem, kind, str(path), description=f"Sample from `{path.name}`.")
    assert list(product.columns) == columns, f"columns {list(product.columns)} are not {columns}"
    product.make_columns_association(meanings)
    product.save()
    return product.product_id, kind, meanings


def same_values(mine, theirs):
    assert mine.colnames == theirs.colnames
    for name in mine.colnames:
        a, b = numpy.ma.asarray(mine[name]), numpy.ma.asarray(theirs[name])
        assert a.dtype == b.dtype, f"{name}: {a.dtype} is not {b.dtype}"
        assert (numpy.ma.getmaskarray(a) == numpy.ma.getmaskarray(b)).all(), f"{name}: other values are missing"
        for left, right in zip(a.tolist(), b.tolist(), strict=True):
            assert left == right or (left != left and right != right), f"{name}: {left!r} is not {right!r}"


def same_preview(person, product, path):
    """The page in the middle of the table, as the web app gets it."""
    rows = pyarrow.parquet.read_table(path).to_pylist()
    page = len(rows) // 200 + 1
    answer = person.get(f"products/{product}/read_data/", params={"page": page, "page_size": 100})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total_rows"] == len(rows)
    wanted = rows[(page - 1) * 100 : page * 100]
    assert len(body["results"]) == len(wanted)
    for shown, row in zip(body["results"], wanted, strict=True):
        for name, value in row.items():
            if isinstance(value, float):
                value = value if numpy.isfinite(value) else None
                close = shown[name] == value or (value is not None and numpy.float32(shown[name]) == numpy.float32(value))
                assert close, f"{name}: {shown[name]!r} is not {value!r}"
            elif isinstance(value, (int, str, bool, type(None))):
                assert shown[name] == value, f"{name}: {shown[name]!r} is not {value!r}"


def check(server, person, product, path, scratch):
    same_values(server.get_product(product), tables_io.read(str(path), tables_io.types.AP_TABLE))
    same_preview(person, product, path)
    saved = pathlib.Path(scratch, str(product))
    server.download_product(product, str(saved))
    (archive,) = saved.iterdir()
    with zipfile.ZipFile(archive) as members:
        assert members.testzip() is None
        assert members.read(path.name) == path.read_bytes()


def main(directory):
    paths = sorted(pathlib.Path(directory).glob("*.parquet"))
    assert paths, f"{directory} holds no Parquet files"
    with tempfile.TemporaryDirectory() as scratch:
        server = Server(pathlib.Path(scratch, "data"), "acceptance", PZ_WEB_DIR=os.environ["PZ_WEB_DIR"])
        server.start()
        try:
            server.add_user("ana")
            person = Person(server, "ana", server.token("ana"))
            library = PzServer(token=person.token, host=server.api)
            names, failures = [], 0
            for path in paths:
                began = time.monotonic()
                try:
                    # The library tells what it does on the standard output.
                    with contextlib.redirect_stdout(io.StringIO()):
                        product, kind, meanings = upload(library, path)
                        check(library, person, product, path, scratch)
                except Exception as error:  # the next file may be fine
                    failures += 1
                    print(f"FAILED  {path.name}: {error}")
                    continue
                metadata = library.get_product_metadata(product)
                main_file = metadata["main_file"]
                told = ", ".join(f"{column} is {meaning}" for column, meaning in meanings.items())
                print(
                    f"ok      {path.name}: {kind}, {main_file['n_rows']} rows, {len(main_file['columns'])} columns"
                    f" ({told}), {time.monotonic() - began:.1f} s"
                )
                names.append(metadata["internal_name"])
            look(server, names)
        finally:
            server.stop()
    return 1 if failures else 0


def look(server, names):
    script = pathlib.Path(__file__).parents[1] / "web" / "acceptance.js"
    request = json.dumps({"root": server.root, "username": "ana", "names": names})
    subprocess.run(["node", str(script)], input=request, text=True, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
