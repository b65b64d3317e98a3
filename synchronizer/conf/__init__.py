# SPDX-License-Identifier: Apache-2.0
"""Every option of the daemon, and the way from configuration files to plain values.

This is the only place that knows oslo.config's options by name. It reads files, the
environment and the command line, checks them, and hands out frozen `Settings`; it
connects to nothing.
"""

from synchronizer.conf.load import load
from synchronizer.conf.options import list_opts
from synchronizer.conf.settings import CloudSettings, PluginSettings, Settings, TypeSettings

__all__ = ["CloudSettings", "PluginSettings", "Settings", "TypeSettings", "list_opts", "load"]
