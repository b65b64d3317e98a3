# SPDX-License-Identifier: Apache-2.0
"""compose.yaml's service, read as an engine reads it; a key that this does not know fails."""

import dataclasses
import pathlib
from typing import Any

import yaml

#: What has no meaning for a single container that is started and stopped by a test.
_OF_THE_ENGINE = {
    "build", "depends_on", "image", "networks", "ports", "restart", "stop_grace_period",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Mount:
    """`source`: a file or a directory on this machine, or the name of a volume."""

    source: str
    target: str
    read_only: bool
    volume: bool = False


@dataclasses.dataclass(frozen=True)
class Service:
    """`temporary`: where a tmpfs is, and its options."""

    hostname: str
    environment: dict[str, str]
    mounts: tuple[Mount, ...]
    temporary: dict[str, list[str]]


def load(path: pathlib.Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text())
    assert isinstance(document, dict)
    return document


def service(path: pathlib.Path, of: str) -> Service:
    """A service of the compose.yaml at this path, which has to be hardened in all ways."""
    document = load(path)
    told = {k: v for k, v in document["services"][of].items() if k not in _OF_THE_ENGINE}
    assert told.pop("read_only") is True
    assert told.pop("cap_drop") == ["ALL"]
    assert told.pop("security_opt") == ["no-new-privileges:true"]
    files = {name: secret["file"] for name, secret in document["secrets"].items()}
    mounts = [
        Mount(str(path.parent / files[name]), f"/run/secrets/{name}", read_only=True)
        for name in told.pop("secrets")
    ]
    for text in told.pop("volumes"):
        source, target, *options = text.split(":")
        if volume := source in document["volumes"]:
            assert not options, f"a named volume with options: {text}"
        else:
            assert source.startswith("./"), f"{source} is neither a volume nor a path"
            source = str(path.parent / source)
        mounts.append(Mount(source, target, options == ["ro"], volume))
    temporary = {}
    for text in told.pop("tmpfs"):
        target, _, options = text.partition(":")
        temporary[target] = options.split(",")
    made = Service(told.pop("hostname"), told.pop("environment"), tuple(mounts), temporary)
    assert not told, f"unknown to the test: {', '.join(told)}"
    return made
