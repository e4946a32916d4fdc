"""The whole public surface of the unmodified library, and exactly what it sends for each call.

Every test says which functions it `covers`, and fails when one of them did not run; the last one compares that with
what the library has.
"""

import importlib
import inspect
import json
import pkgutil
from urllib.parse import parse_qsl

import pandas
import pytest
import pzserver
from pzserver import PzServer
from pzserver.communicate import PzRequests
from traffic import Calls, Traffic

COVERED = set()


def covers(*names):
    """Says which of the library's functions a test is for."""

    def mark(test):
        COVERED.update(names)
        return pytest.mark.covers(*names)(test)

    return mark


@pytest.fixture(autouse=True)
def called(request):
    """Fails a test during which a function that it is for did not run."""
    with Calls() as calls:
        yield
    missing = set(request.node.get_closest_marker("covers").args) - calls.names if "covers" in request.keywords else set()
    assert not missing, f"not called: {sorted(missing)}"


@pytest.fixture
def traffic(monkeypatch, server, ana, as_ana):
    """The requests of `as_ana`; what it knows of filters is forgotten, as in a fresh interpreter."""
    monkeypatch.setattr(PzRequests, "_filter_options", {})
    return Traffic(monkeypatch, server.api, ana.token)


@pytest.fixture
def path(catalog, tmp_path):
    path = tmp_path / "catalog.csv"
    catalog.to_csv(path, index=False)
    return path


def ids(somebody, product):
    return {column["column_name"]: column["id"] for column in somebody.columns({"id": product})}


@covers("PzServer.__init__", "PzRequests._check_token")
def test_signing_in(server, ana, monkeypatch):
    traffic = Traffic(monkeypatch, server.api, ana.token)
    PzServer(token=ana.token, host=server.api)
    assert traffic.lines() == ["GET /"]


@covers(
    "PzServer.get_product_types",
    "PzServer.display_product_types",
    "PzServer.get_users",
    "PzServer.display_users",
    "PzServer.get_releases",
    "PzServer.display_releases",
    "PzRequests.get_all",
)
def test_reference_data(as_ana, traffic):
    for get, display, line, keys in [
        (
            as_ana.get_product_types,
            as_ana.display_product_types,
            "GET /product-types/?ordering=order",
            ["display_name", "name", "description"],
        ),
        (as_ana.get_users, as_ana.display_users, "GET /users/", ["username", "last_name"]),
        (as_ana.get_releases, as_ana.display_releases, "GET /releases/", ["name", "display_name", "description"]),
    ]:
        rows = get()
        assert rows and all(key in row for key in keys for row in rows)
        display()
        assert traffic.lines() == [line, line]


@covers(
    "PzServer.get_products_list",
    "PzServer.display_products_list",
    "PzRequests.get_products",
    "PzRequests.options",
    "PzRequests.get_entities",
    "PzRequests.safe_list_get",
)
def test_lists(as_ana, traffic, published):
    as_ana.get_products_list()
    as_ana.display_products_list()
    assert traffic.lines()[-2:] == ["GET //products/?status=1", "GET //products/?status=1"]
    PzRequests._filter_options.clear()
    found = as_ana.get_products_list({"release": ["dp1", "dp02"], "product_type__or": "redshift", "status": 0})
    assert traffic.lines() == [
        "OPTIONS /products/",
        "GET //products/?status=1&release_name=dp1,dp02&product_type_name__or=redshift&status=0",
    ]
    assert all(product["status"] == 0 for product in found)  # the last of repeated parameters wins
    as_ana.get_products_list({"product_name": "Published catalog"})
    assert traffic.lines() == ["GET //products/?status=1&product_name=Published%20catalog"]
    with pytest.raises(ValueError, match="Invalid filter key"):
        as_ana.get_products_list({"colour": "red"})
    assert "status_code" in as_ana.api.get_entities()
    assert as_ana.api.safe_list_get([1], 5, None) is None
    assert traffic.lines() == ["GET /"]


@covers(
    "PzServer.get_product_metadata",
    "PzServer.display_product_metadata",
    "PzServer.transform_df",
    "PzRequests.get",
    "PzRequests.get_main_file_info",
    "Catalog.display_metadata",
    "SpeczCatalog.plot",
    "TrainingSet.plot",
)
def test_metadata(as_ana, traffic, published, catalog, tmp_path, monkeypatch):
    traffic.take()
    key, name = published["id"], published["internal_name"]
    one = [f"GET /products/{key}/", f"GET /products/{key}/main_file_info/"]
    as_ana.get_product_metadata(key)
    as_ana.get_product_metadata(str(key))
    assert traffic.lines() == one + one
    PzRequests._filter_options.clear()
    as_ana.get_product_metadata(name)
    listed = f"GET //products/?status=1&internal_name={name}"
    assert traffic.lines() == ["OPTIONS /products/", listed, one[1]]
    as_ana.get_product_metadata(name, mainfile_info=False)
    assert traffic.lines() == [listed]
    as_ana.display_product_metadata(key)
    assert traffic.lines() == one
    shown = as_ana.transform_df(catalog.rename(columns={"coord_ra": "ra"}), published)
    assert traffic.lines() == one
    shown.display_metadata()
    monkeypatch.chdir(tmp_path)
    assert as_ana.transform_df(catalog, published).plot(savefig=True) == "specz_catalog.png"
    training = as_ana.transform_df(catalog, {**published, "product_type_internal_name": "training_set"})
    assert training.plot(mag_name="quality", savefig=True) == "train_set.png"
    other = {**published, "product_type_internal_name": "other"}
    assert as_ana.transform_df(catalog, other) is catalog


