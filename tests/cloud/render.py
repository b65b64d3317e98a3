# SPDX-License-Identifier: Apache-2.0
"""Writes the configuration files of a cloud from the templates."""

import shutil
import string

from tests.cloud.catalogue import SERVICES
from tests.cloud.settings import PASSWORD, TEMPLATES, Settings


def render(settings: Settings) -> None:
    """Write every file that the services of this cloud read into ``settings.etc``."""
    values = {
        "ROOT": settings.root,
        "VENV": settings.venv,
        "PASSWORD": PASSWORD,
        "KEYSTONE": settings.auth_url,
        "RABBIT_PORT": settings.ports["rabbitmq"],
        "GLANCE_PORT": settings.ports["glance"],
        "METADATA_PORT": settings.ports["metadata"],
        "DB": "mysql+pymysql://root@localhost",
        "NOVA_NOTIFICATIONS": settings.nova_notifications,
        "PAGE": settings.page or 1000,
        "NEUTRON_PAGE": settings.page or -1,
        "TOKEN_SECONDS": settings.token_seconds,
    }

    def fill(template: str, **more: str) -> str:
        text = (TEMPLATES / template).read_text()
        return string.Template(text).substitute(values, **more)

    for service in (SERVICES[name] for name in settings.services):
        own = f"{service.config}.conf"
        text = fill("common.conf", SERVICE=service.name) + "\n" + fill(own, SERVICE=service.name)
        (settings.etc / own).write_text(text)
    for name in ("rabbitmq.conf", "rabbitmq-definitions.json", "clouds.yaml"):
        (settings.etc / name).write_text(fill(name))
    shutil.copyfile(TEMPLATES / "gunicorn.conf.py", settings.etc / "gunicorn.conf.py")
    settings.policies.mkdir(exist_ok=True)
    shutil.copyfile(TEMPLATES / "heat-policy.yaml", settings.policies / "heat.yaml")
    (settings.etc / "rabbitmq-plugins").write_text("[].\n")
    for number in range(1, settings.computes + 1):
        # nova-compute takes its identity from its state directory.
        state = settings.data / f"compute{number}"
        state.mkdir(exist_ok=True)
        text = f"[DEFAULT]\nhost = node{number}\nstate_path = {state}\n"
        (settings.etc / f"compute{number}.conf").write_text(text)
