# SPDX-License-Identifier: Apache-2.0
"""Reads the regular files below a directory, as entities of the type `files.file`.

It lists, asks for what changed, and asks for one file. It keeps no schedule and no state
of files, and retries nothing: see `synchronizer.plugin`.
"""
