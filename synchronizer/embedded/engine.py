# SPDX-License-Identifier: Apache-2.0
"""The daemon's parts as threads: samplers, the relay, the keeping of the ledger."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence

from oslo_log import log as logging

from synchronizer.budget import Limited
from synchronizer.keeping.housekeeping import Housekeeping
from synchronizer.ledger import Ledger
from synchronizer.plugin import Plugin
from synchronizer.publishing import Relay
from synchronizer.publishing.relay import Send
from synchronizer.sampling import SamplingWorker, TypeSettings

LOG = logging.getLogger(__name__)

#: Seconds between two looks of the relay at the ledger, at first and while nothing happens.
POLL, LONGEST_POLL = 0.025, 0.1
#: The most changes in one message; nothing has to be cut to a broker's measure.
MOST_CHANGES = 1000
#: Seconds.
COMPACT_INTERVAL, VERIFY_INTERVAL = 300.0, 86400.0
#: Seconds for threads to end when not all could begin.
ENDING = 5.0


class Engine:
    """Samples into a ledger and hands what was recorded to `send`.

    `settings`: by entity type; each is sampled by the one of the plugins that has it.
    `retention`: seconds for which old versions are kept. `on_fatal` is called, from a thread
    of its own, when this cannot go on.
    """

    def __init__(
        self,
        ledger: Ledger,
        plugins: Sequence[Plugin],
        settings: Mapping[str, TypeSettings],
        send: Send,
        *,
        bookmark_interval: float,
        retention: float,
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        self._on_fatal = on_fatal
        owner = f"embedded:{socket.gethostname()}:{os.getpid()}"
        self._relay = Relay(
            ledger,
            ledger.high_water,
            send,
            max_changes=MOST_CHANGES,
            bookmark_interval=bookmark_interval,
            poll=POLL,
            longest_poll=LONGEST_POLL,
        )
        self._relaying = threading.Thread(target=self._run_relay, name="relay", daemon=True)
        self._keeper = Housekeeping(
            ledger,
            retention=retention,
            compact_interval=COMPACT_INTERVAL,
            verify_interval=VERIFY_INTERVAL,
        )
        self._workers: list[SamplingWorker] = []
        self._by_type: dict[str, SamplingWorker] = {}
        budgets = [plugin.context.budget for plugin in plugins]
        self._budgets = [budget for budget in budgets if isinstance(budget, Limited)]
        for plugin in plugins:
            mine = {t.name: settings[t.name] for t in plugin.types() if t.name in settings}
            worker = SamplingWorker(plugin, ledger, mine, owner=owner, on_fatal=on_fatal)
            self._workers.append(worker)
            self._by_type.update(dict.fromkeys(mine, worker))

    def start(self) -> None:
        """Takes the streams over and begins. Raises ledger errors; all is stopped then."""
        with contextlib.ExitStack() as starting:
            starting.callback(self.wait, ENDING)
            starting.callback(self.stop)
            for worker in self._workers:
                worker.start()
            self._relaying.start()
            self._keeper.start()
            starting.pop_all()

    def stop(self) -> None:
        """Asks all threads to end; returns at once."""
        for worker in self._workers:
            worker.stop()
        for budget in self._budgets:
            budget.stop()
        self._relay.stop()

    def wait(self, seconds: float) -> None:
        """Waits for the threads; a thread that is inside a request ends with it, and each plugin
        has at most so long for that. Then closes the plugins."""
        for worker in self._workers:
            worker.wait(seconds)
        if self._relaying.ident is not None:
            self._relaying.join()
            self._keeper.stop()

    def list_now(self, type_: str) -> None:
        """Asks for a listing of this type before its time."""
        self._by_type[type_].list_now(type_)

    def _run_relay(self) -> None:
        try:
            self._relay.run()
        except Exception as error:
            LOG.error("The relay cannot go on: %s", error)
            self._on_fatal(error)
