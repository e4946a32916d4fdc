"""What one does with a client generated from the document: everything typed, nothing by hand."""

import hashlib
import importlib
import io
import pkgutil
import zipfile

import photoz_client
import pytest
from photoz_client.api import columns, downloads, files, product_types, products, session
from photoz_client.models import (
    ContentPatch,
    ErrorDetail,
    FieldErrors,
    FileUpload,
    PageProduct,
    Product,
    ProductInput,
    ProductInputForm,
    ProductPatch,
)
from photoz_client.types import UNSET, File

ROWS = 300
# Too large for a double: what passes through one comes out changed.
FIRST_ID = 1486231857497402613
MEANINGS = {"id": "ID", "ra": "RA", "dec": "Dec", "z": "z"}


def api(package, operation):
    """The module of an operation."""
    return importlib.import_module(f"{package.__name__}.{operation}")


def call(package, operation, client, *arguments, status=200, **named):
    """Calls an operation, checks its status and gives back what it answered, as a type."""
    answer = api(package, operation).sync_detailed(*arguments, client=client, **named)
    assert answer.status_code == status, answer.content
    return answer.parsed


@pytest.fixture(scope="module")
def catalog():
    rows = [
        f"{FIRST_ID + number},{number * 360 / ROWS},{number * 180 / ROWS - 90},{number / 100}" for number in range(ROWS)
    ]
    return "\n".join(["id,ra,dec,z", *rows, ""]).encode()


@pytest.fixture(scope="module")
def published(as_ana, catalog):
    """A catalog, created, uploaded, registered, described and published through the client."""
    types = call(product_types, "list_product_types", as_ana, name="redshift_catalog")
    assert types.count == 1
    body = ProductInput(display_name="Through the client", product_type=types.results[0].id, description="As **typed**")
    product = call(products, "create_product", as_ana, body=body, status=201)
    assert isinstance(product, Product)
    assert product.status == 0

    file = File(payload=io.BytesIO(catalog), file_name="catalog.csv", mime_type="text/csv")
    kept = call(files, "upload_file", as_ana, body=FileUpload(product=product.id, role=0, file=file), status=201)
    assert kept.name == "catalog.csv"
    assert kept.sha256 == hashlib.sha256(catalog).hexdigest()

    registered = call(products, "register_product", as_ana, product.id)
    assert registered.n_rows == ROWS
    for column in call(columns, "list_contents", as_ana, product=product.id).results:
        changed = call(columns, "patch_content", as_ana, column.id, body=ContentPatch(alias=MEANINGS[column.column_name]))
        assert changed.alias == MEANINGS[column.column_name]
    return call(products, "patch_product", as_ana, product.id, body=ProductPatch(status=1))


def test_every_operation_of_the_document_is_a_function(document):
    wanted = {
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method in ("get", "put", "post", "delete", "patch", "head", "options")
    }
    found = {
        module.name
        for package in pkgutil.iter_modules(photoz_client.api.__path__)
        for module in pkgutil.iter_modules([f"{photoz_client.api.__path__[0]}/{package.name}"])
    }
    assert found == wanted


def test_a_token_signs_in(as_ana, server):
    assert call(session, "logged_user", as_ana).username == "ana"
    stranger = photoz_client.AuthenticatedClient(base_url=server.root, token="wrong", prefix="Bearer")
    refused = call(session, "logged_user", stranger, status=401)
    assert isinstance(refused, ErrorDetail)
    assert refused.code == "invalid_token"


def test_lists_are_filtered_ordered_and_paged(as_ana, published):
    whole = call(products, "list_products", as_ana, ordering="display_name")
    assert isinstance(whole, PageProduct)
    assert whole.count == len(whole.results) > 3
    first = call(products, "list_products", as_ana, ordering="display_name", page=1, page_size=2)
    second = call(products, "list_products", as_ana, ordering="display_name", page=2, page_size=2)
    assert [row.id for row in first.results + second.results] == [row.id for row in whole.results[:4]]
    mine = call(products, "list_products", as_ana, product_name="through the client", official_product=False)
    assert [row.id for row in mine.results] == [published.id]
    assert isinstance(call(products, "list_products", as_ana, page=10**6, status=404), ErrorDetail)


