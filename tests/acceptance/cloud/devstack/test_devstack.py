# SPDX-License-Identifier: Apache-2.0
"""The DevStack plugin: stacked, used, unstacked, stacked again, cleaned up.

Each fixture is a step that follows the one before; each test looks at what a step has left.
"""

import json
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synchronizer.client import Client
from synchronizer.model import StreamKey
from synchronizer.plugin.loader import available
from tests.acceptance.cloud.devstack.devstack import DevStack
from tests.acceptance.cloud.listings import complete
from tests.acceptance.cloud.running import RunningCloud
from tests.engines.mariadb import MariaServer
from tests.support.copying import Copying
from tests.support.waiting import answered, until

CLOUD = "mystack"
#: One of each plugin.
TYPES = (
    "nova.server",
    "cinder.volume",
    "heat.stack",
    "neutron.network",
    "glance.image",
    "keystone.project",
)
PATIENCE = 240


@pytest.fixture(scope="module")
def devstack(whole: RunningCloud, mariadb_server: MariaServer) -> Iterator[DevStack]:
    made = DevStack(
        whole,
        mariadb_server,
        options={"SYNCHRONIZER_CLOUD": CLOUD},
        configuration=(("relay", "bookmark_interval", "2"), ("monitor", "listen", "")),
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def stacked(devstack: DevStack) -> DevStack:
    devstack.run("stack.sh")
    return devstack


@pytest.fixture(scope="module")
def consumer(stacked: DevStack) -> Iterator[Copying]:
    """It stays there through all that follows."""
    with Copying(stacked.transport_url, *TYPES, cloud=CLOUD) as copying:
        yield copying


@pytest.fixture(scope="module")
def sampled(stacked: DevStack, consumer: Copying) -> dict[StreamKey, str]:
    """The epoch of each stream."""
    wait_listed(consumer.client)
    return epochs(consumer.client)


@pytest.fixture(scope="module")
def unstacked(sampled: dict[StreamKey, str], stacked: DevStack) -> DevStack:
    stacked.run("unstack.sh")
    return stacked


@pytest.fixture(scope="module")
def again(unstacked: DevStack) -> DevStack:
    """Stacked once more, with what is installed."""
    unstacked.run("stack.sh", OFFLINE="True")
    return unstacked


@pytest.fixture(scope="module")
def cleaned(again: DevStack) -> DevStack:
    again.run("unstack.sh")
    again.run("clean.sh")
    return again


def wait_listed(client: Client) -> None:
    """Until every type of every plugin was listed, and nothing is wrong with any."""
    expected = {type_ for plugin in available() for type_ in plugin.types}

    def listed() -> bool:
        streams = answered(client.describe)
        well = {s.type for s in streams if s.listed_at is not None and s.problem is None}
        return well == expected

    until("the first listings", listed, PATIENCE, 1.0)


def epochs(client: Client) -> dict[StreamKey, str]:
    return {found.stream: found.epoch for found in client.describe()}


def wait_equal(consumer: Copying, cloud: RunningCloud) -> None:
    """Until the consumer knows the entities that the services list."""
    session = cloud.session()
    for type_ in TYPES:
        until(
            f"a copy of {type_}",
            lambda type_=type_: (  # type: ignore[misc]
                consumer.copy.of(CLOUD, type_).keys() == complete(session, type_).keys()
            ),
            PATIENCE,
            1.0,
        )


def user(cloud: RunningCloud) -> Any:
    return cloud.cloud.connect("cloud").identity.find_user("synchronizer", domain_id="default")


def readable_by_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ENABLED_SERVICES": "mysql,key,n-api"}, "enable_service rabbit"),
        ({"DATABASE_TYPE": ""}, "enable_service mysql"),
        ({"PYTHON3_VERSION": "3.10"}, "Synchronizer needs Python 3.11"),
    ],
)
def test_stacking_ends_early_and_says_what_is_missing(
    devstack: DevStack, variables: dict[str, str], told: str
) -> None:
    devstack.run("stack.sh", status=1, **variables)
    assert told in devstack.told("stack.sh")
    assert "Installing Synchronizer" not in devstack.told("stack.sh")