@covers("PzServer.get_product", "PzRequests.download_main_file")
def test_reading_a_product(as_ana, traffic, published, catalog):
    traffic.take()
    key = published["id"]
    table = as_ana.get_product(key)
    assert len(table) == len(catalog)
    lines = traffic.lines()
    assert lines[:3] == [
        f"GET /products/{key}/",
        f"GET /products/{key}/main_file_info/",
        f"POST /products/{key}/download/main-file/prepare/",
    ]
    assert len(lines) == 4  # ready at once: nothing is polled
    assert lines[3].startswith(f"GET /products/{key}/download/main-file/file/?token=")


@covers("PzServer.download_product", "PzRequests.download_product")
def test_downloading_a_product_and_continuing(as_ana, traffic, published, tmp_path):
    traffic.take()
    folder = tmp_path / "saved"
    key = published["id"]
    as_ana.download_product(key, str(folder))
    lines = traffic.lines()
    assert lines[:2] == [f"GET /products/{key}/", f"POST /products/{key}/download/prepare/"]
    assert len(lines) == 3
    assert lines[2].startswith(f"GET /products/{key}/download/file/?token=")
    (whole,) = folder.iterdir()
    content = whole.read_bytes()

    whole.rename(whole.with_name(f"{whole.name}.part"))
    part = whole.with_name(f"{whole.name}.part")
    part.write_bytes(content[:1000])
    as_ana.download_product(key, str(folder))
    sent = traffic.take()
    assert [one.headers.get("Range") for one in sent[2:]] == [None, "bytes=1000-"]
    assert whole.read_bytes() == content


@covers(
    "PzServer.upload",
    "PzServer.delete_product",
    "PzUpload.columns",
    "PzUpload.system_columns",
    "PzUpload.make_columns_association",
    "PzUpload.reset_columns_association",
    "PzUpload.check_required_columns",
    "PzUpload.add_auxiliary_file",
    "PzUpload.get_product_columns",
    "PzUpload.save",
    "PzUpload.__str__",
    "UploadData.system_columns",
    "UploadData.validate_main_file",
    "UploadData.validate_auxiliary_files",
    "PzRequests.get_by_name",
    "PzRequests.get_by_attribute",
    "PzRequests.upload_basic_info",
    "PzRequests.upload_file",
    "PzRequests.registry_upload",
    "PzRequests.update_upload_column",
    "PzRequests.finish_upload",
    "PzRequests.delete_product",
)
def test_uploading_describing_publishing_and_deleting(as_ana, ana, traffic, path, tmp_path, meanings):
    notes = tmp_path / "notes"
    notes.write_text("no type can be told")
    release = as_ana.get_releases()[0]
    traffic.take()
    upload = as_ana.upload(
        "Conformance", "training_set", str(path), release=release["name"], auxiliary_files=[str(notes)], description="ü & b"
    )
    key = upload.product_id
    sent = traffic.take()
    assert [one.line for one in sent] == [
        "GET /product-types/?name=training_set",
        f"GET /releases/?name={release['name']}",
        "POST /products/",
        "POST /product-files/",
        "POST /product-files/",
        f"GET /products/{key}/registry/",
        f"GET /product-contents/?product={key}",
    ]
    assert json.loads(sent[2].body) == {
        "display_name": "Conformance",
        "product_type": 2,
        "release": release["id"],
        "official_product": False,
        "pz_code": None,
        "description": "ü & b",
        "status": 0,
    }
    product = str(key).encode()
    main, auxiliary = sent[3].parts, sent[4].parts
    assert main == [("product", product), ("role", b"0"), ("type", b"text/csv"), ("file", path.read_bytes())]
    assert auxiliary == [("product", product), ("role", b"2"), ("file", notes.read_bytes())]

    assert str(upload) == "Conformance"
    assert upload.system_columns["ra"] == ("RA", "pos.eq.ra;meta.main")
    columns = ids(ana, key)
    traffic.take()
    assert list(upload.columns) == list(columns)
    assert list(upload.get_product_columns()) == list(columns)
    assert traffic.lines() == [f"GET /product-contents/?product={key}"]

    upload.add_auxiliary_file(str(path))
    assert traffic.lines() == ["POST /product-files/"]
    upload.make_columns_association({"redshift": "Z", "quality": "my own"})
    sent = traffic.take()
    assert [one.line for one in sent] == [
        f"PATCH /product-contents/{columns['redshift']}/",
        f"PATCH /product-contents/{columns['quality']}/",
    ]
    assert parse_qsl(sent[0].body.decode()) == [("ucd", "src.redshift"), ("alias", "z")]
    assert parse_qsl(sent[1].body.decode()) == [("alias", "my own")]
    upload.reset_columns_association()
    sent = traffic.take()
    assert [one.body for one in sent] == [b"ucd=&alias="] * 2
    assert upload.check_required_columns()["success"] is False
    upload.make_columns_association({"redshift": "z"})
    traffic.take()
    upload.save()
    (sent,) = traffic.take()
    assert (sent.line, sent.body) == (f"PATCH /products/{key}/", b"status=1")

    as_ana.delete_product(key)
    assert traffic.lines() == [f"GET /products/{key}/", f"GET /products/{key}/main_file_info/", f"DELETE /products/{key}/"]


