# SPDX-License-Identifier: Apache-2.0
"""What can be done to an entity of any kind, and waiting for what it does."""

import random
import time
from typing import Any, ClassVar

from tests.cloud.load.rest import Ingredients, Project, RefusedError
from tests.cloud.load.truth import Truth, now

STABLE = frozenset(
    {
        *("ACTIVE", "SHUTOFF", "ERROR", "DOWN", "active"),
        *("available", "in-use", "error", "error_deleting", "error_extending"),
        *("CREATE_COMPLETE", "UPDATE_COMPLETE", "SUSPEND_COMPLETE", "RESUME_COMPLETE"),
        *("CREATE_FAILED", "UPDATE_FAILED", "SUSPEND_FAILED", "RESUME_FAILED", "DELETE_FAILED"),
    }
)


class Entity:
    """One entity; the kinds are its subclasses.

    ``needs``: the OpenStack services that its operations touch.  ``service`` is the kind
    of the catalogue, ``key`` what wraps bodies (the kind, unless it is set; those of ``bare``
    kinds are not wrapped).
    Operations return the new status, or None when the service refused.
    """

    kind: ClassVar[str]
    service: ClassVar[str]
    path: ClassVar[str]
    needs: ClassVar[frozenset[str]]
    key: ClassVar[str] = ""
    bare: ClassVar[bool] = False
    stable: ClassVar[frozenset[str]] = STABLE
    operations: ClassVar[tuple[str, ...]] = ("rename",)

    def __init__(
        self, project: Project, ingredients: Ingredients, truth: Truth, chance: random.Random
    ) -> None:
        self.project, self.ingredients = project, ingredients
        self.truth, self.chance = truth, chance
        self.id: str | None = None
        self.name: str | None = None

    def create(self) -> str | None:
        """Make it."""
        self.name = self.new_name()
        body = self.body(name=self.name, **self.new())
        return self.do("create", "POST", self.path, body, {"name": self.name})

    def rename(self) -> str | None:
        """Give it another name."""
        name = self.new_name()
        return self.do("rename", "PUT", self.url(), self.body(name=name), {"name": name})

    def metadata(self) -> str | None:
        """Put something else into its metadata."""
        want = {"metadata": {"churn": self.hexadecimal()}}
        return self.do("metadata", "PUT", self.url("/metadata"), want, want)

    def delete(self) -> str | None:
        """Delete it and wait until it is gone."""
        return self.do("delete", "DELETE", self.url())

    def new(self) -> dict[str, Any]:
        """Return the fields beside the name of a new one."""
        return {}

    def body(self, **fields: Any) -> dict[str, Any]:
        """Return a request's body."""
        return fields if self.bare else {self.key or self.kind: fields}

    def url(self, suffix: str = "") -> str:
        """Return its path."""
        return f"{self.path}/{self.id}{suffix}"

    def show(self) -> dict[str, Any]:
        """Return what its service says of it."""
        shown = self.project.get(self.service, self.url())
        return dict(shown if self.bare else shown[self.key or self.kind])

    def state(self, shown: dict[str, Any]) -> str | None:
        """Return the status in what ``show`` returned."""
        return shown.get("status")

    def created_id(self, answer: dict[str, Any]) -> str:
        """Return the id in the answer to a create."""
        return str((answer if self.bare else answer[self.key or self.kind])["id"])

    def settle(self, seconds: float = 120.0) -> tuple[str | None, int]:
        """Return (status, when) once it is in a state that lasts, or is gone."""
        deadline, delay = time.monotonic() + seconds, 0.1
        while True:
            try:
                shown = self.show()
            except RefusedError as error:
                if error.status == 404:
                    return "gone", now()
                raise
            lasting = self.state(shown) in self.stable
            if lasting and not shown.get("OS-EXT-STS:task_state"):
                return self.state(shown), now()
            if time.monotonic() > deadline:
                return f"{self.state(shown)} (still)", now()
            time.sleep(delay)
            delay = min(1.0, delay * 1.5)

    def do(
        self,
        operation: str,
        method: str,
        path: str,
        body: Any = None,
        want: dict[str, Any] | None = None,
        **headers: str,
    ) -> str | None:
        """Send one request, wait for its effect, write both down."""
        line: dict[str, Any] = {
            "type": self.kind,
            "id": self.id,
            "op": operation,
            "project": self.project.id,
            "sent": now(),
        }
        try:
            answer = self.project.call(self.service, method, path, body, **headers)
        except RefusedError as error:
            line |= {"ok": False, "http": error.status, "answered": now(), "why": error.reason}
            self.truth.write(**line)
            return None
        except Exception as error:
            # No answer: an outage, as tests make them.  Whoever called sees it, too.
            self.truth.write(**line, ok=None, answered=now(), want=want, why=str(error)[:300])
            raise
        answered = now()
        if operation == "create":
            self.id = line["id"] = self.created_id(answer.json() if answer.content else {})
        line |= {"ok": True, "http": answer.status_code, "answered": answered, "want": want}
        try:
            status, settled = self.settle()
        except Exception as error:
            self.truth.write(**line, settled=None, status=None, why=str(error)[:300])
            raise
        self.truth.write(**line, settled=settled, status=status)
        return status

    def new_name(self) -> str:
        return f"{self.kind}-{self.hexadecimal()}"

    def hexadecimal(self) -> str:
        return f"{self.chance.getrandbits(32):08x}"
