# SPDX-License-Identifier: Apache-2.0
"""The declarations of all options; the sample configuration is generated from them."""

import copy
import socket
from typing import Any

from oslo_config import cfg, types

from synchronizer.bus import rabbit
from synchronizer.conf.changeable import can_change
from synchronizer.conf.libraries import log_opts, rabbit_opts
from synchronizer.conf.secretfiles import with_files
from synchronizer.plugin import Setting
from synchronizer.plugin.loader import available

DEFAULT: list[cfg.Opt] = [
    cfg.ListOpt(
        "clouds",
        default=[],
        sample_default=["openstack1"],
        help="The clouds to sample, by the names that topics and answers will carry. Each may "
        "have a section [cloud:NAME].",
    ),
    cfg.HostAddressOpt(
        "host",
        default=socket.gethostname(),
        sample_default="controller1",
        help="Names this host in what is published (publisher_id) and in the ledger. Left out: the "
        "name that the host has.",
    ),
    cfg.StrOpt(
        "state_path",
        default="/var/lib/synchronizer",
        help="Directory of what has to last: the SQLite ledger and the high-water mark.",
    ),
    cfg.StrOpt(
        "runtime_path",
        default="/run/synchronizer",
        help="Directory of what lasts as long as the daemon runs: the local bus's socket.",
    ),
    cfg.StrOpt(
        "transport_url",
        default="",
        secret=True,
        sample_default="local:///run/synchronizer/bus.sock",
        help="The bus for RPC, and for notifications unless they have a URL of their own. "
        "local:///PATH starts the embedded broker for this host.",
    ),
    cfg.StrOpt(
        "notification_transport_url",
        default="",
        secret=True,
        help="The bus for notifications, where that is another one than for RPC. Empty: the same.",
    ),
    cfg.IntOpt(
        "graceful_shutdown_timeout",
        default=15,
        min=1,
        help="Seconds that a process is given to end by itself.",
    ),
]

LEDGER: list[cfg.Opt] = [
    cfg.StrOpt(
        "connection",
        default="",
        secret=True,
        sample_default="sqlite:////var/lib/synchronizer/ledger.sqlite",
        help="SQLAlchemy URL of the ledger's database.",
    ),
    cfg.FloatOpt(
        "retention",
        default=7 * 86400.0,
        min=3600,
        help="Seconds for which superseded versions and deleted entities are kept. It has to be "
        "longer than the longest listing, and than a consumer may be away without having to "
        "get all again.",
    ),
    cfg.FloatOpt("compact_interval", default=300.0, min=1, help="Seconds between compactions."),
    cfg.FloatOpt(
        "verify_interval",
        default=86400.0,
        min=60,
        help="Seconds between two recomputations of every stream's digest (and one at start).",
    ),
]

RELAY: list[cfg.Opt] = [
    cfg.IntOpt("max_changes", default=200, min=1, help="The most changes in one notification."),
    cfg.IntOpt(
        "max_bytes",
        default=512 * 1024,
        min=4096,
        help="The most bytes of entities in one notification. A single entity above that travels "
        "without its content, and is fetched by its consumers.",
    ),
    cfg.FloatOpt(
        "bookmark_interval",
        default=10.0,
        min=0.2,
        help="Seconds after which every topic gets a bookmark at the latest.",
    ),
    cfg.FloatOpt(
        "deadline", default=10.0, min=0.1, help="Seconds for the bus to take one message."
    ),
    cfg.FloatOpt("poll", default=0.025, min=0.001, help="Seconds between looks at the ledger."),
]

SNAPSHOT: list[cfg.Opt] = [
    cfg.IntOpt("workers", default=1, min=1, help="Snapshot server processes."),
    cfg.IntOpt("threads", default=8, min=2, help="Calls that each process serves at once."),
    cfg.IntOpt("page", default=500, min=1, max=5000, help="Entities on a page, unless asked."),
    cfg.IntOpt("max_bytes", default=512 * 1024, min=4096, help="The most bytes on a page."),
    cfg.FloatOpt(
        "first_listing_timeout",
        default=30.0,
        min=0,
        # Clients wait a little longer than that for a first page.
        max=30,
        help="Seconds that get_all waits for a complete listing: for the first one of a type, and "
        "for one that is as fresh as its max_age asks for.",
    ),
]

LOCAL: list[cfg.Opt] = [
    cfg.StrOpt("group", default="", help="A group that may use the local bus beside its owner."),
    cfg.IntOpt("max_messages", default=10000, min=1, help="The most messages in one queue."),
    cfg.IntOpt("max_bytes", default=64 << 20, min=1 << 20, help="The most bytes in one queue."),
]

MONITOR: list[cfg.Opt] = [
    cfg.StrOpt(
        "listen",
        default="127.0.0.1:9788",
        regex=r"^((\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5})?$",
        help="HOST:PORT at which /healthz, /readyz and /metrics are served over HTTP, to everybody "
        "who can reach it. Empty: nowhere.",
    ),
    cfg.FloatOpt(
        "hang_timeout",
        default=120.0,
        min=2,
        help="Seconds after which a process that makes no progress is killed and started again, "
        "beyond the time-outs of whatever it waits for. What takes long is no reason, as long as "
        "it goes on.",
    ),
]

REPORTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "log_dir",
        default="",
        help="Directory for the reports of what a process is doing that it writes at SIGUSR2. "
        "Empty: they go to stderr.",
    ),
]

