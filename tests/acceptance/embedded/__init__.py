# SPDX-License-Identifier: Apache-2.0
"""`synchronizer watch --embedded` as a process of its own, on a simulated cloud."""
