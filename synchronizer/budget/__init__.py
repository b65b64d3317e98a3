# SPDX-License-Identifier: Apache-2.0
"""How much a service is asked: the budget that all types and processes of a host share.

It knows neither plugins nor what they ask, and talks to nobody: it says when the next
request may be sent. The state is in a small file in memory (`shared`), or in the process
itself (`alone`).
"""

from synchronizer.budget.limited import Limited, Limits, alone, shared

__all__ = ["Limited", "Limits", "alone", "shared"]
