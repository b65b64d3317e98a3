# SPDX-License-Identifier: Apache-2.0
"""Which options a running daemon takes over: oslo.config calls them mutable."""

from collections.abc import Collection, Iterable

from oslo_config import cfg


def can_change(options: Iterable[cfg.Opt], but: Collection[str] = ()) -> None:
    """Marks what a running daemon takes over when it reads its configuration again."""
    for option in options:
        option.mutable = option.name not in but
