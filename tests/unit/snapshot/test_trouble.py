# SPDX-License-Identifier: Apache-2.0
import logging

import pytest

from synchronizer import errors
from synchronizer.snapshot.trouble import REMINDER, Trouble


def test_an_outage_is_told_when_it_begins_and_ends_not_for_each_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    trouble = Trouble(lambda: now[0])
    with caplog.at_level(logging.INFO):
        for _ in range(100):
            trouble.failed("get_all", errors.LedgerUnavailable("the disk is away"))
        now[0] += REMINDER
        trouble.failed("changes", errors.LedgerUnavailable("the disk is away"))
        for _ in range(3):
            trouble.worked()
        trouble.failed("get", errors.LedgerUnavailable("again"))
    assert [record.getMessage() for record in caplog.records] == [
        "get_all cannot be answered (1 calls so far): the disk is away",
        "changes cannot be answered (101 calls so far): the disk is away",
        "calls are answered again; 101 were not",
        "get cannot be answered (1 calls so far): again",
    ]