@covers(
    "PzServer.get_product_object",
    "PzProduct.product_id",
    "PzProduct.attributes",
    "PzProduct.get_main_file_info",
    "PzProduct.attach_auxiliary_file",
    "PzProduct.attach_description_file",
    "PzProduct.get_auxiliary_files",
    "PzProduct.get_description_files",
    "PzProduct.remove_file",
    "PzProduct.update_description",
    "PzRequests.get_product_files",
    "PzRequests.delete_product_file",
    "PzRequests.update_product_description",
)
def test_one_product(as_ana, traffic, published, tmp_path):
    traffic.take()
    key, name = published["id"], published["internal_name"]
    listed = f"GET /product-files/?product_id={key}"
    product = as_ana.get_product_object(key)
    assert traffic.lines() == [f"GET /products/{key}/", listed]
    as_ana.get_product_object(name)
    assert traffic.lines()[-2:] == [f"GET //products/?status=1&internal_name={name}", listed]
    assert product.product_id == product.attributes["id"] == key
    assert product.get_main_file_info()["n_rows"] > 0
    assert traffic.lines() == [f"GET /products/{key}/main_file_info/"]

    page = tmp_path / "about.html"
    page.write_text("<p>About")
    product.attach_auxiliary_file(str(page))
    product.attach_description_file(str(page))
    sent = traffic.take()
    assert [one.line for one in sent] == ["POST /product-files/", listed] * 2
    assert [dict(sent[at].parts)["role"] for at in (0, 2)] == [b"2", b"1"]
    (attached,) = product.get_auxiliary_files()
    assert len(product.get_description_files()) == 1
    product.remove_file(attached["id"])
    assert traffic.lines() == [f"DELETE /product-files/{attached['id']}/"]
    product.update_description("a=b&c ü")
    product.update_description(None)
    sent = traffic.take()
    assert [one.line for one in sent] == [f"PATCH /products/{key}/"] * 2
    assert parse_qsl(sent[0].body.decode()) == [("description", "a=b&c ü")]
    assert sent[1].body == b""


PIPELINE = (
    "Process.available_product_types",
    "Process.available_product_types_id",
    "Process.output",
    "Process.process",
    "Process.inputs",
    "Process.append_input",
    "Process.config",
    "Process.process_config",
    "Process.used_config",
    "Process.set_config",
    "Process.get_product",
    "Process.summary",
    "Process.submit",
    "Process.check_status",
    "Process.stop",
    "Pipeline.pipeline_id",
    "Pipeline.name",
    "Pipeline.display_name",
    "Pipeline.system_config",
    "Pipeline.parameters",
    "Pipeline.version",
    "Pipeline.description",
    "PzRequests.start_process",
    "PzRequests.stop_process",
)


def describe(process):
    """Everything that a process says of itself before it runs."""
    pipeline = process.pipeline
    assert pipeline.name and pipeline.display_name and pipeline.version and pipeline.description
    assert pipeline.parameters == pipeline.system_config["param"]
    assert process.available_product_types() == ["redshift_catalog"]
    assert process.available_product_types_id() == [1]
    assert process.process is None and process.output is None
    assert process.check_status() == "The process has not been started"
    assert process.stop() == "No process is running"


