# SPDX-License-Identifier: Apache-2.0
"""The composition root: from settings to the processes of the daemon.

Everything is made after the fork, in the process that uses it; the master holds no
connection and no session, and its own threads do nothing but tell the time and send
signals. No behaviour lives here beyond putting parts together and keeping them alive.
"""
