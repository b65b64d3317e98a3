# SPDX-License-Identifier: Apache-2.0
"""What several of the daemon's processes open, each for itself; closed with the stack."""

import contextlib

from synchronizer.bus import topics
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.transport import notification_transport
from synchronizer.conf import Settings
from synchronizer.ledger import Ledger, OnCommit, tell_nobody


def open_ledger(
    settings: Settings, stack: contextlib.ExitStack, on_commit: OnCommit = tell_nobody
) -> Ledger:
    ledger = Ledger.open(settings.ledger.url, state_path=settings.state_path, on_commit=on_commit)
    stack.callback(ledger.close)
    return ledger


def make_notifier(settings: Settings, stack: contextlib.ExitStack) -> Notifier:
    transport = notification_transport(settings.notification_transport_url, settings.rabbit_options)
    stack.callback(transport.cleanup)
    return Notifier(transport, topics.publisher_id(settings.host))