SAMPLING: list[cfg.Opt] = [
    cfg.FloatOpt(
        "interval", default=600.0, min=0.1, help="Seconds between two complete listings of a type."
    ),
    cfg.FloatOpt(
        "changes_interval",
        default=5.0,
        min=0,
        help="Seconds between two changes-since queries, for services that have them. 0: none.",
    ),
    cfg.FloatOpt(
        "settle",
        default=60.0,
        min=0,
        help="An entity whose last change was recorded less than so many seconds ago is deleted "
        "only after a second listing without it: replicas lag.",
    ),
    cfg.FloatOpt(
        "confirm_rate",
        default=20.0,
        min=0.1,
        help="Entities per second that are asked for one by one, to confirm that they are gone.",
    ),
    cfg.FloatOpt(
        "hint_rate",
        default=20.0,
        min=0.1,
        help="Entities per second that are asked for one by one because a notification of the "
        "service named them. Where many wait, changes-since is asked instead, if there is one.",
    ),
    cfg.FloatOpt(
        "new_content_rate",
        default=200.0,
        min=0.1,
        help="Entities per second of a type that are announced where nothing but the fields that "
        "they have is another: after an upgrade of the service, or of a plugin.",
    ),
]

CLOUD: list[cfg.Opt] = [
    cfg.ListOpt("plugins", default=["nova"], help="The plugins to run for this cloud."),
    cfg.StrOpt(
        "notification_transport_url",
        default="",
        secret=True,
        help="The bus on which the services of this cloud send notifications, such as "
        "rabbit://USER:PASSWORD@HOST:5672/: what these name is read at once. Empty: listings and "
        "changes-since only. Options of oslo.messaging's driver come in the query: "
        "?ssl=true&ssl_ca_file=/etc/ssl/cloud.pem. Nothing is taken away from others who listen "
        "there.",
    ),
]

#: What every plugin's section, [PLUGIN] or [cloud:NAME:PLUGIN], may hold beside its settings.
PLUGIN: list[cfg.Opt] = [
    cfg.ListOpt(
        "types",
        default=[],
        help="The entity types to sample, as nova.server (empty: all that the plugin has).",
    ),
    cfg.IntOpt(
        "max_in_flight",
        default=4,
        min=1,
        help="Requests that the service gets at once, of all types and processes of this host "
        "together. Listings leave one of them to others.",
    ),
    cfg.IntOpt(
        "requests_per_minute",
        default=600,
        min=0,
        help="Requests that the service gets in any 60 seconds, of all types and processes of "
        "this host together (0: as many as come up). `synchronizer plan` tells how many a "
        "configuration needs. Requests to Keystone for tokens do not count.",
    ),
    cfg.ListOpt(
        "notification_channels",
        item_type=types.String(regex=r"[^/\s]+/[^/\s]+|none"),
        default=[],
        help="Where on the cloud's bus (notification_transport_url) the service's notifications "
        "are, each as EXCHANGE/TOPIC, without a priority: nova/versioned_notifications. Empty: "
        "where the plugin's README says. none: they are not listened to.",
    ),
]

#: What a section [TYPE] or [cloud:NAME:TYPE] may hold: as [sampling], but with no default.
TYPE: list[cfg.Opt] = [copy.copy(option) for option in SAMPLING]
for _option in TYPE:
    _option.sample_default = _option.default
    _option.default = None
TYPE += [
    cfg.ListOpt(
        "volatile",
        sample_default=[],
        help="Fields (of the top level) that are no change by themselves, beside those that the "
        "plugin names. They stay in the entity. Can be edited at any time: nothing is announced.",
    ),
    cfg.ListOpt(
        "sensitive",
        sample_default=[],
        help="Fields (of the top level) that are never kept and never told, beside those that the "
        "plugin names. Where they were kept so far they are removed, from the history too, and a "
        "change of each entity that had one is announced.",
    ),
]

can_change(LEDGER, but=["connection"])
can_change(SNAPSHOT, but=["workers"])
can_change(MONITOR, but=["hang_timeout"])
can_change(CLOUD, but=["plugins"])
for _options in (RELAY, LOCAL, SAMPLING, PLUGIN, TYPE):
    can_change(_options)

DEFAULT, LEDGER, CLOUD = map(with_files, (DEFAULT, LEDGER, CLOUD))

GROUPS: dict[str, list[cfg.Opt]] = {
    "DEFAULT": DEFAULT,
    "ledger": LEDGER,
    "relay": RELAY,
    "snapshot": SNAPSHOT,
    "local": LOCAL,
    "monitor": MONITOR,
    "oslo_reports": REPORTS,
    "sampling": SAMPLING,
}


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """All options by group, for oslo-config-generator."""
    groups: list[tuple[str, list[cfg.Opt]]] = [
        (name, copy.deepcopy(options)) for name, options in GROUPS.items()
    ]
    groups.append(("cloud:openstack1", copy.deepcopy(CLOUD)))
    return [*groups, *plugin_opts(), (rabbit.GROUP, rabbit_opts()), *log_opts()]


def plugin_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """What the installed plugins declare, and the sampling of each of their types."""
    groups = []
    for plugin in available():
        own = with_files(setting_option(setting) for setting in plugin.settings)
        groups.append((plugin.name, [*own, *copy.deepcopy(PLUGIN)]))
        groups += [(type_, copy.deepcopy(TYPE)) for type_ in plugin.types]
    return groups


def setting_option(setting: Setting) -> cfg.Opt:
    """A plugin's setting as an option of ours."""
    kinds = {bool: cfg.BoolOpt, int: cfg.IntOpt, float: cfg.FloatOpt, str: cfg.StrOpt}
    kind: Any = kinds[type(setting.default)]
    option: cfg.Opt = kind(
        setting.name,
        default=setting.default,
        help=setting.help,
        secret=setting.secret,
        mutable=True,
    )
    return option
