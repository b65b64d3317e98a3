# SPDX-License-Identifier: Apache-2.0
"""The plugin for Heat, against a small Heat that does what a test needs."""
