# SPDX-License-Identifier: Apache-2.0
"""The few hosts, flavors, images and texts that all simulated servers share, as JSON."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from hashlib import blake2b, sha224

# Whoever finds this text outside the cloud has found a leak.  In user data it stands where
# base64 keeps it recognisable, so a search needs only the second form.
USER_DATA_SECRET = "leak-marker-4f1d-do-not-publish!"
USER_DATA_MARKER = base64.b64encode(USER_DATA_SECRET[:30].encode()).decode()

HOSTS = tuple(f"compute-{number:03d}" for number in range(50))
ZONES = ("nova", "az-1", "az-2")


def dumps(value: object) -> bytes:
    """Return JSON spaced as OpenStack's services space it."""
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Flavor:
    id: str
    name: str
    vcpus: int
    ram: int
    disk: int
    extra_specs: dict[str, str]

    def embedded(self, extra_specs: bool) -> bytes:
        """Return the flavor as microversion 2.47 and later embed it."""
        body: dict[str, object] = {
            "vcpus": self.vcpus,
            "ram": self.ram,
            "disk": self.disk,
            "ephemeral": 0,
            "swap": 0,
            "original_name": self.name,
        }
        if extra_specs:
            body["extra_specs"] = self.extra_specs
        return dumps(body)

    def linked(self, root: str) -> bytes:
        """Return the flavor as microversions before 2.47 show it."""
        link = {"rel": "bookmark", "href": f"{root}/flavors/{self.id}"}
        return dumps({"id": self.id, "links": [link]})


FLAVORS = tuple(
    Flavor(
        str(number + 1),
        f"m1.{size}",
        vcpus,
        vcpus * 2048,
        vcpus * 10,
        {
            "hw:cpu_policy": "shared",
            "hw:mem_page_size": "any",
            "hw_rng:allowed": "True",
            "quota:disk_total_iops_sec": str(vcpus * 500),
            "trait:COMPUTE_STATUS_DISABLED": "forbidden",
        },
    )
    for number, (size, vcpus) in enumerate(
        (("tiny", 1), ("small", 2), ("medium", 4), ("large", 8), ("xlarge", 16), ("huge", 32))
    )
)


@dataclass(frozen=True)
class Image:
    id: str
    properties: dict[str, str]

    def linked(self, root: str, properties: bool) -> bytes:
        """Return the image reference; its properties are there from microversion 2.98."""
        body: dict[str, object] = {
            "id": self.id,
            "links": [{"rel": "bookmark", "href": f"{root}/images/{self.id}"}],
        }
        if properties:
            body["properties"] = self.properties
        return dumps(body)


def _image(number: int) -> Image:
    text = blake2b(f"image/{number}".encode(), digest_size=16).hexdigest()
    uuid = f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
    return Image(
        uuid,
        {
            "hw_disk_bus": "virtio",
            "hw_machine_type": "q35",
            "hw_video_model": "virtio",
            "hw_vif_model": "virtio",
            "os_distro": ("debian", "ubuntu", "fedora", "rocky")[number % 4],
        },
    )


IMAGES = tuple(_image(number) for number in range(8))


def host_id(host: str, project_id: str) -> bytes:
    """Return `hostId`: the host's name, hidden from the project by a hash."""
    return sha224((project_id + host).encode()).hexdigest().encode()


_USER_DATA_PLAIN = """#cloud-config
hostname: simulated
package_update: true
packages:
  - chrony
  - prometheus-node-exporter
  - unattended-upgrades
users:
  - name: operator
    groups: [adm, sudo, systemd-journal]
    shell: /bin/bash
    sudo: "ALL=(ALL) NOPASSWD:ALL"
write_files:
  - path: /etc/motd
    content: "This server is simulated."
  - path: /etc/sysctl.d/60-network.conf
    content: "net.core.somaxconn = 4096"
"""


def _user_data() -> bytes:
    text = _USER_DATA_PLAIN + "    permissions: '0600'\n  - path: /etc/token\n    content: "
    text += "#" * (-len(text) % 3)  # the marker begins on a boundary of base64
    return dumps(base64.b64encode((text + USER_DATA_SECRET + "\n").encode()).decode())


USER_DATA = _user_data()
USER_DATA_WITHOUT_MARKER = dumps(base64.b64encode(_USER_DATA_PLAIN.encode()).decode())
