# SPDX-License-Identifier: Apache-2.0
"""The daemon's log: oslo.log, with every error told once."""

import logging as python_logging
import pathlib
from collections.abc import Iterable
from typing import Any

from oslo_config import cfg
from oslo_log import formatters, rate_limit
from oslo_log import log as logging

from synchronizer import __version__, errors
from synchronizer.conf.faults import refusing
from synchronizer.conf.libraries import log_levels, register_log_opts
from synchronizer.daemon.unlogged import seldom
from synchronizer.model import StreamKey

PROJECT = "synchronizer"

#: What lines may be about.
FIELDS = ("cloud", "type", "revision")


class Formatter(formatters.ContextFormatter):
    """oslo.log's own, but for the summary that it appends to what is logged in a handler.

    Our messages say what happened; the summary says it again.
    """

    def format(self, record: python_logging.LogRecord) -> str:
        text: str = super().format(record)
        summary = getattr(record, "error_summary", "")
        return text if record.exc_info or not summary else text.removesuffix(f": {summary}")


class Context(python_logging.Filter):
    """Says of each line what it is about: `cloud`, `type` and `revision` (empty where it is about
    none), for format strings and for formats with fields; and `resource`, in oslo.log's way.

    A line is about the stream that it names; its revision is what the caller says.
    """

    def filter(self, record: python_logging.LogRecord) -> bool:
        named = record.args if isinstance(record.args, tuple) else ()
        found: dict[str, Any] = {}
        for key in named:
            if isinstance(key, StreamKey):
                found = {"cloud": key.cloud, "type": key.type}
                record.resource = f"[{key}] "
                break
        extra = [*getattr(record, "extra_keys", ()), *found]
        for name in FIELDS:
            setattr(record, name, found.get(name, getattr(record, name, "")))
        record.extra_keys = sorted(set(extra))
        return True


def prepare() -> None:
    """Before the configuration is read: what its defaults are to be."""
    logging.set_defaults(default_log_levels=log_levels())


def read(config_files: Iterable[str | pathlib.Path] | None) -> cfg.ConfigOpts:
    """The options of the log alone. `errors.BadConfiguration`."""
    conf = cfg.ConfigOpts()
    register_log_opts(conf)
    files = None if config_files is None else [str(file) for file in config_files]
    with refusing(conf):
        conf([], project=PROJECT, default_config_files=files)
    return conf


def set_up(conf: cfg.ConfigOpts, before: cfg.ConfigOpts | None = None) -> None:
    """Logs as configured from now on; `before`: how it was configured until now.

    `errors.BadConfiguration` if that cannot be done; then it logs as before.
    """
    root = python_logging.getLogger()
    handlers = list(root.handlers)
    _forget(before)
    try:
        logging.setup(conf, PROJECT, version=__version__)
    except (OSError, RuntimeError, TypeError, ValueError, logging.LogConfigError) as error:
        root.handlers[:] = handlers
        if before is not None:
            _set_levels(before)
        raise errors.BadConfiguration(f"it cannot be logged as configured: {error}") from None
    for handler in root.handlers:
        seldom(handler)
        if not any(isinstance(known, Context) for known in handler.filters):
            handler.addFilter(Context())
        if type(handler.formatter) is formatters.ContextFormatter:
            handler.setFormatter(
                Formatter(
                    project=PROJECT,
                    version=__version__,
                    datefmt=conf.log_date_format,
                    config=conf,
                )
            )
    for handler in handlers:
        if isinstance(handler, python_logging.FileHandler) and handler not in root.handlers:
            handler.close()


class Log:
    """The log of this process, which may be configured anew."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        set_up(conf)
        self._conf = conf

    def again(self, conf: cfg.ConfigOpts) -> None:
        """Logs so from now on. `errors.BadConfiguration`, and it logs as before."""
        set_up(conf, self._conf)
        self._conf = conf


def mark(conf: cfg.ConfigOpts) -> object:
    """Is another one when the file that log_config_append names was changed."""
    if not conf.log_config_append:
        return None
    try:
        return pathlib.Path(conf.log_config_append).stat().st_mtime_ns
    except OSError:
        return None


def _forget(before: cfg.ConfigOpts | None) -> None:
    """Takes back what oslo.log would leave as it was."""
    rate_limit.uninstall_filter()
    if before is None or before.log_config_append:
        return  # that file says what levels there are, and is not read again if it is the same
    for one in before.default_log_levels:
        python_logging.getLogger(one.partition("=")[0]).setLevel(python_logging.NOTSET)


def _set_levels(conf: cfg.ConfigOpts) -> None:
    for one in conf.default_log_levels:
        name, _, level = one.partition("=")
        python_logging.getLogger(name).setLevel(int(level) if level.isdecimal() else level)