@covers(
    *PIPELINE,
    "PzServer.combine_redshift_catalogs",
    "Process.run",
    "CRCProcess.input_catalogs",
    "CRCProcess.append_catalog",
    "CRCProcess.set_config",
    "CRCProcess.set_flags_translation",
    "CRCProcess.submit",
    "CRCProcess.summary",
)
def test_combining_catalogs(as_ana, traffic, published, tmp_path, capsys):
    traffic.take()
    process = as_ana.combine_redshift_catalogs("Combined for conformance")
    describe(process)
    started = traffic.lines()
    assert started[0] == "GET /pipelines/?name=combine_redshift_dedup"
    if process.pipeline.name == "combine_redshift":
        assert "GET /pipelines/?name=combine_redshift" in started
    assert started[-2:] == ["GET /product-types/1/", "GET /product-types/1/"]

    process.append_catalog(published["id"])
    process.append_catalog(internal_name=published["internal_name"])
    assert traffic.lines() == [
        f"GET /products/{published['id']}/",
        f"GET /products/?internal_name={published['internal_name']}",
    ]
    assert [catalog["id"] for catalog in process.input_catalogs] == process.inputs == [published["id"]]
    process.set_config({"output_format": "csv"})
    assert process.process_config == {"output_format": "csv"}
    assert process.used_config == {"param": process.config, "output_format": "csv"}
    flags = tmp_path / "flags.yaml"
    flags.write_text("VVDS:\n  conditions: []\n")
    process.set_flags_translation(str(flags))
    process.run()
    sent = traffic.take()
    key, upload = process.process["id"], process.output["id"]
    assert [one.line for one in sent] == ["POST /processes/", f"GET /products/{upload}/", f"GET /processes/{key}/"]
    parts = sent[0].parts
    assert [name for name, _ in parts] == ["display_name", "used_config", "pipeline", "inputs", "flags_translation_file"]
    assert json.loads(dict(parts)["used_config"]) == process.used_config
    assert dict(parts)["flags_translation_file"] == flags.read_bytes()
    traffic.take()

    assert process.run() == {}
    process.summary()
    assert set(traffic.lines()) == {f"GET /processes/{key}/"}
    assert process.output["internal_name"].startswith(f"{upload}_")
    stopped = process.stop()
    assert traffic.lines() == [f"GET /processes/{key}/stop/"]
    assert isinstance(stopped, dict)
    assert "Combined for conformance" in capsys.readouterr().out


@covers(
    "PzServer.training_set_maker",
    "PzServer.run_and_wait",
    "Process.empty_input",
    "TSMProcess.release",
    "TSMProcess.set_release",
    "TSMProcess.redshift",
    "TSMProcess.set_redshift",
    "TSMProcess.summary",
    "TSMProcess.run",
)
def test_making_a_training_set_and_waiting_for_it(as_ana, traffic, published, monkeypatch):
    traffic.take()
    process = as_ana.training_set_maker("Trained for conformance")
    describe(process)
    assert traffic.lines() == [
        "GET /pipelines/?name=training_set_maker",
        "GET /product-types/1/",
        "GET /product-types/2/",
    ]
    release = as_ana.get_releases()[0]
    traffic.take()
    process.set_release(name=release["name"])
    process.set_release(release_id=release["id"])
    assert traffic.lines() == [f"GET /releases/?name={release['name']}", f"GET /releases/{release['id']}/"]
    process.set_redshift(published["id"])
    process.set_redshift(internal_name=published["internal_name"])
    assert (process.release["id"], process.redshift["id"]) == (release["id"], published["id"])
    traffic.take()

    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    as_ana.run_and_wait(process)
    sent = traffic.take()
    key = process.process["id"]
    assert sent[0].line == "POST /processes/"
    assert json.loads(sent[0].body) == {
        "pipeline": process.pipeline.pipeline_id,
        "used_config": json.dumps(process.used_config),
        "display_name": "Trained for conformance",
        "release": release["id"],
        "inputs": [published["id"]],
    }
    # As long as the process waits or runs it is asked for every 30 seconds, at most 60 times.
    assert set(waited) <= {30} and len(waited) <= 60
    assert {one.line for one in sent[2:]} == {f"GET /processes/{key}/"}
    process.summary()
    assert process.check_status() in ("Pending", "Running", "Successful", "Failed", "Stopped")
    process.stop()


def public_functions():
    """Names of everything that the library offers: functions and properties of its classes."""
    found = set()
    for module in pkgutil.iter_modules(pzserver.__path__, "pzserver."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ != module.name:
                continue
            for name, member in vars(kind).items():
                is_ours = inspect.isfunction(member) or isinstance(member, (property, staticmethod, classmethod))
                if is_ours and not name.startswith("_"):
                    found.add(f"{kind.__name__}.{name}")
    return found


def test_nothing_public_is_left_without_a_test():
    assert public_functions() - COVERED == set()
    assert pzserver.get_version() == "0.3.7"


def test_a_frame_can_be_made_of_every_list(as_ana):
    """The library hands lists to pandas as they are."""
    assert len(pandas.DataFrame(as_ana.get_products_list())) > 0
