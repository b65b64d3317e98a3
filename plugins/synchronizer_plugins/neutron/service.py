# SPDX-License-Identifier: Apache-2.0
"""Neutron of one cloud, as it is read."""

from collections.abc import Mapping

import msgspec

from synchronizer.plugin import BadConfiguration, NotPermitted
from synchronizer.plugin.openstack import (
    Answer,
    CloudAccess,
    Service,
    excerpt,
    plain_adapter,
    version_prefix,
)
from synchronizer_plugins.neutron.notfound import says_hidden

_EXTENSIONS = "/extensions"


class _Extension(msgspec.Struct):
    alias: str


class _Extensions(msgspec.Struct):
    extensions: list[_Extension]


_extensions = msgspec.json.Decoder(_Extensions)


class Neutron(Service):
    """Neutron's API 2.0, whether or not the catalogue's endpoint names that version."""

    def __init__(self, access: CloudAccess) -> None:
        adapter = plain_adapter(access)
        prefix = version_prefix(adapter, "neutron", "/v2.0")
        super().__init__("neutron", access, adapter=adapter, prefix=prefix)

    def get(self, path: str, params: Mapping[str, str]) -> Answer:
        answer = super().get(path, params)
        if answer.status == 400 and "changed_since" in params and b"changed_since" in answer.body:
            raise BadConfiguration(
                "neutron refuses changed_since, as it does unless neutron.conf has"
                f" filter_validation = false; do not set changed_since ({excerpt(answer.body)})"
            )
        if says_hidden(answer):
            raise NotPermitted(
                f"neutron does not show {answer.request.removeprefix('GET ')}: its policy hides"
                " it, or it has not loaded the extension that this belongs to"
            )
        return answer

    def offers_changes(self) -> bool | None:
        """Whether it takes changed_since, by the extensions that it names; None if it does not
        name them."""
        answer = self.get(_EXTENSIONS, {"fields": "alias"})
        try:
            found = {each.alias for each in _extensions.decode(answer.body).extensions}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return "standard-attr-timestamp" in found and "filter-validation" not in found
