# SPDX-License-Identifier: Apache-2.0
"""Compares two answers by their shape: what keys and types, not which values."""

from collections.abc import Iterator
from typing import Any

from tests.acceptance.cloud.sides import Answer, Side, is_typical

# Objects whose keys are data.
FREE = frozenset({"metadata", "extra_specs", "addresses", "properties", "scheduler_hints"})
# What says nothing about the service behind: the HTTP server's own.
HEADERS = (
    "content-type",
    "openstack-api-version",
    "x-openstack-nova-api-version",
    "vary",
    "www-authenticate",
    "location",
    "x-subject-token",
)


def differences(real: Side, its: Answer, simulated: Side, other: Answer) -> list[str]:
    """Say in what the simulated answer is not like the real one."""
    if its.status != other.status:
        return [f"status {its.status}, simulated {other.status}: {its.body!r:.300}"]
    found = [
        f"header {name}: {its.headers.get(name)!r}, simulated {other.headers.get(name)!r}"
        for name in HEADERS
        if _header(its, name) != _header(other, name)
    ]
    pairs = (_shape(its.body, "", real), _shape(other.body, "", simulated))
    return found + list(_unlike(*pairs, "body"))


def _header(answer: Answer, name: str) -> str | None:
    value = answer.headers.get(name)
    if name == "vary" and value is not None:
        return ", ".join(sorted(value.replace(" ", "").split(",")))
    if value is None or name in ("openstack-api-version", "x-openstack-nova-api-version"):
        return value
    return value.split(";")[0] if name == "content-type" else "some"


def _shape(value: Any, key: str, side: Side) -> Any:
    """Reduce a value to its shape; links keep where they lead."""
    if isinstance(value, dict):
        if "rel" in value and "href" in value:
            return _link(value, side)
        if key in FREE:
            return {"*": _merged([_shape(item, "", side) for item in value.values()])}
        return {name: _shape(item, name, side) for name, item in value.items()}
    if isinstance(value, list):
        if key == "servers" and value and "addresses" in value[0]:
            value = [server for server in value if is_typical(server)]
        if all(isinstance(item, dict) and "rel" in item for item in value):
            return [_link(item, side) for item in value] or ["*", None]
        return ["*", _merged([_shape(item, "", side) for item in value])]
    return None if value is None else type(value).__name__


def _link(link: dict[str, Any], side: Side) -> Any:
    """Return a link: whole if it leads to Nova, its relation alone if elsewhere."""
    if link["href"].startswith(side.compute.removesuffix("/v2.1")):
        return (link["rel"], *side.normal(link["href"]), *sorted(link.keys() - {"rel", "href"}))
    return (link["rel"], *sorted(link.keys() - {"rel", "href"}))


def _merged(shapes: list[Any]) -> Any:
    """Return one shape with all keys of several; None is part of any shape."""
    known = [shape for shape in shapes if shape is not None]
    if known and all(isinstance(shape, dict) for shape in known):
        keys = sorted({key for shape in known for key in shape})
        return {key: _merged([shape[key] for shape in known if key in shape]) for key in keys}
    if known and all(isinstance(shape, list) and "*" in shape for shape in known):
        return ["*", _merged([shape[1] for shape in known])]
    return known[0] if known else None


def _unlike(real: Any, simulated: Any, where: str) -> Iterator[str]:
    if real is None or simulated is None:
        return  # empty, or null: fits anything
    if isinstance(real, dict) and isinstance(simulated, dict):
        for key in sorted(real.keys() | simulated.keys()):
            if key not in simulated:
                yield f"{where}.{key} is missing from the simulated"
            elif key not in real:
                yield f"{where}.{key} is in the simulated alone"
            else:
                yield from _unlike(real[key], simulated[key], f"{where}.{key}")
    elif isinstance(real, list) and isinstance(simulated, list):
        if len(real) != len(simulated):
            yield f"{where}: {real}, simulated {simulated}"
            return
        for number, (one, other) in enumerate(zip(real, simulated, strict=True)):
            yield from _unlike(one, other, f"{where}[{number}]")
    elif real != simulated:
        yield f"{where}: {real}, simulated {simulated}"
