# SPDX-License-Identifier: Apache-2.0
"""The `synchronizer` command: one module per subcommand, loaded when it is called.

Commands read options, ask a library below and print. They decide nothing that a
program using the client library could not decide the same way, and import the
daemon's parts only where they need them: a consumer's machine has none.
"""
