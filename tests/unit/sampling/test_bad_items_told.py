# SPDX-License-Identifier: Apache-2.0
import logging

import pytest

from synchronizer import errors
from synchronizer.model import StreamKey
from synchronizer.sampling.baditems import BadItems


def test_what_is_left_out_is_one_line_for_all_of_a_page_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    items = BadItems(StreamKey("boston", "nova.server"))
    many = [errors.BadItem(f"no id in {number}") for number in range(500)]
    with caplog.at_level(logging.INFO):
        items.tell(many)
        items.tell(many)
        items.tell([*many, errors.BadItem("another")])
        items.tell([])
    assert [record.getMessage() for record in caplog.records] == [
        "boston/nova.server: left out: no id in 0; no id in 1; no id in 2 and 497 more",
        "boston/nova.server: left out: another",
    ]
