# SPDX-License-Identifier: Apache-2.0
"""Reads from Keystone who there is and what may be reached: domains, projects, users, role
assignments, regions, services and endpoints.

Secrets stay there: no passwords, no EC2 or application credentials, no trusts are read. It
keeps no schedule and no state, and retries nothing: see `synchronizer.plugin`.
"""
