# SPDX-License-Identifier: Apache-2.0
"""From configuration files to `Settings`."""

import contextlib
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from synchronizer import errors
from synchronizer.bus import rabbit, topics
from synchronizer.bus.transport import uses_rabbit
from synchronizer.conf import options
from synchronizer.conf.settings import (
    CloudSettings,
    LedgerSettings,
    LocalBusSettings,
    PluginSettings,
    RelaySettings,
    Settings,
    SnapshotSettings,
    TypeSettings,
)
from synchronizer.conf.unknown import refuse_unknown

TYPE_NAME = re.compile(r"[a-z0-9_-]+\.[a-z0-9_-]+")

#: What settings a plugin has: name -> (default, help, secret). Given by whoever can load plugins.
PluginDeclarations = Mapping[str, Sequence[Any]]


def load(
    config_files: Iterable[str | pathlib.Path] | None = None,
    *,
    declarations: PluginDeclarations | None = None,
    conf: cfg.ConfigOpts | None = None,
) -> Settings:
    """Reads the files (default: where oslo.config looks for synchronizer.conf) and checks them.

    `declarations` maps a plugin's name to its `plugin.Setting`s; without it, plugin
    sections are taken as they are. `errors.BadConfiguration` names what is wrong.
    """
    conf = conf or cfg.ConfigOpts()
    files = None if config_files is None else [str(file) for file in config_files]
    for name, opts in options.GROUPS.items():
        conf.register_opts(opts, group=None if name == "DEFAULT" else name)
    logging.register_options(conf)
    try:
        conf([], project="synchronizer", default_config_files=files)
        sections = read_sections(conf.config_file)
        plugins = {name: declared(conf, name, sections, declarations or {}) for name in conf.clouds}
        types = dict(type_sections(conf, sections))
        url = conf.transport_url or default_bus(conf.runtime_path)
        notification_url = conf.notification_transport_url or url
        settings = Settings(
            host=conf.host,
            state_path=pathlib.Path(conf.state_path),
            runtime_path=pathlib.Path(conf.runtime_path),
            transport_url=url,
            notification_transport_url=notification_url,
            rabbit_options=rabbit_options(conf, sections, url, notification_url),
            graceful_shutdown_timeout=conf.graceful_shutdown_timeout,
            ledger=LedgerSettings(
                url=conf.ledger.connection or default_ledger(conf.state_path),
                retention=conf.ledger.retention,
                compact_interval=conf.ledger.compact_interval,
                verify_interval=conf.ledger.verify_interval,
            ),
            relay=RelaySettings(**values(conf.relay, options.RELAY)),
            snapshot=SnapshotSettings(**values(conf.snapshot, options.SNAPSHOT)),
            local=LocalBusSettings(
                group=conf.local.group or None,
                max_messages=conf.local.max_messages,
                max_bytes=conf.local.max_bytes,
            ),
            clouds=tuple(
                CloudSettings(name, plugins[name], services_bus(conf, name)) for name in conf.clouds
            ),
            types=types,
            default_type=TypeSettings(**values(conf.sampling, options.SAMPLING)),
        )
    except cfg.ConfigFilesNotFoundError as error:
        raise errors.BadConfiguration(f"no such configuration file: {error}") from None
    except cfg.Error as error:
        raise errors.BadConfiguration(plain(str(error))) from None
    refuse_unknown(conf, sections)
    refuse_short_retention(settings)
    return settings


def refuse_short_retention(settings: Settings) -> None:
    """A listing may take about its interval, and what it began with must still be there."""
    longest = max(of.interval for of in (settings.default_type, *settings.types.values()))
    if settings.ledger.retention < 2 * longest:
        raise errors.BadConfiguration(
            f"retention in [ledger] is {settings.ledger.retention:g} s; it must be at least twice"
            f" the longest interval between listings, which is {longest:g} s"
        )


def plain(text: str) -> str:
    """oslo.config's message with the file's name in place of its LocationInfo."""
    return re.sub(r"LocationInfo\(.*?detail='(.*?)'\)", r"\1", text)


def default_bus(runtime_path: str) -> str:
    return f"local://{pathlib.Path(runtime_path).resolve()}/bus.sock"


def default_ledger(state_path: str) -> str:
    return f"sqlite:///{pathlib.Path(state_path).resolve()}/ledger.sqlite"


def values(group: Any, opts: Iterable[cfg.Opt]) -> dict[str, Any]:
    return {option.dest: getattr(group, option.dest) for option in opts}


def defaults(opts: Iterable[cfg.Opt]) -> dict[str, Any]:
    return {option.dest: option.default for option in opts}


