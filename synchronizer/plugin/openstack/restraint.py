# SPDX-License-Identifier: Apache-2.0
"""A service's budget in the way of all that a session sends, whoever has it sent.

Client libraries discover versions by requests of their own, and keystoneauth repeats
requests: here each passes one by one. What goes to where tokens come from does not count.
"""

from typing import Any

import requests
from keystoneauth1.session import Session
from requests.adapters import BaseAdapter

from synchronizer.plugin.budget import Budget
from synchronizer.plugin.openstack.answers import retry_after

#: Statuses by which a service asks for fewer requests, if it says for how long.
BUSY = frozenset({413, 429, 503})


class Restrained(BaseAdapter):
    """Sends as another adapter does, a request at a time from the budget."""

    def __init__(self, inner: BaseAdapter, budget: Budget, exempt: str | None) -> None:
        super().__init__()
        self.inner = inner
        self._budget = budget
        self._exempt = exempt

    def send(
        self, request: requests.PreparedRequest, *arguments: Any, **options: Any
    ) -> requests.Response:
        if self._exempt and (request.url or "").startswith(self._exempt):
            return self.inner.send(request, *arguments, **options)
        with self._budget.request():
            response = self.inner.send(request, *arguments, **options)
            heed(response.status_code, response.headers, self._budget)
            return response

    def close(self) -> None:
        self.inner.close()


def restrain(session: Session, budget: Budget) -> None:
    """Lets the session send nothing to the service but from the budget."""
    auth_url = getattr(session.auth, "auth_url", None)
    for prefix, inner in list(session.session.adapters.items()):
        session.session.mount(prefix, Restrained(inner, budget, auth_url))


def heed(status: int, headers: Any, budget: Budget) -> None:
    """Obeys a service that asks to be left alone for a while."""
    seconds = retry_after(headers) if status in BUSY else None
    if seconds:
        budget.pause(seconds)
