# SPDX-License-Identifier: Apache-2.0
"""What the sources have in common: the cloud, its clouds.yaml, requests, and tidying up."""

import contextlib
import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml
from keystoneauth1 import exceptions

from synchronizer.plugin import Plugin, PluginContext
from synchronizer.plugin.conformance import Source
from tests.acceptance.cloud.running import RunningCloud
from tests.support.waiting import until

#: An entry in clouds.yaml whose services all lead to a port where nobody listens.
CLOSED = "closed"
NOWHERE = "http://127.0.0.1:1"
_OVERRIDES = ("compute", "block_storage", "orchestration", "network", "image", "identity")


def write_clouds(cloud: RunningCloud, path: Path) -> Path:
    """The cloud's clouds.yaml with the entry `closed` beside its own."""
    document = yaml.safe_load(cloud.clouds_yaml.read_text())
    own = document["clouds"][cloud.name]
    nowhere = {f"{name}_endpoint_override": NOWHERE for name in _OVERRIDES}
    document["clouds"][CLOSED] = {**own, **nowhere}
    path.write_text(yaml.safe_dump(document))
    return path


class RealSource(Source):
    """A service of the running cloud, which has been seeded.

    A subclass names the plugin's class and the `service_type` in the catalogue; its hooks
    use `call`, and `later` for what they leave behind. A hook returns when the service shows
    what it did and will not change it any more by itself.
    """

    plugin_class: ClassVar[type[Plugin]]
    service_type: ClassVar[str]
    #: Sent with each request: a microversion.
    headers: ClassVar[Mapping[str, str]] = {}
    #: So small that most types have several pages.
    settings: ClassVar[Mapping[str, Any]] = {"page_size": 7, "timeout": 60.0}

    deadline = 120.0
    patience = 120.0

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud = cloud
        self.session = cloud.session()
        self._numbers = itertools.count(1)
        self._later = contextlib.ExitStack()

    def close(self) -> None:
        """Deletes what the hooks left."""
        self._later.close()

    # --- for the checks ------------------------------------------------------

    def make_plugin(self) -> Plugin:
        return self.plugin_class(PluginContext(self.cloud.name, self.settings))

    def make_unreachable_plugin(self) -> Plugin:
        return self.plugin_class(PluginContext(CLOSED, {**self.settings, "timeout": 5.0}))

    def secrets(self) -> list[str]:
        return [str(self.session.get_token())]

    # --- for the hooks ---------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What the service answers to a request below its endpoint, decoded; None for nothing.

        Raises keystoneauth's errors for statuses from 400 on.
        """
        answer = self.session.request(
            path,
            method,
            json=body,
            headers={"Accept": "application/json", **self.headers, **headers},
            endpoint_filter={"service_type": self.service_type, "interface": "public"},
        )
        return answer.json() if answer.content else None

    def later(self, method: str, path: str) -> None:
        """A request to be made at the end of the check; what is gone then is no matter."""

        def tidy() -> None:
            with contextlib.suppress(exceptions.NotFound):
                self.call(method, path)

        self._later.callback(tidy)

    def gone(self, path: str) -> None:
        """Waits until a GET says that there is no such thing."""

        def is_gone() -> bool:
            try:
                self.call("GET", path)
            except exceptions.NotFound:
                return True
            return False

        until(f"{path} to be gone", is_gone, self.patience)

    def settled(self, what: str, is_settled: Callable[[], bool]) -> None:
        """Waits until something is so."""
        until(what, is_settled, self.patience)

    def new_name(self, kind: str) -> str:
        return f"conformance-{kind}-{next(self._numbers)}"
