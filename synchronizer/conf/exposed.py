# SPDX-License-Identifier: Apache-2.0
"""Configuration files, and files of one secret each, that everybody may read."""

import pathlib
import stat

from oslo_config import cfg

from synchronizer.conf.differences import values
from synchronizer.conf.given import read_sections
from synchronizer.conf.load import files_of
from synchronizer.conf.secretfiles import twin

#: Where container engines put secrets, with modes that say nothing of who reads them on the host.
ENGINES = pathlib.Path("/run/secrets")


def exposed(conf: cfg.ConfigOpts) -> list[str]:
    """Their paths; `conf` was read before."""
    known = values(conf)
    secrets = {
        (section, value.option.name) for (section, _), value in known.items() if value.option.secret
    }
    own = {str(known[of].value) for of in ((s, twin(n)) for s, n in secrets) if of in known}
    return [
        *(path for path in files_of(conf) if _open(path) and _holds(path, secrets)),
        # What is not absolute is below a directory that systemd closes.
        *sorted(path for path in own if pathlib.Path(path).is_absolute() and _open(path)),
    ]


def _open(path: str) -> bool:
    file = pathlib.Path(path)
    return ENGINES not in file.parents and bool(file.stat().st_mode & stat.S_IROTH)


def _holds(path: str, secrets: set[tuple[str, str]]) -> bool:
    return any(
        (section, name) in secrets and any(said)
        for section, entries in read_sections([path]).items()
        for name, said in entries.items()
    )
