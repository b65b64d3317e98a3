# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.acceptance.fire`: rounds under fire; status 0 if everything held."""

import argparse
import secrets
import signal

from tests.acceptance.fire import campaign, defects


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.fire")
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, help="replays that plan (default: a new one)")
    parser.add_argument("--servers", type=int, default=5000)
    parser.add_argument("--defect", choices=defects.ALL, help="put in a defect, to see it found")
    parser.add_argument("--transport-url", default="", help="a bus that runs already")
    parser.add_argument("--database-url", default="", help="its tables are all dropped")
    options = parser.parse_args()
    # As Ctrl-C: the processes of a world end with it, in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result = campaign.run(
        secrets.randbelow(1_000_000) if options.seed is None else options.seed,
        options.rounds,
        servers=options.servers,
        defect=options.defect,
        transport_url=options.transport_url,
        database_url=options.database_url,
        say=lambda text: print(text, flush=True),
    )
    return 1 if result.failure else 0


if __name__ == "__main__":
    raise SystemExit(main())
