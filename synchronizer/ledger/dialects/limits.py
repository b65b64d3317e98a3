# SPDX-License-Identifier: Apache-2.0
"""How long the ledger waits for its database, in seconds.

Read from here at the moment of use, as `limits.NAME`, so that a test can change them in
one place.
"""

#: A statement waits for another's lock, or a thread for a connection of the pool.
LOCK_TIMEOUT = 10.0

#: A server is silent in the middle of an exchange; longer than any wait for a lock.
ANSWER_TIMEOUT = 30.0

#: The same, while a migration may rewrite large tables.
MIGRATION_TIMEOUT = 3600.0

#: Connecting, with greeting and login.
CONNECT_TIMEOUT = 10.0

#: One process waits for another to have opened or migrated the ledger.
OPENING_TIMEOUT = 20.0

#: A server ends a transaction whose client has fallen silent: its locks hold up the others.
IDLE_TIMEOUT = 60.0
