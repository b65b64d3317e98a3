# SPDX-License-Identifier: Apache-2.0
"""The plugins that come with Synchronizer: one folder per service, all alike."""
