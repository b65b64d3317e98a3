# SPDX-License-Identifier: Apache-2.0
"""Fills a cloud ("seed") or keeps changing it ("churn"), and writes down the truth.

It speaks to the services' public APIs alone, as their users do, never to their
databases.  What each line of the ground truth says: see ``truth``.
"""

from tests.cloud.load.churning import churn
from tests.cloud.load.seeding import seed

__all__ = ["churn", "seed"]
