# SPDX-License-Identifier: Apache-2.0
"""How a benchmark is asked for its results, tells them, and says which targets were missed."""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from typing import Any


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """For `python -m benchmarks.NAME`, with the options that `tell` goes by."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    made.add_argument("--json", action="store_true", help="print JSON instead of a table")
    made.add_argument("--check", action="store_true", help="exit with 1 when a target is missed")
    return made


def tell(
    options: argparse.Namespace, found: Sequence[Any], table: str, missed: Sequence[str]
) -> int:
    """Prints the results (dataclasses), or their table; the exit status."""
    if options.json:
        runs = [dataclasses.asdict(result) for result in found]
        print(json.dumps({"runs": runs, "missed": missed}))
    else:
        print(table)
        for miss in missed:
            print(f"missed: {miss}")
    return 1 if options.check and missed else 0
