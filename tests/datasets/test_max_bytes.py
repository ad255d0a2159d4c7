"""Readers of folders hand ``max_bytes`` to the reader of every file."""

import gzip

import pytest
from targets import CAFA3, TALE, _cafa_files, _encoded, write

from protimb.datasets import read_cafa, read_cafa3
from protimb.exceptions import ProtimbError

FOLDERS = {
    "CAFA-5": (_cafa_files(), read_cafa),
    "CAFA-3": (_encoded(CAFA3), read_cafa3),
    "TALE": (_encoded(TALE), read_cafa3),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_each_compressed_file_of_a_folder_is_held_against_the_limit(tmp_path, name):
    files, read = FOLDERS[name]
    write(tmp_path, files)
    for path in (one for one in files if not one.endswith(".npy")):
        content, place = files[path], tmp_path / path
        place.write_bytes(gzip.compress(content))
        with pytest.raises(ProtimbError, match=f"{place.name}: unfolds .* raise max_bytes="):
            dict(read(tmp_path, min_proteins=1, max_bytes=len(content) - 1).sequences)
        dict(read(tmp_path, min_proteins=1, max_bytes=len(content)).sequences)
        place.write_bytes(content)
