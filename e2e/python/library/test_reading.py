"""What comes back is what went in, to the last digit and byte."""

import hashlib
import zipfile

import numpy
import pandas
import pytest
import yaml

MEANINGS = {"coord_ra": "RA", "coord_dec": "Dec", "redshift": "z"}


def publish(somebody, name, path, meanings=None, product_type="redshift_catalog"):
    upload = somebody.upload(name, product_type, str(path))
    upload.make_columns_association(meanings or MEANINGS)
    upload.save()
    return upload.product_id


def assert_same(table, frame):
    assert table.colnames == list(frame.columns)
    for name in frame.columns:
        # The library gives text from Parquet as lists of one.
        column = numpy.asarray(table[name]).reshape(len(frame))
        if frame[name].dtype.kind in "iufb":
            assert column.dtype == frame[name].dtype, name
        assert column.tolist() == frame[name].tolist(), name


def write_csv(frame, path, **options):
    """Writes a CSV file and gives back what pandas reads in it: not quite the same floats, by default."""
    frame.to_csv(path, index=False, **options)
    read = pandas.read_csv(path, sep=options.get("sep", ","), header=0 if options.get("header", True) else None)
    return read.set_axis([str(name) for name in read.columns], axis=1)


@pytest.mark.parametrize("name", ["c.csv", "c.parquet", "c.pq"])
def test_get_product_gives_equal_values(as_ana, as_bruno, catalog, tmp_path, name):
    path = tmp_path / name
    if name == "c.csv":
        catalog = write_csv(catalog, path)
    else:
        catalog.to_parquet(path, index=False)
    product = publish(as_ana, "Read me", path)
    table = as_bruno.get_product(product)
    assert_same(table, catalog)
    assert int(table["objectId"][0]) == 1486231857497402613


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_are_found(as_ana, catalog, tmp_path, delimiter):
    path = tmp_path / "c.csv"
    written = write_csv(catalog, path, sep=delimiter)
    product = publish(as_ana, "Delimited", path)
    assert as_ana.get_product_metadata(product)["main_file"]["delimiter"] == delimiter
    assert_same(as_ana.get_product(product), written)


def test_a_file_without_header_loses_no_column_when_some_have_meanings(as_ana, catalog, tmp_path):
    path = tmp_path / "bare.csv"
    written = write_csv(catalog.drop(columns="survey"), path, header=False)
    product = publish(as_ana, "Headerless", path, {"1": "RA", "2": "Dec", "3": "z"})
    main_file = as_ana.get_product_metadata(product)["main_file"]
    assert main_file["has_header"] is False
    assert main_file["columns"] == ["0", "1", "2", "3", "4"]
    assert_same(as_ana.get_product(product), written)


def test_missing_values_stay_missing(as_ana, tmp_path):
    path = tmp_path / "gaps.parquet"
    frame = pandas.DataFrame(
        {"coord_ra": [1.0, 2.0, 3.0], "coord_dec": [0.0, 1.0, 2.0], "redshift": [0.5, None, float("nan")]}
    )
    frame.to_parquet(path, index=False)
    table = as_ana.get_product(publish(as_ana, "Gaps", path))
    assert float(table["redshift"][0]) == 0.5
    assert all(numpy.ma.is_masked(value) or numpy.isnan(value) for value in table["redshift"][1:])


@pytest.mark.parametrize(
    "name",
    ["my catalog v2.csv", "a;b.csv", "catálogo ñandú.csv", "名前 ünï; x.csv", "100% real + more.csv"],
)
def test_any_file_name_survives(as_ana, catalog, tmp_path, name):
    path = tmp_path / name
    written = write_csv(catalog, path)
    product = publish(as_ana, "Names", path)
    assert as_ana.get_product_metadata(product)["main_file"]["name"] == name
    saved = as_ana.api.download_main_file(product, str(tmp_path / "saved"))["message"]
    assert saved == str(tmp_path / "saved" / name)
    assert (tmp_path / "saved" / name).read_bytes() == path.read_bytes()
    assert_same(as_ana.get_product(product), written)


