# SPDX-License-Identifier: Apache-2.0
"""Embedded use: the real ledger, sampler and client in this process, over a source in memory."""
