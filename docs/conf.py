# SPDX-License-Identifier: Apache-2.0
"""Sphinx's configuration."""

import synchronizer

project = "Synchronizer"
author = "The Synchronizer authors"
copyright = "The Synchronizer authors, Apache License 2.0"  # noqa: A001
version = release = synchronizer.__version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "Knows what a cloud contains, and tells what changed"}
