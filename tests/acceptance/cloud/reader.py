# SPDX-License-Identifier: Apache-2.0
"""A user with the role that etc/policy is for, and no other, in a cloud that has these policies."""

import contextlib
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.acceptance.cloud.running import RunningCloud

GUIDE = Path(__file__).parents[3] / "docs" / "operating" / "permissions.md"
POLICIES = Path(__file__).parents[3] / "etc" / "policy"
CLOUDS = "OS_CLIENT_CONFIG_FILE"
#: The services that have a plugin: each has a file.
SERVICES = ("nova", "cinder", "heat", "neutron", "glance", "keystone")
#: The role, its user and the user's project.
NAME = "synchronizer"
#: What opens the second part of nova.yaml.
SECOND_PART = "# The second part."
SETTINGS: Mapping[str, Mapping[str, Any]] = {"heat": {"global_tenant": True}}


def policy(service: str) -> str:
    return (POLICIES / f"{service}.yaml").read_text()


@contextlib.contextmanager
def policies(cloud: RunningCloud) -> Iterator[Path]:
    """The services go by our files: the directory that they read, at each request."""
    where = cloud.cloud.settings.policies
    files = {service: where / f"{service}.yaml" for service in SERVICES}
    before = {service: file.read_text() for service, file in files.items() if file.exists()}
    for service, file in files.items():
        file.write_text(policy(service))
    try:
        yield where
    finally:
        for service, file in files.items():
            # Services look for changes of a file that they have read, not for its end.
            file.write_text(before.get(service, "{}\n"))


@contextlib.contextmanager
def reader(cloud: RunningCloud, clouds_yaml: Path) -> Iterator[None]:
    """Made as the guide says, and written into `clouds_yaml` beside the cloud's other entries,
    as NAME."""
    keystone = cloud.cloud.connect().identity
    with contextlib.ExitStack() as undo:
        undo.callback(remove, keystone)
        for command in made_by():
            subprocess.run(
                [cloud.cloud.settings.venv / "bin" / "openstack", *command],
                env={**os.environ, "OS_CLOUD": cloud.name, CLOUDS: str(cloud.clouds_yaml)},
                check=True,
                stdout=subprocess.DEVNULL,
            )
        known = yaml.safe_load(cloud.clouds_yaml.read_text())
        auth = {
            "auth_url": cloud.auth_url,
            "username": NAME,
            "password": "PASSWORD",
            "project_name": NAME,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }
        known["clouds"][NAME] = {"region_name": "RegionOne", "auth": auth}
        clouds_yaml.write_text(json.dumps(known))
        yield


def made_by() -> Iterator[list[str]]:
    """The guide's commands, without the program's name."""
    commands = re.findall(r"^\$ openstack (.*)$", GUIDE.read_text(), re.MULTILINE)
    assert commands
    yield from map(shlex.split, commands)


def remove(keystone: Any) -> None:
    """What the commands made, all of it or a part."""
    for find, delete in (
        (keystone.find_user, keystone.delete_user),
        (keystone.find_project, keystone.delete_project),
        (keystone.find_role, keystone.delete_role),
    ):
        found = find(NAME)
        if found is not None:
            delete(found)
