# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator

import pytest

from synchronizer.client import Mirror
from tests.unit.client.mirror.script import PATIENCE, Script, Told


@pytest.fixture
def script() -> Iterator[Script]:
    made = Script()
    yield made
    made.close()


@pytest.fixture
def mirror(script: Script) -> Iterator[Mirror]:
    """One that runs; its clock stands still."""
    with Mirror(
        script,
        ["nova.server"],
        indexes={"status": lambda entity: entity["status"]},
        clock=lambda: 0.0,
    ) as made:
        yield made


@pytest.fixture
def told(mirror: Mirror) -> Told:
    """A handler for everything, subscribed from the beginning."""
    made = Told()
    mirror.subscribe(added=made, updated=made, deleted=made)
    return made


def settle(mirror: Mirror) -> None:
    """Until handlers were told what the mirror knows."""
    assert mirror.subscribe(added=lambda _: None).wait(PATIENCE)
