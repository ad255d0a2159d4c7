"""Helpers that several packages use: validation, containers, names, files, memory, labelsets."""
