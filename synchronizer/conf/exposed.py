# SPDX-License-Identifier: Apache-2.0
"""Configuration files with secrets in them that everybody may read."""

import pathlib
import stat

from oslo_config import cfg

from synchronizer.conf.differences import values
from synchronizer.conf.given import read_sections
from synchronizer.conf.load import files_of


def exposed(conf: cfg.ConfigOpts) -> list[str]:
    """Their paths; `conf` was read before."""
    secrets = {
        (section, value.option.name)
        for (section, _), value in values(conf).items()
        if value.option.secret
    }
    return [
        path
        for path in files_of(conf)
        if pathlib.Path(path).stat().st_mode & stat.S_IROTH and _holds(path, secrets)
    ]


def _holds(path: str, secrets: set[tuple[str, str]]) -> bool:
    return any(
        (section, name) in secrets and any(said)
        for section, entries in read_sections([path]).items()
        for name, said in entries.items()
    )
