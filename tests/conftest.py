# SPDX-License-Identifier: Apache-2.0
"""What holds for all tests."""

import logging
import pathlib
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest_plugins = ["tests.acceptance.cloud.fixtures", "tests.engines.fixtures"]


# A busy machine makes any single example slow, and that is no fault.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Shells have what they run in the background ignore SIGINT, and so would all processes
    that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


#: Its files take minutes. They go first: else they would run alone at the end.
LONGEST = pathlib.Path(__file__).parent / "unit/protocol"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST not in item.path.parents)


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """Commands and daemons set logging up for their process; a test's is over with it."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    before = {logger: (logger.level, logger.disabled) for logger in (root, *_loggers())}
    yield
    root.handlers[:] = handlers
    for logger in (root, *_loggers()):
        level, logger.disabled = before.get(logger, (logging.NOTSET, False))
        if logger.level != level:
            logger.setLevel(level)


def _loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logger for logger in known if isinstance(logger, logging.Logger)]


@pytest.fixture(autouse=True)
def no_word_of_other_tests_brokers(request: pytest.FixtureRequest) -> Iterator[None]:
    """A RabbitMQ that a test killed is missed by its driver's threads, long after the test."""
    driver = logging.getLogger("oslo.messaging._drivers.impl_rabbit")
    level = driver.level
    if "bus" not in request.path.parts:
        driver.setLevel(logging.CRITICAL + 1)
    yield
    driver.setLevel(level)
