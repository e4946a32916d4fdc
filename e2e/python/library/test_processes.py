"""Running pipelines with the library, as far as the server takes them: submitted, waiting, stopped."""

import json

import pytest
import requests

RULES = "translation_rules:\n  VVDS:\n    z_flag_translation: {default: 4}\n"


@pytest.fixture
def second(as_ana, catalog, meanings, tmp_path):
    """Another catalog of Ana's, whose file name nobody should depend on."""
    path = tmp_path / "a second catalog (ünï).csv"
    catalog.to_csv(path, index=False)
    upload = as_ana.upload("Second catalog", "redshift_catalog", str(path))
    upload.make_columns_association(meanings)
    upload.save()
    return as_ana.get_product_metadata(upload.product_id)


@pytest.fixture
def crc(as_ana, published, second):
    process = as_ana.combine_redshift_catalogs("Combined by the library")
    process.append_catalog(published["id"])
    process.append_catalog(internal_name=second["internal_name"])
    return process


def test_the_pipelines_are_what_the_library_expects(as_ana):
    crc, tsm = as_ana.combine_redshift_catalogs("a"), as_ana.training_set_maker("b")
    assert crc.pipeline.name == "combine_redshift_dedup"
    assert crc.available_product_types() == ["redshift_catalog"]
    assert crc.config["combine_type"] == "concatenate"
    assert crc.config["z_flag_homogenized_value_to_cut"] == 3.0
    assert tsm.pipeline.name == "training_set_maker"
    assert tsm.config["crossmatch"] == {"radius_arcsec": 1.0, "n_neighbors": 1}
    assert tsm.pipeline.output_product_type["name"] == "training_set"
    for process in (crc, tsm):
        assert process.pipeline.display_name and process.pipeline.version and process.pipeline.description
        assert process.check_status() == "The process has not been started"
        assert process.process is None and process.output is None


def test_combining_with_defaults(as_ana, ana, crc, published, second, capsys):
    info = crc.run()
    assert info["status"] == "Pending"
    assert info["output"]["display_name"] == "Combined by the library"
    assert info["output"]["internal_name"] == f"{info['output']['id']}_combined_by_the_library"
    assert crc.check_status() == "Pending"
    assert crc.run() == {}
    crc.summary()
    assert "Status: Pending" in capsys.readouterr().out

    process = ana.get(f"processes/{info['id']}/").json()
    assert process["inputs"] == [published["id"], second["id"]]
    # The library sent the configuration as text, and as the server advertises it.
    advertised = ana.get("pipelines/", params={"name": "combine_redshift_dedup"}).json()["results"][0]
    assert process["used_config"]["param"] == advertised["system_config"]["param"]
    assert process["used_config"]["output_format"] == "parquet"
    product = as_ana.get_product_metadata(info["output"]["id"], mainfile_info=False)
    assert (product["product_status"], product["process_status"]) == ("Processing", "Pending")

    stopped = crc.stop()
    assert stopped["status"] == "Stopped"
    assert crc.stop()["status"] == "Stopped"
    assert crc.check_status() == "Stopped"
    assert as_ana.get_product_metadata(info["output"]["id"], mainfile_info=False)["product_status"] == "Failed"


def test_combining_with_a_configuration(ana, crc):
    crc.set_config(
        {"combine_type": "concatenate_and_remove_duplicates", "extra_columns": {"quality": "int"}, "output_format": "csv"}
    )
    info = crc.run()
    used = ana.get(f"processes/{info['id']}/").json()["used_config"]
    assert used["param"]["combine_type"] == "concatenate_and_remove_duplicates"
    assert used["param"]["extra_columns"] == {"quality": "int"}
    assert used["output_format"] == "csv"
    crc.stop()


def test_combining_with_rules_of_ones_own(ana, crc, tmp_path):
    rules = tmp_path / "my rules.yaml"
    rules.write_text(RULES)
    crc.set_flags_translation(str(rules))
    info = crc.run()
    process = ana.get(f"processes/{info['id']}/").json()
    assert process["used_config"]["param"]["flags_translation_file"] == "my rules.yaml"
    assert str(tmp_path) not in json.dumps(process)
    assert len(process["inputs"]) == 2
    file = ana.get("product-files/", params={"product_id": info["output"]["id"]}).json()["results"][0]
    assert (file["name"], file["role"]) == ("my rules.yaml", 2)
    assert ana.get(f"product-files/{file['id']}/download/").text == RULES
    crc.stop()


def test_rules_that_are_no_yaml_are_refused(ana, crc, tmp_path):
    rules = tmp_path / "broken.yaml"
    rules.write_text("a: [1")
    crc.set_flags_translation(str(rules))
    before = ana.get("processes/").json()["count"]
    with pytest.raises(requests.exceptions.RequestException, match="not YAML as it should be: line 1"):
        crc.run()
    assert ana.get("processes/").json()["count"] == before


def test_making_a_training_set(as_ana, ana, published):
    release = as_ana.get_releases()[0]
    tsm = as_ana.training_set_maker("Trained by the library")
    tsm.set_release(name=release["name"])
    assert tsm.release["display_name"] == release["display_name"]
    tsm.set_release(release_id=tsm.release["id"])
    tsm.set_redshift(internal_name=published["internal_name"])
    tsm.set_redshift(published["id"])
    tsm.set_config({"crossmatch": {"radius_arcsec": 0.5, "n_neighbors": 2}, "random_seed": 7, "output_format": "specz"})
    info = tsm.run()
    assert tsm.run() == {}
    process = ana.get(f"processes/{info['id']}/").json()
    assert process["release"] == tsm.release["id"]
    assert process["inputs"] == [published["id"]]
    assert process["used_config"]["param"]["crossmatch"] == {"radius_arcsec": 0.5, "n_neighbors": 2}
    assert process["used_config"]["output_format"] == "specz"
    assert tsm.stop()["status"] == "Stopped"


def test_a_wrong_configuration_is_refused_with_its_field(as_ana, published):
    tsm = as_ana.training_set_maker("Too far")
    tsm.set_release(name=as_ana.get_releases()[0]["name"])
    tsm.set_redshift(published["id"])
    tsm.set_config({"crossmatch": {"radius_arcsec": 91}})
    with pytest.raises(requests.exceptions.RequestException, match="used_config.param.crossmatch.radius_arcsec"):
        tsm.run()


def test_inputs_of_another_type_are_refused(as_ana, ana):
    draft = ana.draft("Notes", "other")
    crc = as_ana.combine_redshift_catalogs("x")
    with pytest.raises(ValueError, match="not of the expected type"):
        crc.append_catalog(draft["id"])
    # And the server does not rely on the library to say so.
    body = {"display_name": "x", "pipeline": crc.pipeline.pipeline_id, "inputs": [draft["id"]]}
    answer = ana.request("POST", "processes/", json=body)
    assert answer.status_code == 400 and "inputs" in answer.json()


def test_others_neither_see_nor_stop_it(as_bruno, bruno, crc):
    info = crc.run()
    assert bruno.get(f"processes/{info['id']}/").status_code == 404
    assert bruno.get(f"processes/{info['id']}/stop/").status_code == 404
    assert bruno.get(f"processes/{info['id']}/logs/").status_code == 404
    assert crc.check_status() == "Pending"
    crc.stop()
