import pytest
from cafa_runs import cafa, run, train

__all__ = ["cafa", "folder", "run", "train"]


@pytest.fixture
def folder(write_cafa, tmp_path):
    return write_cafa(tmp_path / "cafa", ["GO:0000003", "GO:0000004", "GO:0005575"] * 30)
