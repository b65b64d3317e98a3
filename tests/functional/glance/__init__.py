# SPDX-License-Identifier: Apache-2.0
"""The plugin for Glance against a small Glance."""
