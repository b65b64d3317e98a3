# SPDX-License-Identifier: Apache-2.0
"""Synchronizer: knows what a cloud contains, and tells what changed."""

__version__ = "0.2.0"
