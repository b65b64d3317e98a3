# SPDX-License-Identifier: Apache-2.0
"""Reads networks, what is on them and who may talk to whom from Neutron, of all projects.

Speaks to Neutron's plain API through keystoneauth: no client library stands between, and what
Neutron sends is handed over as it came. It keeps no schedule, no state of what it reads, and
retries nothing: see `synchronizer.plugin`.
"""
