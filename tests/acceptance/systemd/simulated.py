# SPDX-License-Identifier: Apache-2.0
"""The service at work on a simulated cloud, with a consumer that has to keep an exact copy."""

import contextlib
import pathlib
from collections.abc import Iterator

from tests.acceptance.systemd.service import Service
from tests.support.copying import Copying
from tests.support.simulated import CLOUD, MICROVERSION, TYPE, SimulatedCloud

#: Seconds for a copy to be exact again, after whatever happened, on a busy machine.
PATIENCE = 600.0

SERVERS = 200

CONFIGURATION = f"""\
[DEFAULT]
clouds = {CLOUD}
graceful_shutdown_timeout = 15
{{options}}
[monitor]
listen = 127.0.0.1:{{port}}
hang_timeout = {{hang_timeout}}
[sampling]
interval = 3
changes_interval = 1
settle = 0
[relay]
bookmark_interval = 2
[nova]
microversion = {MICROVERSION}
types = {TYPE}
requests_per_minute = 0
"""

#: Seconds after which a process that is silent hangs, for the daemon and for systemd: less than
#: is usual, and enough for a busy machine.
HANG_TIMEOUT, WATCHDOG = 6, 25

#: Nobody waits for a start that takes long here, as long as it succeeds.
IN_TESTS = f"WatchdogSec={WATCHDOG}\nRestartSec=1\nTimeoutStartSec=600"


class AtWork:
    """The three of them."""

    def __init__(self, service: Service, cloud: SimulatedCloud, consumer: Copying) -> None:
        self.service = service
        self.cloud = cloud
        self.consumer = consumer

    def change(self, count: int = 20) -> None:
        """Things happen in the cloud, and are over."""
        self.cloud.control.step(count, settle=True)

    def converges(self) -> None:
        """The copy comes to be what is in the cloud now."""
        try:
            self.consumer.wait_equal(CLOUD, TYPE, self.cloud.servers(), PATIENCE)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.service.told()}") from None


def configure(service: Service, cloud: SimulatedCloud, *, options: str = "") -> None:
    service.configure(
        CONFIGURATION.format(options=options, port=service.port, hang_timeout=HANG_TIMEOUT),
        cloud.clouds_yaml,
    )


@contextlib.contextmanager
def at_work(service: Service, scratch: pathlib.Path, *, options: str = "") -> Iterator[AtWork]:
    """Started, and its consumer has the first copy."""
    with SimulatedCloud(scratch, servers=SERVERS) as cloud:
        configure(service, cloud, options=options)
        service.drop_in("tests", IN_TESTS)
        service.systemctl("start")
        with Copying(service.transport_url, TYPE, cloud=CLOUD) as consumer:
            consumer.wait_synced(CLOUD, TYPE, PATIENCE)
            working = AtWork(service, cloud, consumer)
            working.converges()
            yield working
