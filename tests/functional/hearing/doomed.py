# SPDX-License-Identifier: Apache-2.0
"""Listens, says so, and takes one message a second: to be killed in the middle of it.

`python -m tests.functional.hearing.doomed URL EXCHANGE TOPIC`
"""

import sys
import time
from typing import Any

import synchronizer.bus  # noqa: F401 - silences a library
from synchronizer.hearing import Channel, Listener


def slowly(event_type: str, payload: Any) -> None:
    time.sleep(1)


def say(problem: str | None) -> None:
    print("listening" if problem is None else problem, flush=True)


url, exchange, topic = sys.argv[1:]
Listener("c1/doomed", url, [Channel(exchange, topic)], on_message=slowly, on_state=say).start()
time.sleep(600)
