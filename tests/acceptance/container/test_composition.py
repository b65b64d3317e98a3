# SPDX-License-Identifier: Apache-2.0
"""compose.yaml's daemon as its engine would run it, by what its prepare.sh made, with a RabbitMQ
and a PostgreSQL of this machine in place of the containers beside it."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.acceptance.container import composition
from tests.acceptance.container.image import Image
from tests.acceptance.container.running import Container
from tests.engines.postgresql import PostgresServer
from tests.engines.processes import free_port
from tests.engines.rabbit import RabbitNode
from tests.support.copying import Copying
from tests.support.simulated import MICROVERSION, TYPE, SimulatedCloud
from tests.support.waiting import until

#: As etc/compose/config/synchronizer.conf has it.
CLOUD = "openstack1"

#: Seconds for something to come about, on a busy machine.
PATIENCE = 240

#: What an operator would add for this cloud, which has servers alone.
ADDED = f"""
[nova]
microversion = {MICROVERSION}
types = nova.server
[sampling]
interval = 3
changes_interval = 1
"""


@pytest.fixture(scope="module")
def place(checkout: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A directory with compose.yaml and what belongs to it."""
    path = tmp_path_factory.mktemp("compose")
    shutil.copy(checkout / "compose.yaml", path)
    shutil.copytree(checkout / "etc/compose", path / "etc/compose")
    return path


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCloud]:
    path = tmp_path_factory.mktemp("cloud")
    with SimulatedCloud(path, servers=200, name=CLOUD) as made:
        yield made


@pytest.fixture(scope="module")
def secrets(place: pathlib.Path, cloud: SimulatedCloud) -> pathlib.Path:
    """What prepare.sh made."""
    prepared(place, cloud.clouds_yaml)
    return place / "etc/compose/secrets"


def prepared(place: pathlib.Path, clouds_yaml: pathlib.Path) -> None:
    script = str(place / "etc/compose/prepare.sh")
    subprocess.run(["sh", script, str(clouds_yaml)], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def rabbitmq(secrets: pathlib.Path) -> Iterator[RabbitNode]:
    """With the configuration that compose.yaml's would get."""
    url = urlsplit((secrets / "bus").read_text())
    administrator = f"{url.username}:{url.password}"
    node = RabbitNode((secrets / "rabbitmq.conf").read_text(), administrator)
    yield node
    node.close()


@dataclasses.dataclass(frozen=True)
class World:
    """`bus` is where consumers find it; `environment` is what this machine's network asks for."""

    cloud: SimulatedCloud
    path: pathlib.Path
    service: composition.Service
    environment: dict[str, str]
    bus: str

    def container(self, image: Image) -> Container:
        return Container(self.path, image, self.service, self.environment)


@pytest.fixture(scope="module")
def world(
    place: pathlib.Path,
    secrets: pathlib.Path,
    cloud: SimulatedCloud,
    rabbitmq: RabbitNode,
    postgresql_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    postgresql_server.execute("CREATE ROLE synchronizer LOGIN")
    postgresql_server.execute("CREATE DATABASE synchronizer OWNER synchronizer")
    # The names of compose.yaml's network, which is not there.
    moved(secrets / "ledger", "@postgresql/", f"@127.0.0.1:{postgresql_server.port}/")
    moved(secrets / "bus", "@rabbitmq:5672/", f"@127.0.0.1:{rabbitmq.port}/")
    with (place / "etc/compose/config/synchronizer.conf").open("a") as file:
        file.write(ADDED)
    yield World(
        cloud,
        tmp_path_factory.mktemp("containers"),
        composition.service(place / "compose.yaml", "synchronizer"),
        {"OS_MONITOR__LISTEN": f"0.0.0.0:{free_port()}"},
        (secrets / "bus").read_text().strip(),
    )
    postgresql_server.drop_database(postgresql_server.url("synchronizer"))
    postgresql_server.execute("DROP ROLE synchronizer")


def moved(file: pathlib.Path, from_: str, to: str) -> None:
    text = file.read_text()
    assert from_ in text
    file.write_text(text.replace(from_, to))


def test_it_samples_and_is_healthy_without_any_right(image: Image, world: World) -> None:
    with world.container(image) as container:
        until("it is healthy", container.healthy, PATIENCE)
        with Copying(world.bus, TYPE, cloud=CLOUD) as consumer:
            try:
                consumer.wait_synced(CLOUD, TYPE, PATIENCE)
                world.cloud.control.mutate("rename")
                consumer.wait_equal(CLOUD, TYPE, world.cloud.servers(), PATIENCE)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{container.told()[-4000:]}") from None
            (stream,) = consumer.client.describe()
        assert (stream.owner or "").startswith("synchronizer:")
        assert "synchronizer" in container.execute("cat", "/proc/1/cmdline").stdout
        assert container.execute("touch", "/etc/new").returncode != 0
        status = container.execute("cat", "/proc/1/status").stdout
        for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
            assert line in status
        ready = ["synchronizer", "--timeout", "60", "health", "--ready"]
        until("it is ready", lambda: container.succeeds(*ready), PATIENCE)
        assert container.stop() == 0
    assert "Traceback" not in container.told()


def test_another_container_of_it_goes_on_where_the_first_ended(image: Image, world: World) -> None:
    def described() -> tuple[str, int]:
        with Copying(world.bus, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_equal(CLOUD, TYPE, world.cloud.servers(), PATIENCE)
            (stream,) = consumer.client.describe()
            return stream.epoch, stream.revision

    with world.container(image) as container:
        before = described()
        assert container.stop() == 0
    with world.container(image) as container:
        assert described() == before
        checked = container.execute("synchronizer", "config", "check")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert container.stop() == 0


def test_prepare_keeps_the_passwords_that_are_there(
    place: pathlib.Path, secrets: pathlib.Path, cloud: SimulatedCloud
) -> None:
    before = {file.name: file.read_bytes() for file in secrets.iterdir()}
    prepared(place, cloud.clouds_yaml)
    assert {file.name: file.read_bytes() for file in secrets.iterdir()} == before
    assert secrets.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o044 == 0o044 for file in secrets.iterdir())


def test_no_secret_is_in_the_environment_of_any_container(place: pathlib.Path) -> None:
    services = composition.load(place / "compose.yaml")["services"]
    for name, service in services.items():
        for variable in service.get("environment", {}):
            harmless = variable.endswith("_FILE") or "PASS" not in variable
            assert harmless, f"{name}: {variable}"


def test_every_file_that_compose_names_is_there_once_it_is_prepared(
    place: pathlib.Path, secrets: pathlib.Path
) -> None:
    assert secrets.is_dir()
    document = composition.load(place / "compose.yaml")
    named = [secret["file"] for secret in document["secrets"].values()]
    for service in document["services"].values():
        named += [v.split(":")[0] for v in service.get("volumes", ()) if v.startswith("./")]
    for name in named:
        assert os.access(place / name, os.R_OK), name


def test_the_document_runs_it_under_the_same_restrictions(
    place: pathlib.Path, checkout: pathlib.Path
) -> None:
    text = (checkout / "docs/container.md").read_text()
    service = composition.service(place / "compose.yaml", "synchronizer")
    for target, options in service.temporary.items():
        assert f"--tmpfs {target}:{','.join(options)} " in text
    for option in ("--read-only", "--cap-drop ALL", "--security-opt no-new-privileges:true"):
        assert option in text
