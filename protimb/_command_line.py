"""What all subcommands share: clean messages, and words turned into values."""

import ast
import sys
import warnings
from contextlib import contextmanager

import typer

from protimb.exceptions import ProtimbError


@contextmanager
def clean_messages():
    """Print warnings as lines; end with one line and code 2 on errors that protimb names."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *where, **kwargs: _complain("warning", message)
        try:
            yield
        except (ProtimbError, OSError) as error:
            _complain("error", error)
            raise typer.Exit(2) from error


def literals(texts):
    """Parse words ``name=value``.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    values : dict

    Raises
    ------
    typer.BadParameter
        If a word has no ``=``.

    Examples
    --------
    >>> literals(["n_latent=32", "backbone=conv"])
    {'n_latent': 32, 'backbone': 'conv'}
    """
    for text in texts:
        if "=" not in text:
            raise typer.BadParameter(f"{text!r}; write name=value.", param_hint="--param")
    return {name: literal(value) for name, _, value in (text.partition("=") for text in texts)}


def literal(text):
    """Read a Python literal; any other text is a word and stays what it is.

    Parameters
    ----------
    text : str

    Returns
    -------
    value : object
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _complain(kind, message):
    from tqdm import tqdm

    tqdm.write(f"{kind}: {' '.join(str(message).split())}", file=sys.stderr)