def rabbit_options(conf: cfg.ConfigOpts, sections: Mapping[str, Any], *urls: str) -> dict[str, str]:
    """The options of the RabbitMQ driver that a file or the environment sets."""
    if rabbit.GROUP not in sections and not any(map(uses_rabbit, urls)):
        return {}
    opts = options.rabbit_opts()
    conf.register_opts(opts, group=rabbit.GROUP)
    given = {}
    for option in opts:
        found = conf.get_location(option.dest, rabbit.GROUP)
        if found is not None and found.location.is_user_controlled:
            given[option.dest] = str(conf[rabbit.GROUP][option.dest])
    return given


def read_sections(files: Iterable[str] | None) -> dict[str, dict[str, Any]]:
    """The sections as they stand in the files, for the names that only the files know."""
    sections: dict[str, dict[str, Any]] = {}
    for file in files or ():
        one: dict[str, dict[str, Any]] = {}
        try:
            cfg.ConfigParser(file, one).parse()
        except OSError as error:
            raise errors.BadConfiguration(f"{file}: {error.strerror}") from None
        for name, entries in one.items():
            sections.setdefault(name, {}).update(entries)
    return sections


def declared(
    conf: cfg.ConfigOpts, cloud: str, sections: Mapping[str, Any], declarations: PluginDeclarations
) -> tuple[PluginSettings, ...]:
    """The plugins of one cloud. Their values: [cloud:NAME:PLUGIN] before [cloud:NAME], for all
    plugins of the cloud that have such a setting, before [PLUGIN]."""
    try:
        topics.check_cloud(cloud)
    except topics.BadName as error:
        raise errors.BadConfiguration(f"clouds: {error}") from None
    section = f"cloud:{cloud}"
    conf.register_opts(options.CLOUD, group=section)
    found = []
    for plugin in conf[section].plugins:
        merged: dict[str, Any] = {}
        common = defaults(options.PLUGIN)
        for group in (plugin, f"{section}:{plugin}"):
            given = sections.get(group, {})
            opts = [options.setting_option(s) for s in declarations.get(plugin, ())]
            if group != plugin:
                # Of a plugin that is not known here anything may be a setting.
                anything = [cfg.StrOpt(name) for name in sections.get(section, {})]
                may_be = opts if plugin in declarations else anything
                merged |= of_cloud(conf, section, sections, may_be)
            if not opts:
                opts = [cfg.StrOpt(name) for name in given if name not in common]
            conf.register_opts([*opts, *options.PLUGIN], group=group)
            merged |= {o.dest: conf[group][o.dest] for o in opts if o.name in given}
            common |= {o.dest: conf[group][o.dest] for o in options.PLUGIN if o.name in given}
        types = frozenset(common.pop("types")) or None
        channels = tuple(common.pop("notification_channels"))
        found.append(PluginSettings(plugin, merged, types, channels, **common))
    return tuple(found)


def of_cloud(
    conf: cfg.ConfigOpts, section: str, sections: Mapping[str, Any], opts: Iterable[cfg.Opt]
) -> dict[str, Any]:
    """The values that a cloud's own section has for these settings of one of its plugins."""
    own = {option.name for option in options.CLOUD}
    found = {}
    for option in opts:
        if option.name in sections.get(section, {}) and option.name not in own:
            # Another plugin's of this name, with another help, may be registered already.
            with contextlib.suppress(cfg.DuplicateOptError):
                conf.register_opt(option, group=section)
            found[option.dest] = conf[section][option.dest]
    return found


def services_bus(conf: cfg.ConfigOpts, cloud: str) -> str:
    """The URL of the bus on which a cloud's services send notifications, or nothing."""
    url: str = conf[f"cloud:{cloud}"].notification_transport_url
    if url and not uses_rabbit(url):
        raise errors.BadConfiguration(
            f"notification_transport_url in [cloud:{cloud}] must begin with rabbit://"
        )
    return url


def type_sections(
    conf: cfg.ConfigOpts, sections: Iterable[str]
) -> Iterable[tuple[tuple[str, str], TypeSettings]]:
    """The sampling of a type: [cloud:NAME:TYPE] before [TYPE] before [sampling]."""
    names = sorted(sections, key=lambda name: name.count(":"))
    general: dict[str, TypeSettings] = {}
    default = TypeSettings(**values(conf.sampling, options.SAMPLING))
    for section in names:
        cloud, _, type_ = section.removeprefix("cloud:").rpartition(":")
        if not TYPE_NAME.fullmatch(type_) or (cloud and cloud not in conf.clouds):
            continue
        conf.register_opts(options.TYPE, group=section)
        base = general.get(type_, default) if cloud else default
        own = {
            name: value
            for name, value in values(conf[section], options.TYPE).items()
            if value is not None
        }
        own |= {name: tuple(own[name]) for name in ("volatile", "sensitive") if name in own}
        merged = TypeSettings(**(values(base, options.TYPE) | own))
        if not cloud:
            general[type_] = merged
        yield (cloud, type_), merged
