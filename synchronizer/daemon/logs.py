# SPDX-License-Identifier: Apache-2.0
"""The daemon's log: oslo.log, with every error told once."""

import logging as python_logging

from oslo_config import cfg
from oslo_log import formatters
from oslo_log import log as logging

from synchronizer import __version__

PROJECT = "synchronizer"

#: Libraries that say at INFO what no operator needs.
QUIET = ("alembic=WARN", "cotyledon=WARN", "novaclient=WARN", "openstack=WARN")


class Formatter(formatters.ContextFormatter):
    """oslo.log's own, but for the summary that it appends to what is logged in a handler.

    Our messages say what happened; the summary says it again.
    """

    def format(self, record: python_logging.LogRecord) -> str:
        text: str = super().format(record)
        summary = getattr(record, "error_summary", "")
        return text if record.exc_info or not summary else text.removesuffix(f": {summary}")


def prepare() -> None:
    """Before the configuration is read: what its defaults are to be."""
    logging.set_defaults(default_log_levels=[*logging.get_default_log_levels(), *QUIET])


def set_up(conf: cfg.ConfigOpts) -> None:
    """Logs as configured from now on."""
    logging.setup(conf, PROJECT, version=__version__)
    for handler in python_logging.getLogger().handlers:
        if type(handler.formatter) is formatters.ContextFormatter:
            handler.setFormatter(
                Formatter(
                    project=PROJECT,
                    version=__version__,
                    datefmt=conf.log_date_format,
                    config=conf,
                )
            )
