# SPDX-License-Identifier: Apache-2.0
"""`synchronizer plugins`: what can be sampled here."""

import argparse
from collections.abc import Iterator

from cliff.lister import Lister

from synchronizer.cli.helping import Written


class Plugins(Written, Lister):
    """List the installed plugins; state says "ok", or what is wrong and what to do."""

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
