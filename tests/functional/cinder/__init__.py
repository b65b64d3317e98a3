# SPDX-License-Identifier: Apache-2.0
"""The plugin for Cinder, against a small Cinder that does what a test needs."""
