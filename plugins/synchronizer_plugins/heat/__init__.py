# SPDX-License-Identifier: Apache-2.0
"""Reads stacks from Heat, of all projects, as the raw JSON of its listings.

Speaks to Heat through python-heatclient's session and catalogue, and hears its
notifications. It never asks for what shows parameters, outputs or templates. It keeps no
schedule, no state of stacks, and retries nothing: see `synchronizer.plugin`.
"""
