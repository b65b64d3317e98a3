# SPDX-License-Identifier: Apache-2.0
"""How a watched stream stands: what its watch knows that no event tells."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """`heard` and `exact` are of the watch's clock (monotonic, in seconds), None for never.

    `proven_at`: microseconds since the epoch; when the last complete listing of the source
    began that is known of. `heard`: when the bus or the server last told anything of the
    stream. `exact`: when what it told was all of it, and known here already. `silence`: for so
    many seconds nothing may be heard before that means something. `problem`: what the last
    question failed with, unless all was known since.
    """

    proven_at: int | None
    heard: float | None
    exact: float | None
    silence: float
    problem: str | None
