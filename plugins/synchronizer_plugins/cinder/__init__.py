# SPDX-License-Identifier: Apache-2.0
"""Reads volumes and what belongs to them from Cinder, of all projects, as the raw JSON it sends.

Speaks to Cinder through python-cinderclient's session, catalogue and microversions, and
hears its notifications. It keeps no schedule, no state of entities, and retries nothing:
see `synchronizer.plugin`.
"""
