# SPDX-License-Identifier: Apache-2.0
"""What the daemon costs and how late it is, measured from outside on the simulated cloud.

Everything measured is a process of its own, run as users run it; what it used is read
from /proc. Nothing here is imported by the package, and nothing reaches into the daemon.
"""
