# SPDX-License-Identifier: Apache-2.0
"""The real daemon and a real consumer against the simulated cloud."""
