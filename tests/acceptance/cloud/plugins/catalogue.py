# SPDX-License-Identifier: Apache-2.0
"""Regions of the real Keystone whose endpoints lead to the fault proxies, or that have none."""

import contextlib
import secrets
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
    """The proxies by service, and the password that clouds.yaml has."""

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
        password = secrets.token_hex(16)
        stack.callback(_ask, session, "DELETE", f"/users/{_user(session, password)}")
        clouds = _clouds(cloud, proxies["keystone"], password)
        path.write_text(yaml.safe_dump({"clouds": clouds}))
        yield Behind(path, proxies, password)


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


def _user(session: Any, password: str) -> str:
    """An administrator whose password is a text that occurs nowhere else; its id."""
    for old in _ask(session, "GET", f"/users?name={FAULTY}")["users"]:
        _ask(session, "DELETE", f"/users/{old['id']}")
    body = {"user": {"name": FAULTY, "domain_id": "default", "password": password}}
    id_ = str(_ask(session, "POST", "/users", body)["user"]["id"])
    (role,) = _ask(session, "GET", "/roles?name=admin")["roles"]
    project = session.get_project_id()
    _ask(session, "PUT", f"/projects/{project}/users/{id_}/roles/{role['id']}")
    return id_


def _ask(session: Any, method: str, path: str, body: Any = None) -> Any:
    endpoint = {"service_type": "identity", "interface": "public"}
    answer = session.request(path, method, json=body, endpoint_filter=endpoint)
    return answer.json() if answer.content else None


def _clouds(cloud: RunningCloud, keystone: FaultProxy, password: str) -> dict[str, Any]:
    auth = {
        "auth_url": cloud.auth_url,
        "username": FAULTY,
        "password": password,
        "project_name": "admin",
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    through = f"http://127.0.0.1:{keystone.port}{urlsplit(cloud.auth_url).path}"
    return {
        FAULTY: {"auth": auth, "interface": INTERFACE, "region_name": FAULTY},
        EMPTY: {"auth": auth, "interface": INTERFACE, "region_name": EMPTY},
        KNOCKING: {
            "auth": {**auth, "auth_url": through},
            "interface": INTERFACE,
            "region_name": FAULTY,
        },
    }
