# SPDX-License-Identifier: Apache-2.0
"""Nova's microversions: which one a request asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from synchronizer.simulator.nova_errors import NovaError

MIN_MINOR = 1
MAX_MINOR = 104
STANDARD_HEADER = "openstack-api-version"
LEGACY_HEADER = "x-openstack-nova-api-version"
_FORM = re.compile(r"([1-9]\d*)\.([1-9]\d*|0)")


def requested(headers: Mapping[str, str]) -> str | None:
    """Return the microversion that the headers (names in lower case) name, if any."""
    for entry in headers.get(STANDARD_HEADER, "").split(","):
        service, _, version = entry.strip().partition(" ")
        if service == "compute" and version:
            return version.strip()
    return headers.get(LEGACY_HEADER)


def minor(text: str | None) -> int:
    """Return the second number of a microversion; without one it is 2.1.

    Raises NovaError 400 for a text of another form, 406 for one out of range.
    """
    if text is None:
        return MIN_MINOR
    if text == "latest":
        return MAX_MINOR
    match = _FORM.fullmatch(text)
    if match is None:
        raise NovaError(
            400,
            f"API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum.",
        )
    version = (int(match[1]), int(match[2]))
    if not (2, MIN_MINOR) <= version <= (2, MAX_MINOR):
        raise NovaError(
            406,
            f"Version {text} is not supported by the API. Minimum is 2.{MIN_MINOR} "
            f"and maximum is 2.{MAX_MINOR}.",
        )
    return version[1]


def headers(version: str) -> dict[str, str]:
    """Return the headers that say which microversion answered."""
    return {
        "OpenStack-API-Version": f"compute {version}",
        "X-OpenStack-Nova-API-Version": version,
        "Vary": "OpenStack-API-Version, X-OpenStack-Nova-API-Version",
    }
