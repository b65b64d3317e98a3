# SPDX-License-Identifier: Apache-2.0
"""Reads servers and what they live on from Nova, of all projects, as the raw JSON that Nova sends.

Speaks to Nova through python-novaclient's session, catalogue and microversions, and
never decodes a server that it does not have to look into. It keeps no schedule, no
state of entities, and retries nothing: see `synchronizer.plugin`.
"""
