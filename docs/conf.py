"""Sphinx configuration; `make docs` builds the site and treats each warning as an error."""

import os
import warnings
from importlib.metadata import version as installed_version

# Gallery pages run on a machine without a screen, and show no progress bars.
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("TQDM_DISABLE", "1")
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

project = "protimb"
author = "The protimb founders"
project_copyright = "The protimb founders"
version = release = installed_version("protimb")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "myst_parser",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "api/generated/*.py", "auto_examples/**.ipynb"]
nitpicky = False

# --- Text -----------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# --- Reference: one page a subpackage, made from its public names ----------------------------

autosummary_generate = True
autosummary_ignore_module_all = False  # __all__ says what is public
autosummary_imported_members = True  # public names live in private files
autosummary_context = {
    # Classes of other libraries, whose methods a page of ours does not repeat.
    "ancestors_not_shown": "BaseEstimator, BaseOverSampler, BaseSampler, ClassifierMixin, "
    "TransformerMixin, OneToOneFeatureMixin, SamplerMixin, Exception, Module, Mapping, tuple, dict"
}
autodoc_typehints = "none"  # numpydoc's Parameters say it with shapes and units
autodoc_member_order = "bysource"

numpydoc_show_class_members = False  # the class template lists them
numpydoc_validation_checks = {
    "GL05",  # tabs
    "GL06",  # unknown section
    "GL07",  # sections out of order
    "GL08",  # no docstring
    "PR01",  # a parameter without a word
    "PR02",  # a word on a parameter that is not there
    "PR03",  # parameters out of order
    "SS01",  # no summary
    "SS03",  # summary without a full stop
    "SS06",  # summary over several lines
}
numpydoc_validation_exclude = {
    # Inherited from scikit-learn or imbalanced-learn, documented there in another style.
    r"\.(get|set)_params$",
    r"\.score$",
    r"\.fit_transform$",
    r"\.BaseMultilabelSampler$",  # its parameter belongs to the subclasses
    # Tables: see list_entries below.
    r"\.[A-Z_]+$",
    # Hooks and layers, whose arguments the class or its base describes.
    r"\.on_\w+$",
    r"\.forward$",
    r"\.read$",
    r"\w+Backbone\.build_\w+$",
    r"\w+Condition(ing)?\.build$",
    r"\.(?!Base)\w+Loss\.(build|cells|columns|in_training|rows|start)$",
    # Results, which users read and never build: their attributes are documented.
    r"\.AlphaBeta$",
    r"\.BetweenData$",
    r"\.ClosestRecords$",
    r"\.Comparison$",
    r"\.Evaluation$",
    r"\.Generated$",
    r"\.Imbalance$",
    r"\.LabelConsistency$",
    r"\.ManifoldOverlap$",
    r"\.MembershipInference$",
    r"\.QualityReport$",
    r"\.ReducedFeatures$",
    r"\.ObsoleteTerm\.\w+$",
    r"\.InjectionSites\.\w+$",
    r"\.TrainingDiverged$",
    r"\.TwoSampleScore$",
}

# --- Gallery ----------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "min_reported_time": 0,
    "abort_on_example_error": True,
    "capture_repr": ("_repr_html_",),  # tables, and not the address of an object
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "matplotlib_animations": False,
    "reset_modules": ("matplotlib",),
}

# --- Site -------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"protimb {release}"
html_static_path = ["_static"]
html_css_files = ["protimb.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": False,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
}


def skip_plumbing(app, what, name, obj, skip, options):
    """Leave out the methods that scikit-learn adds to every estimator."""
    is_plumbing = name.endswith("_request") or name in ("get_metadata_routing", "set_output")
    return True if is_plumbing else None


def list_entries(app, what, name, obj, options, lines):
    """Show a table of names, such as BACKBONES, as its names."""
    if what == "data" and isinstance(obj, dict):
        lines += ["", "Entries: " + ", ".join(f"``{key}``" for key in obj) + ".", ""]


def setup(app):
    app.connect("autodoc-process-docstring", list_entries)
    app.connect("autodoc-skip-member", skip_plumbing)
