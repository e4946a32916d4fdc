"""People who use the unmodified `pzserver` library, and a catalog worth sharing."""

import os

os.environ["MPLBACKEND"] = "Agg"  # before the library is imported: it plots, and there is no screen

import numpy
import pandas
import pytest
from pzserver import PzServer

# Too large for a double: what passes through one comes out changed.
FIRST_ID = 1486231857497402613


@pytest.fixture
def as_ana(server, ana):
    return PzServer(token=ana.token, host=server.api)


@pytest.fixture
def as_bruno(server, bruno):
    return PzServer(token=bruno.token, host=server.api)


@pytest.fixture
def catalog():
    """A small reference redshift catalog whose numbers do not forgive rounding."""
    rows = 500
    random = numpy.random.default_rng(20261120)
    return pandas.DataFrame(
        {
            "objectId": FIRST_ID + numpy.arange(rows, dtype="int64") * 2,
            "coord_ra": random.uniform(0, 360, rows),
            "coord_dec": random.uniform(-90, 90, rows),
            "redshift": random.gamma(2, 0.4, rows),
            "quality": random.integers(0, 5, rows).astype("int32"),
            "survey": random.choice(["VVDS", "zCOSMOS", "2dFLenS"], rows),
        }
    )


MEANINGS = {"objectId": "ID", "coord_ra": "ra", "coord_dec": "DEC", "redshift": "z", "survey": "survey"}


@pytest.fixture
def meanings():
    return dict(MEANINGS)


@pytest.fixture
def published(as_ana, catalog, meanings, tmp_path):
    """Publishes a catalog of Ana's as CSV and gives back its metadata."""
    path = tmp_path / "published.csv"
    catalog.to_csv(path, index=False)
    upload = as_ana.upload("Published catalog", "redshift_catalog", str(path), description="As it was measured")
    upload.make_columns_association(meanings)
    upload.save()
    return as_ana.get_product_metadata(upload.product_id)
