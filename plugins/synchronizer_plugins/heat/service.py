# SPDX-License-Identifier: Apache-2.0
"""Heat of one cloud: python-heatclient's session and endpoint, read raw."""

from typing import ClassVar

from heatclient import client as heatclient

from synchronizer.plugin import NotPermitted
from synchronizer.plugin.openstack import Answer, CloudAccess, Service, client_adapter, excerpt

NAME = "heat"

#: The policy that Heat denies everybody unless an operator allows it.
_GLOBAL = b"global_index"


class Heat(Service):
    """Heat has one version, and no microversions."""

    #: With a redirection Heat says that there is such a stack.
    understood: ClassVar[frozenset[int]] = frozenset({200, 302, 400, 404})

    def __init__(self, access: CloudAccess) -> None:
        client = heatclient.Client(
            "1",
            session=access.session,
            service_type=access.service_type,
            service_name=access.service_name,
            interface=access.interface,
            region_name=access.region_name,
            endpoint_override=access.endpoint_override,
        )
        super().__init__(NAME, access, adapter=client_adapter(client.http_client))

    def failure(self, answer: Answer) -> Exception:
        if answer.status == 403 and _GLOBAL in answer.body:
            return NotPermitted(
                f"heat: {answer.request} answered 403: {excerpt(answer.body).rstrip('.')}; allow"
                " stacks:global_index in its policy, or set global_tenant = false: to an"
                " administrator of Heat a plain listing shows all projects, too"
            )
        return super().failure(answer)
