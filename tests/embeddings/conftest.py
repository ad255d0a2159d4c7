"""Small random models in folders, one set for all tests."""

import pytest
from encoders import save_esm, save_t5, save_unirep


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {
        "esm": save_esm(folder / "esm"),
        "t5": save_t5(folder / "t5"),
        "unirep": save_unirep(folder / "unirep.npz"),
    }
