# SPDX-License-Identifier: Apache-2.0
"""The options of libraries, as they are here."""

import copy

from oslo_config import cfg
from oslo_log import _options as log_options
from oslo_log import log as logging
from oslo_log import versionutils

from synchronizer.bus import rabbit
from synchronizer.conf.changeable import can_change

#: Libraries that say at INFO what no operator needs.
QUIET = ("alembic=WARN", "cotyledon=WARN", "novaclient=WARN", "openstack=WARN")


def rabbit_opts() -> list[cfg.Opt]:
    """The options of oslo.messaging's RabbitMQ driver, with our defaults."""
    # Only here: who has no such URL needs neither kombu nor its options.
    from oslo_messaging._drivers import amqp, impl_rabbit

    opts: list[cfg.Opt] = [copy.copy(o) for o in [*amqp.amqp_opts, *impl_rabbit.rabbit_opts]]
    can_change(opts)
    for option in map(with_a_sample, opts):
        default = rabbit.DEFAULTS.get(option.name)
        if default is not None:
            option.default = option.type(default.value)
            option.help = f"{option.help} ({default.reason})"
        if option.name == "ssl_ca_file":
            option.sample_default = "/etc/ssl/certs/ca-certificates.crt"
        elif option.name == "processname":
            option.sample_default = "synchronizer"
    return opts


def log_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """oslo.log's options, with the group that oslo.config calls None by its name."""
    groups = []
    for name, options in log_options.list_opts():
        # Those of deprecations are registered where something is deprecated, which nothing is.
        own = [copy.copy(o) for o in options if o not in versionutils.deprecated_opts]
        can_change(own)
        for option in own:
            if option.dest == "default_log_levels":
                option.sample_default = log_levels()  # type: ignore[assignment]
        groups.append((name or "DEFAULT", [with_a_sample(option) for option in own]))
    return groups


def register_log_opts(conf: cfg.ConfigOpts) -> None:
    """Has `conf` know oslo.log's options, and none of them as one of a command line: there
    oslo.config answers a wrong value by ending the process, also one that reads a file again."""
    logging.register_options(conf)
    of_command_line = [*log_options.common_cli_opts, *log_options.logging_cli_opts]
    conf.unregister_opts(of_command_line)
    conf.register_opts(of_command_line)


def log_levels() -> list[str]:
    """oslo.log's, and those of libraries that say at INFO what no operator needs."""
    return [*log_options.DEFAULT_LOG_LEVELS, *QUIET]


def with_a_sample(option: cfg.Opt) -> cfg.Opt:
    """Where there is no default, the sample shows the option empty: that is the same."""
    if option.default is None and option.sample_default is None:
        option.sample_default = ""
    return option
