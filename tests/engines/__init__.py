# SPDX-License-Identifier: Apache-2.0
"""Private servers for the tests: RabbitMQ, PostgreSQL, MariaDB.

Each runs on loopback with ports and a directory of its own, may be killed, stopped,
paused and started again at the same address, and ends with the tests, also when they
are killed. `python -m tests.engines install` installs what is missing (Debian, root).
"""
