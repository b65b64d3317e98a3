# SPDX-License-Identifier: Apache-2.0
"""Puts the parts of a simulated cloud together and runs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from synchronizer.simulator import microversions
from synchronizer.simulator.accounts import Accounts
from synchronizer.simulator.churn import DEFAULT_SHARES, Churn
from synchronizer.simulator.cloud import COMPUTE, IDENTITY, Cloud
from synchronizer.simulator.control import Control
from synchronizer.simulator.control_api import CONTROL, ControlApi
from synchronizer.simulator.faults import FaultBook
from synchronizer.simulator.journal import Journal
from synchronizer.simulator.keystone import Keystone
from synchronizer.simulator.nova import Nova
from synchronizer.simulator.paging import PageTracker
from synchronizer.simulator.rendering import View, ViewKey
from synchronizer.simulator.request_log import RequestLog
from synchronizer.simulator.seeded import Seeded
from synchronizer.simulator.server import SimulatorServer
from synchronizer.simulator.tokens import Tokens
from synchronizer.simulator.world import World


@dataclass(frozen=True)
class Running:
    """A simulator that answers; `world` and `churn` are its insides, for callers in-process."""

    auth_url: str
    compute_url: str
    control_url: str
    control: Control
    world: World
    churn: Churn


class Simulator:
    """One simulated cloud.  Used once: `with Simulator(servers=50).serving() as running`.

    `page_limit` is Nova's max_limit; `token_life` is in seconds; `log` is where the ground truth
    goes, `request_log` where each request is written down; `microversion` is the one in which
    the ground truth shows entities; port 0 takes a free one; `churn` is in mutations a second.
    """

    def __init__(
        self,
        *,
        servers: int = 100,
        seed: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        page_limit: int = 1000,
        token_life: float = 3600.0,
        churn: float = 0.0,
        shares: Mapping[str, float] = DEFAULT_SHARES,
        log: Path | str | None = None,
        request_log: Path | str | None = None,
        microversion: str = "2.96",
    ) -> None:
        if servers < 0 or page_limit < 1:
            raise ValueError("servers is at least 0 and page_limit at least 1")
        self._seed = seed
        self._address = (host, port)
        self._page_limit = page_limit
        self._rate = churn
        self._log = None if log is None else Path(log)
        self._request_log = None if request_log is None else Path(request_log)
        self._minor = microversions.minor(microversion)
        self._accounts = Accounts(seed)
        self._tokens = Tokens(token_life)
        self._world = World(Seeded(seed), servers)
        self._churn = Churn(self._world, seed, shares)
        self._faults = FaultBook(seed)

    @contextmanager
    def serving(self) -> Iterator[Running]:
        """Answer until the block ends.  Raises OSError if the address or a log is not to be had."""
        with ExitStack() as stack:
            log = RequestLog(self._request_log)
            stack.callback(log.close)
            server = SimulatorServer(self._address, self._cloud(), self._control(log), log)
            thread = threading.Thread(
                target=server.serve_forever, args=(0.05,), name="simulator", daemon=True
            )
            try:
                self._open_journal(server.origin + COMPUTE, stack)
            except BaseException:
                server.server_close()
                raise
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.stop)
            stack.callback(self._churn.stop)
            self._churn.start(self._rate)
            yield Running(
                auth_url=f"{server.origin}{IDENTITY}/v3",
                compute_url=f"{server.origin}{COMPUTE}/v2.1",
                control_url=server.origin + CONTROL,
                control=Control(server.origin + CONTROL),
                world=self._world,
                churn=self._churn,
            )

    def _cloud(self) -> Cloud:
        nova = Nova(
            self._world,
            self._accounts,
            self._tokens,
            PageTracker(),
            prefix=COMPUTE,
            identity=IDENTITY,
            max_limit=self._page_limit,
        )
        keystone = Keystone(self._accounts, self._tokens, IDENTITY, COMPUTE)
        return Cloud(self._world, keystone, nova, self._tokens, self._faults)

    def _control(self, log: RequestLog) -> ControlApi:
        return ControlApi(self._world, self._churn, self._faults, self._tokens, log)

    def _open_journal(self, root: str, stack: ExitStack) -> None:
        if self._log is None:
            return
        header = {
            "seed": self._seed,
            "servers": self._world.first_servers,
            "started_at": time.time_ns() // 1000,
            "root": root,
            "microversion": f"2.{self._minor}",
        }
        view = View(ViewKey(root, self._minor, True, "detail"), self._accounts)
        journal = Journal(self._log, header, view)
        stack.callback(journal.close)
        self._world.recorder = journal
