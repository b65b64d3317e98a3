# SPDX-License-Identifier: Apache-2.0
"""The demonstration as its users meet it: a command, its output, and what it leaves."""
