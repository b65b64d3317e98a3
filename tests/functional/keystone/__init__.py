# SPDX-License-Identifier: Apache-2.0
"""The plugin for Keystone against a small Keystone."""
