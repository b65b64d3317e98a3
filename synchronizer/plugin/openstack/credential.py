# SPDX-License-Identifier: Apache-2.0
"""Who a session is to Keystone: the token in use, without showing it, and what it may do."""

import dataclasses
import hashlib
import secrets
from typing import Any

from synchronizer import errors
from synchronizer.plugin.openstack.answers import translated


@dataclasses.dataclass(frozen=True, slots=True)
class Rights:
    """What a token was issued for. Two tokens with the same rights see the same.

    It has one scope: a project (in the domain `domain_id`), a domain, the whole `system`, or
    none.
    """

    user_id: str | None
    project_id: str | None
    roles: tuple[str, ...]
    domain_id: str | None = None
    system: bool = False

    @property
    def scope(self) -> str:
        """In words."""
        if self.system:
            return "the system"
        if self.project_id:
            return f"project {self.project_id}"
        return f"domain {self.domain_id}" if self.domain_id else "no scope"

    def difference(self, other: "Rights") -> str | None:
        """What another one has otherwise, in words; None if nothing."""
        changes = [
            f"{field.name.replace('_id', '')} {getattr(self, field.name)!r} ->"
            f" {getattr(other, field.name)!r}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != getattr(other, field.name)
        ]
        return ", ".join(changes) or None


class Credential:
    """The credential of a keystoneauth session. Asking may authenticate anew."""

    def __init__(self, session: Any) -> None:
        self._session = session
        # Tokens are compared within this process alone, so their hashes are of no use elsewhere.
        self._key = secrets.token_bytes(16)

    def token_mark(self) -> str:
        """Stands for the token in use; another token has another one."""
        with translated("keystone"):
            token = self._session.get_token()
        if not token:
            raise errors.NotPermitted("keystone gave no token")
        return hashlib.blake2b(token.encode(), key=self._key, digest_size=16).hexdigest()

    def rights(self) -> Rights:
        """What the token in use was issued for."""
        with translated("keystone"):
            get_access = getattr(self._session.auth, "get_access", None)
            if get_access is None:  # auth_type none, admin_token, http_basic: no roles to know
                user, project = self._session.get_user_id(), self._session.get_project_id()
                return Rights(user, project, ())
            access = get_access(self._session)
            roles = tuple(sorted(access.role_names or ()))
            domain = access.project_domain_id if access.project_id else access.domain_id
            system = bool(getattr(access, "system_scoped", False))
            return Rights(access.user_id, access.project_id, roles, domain, system)