def test_every_service_of_the_cloud_is_sampled(
    sampled: dict[StreamKey, str], consumer: Copying, whole: RunningCloud
) -> None:
    assert {stream.cloud for stream in sampled} == {CLOUD}
    wait_equal(consumer, whole)


def test_the_services_notifications_are_listened_to(
    sampled: dict[StreamKey, str], consumer: Copying, whole: RunningCloud
) -> None:
    # Keystone tells changes in no other way, and the next listing is minutes away.
    keystone = whole.cloud.connect("cloud").identity
    project = keystone.create_project(name=f"devstack-{uuid.uuid4().hex}", domain_id="default")
    try:
        until("its notification", lambda: project.id in consumer.copy.of(CLOUD, TYPES[-1]), 120)
    finally:
        keystone.delete_project(project)


def test_its_processes_run_until_it_is_unstacked(stacked: DevStack) -> None:
    assert stacked.pid() in stacked.processes()
    assert len(stacked.processes()) > len(TYPES), "a worker for each service, and others"


def test_its_check_finds_nothing_amiss(stacked: DevStack) -> None:
    told = stacked.told("stack.sh")
    assert "cloud mystack, plugin heat" in told
    assert "FAIL" not in told, told


def test_its_user_has_one_role_and_there_is_no_endpoint(
    stacked: DevStack, whole: RunningCloud
) -> None:
    keystone = whole.cloud.connect("cloud").identity
    (assignment,) = keystone.role_assignments(user_id=user(whole).id)
    assert assignment.role["id"] == keystone.find_role("admin").id
    assert assignment.scope["project"]["id"] == keystone.find_project("service").id
    assert not [found for found in keystone.services() if "synchronizer" in found.name]


def test_bus_and_database_are_devstacks_and_its_own_in_them(
    sampled: dict[StreamKey, str], stacked: DevStack
) -> None:
    assert stacked.has_vhost()
    assert "synchronizer" in stacked.databases()
    assert not list(stacked.data.rglob("*.sqlite"))


def test_nobody_else_reads_its_passwords(stacked: DevStack) -> None:
    for path in (stacked.conf, stacked.etc / "clouds.yaml", stacked.data / "synchronizer"):
        assert not readable_by_others(path), path
    pid = stacked.pid()
    assert pid is not None
    command = Path(f"/proc/{pid}/cmdline").read_text()
    assert "secret" not in command
    assert "quoted" not in stacked.log()


def test_what_local_conf_says_of_its_file_holds(stacked: DevStack) -> None:
    assert "bookmark_interval = 2\n" in stacked.conf.read_text()


def test_its_commands_work_with_its_configuration(
    sampled: dict[StreamKey, str], stacked: DevStack
) -> None:
    streams = json.loads(stacked.ask("describe", "-f", "json"))
    assert len(streams) == len(sampled)


def test_unstack_ends_the_service_and_deletes_its_user(
    unstacked: DevStack, whole: RunningCloud
) -> None:
    assert unstacked.pid() is None
    assert unstacked.processes() == []
    assert user(whole) is None


def test_unstack_leaves_the_database_as_it_does_those_of_the_services(unstacked: DevStack) -> None:
    assert "synchronizer" in unstacked.databases()
    assert unstacked.conf.exists()


def test_stacked_again_it_begins_new_epochs_and_consumers_follow(
    sampled: dict[StreamKey, str], again: DevStack, consumer: Copying, whole: RunningCloud
) -> None:
    wait_listed(consumer.client)
    assert epochs(consumer.client).keys() == sampled.keys()
    assert not set(epochs(consumer.client).values()) & set(sampled.values())
    wait_equal(consumer, whole)
    assert consumer.failure is None


def test_clean_leaves_nothing_of_it(cleaned: DevStack, whole: RunningCloud) -> None:
    assert cleaned.processes() == []
    assert user(whole) is None
    assert not cleaned.has_vhost()
    assert "synchronizer" not in cleaned.databases()
    assert not cleaned.etc.exists()
    assert not (cleaned.data / "synchronizer").exists()
    assert not (cleaned.venv / "bin/synchronizer").exists()
    assert not any((cleaned.dest / "status").iterdir())
