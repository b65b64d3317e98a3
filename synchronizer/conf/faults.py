# SPDX-License-Identifier: Apache-2.0
"""What is said of files that oslo.config cannot take: where the fault is, and no secret."""

import contextlib
import pathlib
import re
from collections.abc import Iterable, Iterator

from oslo_config import cfg, iniparser

from synchronizer import errors
from synchronizer.conf.differences import options_of

#: How oslo.config names the file, or the variable, that a value is from.
_PLACE = re.compile(r"LocationInfo\(.*?detail='(.*?)'\)")


@contextlib.contextmanager
def refusing(conf: cfg.ConfigOpts) -> Iterator[None]:
    """While `conf` is read: `errors.BadConfiguration` in place of errors that are met, and in the
    end for all options whose values cannot be read, those, too, that nobody asked for."""
    try:
        yield
    except (cfg.Error, OSError, UnicodeDecodeError) as error:
        raise errors.BadConfiguration("; ".join(_faults(error, conf))) from None
    if found := list(_of_values(conf)):
        raise errors.BadConfiguration("; ".join(found))


def _faults(error: Exception, conf: cfg.ConfigOpts) -> Iterable[str]:
    if isinstance(error, UnicodeDecodeError):
        return [f"{_not_text(conf)} is not text in UTF-8"]
    if isinstance(error, OSError):
        return [f"{error.filename or 'a configuration file'}: {error.strerror}"]
    if isinstance(error, cfg.ConfigFilesNotFoundError):
        return [f"no such configuration file: {', '.join(error.config_files)}"]
    if isinstance(error, cfg.ConfigFilesPermissionDeniedError):
        return [f"{', '.join(error.config_files)} cannot be read by this user"]
    if isinstance(error, cfg.ConfigFileParseError):
        of = error.__context__
        if isinstance(of, iniparser.ParseError):
            # The line itself may be a part of a secret.
            return [f"{error.config_file}, line {of.lineno}: {of.msg}"]
        return [f"{error.config_file} is not of the form of a configuration"]
    return list(_of_values(conf)) or [_PLACE.sub(r"\1", str(error))]


def _of_values(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Of all values that cannot be read."""
    for section, option in options_of(conf):
        try:
            _ = conf[option.dest] if section == "DEFAULT" else conf[section][option.dest]
        except ValueError as error:
            place = _PLACE.search(str(error))
            where = f" of {place[1]}" if place and place[1] else ""
            why = "" if option.secret else f": {str(error).partition(' is not valid: ')[2]}"
            yield f"{option.dest} in [{section}]{where} is not valid{why}"
        except cfg.Error:
            # The name itself may be a part of a secret.
            yield (
                f"{option.dest} in [{section}]: a $ in it names an option that there is not; "
                "write $$ for one that stands for itself"
            )


def _not_text(conf: cfg.ConfigOpts) -> str:
    named = [file for file in conf.default_config_files or () if not _is_text(file)]
    return ", ".join(named) or "a configuration file"


def _is_text(file: str) -> bool:
    try:
        pathlib.Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return True
