# SPDX-License-Identifier: Apache-2.0
"""The embedded bus: a small broker of one host and its oslo.messaging driver, `local://`.

The broker is one process on a unix socket that only its owner (and, if asked, one group)
can open. It holds messages in memory, within fixed bounds, and forgets them when it ends;
the ledger is the truth, so a consumer repairs what it missed. It never writes to disk,
never listens on a network and knows nothing of Synchronizer's messages.

`protocol`, `queues`, `routing`, `limits`: plain values and rules, without I/O.
`listening`, `peer`, `broker`: the server. `link`, `connection`, `driver`: the client.
`status`: asks a running broker what it holds.
"""
