"""SQLite files, opened to be read only."""

import sqlite3
from contextlib import closing
from pathlib import Path


def opened(path):
    """Open a database that must exist, to be closed at the end of a `with` block."""
    return closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True))