def test_what_is_published_reads_back(as_bruno, published):
    product = call(products, "get_product", as_bruno, published.id)
    assert (product.display_name, product.status, product.is_owner) == ("Through the client", 1, False)
    assert product.uploaded_by == "ana"
    info = call(products, "main_file_info", as_bruno, published.id)
    assert info.main_file.n_rows == ROWS
    assert [column.alias for column in info.main_file.associated_columns] == ["ID", "RA", "Dec", "z"]


def test_a_page_of_rows_keeps_every_digit(as_bruno, published):
    page = call(products, "read_table", as_bruno, published.id, page=2, page_size=100).to_dict()
    assert page["total_rows"] == ROWS
    assert len(page["results"]) == 100
    assert page["results"][0]["id"] == FIRST_ID + 100


def test_statistics(as_bruno, published):
    statistics = call(products, "table_statistics", as_bruno, published.id, columns="z")
    assert statistics.n_rows == ROWS
    (redshift,) = statistics.columns
    assert redshift.alias == "z"
    assert redshift.statistics.max_ == pytest.approx((ROWS - 1) / 100)


def test_downloads_whole_and_in_part(connect, as_bruno, bruno, published, catalog):
    (file,) = call(files, "list_files", as_bruno, product_id=published.id).results
    assert call(files, "download_file", as_bruno, file.id).payload.read() == catalog
    part = connect(bruno, headers={"Range": "bytes=100-199"})
    assert call(files, "download_file", part, file.id, status=206).payload.read() == catalog[100:200]

    archive = call(downloads, "prepare_product", as_bruno, published.id)
    assert archive.status == "ready"
    token = archive.download_url.split("token=")[1]
    zipped = call(downloads, "product_file", as_bruno, published.id, token=token)
    with zipfile.ZipFile(zipped.payload) as members:
        assert members.testzip() is None
        assert members.read("catalog.csv") == catalog


def test_errors_are_typed(as_ana, as_bruno, published):
    missing = call(products, "get_product", as_ana, 10**12, status=404)
    assert isinstance(missing, ErrorDetail)
    assert missing.code == "not_found"
    forbidden = call(products, "patch_product", as_bruno, published.id, body=ProductPatch(description="x"), status=403)
    assert forbidden.code == "permission_denied"
    wrong = call(columns, "list_contents", as_ana, product=10**12, status=400)
    assert isinstance(wrong, FieldErrors)
    assert list(wrong.additional_properties) == ["product"]
    column = call(columns, "list_contents", as_ana, product=published.id).results[0]
    long = call(columns, "patch_content", as_ana, column.id, body=ContentPatch(ucd="x" * 129), status=400)
    assert "128" in long.additional_properties["ucd"][0]


def test_forms_do_as_well_as_json_and_absent_differs_from_null(as_ana):
    body = ProductInputForm(display_name="As a form", product_type=7, official_product=False, description="a=b&c")
    product = call(products, "create_product", as_ana, body=body, status=201)
    assert product.description == "a=b&c"
    kept = call(products, "patch_product", as_ana, product.id, body=ProductPatch(description=UNSET, display_name="Else"))
    assert (kept.display_name, kept.description) == ("Else", "a=b&c")
    cleared = call(products, "patch_product", as_ana, product.id, body=ProductPatch(description=None))
    assert cleared.description is None


def test_deleting(as_ana, as_bruno):
    body = ProductInput(display_name="Short-lived", product_type=7)
    product = call(products, "create_product", as_ana, body=body, status=201)
    call(products, "delete_product", as_bruno, product.id, status=404)
    call(products, "delete_product", as_ana, product.id, status=204)
    call(products, "get_product", as_ana, product.id, status=404)
