# SPDX-License-Identifier: Apache-2.0
"""The plugin for DevStack, on the real cloud, with what DevStack has for it stood in for."""
