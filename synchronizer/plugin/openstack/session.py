# SPDX-License-Identifier: Apache-2.0
"""A keystoneauth session for one entry of clouds.yaml, read by openstacksdk's own rules.

Those rules honour OS_CLIENT_CONFIG_FILE, secure.yaml, vendor profiles, regions, cacert
and insecure. Opening talks to nobody.
"""

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keystoneauth1 import exceptions as ksa_errors
from keystoneauth1.session import Session
from openstack import exceptions as sdk_errors
from openstack.config import OpenStackConfig
from openstack.config.loader import CONFIG_FILES

from synchronizer import errors
from synchronizer.plugin.budget import Budget, Unlimited
from synchronizer.plugin.openstack.restraint import restrain
from synchronizer.plugin.queueing import Queueing

#: Seconds for one request, where neither the plugin nor clouds.yaml (api_timeout) says.
DEFAULT_TIMEOUT = 120.0


@dataclasses.dataclass(frozen=True)
class CloudAccess:
    """How to reach a service of a cloud; the values are what a keystoneauth adapter takes."""

    session: Session
    service_type: str
    service_name: str | None
    interface: str | list[str] | None
    region_name: str | None
    endpoint_override: str | None
    #: Seconds that one request may take, its answer included.
    timeout: float
    #: For each request to the service; what the session sends by itself has entered it.
    budget: Budget = dataclasses.field(default_factory=Unlimited)


def open_cloud(
    name: str,
    service_type: str,
    *,
    region: str = "",
    interface: str = "",
    timeout: float = 0.0,
    budget: Budget | None = None,
) -> CloudAccess:
    """Access to a service of the cloud with this name in clouds.yaml.

    Empty values leave it to clouds.yaml. `BadConfiguration` says what is missing there.
    `budget`: of the service; authenticating is no request to it.
    """
    budget = budget or Unlimited()
    config = _configuration()
    clouds = config.cloud_config.get("clouds") or {}
    if name not in clouds:
        raise errors.BadConfiguration(_unknown(name, config))
    where = config.config_filename or "the environment"
    if not isinstance(clouds[name], Mapping):
        raise errors.BadConfiguration(f"the cloud {name!r} in {where} has nothing below it")
    arguments: dict[str, Any] = {}
    if region:
        arguments["region_name"] = region
    if interface:
        arguments["interface"] = interface
    try:
        cloud = config.get_one(cloud=name, **arguments)
        lacking = _lacking(cloud.config)
        if lacking:
            raise errors.BadConfiguration(f"the cloud {name!r} in {where} lacks: {lacking}")
        session = cloud.get_session()
        limit = timeout or float(cloud.config.get("api_timeout") or DEFAULT_TIMEOUT)
        session.timeout = limit  # for its own requests: authentication and discovery
        restrain(session, budget)
        authentication: Any = session.auth
        if hasattr(authentication, "_lock"):  # which all wait for while one asks for a token
            authentication._lock = Queueing()
        return CloudAccess(
            session=session,
            service_type=service_type,
            service_name=cloud.get_service_name(service_type),
            interface=cloud.get_interface(service_type),
            region_name=cloud.get_region_name(service_type) or None,
            endpoint_override=cloud.get_endpoint(service_type),
            timeout=limit,
            budget=budget,
        )
    except ksa_errors.MissingRequiredOptions as error:
        missing = ", ".join(option.dest for option in error.options)
        raise errors.BadConfiguration(f"the cloud {name!r} in {where} lacks: {missing}") from None
    except (sdk_errors.SDKException, ksa_errors.ClientException, TypeError, ValueError) as error:
        raise errors.BadConfiguration(
            f"the cloud {name!r} in {where} cannot be used: {error}"
        ) from None


def _lacking(config: Mapping[str, Any]) -> str | None:
    """What a password's plugin would miss only when it asks for a token, in words of its own."""
    auth = config.get("auth") or {}
    if str(config.get("auth_type") or "password") not in {"password", "v3password"}:
        return None
    if not (auth.get("username") or auth.get("user_id")):
        return "username (or user_id) in auth"
    return None if auth.get("password") else "password in auth, here or in secure.yaml"


def access_mark(name: str) -> str:
    """Stands for what clouds.yaml and secure.yaml say of a cloud, and does not show it.
    `BadConfiguration` where that is nothing, or not enough: openstacksdk passes over a secure.yaml
    that is only being written."""
    open_cloud(name, "identity")
    entry = _configuration().cloud_config["clouds"].get(name)
    text = json.dumps(entry, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _configuration() -> OpenStackConfig:
    try:
        return OpenStackConfig()
    except (sdk_errors.SDKException, OSError) as error:
        raise errors.BadConfiguration(f"clouds.yaml cannot be read: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError):
        # How openstacksdk fails on YAML that is not of its form.
        named = os.environ.get("OS_CLIENT_CONFIG_FILE", "clouds.yaml")
        raise errors.BadConfiguration(f"{named} is not of the form of a clouds.yaml") from None


def _unknown(name: str, config: OpenStackConfig) -> str:
    if config.config_filename is None:
        return f"there is no cloud {name!r}: {_no_file()}"
    # openstacksdk makes up `defaults` where nothing is defined.
    known = sorted(set(config.cloud_config["clouds"]) - {config.envvar_key, "defaults"})
    return (
        f"no cloud {name!r} in {config.config_filename} (there are: {', '.join(known) or 'none'});"
        " correct os_cloud, or add it there"
    )


def _no_file() -> str:
    """Why openstacksdk has read no file. It passes over those that are broken, with a warning."""
    named = os.environ.get("OS_CLIENT_CONFIG_FILE")
    candidates = [Path(file) for file in (*([named] if named else ()), *CONFIG_FILES)]
    broken = [str(file) for file in candidates if file.is_file()]
    if broken:
        return f"{broken[0]} is not valid YAML, or not readable; the log says more"
    return (
        "no clouds.yaml was found; put it into /etc/openstack, ~/.config/openstack or the"
        " working directory, or name it in OS_CLIENT_CONFIG_FILE"
    )
