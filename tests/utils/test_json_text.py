"""JSON of unknown origin: an error of the caller's type, and no more memory than is bearable."""

import sys

import pytest

from protimb.exceptions import ArtifactError
from protimb.utils import _json_text
from protimb.utils._json_text import read_json


def test_json_is_read():
    assert read_json(b'{"a": [1, NaN, "x"]}', "x.json", ArtifactError)["a"][::2] == [1, "x"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_what_is_none_is_named(content):
    with pytest.raises(ArtifactError, match=r"x\.json is damaged"):
        read_json(content, "x.json", ArtifactError)


def test_what_would_fill_the_memory_is_refused_before_it_does(monkeypatch):
    lists = b"[" + b"[]," * 1000 + b"[]]"  # 3 kB that take 60 kB
    unfolded = sys.getsizeof([]) * 1000
    assert len(read_json(lists, "x.json", ArtifactError)) == 1001
    monkeypatch.setattr(_json_text, "_MOST_BYTES", unfolded)
    with pytest.raises(ArtifactError, match="GiB of memory"):
        read_json(lists, "x.json", ArtifactError)
