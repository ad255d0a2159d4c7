"""``python -m protimb``, for launchers that take a module: the same as ``protimb``."""

from protimb.cli import app

app(prog_name="protimb")