@pytest.mark.parametrize("part", ["complete", "half", "longer"])
def test_a_left_over_part_file_does_not_block_the_download(as_ana, catalog, tmp_path, part):
    path = tmp_path / "c.csv"
    catalog.to_csv(path, index=False)
    product = publish(as_ana, "Interrupted", path)
    content = path.read_bytes()
    kept = {"complete": content, "half": content[: len(content) // 2], "longer": content + b"more"}[part]
    saved = tmp_path / "saved"
    saved.mkdir()
    (saved / "c.csv.part").write_bytes(kept)
    assert as_ana.api.download_main_file(product, str(saved))["success"]
    assert (saved / "c.csv").read_bytes() == content
    assert not (saved / "c.csv.part").exists()


def test_download_product_holds_every_file_and_says_what_they_are(as_ana, catalog, tmp_path):
    path = tmp_path / "c.parquet"
    catalog.to_parquet(path, index=False)
    product = publish(as_ana, "Whole", path)
    notes = tmp_path / "notes.txt"
    notes.write_text("ünï\n" * 1000)
    as_ana.get_product_object(product).attach_auxiliary_file(str(notes))
    saved = tmp_path / "saved"
    as_ana.download_product(product, str(saved))

    (archive,) = saved.iterdir()
    assert archive.name.startswith(f"{product}_whole") and archive.suffix == ".zip"
    with zipfile.ZipFile(archive) as members:
        assert members.testzip() is None
        names = members.namelist()
        assert names[0] == "product_metadata.yaml"
        assert {"c.parquet", "notes.txt", "manifest-sha256.txt"} <= set(names)
        assert members.read("c.parquet") == path.read_bytes()
        assert members.read("notes.txt") == notes.read_bytes()
        metadata = yaml.safe_load(members.read("product_metadata.yaml"))
        manifest = members.read("manifest-sha256.txt").decode().splitlines()
        assert len(manifest) == len(names) - 1
        for line in manifest:
            digest, name = line.split(maxsplit=1)
            assert hashlib.sha256(members.read(name)).hexdigest() == digest
    assert metadata["id"] == product
    assert metadata["display_name"] == "Whole"
    assert metadata["main_file"]["n_rows"] == len(catalog)
    assert metadata["attach_files"] == [{"name": "notes.txt", "type": "text/plain"}]
    assert {item["alias"] for item in metadata["associated_columns"]} == {"RA", "Dec", "z"}


def test_the_metadata_in_the_archive_is_never_stale(as_ana, published, tmp_path):
    as_ana.download_product(published["id"], str(tmp_path / "before"))
    as_ana.get_product_object(published["id"]).update_description("Changed since")
    as_ana.download_product(published["id"], str(tmp_path / "after"))
    (archive,) = (tmp_path / "after").iterdir()
    with zipfile.ZipFile(archive) as members:
        assert yaml.safe_load(members.read("product_metadata.yaml"))["description"] == "Changed since"


def test_a_table_is_not_asked_of_what_has_none(as_ana, tmp_path):
    model = tmp_path / "model.pkl"
    model.write_bytes(b"\x80\x04N.")
    upload = as_ana.upload("A trained model", "training_results", str(model))
    assert upload.columns is None
    upload.save()
    with pytest.raises(ValueError, match="non-tabular"):
        as_ana.get_product(upload.product_id)
    as_ana.download_product(upload.product_id, str(tmp_path / "saved"))
    (archive,) = (tmp_path / "saved").iterdir()
    with zipfile.ZipFile(archive) as members:
        assert members.read("model.pkl") == model.read_bytes()


def test_a_catalog_knows_its_columns_and_plots_itself(as_ana, published, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    catalog = as_ana.transform_df(as_ana.get_product(published["id"]).to_pandas(), published)
    assert type(catalog).__name__ == "SpeczCatalog"
    assert catalog.plot(savefig=True) == "specz_catalog.png"
    assert (tmp_path / "specz_catalog.png").stat().st_size > 1000
