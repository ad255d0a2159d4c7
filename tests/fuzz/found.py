"""Inputs that once raised what has no name, crashed, or were accepted in silence, kept small.

Each is (target, what came of it, {file: content} in place of the valid one).
"""

FOUND: list = []
