# SPDX-License-Identifier: Apache-2.0
"""Notices when the credential's rights change in the middle of a listing."""

from synchronizer.plugin.openstack.credential import Credential


class RightsWatch:
    """Begun before the first page, asked after each.

    That the token is another one is of no matter as long as it may do the same.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._rights = credential.rights()
        self._token = credential.token_mark()

    def problems(self) -> list[str]:
        """What speaks against the listing so far: nothing, or one text."""
        token = self._credential.token_mark()
        if token == self._token:
            return []
        self._token = token
        difference = self._rights.difference(self._credential.rights())
        if difference is None:
            return []
        return [f"the credential's rights changed during the listing: {difference}"]
