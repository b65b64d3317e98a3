# SPDX-License-Identifier: Apache-2.0
"""`synchronizer plugins`: what can be sampled here."""

import argparse
from collections.abc import Iterator

from synchronizer.cli.rows import Rows


class Plugins(Rows):
    """List the installed plugins, and what is wrong with them.

    "state" says "ok", or what is wrong and what to do.

    Examples: synchronizer plugins
              synchronizer plugins -f json
    """

    empty = "No plugin is installed."

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], Iterator[tuple[str, ...]]]:
        from synchronizer.plugin.loader import available

        return ("name", "version", "types", "distribution", "state"), (
            (
                plugin.name,
                plugin.version,
                " ".join(plugin.types),
                plugin.distribution,
                plugin.error or "ok",
            )
            for plugin in available()
        )
