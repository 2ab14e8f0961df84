"""How the website is built: `make docs`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

from w2v_fast.system.version import __version__

os.environ["W2V_FAST_ISA"] = "base"  # the tutorials print the same on every machine
REPOSITORY = "https://github.com/w2v-fast/w2v_fast"
ROOT = Path(__file__).parent.parent
LINK = re.compile(r"(!?)\[([^]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")

project = "w2v_fast"
author = "The w2v_fast developers"
release = __version__
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "sphinx_design",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["tutorials/README.rst", "tutorials/*.py"]
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["alert", "colon_fence"]
myst_heading_anchors = 3
autodoc_typehints = "none"
autosummary_generate = True
numpydoc_show_class_members = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "tutorials",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
    "write_computation_times": False,
    "remove_config_comments": True,
}

html_theme = "pydata_sphinx_theme"
html_title = "w2v_fast"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_sidebars = {  # pages without others below them
    page: []
    for page in (
        "changelog",
        "explore",
        "faq",
        "install",
        "objectives",
        "performance",
        "quickstart",
        "reliability",
        "switching",
    )
}
html_theme_options = {
    "github_url": REPOSITORY,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 5,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copyright = "The w2v_fast developers, MIT license"


def linked(text: str, source: Path, page: Path) -> str:
    """The text of a file, shown on a page: links out of docs/ lead to the repository."""

    def replace(link: re.Match[str]) -> str:
        image, label, target, anchor = link[1], link[2], link[3], link[4] or ""
        path = (source.parent / target).resolve()
        if not path.is_relative_to(ROOT) or not path.exists():
            return link[0]
        if image or path.is_relative_to(ROOT / "docs"):
            address = os.path.relpath(path, page.parent)
        else:
            kind = "tree" if path.is_dir() else "blob"
            address = f"{REPOSITORY}/{kind}/main/{path.relative_to(ROOT)}"
        return f"{image}[{label}]({address}{anchor})"

    return LINK.sub(replace, text)


def on_source(app: Sphinx, page: str, content: list[str]) -> None:
    path = Path(app.env.doc2path(page))
    if path.suffix == ".md":
        content[0] = linked(content[0], path, path)


def on_include(app: Sphinx, source: Path, page: str, content: list[str]) -> None:
    path = (Path(app.srcdir) / source).resolve()
    content[0] = linked(content[0], path, Path(app.env.doc2path(page)))


def setup(app: Sphinx) -> None:
    app.connect("source-read", on_source)
    app.connect("include-read", on_include)
