# SPDX-License-Identifier: Apache-2.0
"""Each secret may stand in a file of its own: for `connection` there is `connection_file`."""

import pathlib
from collections.abc import Iterable, Mapping

from oslo_config import cfg

from synchronizer import errors

#: Where systemd puts what LoadCredential= names.
CREDENTIALS = "CREDENTIALS_DIRECTORY"
_SUFFIX = "_file"


def twin(name: str) -> str:
    """The option that names the file of the option with this name."""
    return f"{name}{_SUFFIX}"


def with_files(options: Iterable[cfg.Opt]) -> list[cfg.Opt]:
    """The options, and after each secret one that which names its file."""
    found = []
    for option in options:
        found.append(option)
        if option.secret:
            named = cfg.StrOpt(
                twin(option.name),
                default="",
                mutable=option.mutable,
                help=f"File that holds {option.name}, in place of that option, and nothing else. "
                f"A path that is not absolute is below ${CREDENTIALS}, which systemd sets.",
            )
            found.append(named)
    return found


def named_for(conf: cfg.ConfigOpts, option: cfg.Opt, group: str | None) -> str:
    """The path that is configured for the file of this option; "" if there is none."""
    if not option.secret:
        return ""
    known = conf if group is None else conf[group]
    name = twin(option.dest)
    return str(known[name] or "") if name in known else ""


def read(path: str, what: str, environment: Mapping[str, str]) -> str:
    """The secret in a file; `what` names the option, in `errors.BadConfiguration`."""
    file = pathlib.Path(path)
    if not file.is_absolute():
        if CREDENTIALS not in environment:
            raise errors.BadConfiguration(
                f"{what} is {path}, which is no absolute path, and systemd gave no credentials "
                f"({CREDENTIALS} is not set)"
            )
        file = pathlib.Path(environment[CREDENTIALS]) / file
    try:
        content = file.read_text().rstrip("\r\n")
    except OSError as error:
        raise errors.BadConfiguration(f"{what}: {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise errors.BadConfiguration(f"{what}: {file} is not text") from None
    if not content.strip() or "\n" in content:
        raise errors.BadConfiguration(f"{what}: {file} has to hold one line, the secret")
    return content
