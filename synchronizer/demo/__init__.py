# SPDX-License-Identifier: Apache-2.0
"""The demonstration: a simulated cloud, the real daemon, and a consumer that copies it.

It starts real processes in a temporary directory, watches through the client library
like any consumer, and compares with the simulator's own log of the truth; it never
looks into the ledger, and never helps the daemon.
"""
