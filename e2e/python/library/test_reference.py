"""What the server knows besides products: types, releases, people."""

import pytest
import requests
from pzserver import PzServer


def test_product_types_in_their_order(as_ana):
    assert [item["name"] for item in as_ana.get_product_types()] == [
        "redshift_catalog",
        "training_set",
        "training_results",
        "validation_results",
        "photoz_estimates",
        "object_catalog",
        "other",
    ]


def test_releases_have_names_to_filter_by(as_ana):
    releases = as_ana.get_releases()
    assert releases
    assert all(item["name"] and item["display_name"] for item in releases)
    assert len({item["name"] for item in releases}) == len(releases)


def test_users_show_names_and_nothing_else(as_ana):
    users = as_ana.get_users()
    assert {"ana", "bruno", "chefe"} <= {item["username"] for item in users}
    assert all(set(item) == {"username", "first_name", "last_name", "display_name"} for item in users)


def test_everything_can_be_displayed(as_ana, published, capsys):
    as_ana.display_product_types()
    as_ana.display_releases()
    as_ana.display_users()
    as_ana.display_products_list()
    as_ana.display_product_metadata(published["id"])
    assert capsys.readouterr().out.count("Styler") == 5


@pytest.mark.parametrize("token", ["wrong", "pz_0000000000000000000000.0000000000000000000000", "a b"])
def test_a_wrong_token_is_refused(server, token):
    with pytest.raises(requests.exceptions.RequestException, match="Status code 401"):
        PzServer(token=token, host=server.api)
