# SPDX-License-Identifier: Apache-2.0
"""How pip reaches an index from this machine, for a pip in another file system on it."""

import ast
import pathlib
import subprocess
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

#: Settings that lead to packages.
_KEPT = {
    "cert",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
}


def settings() -> dict[str, str]:
    """This machine's: those of all projects from its files, and those of the environment."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = {}
    for origin in ("global.", "install.", ":env:."):
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(origin) and name.removeprefix(origin) in _KEPT:
                found[name.removeprefix(origin)] = str(ast.literal_eval(value))
    return found


def configuration(of: Mapping[str, str]) -> str:
    """A pip.conf with these settings."""
    lines = [f"{name} = {' '.join(value.split())}\n" for name, value in of.items()]
    return "".join(["[global]\n", *lines])


def paths(of: Mapping[str, str]) -> list[pathlib.Path]:
    """Files and directories of this machine that the settings lead to."""
    found = set()
    for word in (word for value in of.values() for word in value.split()):
        if word.startswith("file:"):
            # Pages of an index, which refer to files beside them.
            found.add(pathlib.Path(urlsplit(word).path).parent)
        elif word.startswith("/"):
            found.add(pathlib.Path(word))
    return sorted(path for path in found if path.exists() and path != path.parent)
