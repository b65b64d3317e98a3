# SPDX-License-Identifier: Apache-2.0
"""One file per step, in order. A released step is never edited."""
