# SPDX-License-Identifier: Apache-2.0
"""A log that cannot be written is told on stderr, in one line a minute."""

import errno
import logging
import os

import pytest

from synchronizer.daemon.unlogged import PAUSE, Unlogged


class Full(logging.Handler):
    """Of a log on a full disk."""

    baseFilename = "/var/log/x.log"  # noqa: N815
    error: Exception = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            raise self.error
        except Exception:
            self.handleError(record)


def test_a_full_disk_is_told_in_one_line_and_not_for_each_line_that_is_lost(
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = 0.0
    handler = Full()
    handler.handleError = Unlogged(handler, clock=lambda: now)  # type: ignore[method-assign]
    record = logging.makeLogRecord({"msg": "lost"})
    for _ in range(3):
        handler.emit(record)
    now = PAUSE
    handler.emit(record)
    first, second = capsys.readouterr().err.splitlines()
    assert first == (
        "synchronizer: /var/log/x.log cannot be written: No space left on device; "
        "1 lines of this process are lost so far"
    )
    assert "; 4 lines " in second


def test_a_defect_is_shown_whole(capsys: pytest.CaptureFixture[str]) -> None:
    handler = Full()
    handler.error = TypeError("not all arguments converted")
    handler.handleError = Unlogged(handler)  # type: ignore[method-assign]
    handler.emit(logging.makeLogRecord({"msg": "lost"}))
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert "not all arguments converted" in said
