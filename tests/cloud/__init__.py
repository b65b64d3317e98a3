# SPDX-License-Identifier: Apache-2.0
"""A real OpenStack on this machine, for the acceptance tests.

Keystone, Placement, Glance, Nova, Neutron, Cinder and Heat from PyPI (pinned in
``templates/constraints.txt``), MariaDB and RabbitMQ from Debian, as plain
processes on 127.0.0.1.  Each cloud lives in a directory of its own (its *root*)
with ports of its own, so that several run side by side; the installed packages
are shared and kept in ``$SYNCHRONIZER_TEST_CLOUD``.

Not real: the hypervisor (Nova's fake driver, made to remember its guests), the
storage (Cinder's own test driver) and the switch (an agent that reports in and
calls ports wired).  There is no DHCP or L3 agent, no console and no TLS.

It knows nothing of Synchronizer: it imports nothing of the project, never
touches a machine-wide service, and ends only processes that it started.
"""
