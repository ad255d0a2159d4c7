"""``python -m protimb``: the command, for launchers that take a module."""

from protimb.cli import app

if __name__ == "__main__":
    app(prog_name="protimb")
