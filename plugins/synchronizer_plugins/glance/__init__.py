# SPDX-License-Identifier: Apache-2.0
"""Reads images from Glance, of all projects: public, shared, private, community and hidden ones.

It lists, shows and is told of images, and never touches their data. It keeps no schedule, no
state of images, and retries nothing: see `synchronizer.plugin`.
"""
