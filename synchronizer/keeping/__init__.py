# SPDX-License-Identifier: Apache-2.0
"""What whoever owns a ledger does for it: holds its directory alone, forgets what is old,
proves its digests. It never samples, publishes or answers, and knows no configuration.
"""
