# SPDX-License-Identifier: Apache-2.0
"""What every process of a cloud finds in its environment: nothing of the caller's but PATH."""

import os

from tests.cloud.settings import Settings


def environment(settings: Settings) -> dict[str, str]:
    """Return the whole environment of a process of this cloud."""
    etc, rabbitmq = str(settings.etc), f"{settings.data}/rabbitmq"
    return {
        # oslo.config and the Erlang cookie: both look in ~
        "HOME": etc,
        "PATH": f"{settings.venv}/bin:{os.environ['PATH']}:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        # Some services ignore ~ under WSGI and want to be told.
        "OS_KEYSTONE_CONFIG_DIR": etc,
        "OS_PLACEMENT_CONFIG_DIR": etc,
        "OS_GLANCE_CONFIG_DIR": etc,
        "OS_NEUTRON_CONFIG_DIR": etc,
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf",
        "OS_NOVA_CONFIG_DIR": etc,
        "OS_NOVA_CONFIG_FILES": f"{settings.venv}/etc/nova/api-paste.ini;nova.conf",
        # A RabbitMQ of our own: its ports, its names, on 127.0.0.1 only.
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(settings.ports["epmd"]),
        "RABBITMQ_NODENAME": f"cloud{settings.ports.base}@localhost",
        "RABBITMQ_DIST_PORT": str(settings.ports["erlang"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": f"{etc}/rabbitmq.conf",
        "RABBITMQ_BASE": rabbitmq,
        "RABBITMQ_MNESIA_BASE": rabbitmq,
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{etc}/rabbitmq-plugins",
    }
