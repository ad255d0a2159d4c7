"""The command as users type it."""

from typer.testing import CliRunner

from protimb.cli import app


def invoke(*words):
    """Run ``protimb`` with these words: exit code, output, errors."""
    return CliRunner().invoke(app, [str(word) for word in words])
