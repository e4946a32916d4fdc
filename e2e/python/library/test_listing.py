"""Finding products: every filter of the library against a plain loop over all of them."""

import pytest
import requests


@pytest.fixture
def everything(as_ana, published):
    products = as_ana.get_products_list()
    assert len(products) >= 10
    return products


def contains(pieces, *texts, combine=all):
    """Each piece lies in one of the texts, whatever its case; pieces combine by `and` or by `or`."""
    return combine(any(piece.lower() in (text or "").lower() for text in texts) for piece in pieces)


def release_texts(as_ana):
    names = {item["id"]: item["name"] for item in as_ana.get_releases()}
    return lambda product: (product["release_name"], names.get(product["release"]))


def user_ids(ana):
    """The API shows no ids of people in bodies, so ask for each."""
    answers = {number: ana.get(f"users/{number}/") for number in range(1, 12)}
    return {answer.json()["username"]: number for number, answer in answers.items() if answer.ok}


# What is asked, and which products it means.
FILTERS = [
    ({"internal_name": "{0[internal_name]}"}, lambda p, e: p["internal_name"] == e["internal_name"]),
    ({"internal_name__in": ["{0[internal_name]}", "nothing"]}, lambda p, e: p["internal_name"] == e["internal_name"]),
    ({"display_name": "{0[display_name]}"}, lambda p, e: p["display_name"] == e["display_name"]),
    ({"display_name__in": "{0[display_name]}"}, lambda p, e: p["display_name"] == e["display_name"]),
    ({"product_type": "redshift"}, lambda p, e: contains(["redshift"], p["product_type_name"])),
    ({"product_type": "training_set"}, lambda p, e: p["product_type_internal_name"] == "training_set"),
    ({"product_type": ["training", "set"]}, lambda p, e: p["product_type_internal_name"] == "training_set"),
    (
        {"product_type__or": ["training", "validation"]},
        lambda p, e: contains(["training", "validation"], p["product_type_internal_name"], combine=any),
    ),
    ({"product_type__in": [1, 3]}, lambda p, e: p["product_type"] in (1, 3)),
    ({"official_product": True}, lambda p, e: p["official_product"]),
    ({"official_product": False}, lambda p, e: not p["official_product"]),
    ({"official_product__in": [True, False]}, lambda p, e: True),
    ({"official_product__in": [True]}, lambda p, e: p["official_product"]),
    ({"release__isnull": True}, lambda p, e: p["release"] is None),
    ({"release__isnull": False}, lambda p, e: p["release"] is not None),
    ({"status": 1}, lambda p, e: True),
    ({"status__in": [1, 9]}, lambda p, e: True),
    ({"status__in": [0]}, lambda p, e: False),
    ({"product_name": "catalog"}, lambda p, e: contains(["catalog"], p["display_name"])),
    ({"product_name": ["catalog", "pub"]}, lambda p, e: contains(["catalog", "pub"], p["display_name"])),
    (
        {"product_name__or": ["catalog", "training"]},
        lambda p, e: contains(["catalog", "training"], p["display_name"], combine=any),
    ),
    (
        {"product_type": "redshift", "product_name": "published"},
        lambda p, e: contains(["redshift"], p["product_type_name"]) and contains(["published"], p["display_name"]),
    ),
    ({"product_name": "no such product anywhere"}, lambda p, e: False),
    ({"product_name": "100%"}, lambda p, e: "100%" in p["display_name"]),
    ({"product_name": "_"}, lambda p, e: "_" in p["display_name"]),
]


@pytest.mark.parametrize(("wanted", "means"), FILTERS, ids=[str(wanted) for wanted, _ in FILTERS])
def test_filter(as_ana, everything, published, wanted, means):
    def fill(value):
        return value.format(published) if isinstance(value, str) else value

    wanted = {key: [fill(v) for v in value] if isinstance(value, list) else fill(value) for key, value in wanted.items()}
    found = [product["id"] for product in as_ana.get_products_list(wanted)]
    assert sorted(found) == sorted(product["id"] for product in everything if means(product, published))


def test_filter_by_release(as_ana, everything):
    texts = release_texts(as_ana)
    used = {product["release"] for product in everything} - {None}
    assert used, "the demonstration data has products with a release"
    for release in as_ana.get_releases():
        by_name = {product["id"] for product in as_ana.get_products_list({"release": release["name"]})}
        assert by_name == {p["id"] for p in everything if contains([release["name"]], *texts(p))}
        by_id = {product["id"] for product in as_ana.get_products_list({"release__in": [release["id"]]})}
        assert by_id == {p["id"] for p in everything if p["release"] == release["id"]}
    both = [release["name"] for release in as_ana.get_releases()]
    either = {product["id"] for product in as_ana.get_products_list({"release__or": both})}
    assert either == {p["id"] for p in everything if contains(both, *texts(p), combine=any)}


def test_filter_by_person(as_ana, ana, everything):
    ids = user_ids(ana)
    for username, number in ids.items():
        hers = {p["id"] for p in everything if p["uploaded_by"] == username}
        assert {p["id"] for p in as_ana.get_products_list({"user": number})} == hers
        assert {p["id"] for p in as_ana.get_products_list({"user__in": [number]})} == hers
        assert hers <= {p["id"] for p in as_ana.get_products_list({"uploaded_by": username.upper()})}
        assert hers <= {p["id"] for p in as_ana.get_products_list({"uploaded_by__or": [username, "nobody else"]})}


def test_search_wants_every_word_somewhere(as_ana, everything, published):
    found = as_ana.get_products_list({"search": "published ana"})
    assert published["id"] in {product["id"] for product in found}
    assert all("published" in product["display_name"].lower() for product in found)
    assert as_ana.get_products_list({"search": "published nowherenobody"}) == []


def test_newest_first(as_ana, everything):
    created = [product["created_at"] for product in everything]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize("key", ["colour", "created_at", "status__gt", "page_size"])
def test_an_unknown_filter_is_a_value_error_naming_the_valid_ones(as_ana, key):
    with pytest.raises(ValueError, match="Invalid filter key") as error:
        as_ana.get_products_list({key: "1"})
    for name in ["product_type", "release", "product_name__or", "search", "official_product"]:
        assert name in str(error.value)


def test_a_wrong_value_is_an_error_naming_the_filter(as_ana):
    with pytest.raises(requests.exceptions.RequestException, match="status"):
        as_ana.get_products_list({"status": 7})


def test_drafts_are_seen_by_their_owner_only_and_only_when_asked_for(as_ana, as_bruno, ana):
    draft = ana.draft("Nobody else sees this")
    mine = {"product_name": "nobody else sees"}
    assert as_ana.get_products_list(mine) == []
    assert [p["id"] for p in as_ana.get_products_list({**mine, "status": 0})] == [draft["id"]]
    assert as_bruno.get_products_list({**mine, "status": 0}) == []
    with pytest.raises(ValueError, match="product not found"):
        as_bruno.get_product_metadata(draft["id"])


def test_more_than_a_hundred_products_are_listed(as_ana, ana):
    for number in range(105):
        product = ana.draft(f"Many of them {number}", "other", description="One of many, without a file")
        assert ana.publish(product).status_code == 200
    assert len(as_ana.get_products_list({"product_name": "many of them"})) == 105
