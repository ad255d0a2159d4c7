import pytest

from protimb.datasets import make_longtail_multilabel


@pytest.fixture(scope="package")
def toy():
    """200 rows with 12 terms from frequent to rare."""
    return make_longtail_multilabel(random_state=0)
