# SPDX-License-Identifier: Apache-2.0
"""The daemon as a service of a booted Debian."""
