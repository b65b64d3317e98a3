# SPDX-License-Identifier: Apache-2.0
"""From configuration files to a running daemon."""

import pathlib
import sys
from collections.abc import Iterable

from oslo_config import cfg
from oslo_log import log as logging

from synchronizer import __version__, errors
from synchronizer.conf import Settings, load
from synchronizer.conf.differences import values
from synchronizer.daemon import logs
from synchronizer.daemon.access import access_of
from synchronizer.daemon.check import group
from synchronizer.daemon.manager import run
from synchronizer.daemon.prepare import make_directories, refuse_useless
from synchronizer.daemon.reloading import Configuration, Reloader
from synchronizer.daemon.report import Reports
from synchronizer.monitor import parse_address
from synchronizer.plugin.declarations import check_sampled
from synchronizer.plugin.loader import PluginInfo, available

LOG = logging.getLogger(__name__)


def read(
    config_files: Iterable[str | pathlib.Path] | None,
    conf: cfg.ConfigOpts | None = None,
    plugins: Iterable[PluginInfo] | None = None,
) -> Settings:
    """The settings, checked against what the `plugins` (default: all installed) declare, but for
    those that cannot be used."""
    installed = [of for of in (available() if plugins is None else plugins) if not of.error]
    settings = load(
        config_files,
        declarations={plugin.name: plugin.settings for plugin in installed},
        conf=conf,
        types={type_ for plugin in installed for type_ in plugin.types},
    )
    parse_address(settings.monitor.listen)
    for cloud in settings.clouds:
        for plugin in cloud.plugins:
            known = next((of.types for of in installed if of.name == plugin.name), ())
            if known and plugin.types:
                check_sampled(plugin.types, known, f" in [cloud:{cloud.name}:{plugin.name}]")
    return settings


def read_again(
    config_files: Iterable[str | pathlib.Path] | None,
    conf: cfg.ConfigOpts,
    plugins: Iterable[PluginInfo],
) -> Settings:
    """As `read`, for a daemon that runs: also what would keep it, or its bus, from beginning is
    `errors.BadConfiguration`."""
    settings = read(config_files, conf, plugins)
    refuse_useless(settings)
    if settings.local_socket is not None and settings.local.group:
        group(settings.local.group)
    return settings


def main(config_files: Iterable[str | pathlib.Path] | None) -> int:
    """Runs the daemon until it is told to end; the exit status.

    `errors.BadConfiguration` before anything was started. What goes wrong later is told in
    the log, and on stderr, where the log is a file.
    """
    logs.prepare()
    plugins = available()
    files = None if config_files is None else list(config_files)
    conf = cfg.CONF  # some libraries look for their options in this one
    settings = read(files, conf, plugins)
    make_directories(settings)
    log = logs.Log(conf)

    def configuration(conf: cfg.ConfigOpts, settings: Settings) -> Configuration:
        access = access_of(settings)
        return Configuration(
            settings, values(conf), lambda: log.again(conf), access, logs.mark(conf)
        )

    def again() -> Configuration:
        conf = cfg.ConfigOpts()
        return configuration(conf, read_again(files, conf, plugins))

    for plugin in plugins:
        if plugin.error:
            LOG.warning("Plugin %s cannot be used: %s", plugin.name, plugin.error)
    LOG.info(
        "Synchronizer %s begins: clouds %s",
        __version__,
        ", ".join(f"{c.name} ({', '.join(p.name for p in c.plugins)})" for c in settings.clouds),
    )
    types = {plugin.name: plugin.types for plugin in plugins if not plugin.error}
    reloader = Reloader(configuration(conf, settings), again, types)
    try:
        run(
            settings,
            reloader,
            lambda: log.again(logs.read(files)),
            Reports(lambda: reloader.values),
        )
    except errors.Stop as error:
        LOG.error("%s", error)
        if conf.log_file or conf.log_dir:
            sys.stderr.write(f"synchronizer: {error}\n")
        return 1
    return 0
