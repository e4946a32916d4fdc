"""From a file on a disk to a published product, and everything its owner does with it."""

import pandas
import pytest
import requests
from pzserver.upload import RequiredColumnsException


def write(catalog, path):
    if path.suffix == ".csv":
        catalog.to_csv(path, index=False)
    else:
        catalog.to_parquet(path, index=False)
    return str(path)


@pytest.mark.parametrize("name", ["catalog.csv", "catalog.parquet", "catalog.pq"])
def test_upload_associate_save(as_ana, catalog, meanings, tmp_path, name):
    upload = as_ana.upload("A catalog", "redshift_catalog", write(catalog, tmp_path / name), description="Fine")
    assert list(upload.columns) == list(catalog.columns)
    assert upload.check_required_columns()["success"] is False
    upload.make_columns_association(meanings)
    assert upload.check_required_columns()["success"] is True
    upload.save()

    metadata = as_ana.get_product_metadata(upload.product_id)
    assert metadata["status"] == 1
    assert metadata["product_status"] == "Published"
    assert metadata["product_type_internal_name"] == "redshift_catalog"
    assert metadata["uploaded_by"] == "ana"
    assert metadata["is_owner"] is True
    assert metadata["description"] == "Fine"
    assert metadata["internal_name"] == f"{upload.product_id}_a_catalog"
    main_file = metadata["main_file"]
    assert main_file["name"] == name
    assert main_file["n_rows"] == len(catalog)
    assert main_file["size"] == (tmp_path / name).stat().st_size
    assert main_file["is_directory"] is False
    assert main_file["columns"] == list(catalog.columns)
    assert {item["column_name"]: (item["alias"], item["ucd"]) for item in main_file["columns_association"]} == {
        "objectId": ("ID", "meta.id;meta.main"),
        "coord_ra": ("RA", "pos.eq.ra;meta.main"),
        "coord_dec": ("Dec", "pos.eq.dec;meta.main"),
        "redshift": ("z", "src.redshift"),
        "survey": ("survey", "meta.curation"),
    }


def test_metadata_by_id_by_digits_and_by_name_are_the_same(as_ana, published):
    by_name = as_ana.get_product_metadata(published["internal_name"])
    assert by_name == as_ana.get_product_metadata(published["id"])
    assert by_name == as_ana.get_product_metadata(str(published["id"]))
    assert "main_file" not in as_ana.get_product_metadata(published["id"], mainfile_info=False)


def test_an_unknown_product_is_a_value_error(as_ana):
    for unknown in [10**9, "99999999999999999999999", "no_such_name"]:
        with pytest.raises(ValueError, match="product not found"):
            as_ana.get_product_metadata(unknown)


def test_saving_needs_the_mandatory_columns(as_ana, ana, catalog, tmp_path):
    upload = as_ana.upload("Half told", "redshift_catalog", write(catalog, tmp_path / "half.csv"))
    upload.make_columns_association({"coord_ra": "RA"})
    with pytest.raises(RequiredColumnsException, match="Dec.*z"):
        upload.save()
    # And the server does not rely on the library to say so.
    answer = ana.request("PATCH", f"products/{upload.product_id}/", data={"status": 1})
    assert answer.status_code == 406
    assert "Dec" in answer.json() and "z" in answer.json() and "RA" not in answer.json()


def test_associations_can_be_reset_and_free_names_are_kept(as_ana, ana, catalog, tmp_path):
    upload = as_ana.upload("Second thoughts", "redshift_catalog", write(catalog, tmp_path / "second.csv"))
    upload.make_columns_association({"coord_ra": "ra", "quality": "my own name"})
    told = {column["column_name"]: column for column in ana.columns({"id": upload.product_id})}
    assert told["quality"]["alias"] == "my own name"
    assert not told["quality"]["ucd"]
    upload.reset_columns_association()
    assert all(not column["alias"] and not column["ucd"] for column in ana.columns({"id": upload.product_id}))


def test_a_column_that_does_not_exist_cannot_be_associated(as_ana, catalog, tmp_path):
    upload = as_ana.upload("A slip", "redshift_catalog", write(catalog, tmp_path / "slip.csv"))
    with pytest.raises(requests.exceptions.RequestException):
        upload.make_columns_association({"no_such_column": "RA"})


def test_every_one_of_many_columns_can_be_associated(as_ana, catalog, meanings, tmp_path):
    extra = pandas.DataFrame({f"extra_{number}": number for number in range(150)}, index=catalog.index)
    wide = pandas.concat([extra, catalog], axis=1)
    upload = as_ana.upload("Wide", "redshift_catalog", write(wide, tmp_path / "wide.parquet"))
    assert len(upload.columns) == len(wide.columns) == 156
    upload.make_columns_association(meanings)
    upload.save()
    assert as_ana.get_product_metadata(upload.product_id)["main_file"]["columns"] == list(wide.columns)


