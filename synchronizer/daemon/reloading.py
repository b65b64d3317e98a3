# SPDX-License-Identifier: Apache-2.0
"""At SIGHUP the master reads the configuration again, and takes over what it can.

What is wrong is one line in the log, and all goes on as it was. Else there is a line for
each option that is another, and one that says which processes begin again.
"""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from oslo_log import log as logging

from synchronizer import errors
from synchronizer.conf import Settings
from synchronizer.conf.differences import Difference, Values, differences
from synchronizer.conf.fixed import is_fixed, with_what_is_fixed
from synchronizer.daemon.access import Access, others
from synchronizer.daemon.concerns import SNAPSHOT, Types, changed, worker
from synchronizer.daemon.current import Current

LOG = logging.getLogger(__name__)


class Configuration(NamedTuple):
    """A configuration as it was read. `set_up_logs`: logs as it says; `BadConfiguration` if
    that cannot be done, and then it logs as before."""

    settings: Settings
    values: Values
    set_up_logs: Callable[[], None]
    access: Access
    #: Changes with the file that the option log_config_append names.
    log_file_mark: object = None


class Reloader:
    """`first`: the configuration that the daemon began with."""

    def __init__(
        self, first: Configuration, read: Callable[[], Configuration], types: Types
    ) -> None:
        #: Those in force. In a process: when it was forked.
        self.values = first.values
        self._access = first.access
        self._mark = first.log_file_mark
        self._read = read
        self._types = types

    def __call__(self, current: Current) -> None:
        """In the master, before the processes get the signal, too."""
        try:
            self._take(self._read(), current)
        except errors.SynchronizerError as error:
            LOG.error("The new configuration is refused, and all goes on as it was: %s", error)
        except (Exception, SystemExit):  # which a library may raise for what it cannot read
            LOG.exception("The configuration cannot be read again, and all goes on as it was")

    def _take(self, new: Configuration, current: Current) -> None:
        old = current.settings
        found = [
            dataclasses.replace(one, mutable=False)
            if is_fixed(one.section, old, new.settings)
            else one
            for one in differences(self.values, new.values)
        ]
        renewed = others(self._access, new.access)
        logs = any(one.logs for one in found) or new.log_file_mark != self._mark
        if logs:
            new.set_up_logs()
        self._tell(found)
        settings = with_what_is_fixed(old, new.settings)
        processes = self._processes(changed(old, settings, self._types), renewed)
        current.replace(settings, processes, logs=logs)
        self.values = self._kept(found, new.values)
        self._access = {**self._access, **new.access}
        self._mark = new.log_file_mark
        for cloud, plugin in renewed:
            LOG.info("What plugin %s of cloud %s reads beside it is another", plugin, cloud)
        LOG.info(
            "The configuration is taken over: %s; %s",
            {0: "no option is another", 1: "one option is another"}.get(
                len(found), f"{len(found)} options are others"
            ),
            f"begins again: {', '.join(processes)}" if processes else "no process begins again",
        )

    def _processes(self, changed: list[str], renewed: list[tuple[str, str]]) -> list[str]:
        """Those that begin again: also those that read what was renewed."""
        more = [worker(cloud, plugin) for cloud, plugin in renewed]
        return list(dict.fromkeys([*changed, *([SNAPSHOT] if more else []), *more]))

    def _tell(self, found: list[Difference]) -> None:
        for one in found:
            if one.mutable:
                LOG.info("%s: %s, was: %s", one, one.new, one.old)
            else:
                LOG.warning(
                    "%s: %s needs a restart of the daemon; until then: %s", one, one.new, one.old
                )

    def _kept(self, found: list[Difference], new: Values) -> Values:
        """What is in force: to be compared with when the configuration is read again."""
        kept = dict(new)
        for one in found:
            key = (one.section, one.option)
            if not one.mutable:
                kept.pop(key, None)
                if key in self.values:
                    kept[key] = self.values[key]
        return kept
