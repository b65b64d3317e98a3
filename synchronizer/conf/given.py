# SPDX-License-Identifier: Apache-2.0
"""What files and the environment say, by the names that only they know."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from oslo_config import cfg

from synchronizer import errors
from synchronizer.conf import secretfiles

Sections = dict[str, dict[str, Any]]

_VARIABLE = re.compile(r"OS_([^_]\S*?)__(\S+)")


def variable(section: str, option: str) -> str:
    """The environment variable that is read in place of an option: [cloud:a:nova] page_size is
    OS_CLOUD_A_NOVA__PAGE_SIZE."""
    return f"OS_{re.sub('[^A-Z0-9_]', '_', section.upper())}__{option.upper()}"


class Given:
    """The sections of the files as they stand there, and the environment.

    `reads_secret`: whether the file that holds the secrets of a section is to be read.
    """

    def __init__(
        self,
        sections: Sections,
        environment: Mapping[str, str] | None = None,
        reads_secret: Callable[[str], bool] = lambda section: True,
    ) -> None:
        self.sections = sections
        self.environment = os.environ if environment is None else environment
        self._reads_secret = reads_secret

    def has(self, section: str, option: cfg.Opt) -> bool:
        """Whether somebody says what an option is to be."""
        named = self.sections.get(section, {})
        return option.name in named or variable(section, option.dest) in self.environment

    def _name(self, section: str, option: str) -> str:
        """What says it: an option of a file, or the variable that goes before it."""
        name = variable(section, option)
        return name if name in self.environment else option

    def register(self, conf: cfg.ConfigOpts, options: Iterable[cfg.Opt], section: str) -> None:
        """Has `conf` know the options of a section, after the files were read."""
        options = list(options)
        conf.register_opts(options, group=section)
        self.settle(conf, options, section)

    def settle(self, conf: cfg.ConfigOpts, options: Iterable[cfg.Opt], section: str) -> None:
        """Gives options what is said where oslo.config does not look by itself: variables of
        sections whose names a variable's cannot have, and files that hold secrets."""
        group = None if section == "DEFAULT" else section
        options = list(options)
        for option in options:
            name = variable(section, option.dest)
            if name != f"OS_{section.upper()}__{option.dest.upper()}" and name in self.environment:
                try:
                    conf.set_override(option.dest, self.environment[name], group)
                except ValueError as error:
                    raise errors.BadConfiguration(
                        f"the environment variable {name} is not valid: {error}"
                    ) from None
        files = {option.dest for option in options if not option.secret}
        for option in options:
            if secretfiles.twin(option.dest) not in files:
                continue  # it is no secret, or of a plugin whose settings are not known
            path = secretfiles.named_for(conf, option, group)
            if path and self.has(section, option):
                names = (
                    self._name(section, of) for of in (option.dest, secretfiles.twin(option.dest))
                )
                raise errors.BadConfiguration(
                    f"{' and '.join(names)} are both set, for [{section}]; keep one"
                )
            if path and self._reads_secret(section):
                what = f"{option.name}_file in [{section}]"
                content = secretfiles.read(path, what, self.environment)
                # What overrides is searched for names of options like all values.
                conf.set_override(option.dest, content.replace("$", r"\$"), group)

    def variables(self) -> Iterator[tuple[str, str, str]]:
        """Those that have the form of an option: name, section and option as they stand there."""
        for name in sorted(self.environment):
            match = _VARIABLE.fullmatch(name)
            if match:
                yield name, match[1], match[2]


def read_sections(files: Iterable[str]) -> Sections:
    """The sections as they stand in the files; the later file wins."""
    sections: Sections = {}
    for file in files:
        one: Sections = {}
        try:
            cfg.ConfigParser(file, one).parse()
        except OSError as error:
            raise errors.BadConfiguration(f"{file}: {error.strerror}") from None
        for name, entries in one.items():
            sections.setdefault(name, {}).update(entries)
    return sections
