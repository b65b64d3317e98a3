# SPDX-License-Identifier: Apache-2.0
"""What changed in Cinder since an instant: its time filters, which volumes alone have."""

import datetime
from collections.abc import Mapping

#: From here on volumes can be asked for by their times; below it Cinder ignores the question
#: and answers with all of them.
MICROVERSION = "3.60"


def updated_since(since: int) -> Mapping[str, str]:
    """Parameters for what was updated at `since` (microseconds since 1970) or later."""
    return {"updated_at": f"gte:{formatted(since)}"}


def created_since(since: int) -> Mapping[str, str]:
    """The same for what was created: `updated_at` is null until the first update."""
    return {"created_at": f"gte:{formatted(since)}"}


def formatted(instant: int) -> str:
    """Cinder's form of an instant: whole seconds, rounded down, since it keeps no parts of them."""
    moment = datetime.datetime.fromtimestamp(instant // 1_000_000, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
