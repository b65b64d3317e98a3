# SPDX-License-Identifier: Apache-2.0
"""From configuration files to a running daemon."""

import pathlib
from collections.abc import Iterable

from oslo_config import cfg
from oslo_log import log as logging

from synchronizer import __version__
from synchronizer.conf import Settings, load
from synchronizer.daemon.manager import run
from synchronizer.plugin.loader import available

LOG = logging.getLogger(__name__)

#: Libraries that say at INFO what no operator needs.
QUIET = ("alembic=WARN", "cotyledon=WARN", "novaclient=WARN", "openstack=WARN")


def read(
    config_files: Iterable[str | pathlib.Path] | None, conf: cfg.ConfigOpts | None = None
) -> Settings:
    """The settings, checked against what the installed plugins declare."""
    declarations = {plugin.name: plugin.settings for plugin in available()}
    return load(config_files, declarations=declarations, conf=conf)


def main(config_files: Iterable[str | pathlib.Path] | None) -> int:
    """Runs the daemon until it is told to end."""
    conf = cfg.CONF
    logging.set_defaults(default_log_levels=[*logging.get_default_log_levels(), *QUIET])
    settings = read(config_files, conf)
    logging.setup(conf, "synchronizer", version=__version__)
    for plugin in available():
        if plugin.error:
            LOG.warning("Plugin %s cannot be used: %s", plugin.name, plugin.error)
    LOG.info(
        "Synchronizer %s begins: clouds %s",
        __version__,
        ", ".join(f"{c.name} ({', '.join(p.name for p in c.plugins)})" for c in settings.clouds),
    )
    run(settings)
    return 0
