# SPDX-License-Identifier: Apache-2.0
"""What all plugins for OpenStack share, against a small cloud of the tests' own."""
