# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.acceptance.fire`: rounds under fire; status 0 if everything held."""

import argparse
import pathlib
import secrets
import signal

import msgspec

from tests.acceptance.fire import defects
from tests.acceptance.fire.campaign import campaign
from tests.acceptance.fire.plan import MIXES
from tests.acceptance.fire.run import Run, play


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.fire")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, help="replays that plan (default: a new one)")
    parser.add_argument(
        "--mix",
        choices=MIXES,
        default="local",
        help="embedded bus and SQLite; RabbitMQ and PostgreSQL or MariaDB; or nine to one",
    )
    parser.add_argument("--jobs", type=int, default=3, help="worlds side by side")
    parser.add_argument("--world", type=int, help="plays that one of the plan's worlds alone")
    parser.add_argument("--result", type=pathlib.Path, help="where to write what came of it")
    parser.add_argument("--servers", type=int, default=5000)
    parser.add_argument("--defect", choices=defects.ALL, help="put in a defect, to see it found")
    parser.add_argument("--transport-url", default="", help="a bus that runs already")
    parser.add_argument("--database-url", default="", help="its tables are all dropped")
    options = parser.parse_args()
    given = options.transport_url or options.database_url
    alone = options.jobs == 1 or options.world is not None
    if given and (options.mix != "local" or not alone):
        parser.error("servers that run already take --jobs 1 and --mix local")
    # As Ctrl-C: the processes of a world end with it, in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run = Run(
        secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        options.rounds,
        mix=options.mix,
        servers=options.servers,
        defect=options.defect,
        transport_url=options.transport_url,
        database_url=options.database_url,
    )
    if options.world is None:
        result = campaign(run, options.jobs, _say)
    else:
        result = play(run, options.world, _say)
        if options.result is None:
            _say(result.summary())
    if options.result is not None:
        options.result.write_bytes(msgspec.json.encode(result))
    return 1 if result.failure else 0


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
