# SPDX-License-Identifier: Apache-2.0
"""Every plugin against the real service behind it: its promises, and what it makes of faults."""
