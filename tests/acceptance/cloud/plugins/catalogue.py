# SPDX-License-Identifier: Apache-2.0
"""Regions of the real Keystone whose endpoints lead to the fault proxies, or that have none."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.acceptance.cloud.running import RunningCloud
from tests.cloud.catalogue import SERVICES
from tests.support.faultproxy import FaultProxy

#: Entries in clouds.yaml, and the regions they name. `KNOCKING` logs in through Keystone's proxy.
FAULTY, EMPTY, KNOCKING = "faulty", "empty", "knocking"
#: Who has nothing to do with these endpoints, other services say, takes no administrators' ones.
INTERFACE = "admin"


class Behind:
    """The proxies by service, and the secret of the credential that clouds.yaml has."""

    def __init__(self, clouds_yaml: Path, proxies: dict[str, FaultProxy], secret: str) -> None:
        self.clouds_yaml = clouds_yaml
        self.proxies = proxies
        self.secret = secret


@contextlib.contextmanager
def behind_proxies(cloud: RunningCloud, path: Path) -> Iterator[Behind]:
    """Proxies in front of each service that plugins read, registered in a region of their own."""
    session = cloud.session()
    ports = cloud.cloud.settings.ports
    names = [name for name in SERVICES if name != "placement"]
    with contextlib.ExitStack() as stack:
        proxies = {name: stack.enter_context(FaultProxy(ports[name])) for name in names}
        _forget(session)
        stack.callback(_forget, session)
        _register(session, proxies)
        credential = _credential(session)
        stack.callback(_ask, session, "DELETE", _credentials(session, credential["id"]))
        clouds = _clouds(cloud, proxies["keystone"], credential)
        path.write_text(yaml.safe_dump({"clouds": clouds}))
        yield Behind(path, proxies, credential["secret"])


def _register(session: Any, proxies: dict[str, FaultProxy]) -> None:
    for region in (FAULTY, EMPTY):
        _ask(session, "POST", "/regions", {"region": {"id": region}})
    ids = {s["type"]: s["id"] for s in _ask(session, "GET", "/services")["services"]}
    for name, proxy in proxies.items():
        service = SERVICES[name]
        endpoint = {
            "service_id": ids[service.kind],
            "interface": INTERFACE,
            "region_id": FAULTY,
            "url": f"http://127.0.0.1:{proxy.port}{service.path}",
        }
        _ask(session, "POST", "/endpoints", {"endpoint": endpoint})


def _forget(session: Any) -> None:
    """Unregisters what this or a run before it has registered."""
    for endpoint in _ask(session, "GET", "/endpoints")["endpoints"]:
        if endpoint["region_id"] in {FAULTY, EMPTY}:
            _ask(session, "DELETE", f"/endpoints/{endpoint['id']}")
    known = {region["id"] for region in _ask(session, "GET", "/regions")["regions"]}
    for region in known & {FAULTY, EMPTY}:
        _ask(session, "DELETE", f"/regions/{region}")


def _credential(session: Any) -> dict[str, Any]:
    """An application credential: its secret is a text that occurs nowhere else."""
    for old in _ask(session, "GET", _credentials(session))["application_credentials"]:
        if old["name"] == FAULTY:
            _ask(session, "DELETE", _credentials(session, old["id"]))
    body = {"application_credential": {"name": FAULTY}}
    made: dict[str, Any] = _ask(session, "POST", _credentials(session), body)
    return dict(made["application_credential"])


def _credentials(session: Any, id_: str = "") -> str:
    path = f"/users/{session.get_user_id()}/application_credentials"
    return f"{path}/{id_}" if id_ else path


def _ask(session: Any, method: str, path: str, body: Any = None) -> Any:
    endpoint = {"service_type": "identity", "interface": "public"}
    answer = session.request(path, method, json=body, endpoint_filter=endpoint)
    return answer.json() if answer.content else None


def _clouds(
    cloud: RunningCloud, keystone: FaultProxy, credential: dict[str, Any]
) -> dict[str, Any]:
    auth = {
        "auth_url": cloud.auth_url,
        "application_credential_id": credential["id"],
        "application_credential_secret": credential["secret"],
    }
    through = f"http://127.0.0.1:{keystone.port}{urlsplit(cloud.auth_url).path}"
    common = {"auth_type": "v3applicationcredential", "interface": INTERFACE}
    return {
        FAULTY: {**common, "auth": auth, "region_name": FAULTY},
        EMPTY: {**common, "auth": auth, "region_name": EMPTY},
        KNOCKING: {**common, "auth": {**auth, "auth_url": through}, "region_name": FAULTY},
    }
