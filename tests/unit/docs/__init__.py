# SPDX-License-Identifier: Apache-2.0
"""The documents, compared with what there is."""
