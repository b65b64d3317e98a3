# SPDX-License-Identifier: Apache-2.0
"""nova-compute, with a fake hypervisor that keeps its guests over a restart.

Nova's own fake driver forgets them, which no real hypervisor does: the next
stop, start or delete of an older server then fails.  Runs in the cloud's own
virtual environment.
"""

from nova import monkey_patch  # type: ignore[import-not-found]

monkey_patch.patch(backend="threading")  # before anything else of Nova's

from nova import context, objects  # noqa: E402
from nova.cmd import compute  # type: ignore[import-not-found]  # noqa: E402
from nova.virt import fake  # type: ignore[import-not-found]  # noqa: E402


class RememberingDriver(fake.FakeDriverWithoutFakeNodes):  # type: ignore[misc]
    """The fake driver, told at its start which servers are on its host."""

    def init_host(self, host: str) -> None:
        super().init_host(host)
        for server in objects.InstanceList.get_by_host(context.get_admin_context(), host):
            self.instances[server.uuid] = fake.FakeInstance(
                server.name, server.power_state, server.uuid
            )


fake.RememberingDriver = RememberingDriver  # Nova loads drivers from nova.virt alone
compute.main()