def test_with_a_release_and_auxiliary_files(as_ana, catalog, tmp_path):
    release = as_ana.get_releases()[0]
    notes = tmp_path / "notes.txt"
    notes.write_text("how it was made")
    code = tmp_path / "make.py"
    code.write_text("print('made')")
    upload = as_ana.upload(
        "Training", "training_set", write(catalog, tmp_path / "train.parquet"), release=release["name"],
        auxiliary_files=[str(notes)],
    )
    upload.add_auxiliary_file(str(code))
    upload.make_columns_association({"redshift": "z"})
    upload.save()
    product = as_ana.get_product_object(upload.product_id)
    assert product.attributes["release_name"] == release["display_name"]
    assert [item["name"] for item in product.get_auxiliary_files()] == ["notes.txt", "make.py"]
    assert product.main_file["name"] == "train.parquet"


def test_an_unknown_type_or_release_is_a_value_error(as_ana, catalog, tmp_path):
    path = write(catalog, tmp_path / "c.csv")
    with pytest.raises(ValueError, match="Product type not found"):
        as_ana.upload("No type", "spectrum", path)
    with pytest.raises(ValueError, match="Release not found"):
        as_ana.upload("No release", "training_set", path, release="DR99")


def test_a_redshift_catalog_belongs_to_no_release(as_ana, catalog, tmp_path):
    release = as_ana.get_releases()[0]["name"]
    with pytest.raises(requests.exceptions.RequestException, match="release"):
        as_ana.upload("Misplaced", "redshift_catalog", write(catalog, tmp_path / "c.csv"), release=release)
    assert as_ana.get_products_list({"product_name": "misplaced", "status": 0}) == []


def test_the_description_can_be_changed(as_ana, published):
    product = as_ana.get_product_object(published["internal_name"])
    product.update_description("Measured again, ünï, 名前; a=b&c")
    again = as_ana.get_product_metadata(published["id"])
    assert again["description"] == "Measured again, ünï, 名前; a=b&c"
    assert again["status"] == 1
    assert again["internal_name"] == published["internal_name"]
    # The library drops what is None: an empty form, which changes nothing.
    product.update_description(None)
    assert as_ana.get_product_metadata(published["id"])["description"] == again["description"]


def test_files_can_be_attached_and_removed(as_ana, published, tmp_path):
    plot = tmp_path / "plot.png"
    plot.write_bytes(b"\x89PNG\r\n\x1a\n")
    page = tmp_path / "about.html"
    page.write_text("<h1>About</h1>")
    product = as_ana.get_product_object(published["id"])
    product.attach_auxiliary_file(str(plot))
    product.attach_description_file(str(page))

    product = as_ana.get_product_object(published["id"])
    assert [item["name"] for item in product.get_auxiliary_files()] == ["plot.png"]
    assert [item["name"] for item in product.get_description_files()] == ["about.html"]
    product.remove_file(product.get_auxiliary_files()[0]["id"])
    with pytest.raises(ValueError, match="main file"):
        product.remove_file(product.main_file["id"])

    product = as_ana.get_product_object(published["id"])
    assert product.get_auxiliary_files() == []
    assert len(product.get_description_files()) == 1


def test_deleting_takes_it_out_of_sight(as_ana, as_bruno, published):
    with pytest.raises(ValueError, match="not the owner"):
        as_bruno.delete_product(published["id"])
    as_ana.delete_product(published["internal_name"])
    with pytest.raises(ValueError, match="product not found"):
        as_ana.get_product_metadata(published["id"])
    assert published["id"] not in {product["id"] for product in as_ana.get_products_list()}


def test_what_is_not_mine_i_can_read_but_not_change(as_bruno, bruno, published, tmp_path):
    theirs = as_bruno.get_product_object(published["id"])
    assert theirs.attributes["is_owner"] is False
    with pytest.raises(ValueError, match="not the owner"):
        theirs.update_description("mine now")
    path = f"products/{published['id']}/"
    assert bruno.request("PATCH", path, data={"description": "mine now"}).status_code == 403
    assert bruno.request("DELETE", path).status_code == 403
    assert bruno.upload(published, "x.txt", b"x", role=2).status_code == 403
    column = bruno.columns(published)[0]
    assert bruno.request("PATCH", f"product-contents/{column['id']}/", data={"alias": "z"}).status_code == 403


def test_a_product_without_a_file_can_be_shown_and_deleted(as_ana, ana):
    product = ana.draft("Too large to upload", "photoz_estimates", description="Ask us for the disk")
    assert ana.publish(product).status_code == 200
    assert as_ana.get_product_metadata(product["id"])["main_file"] == {}
    with pytest.raises(FileNotFoundError, match="main file not found"):
        as_ana.get_product(product["id"])
    as_ana.delete_product(product["id"])
