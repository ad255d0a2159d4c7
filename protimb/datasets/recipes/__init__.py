"""Recipes that rebuild data sets from public packages, each a module that can be run."""
