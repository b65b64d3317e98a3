# SPDX-License-Identifier: Apache-2.0
"""No Python file of the project is longer than a reader's patience."""

import pathlib
import subprocess
import sys

LONGEST = 400


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "*.py"], check=True, capture_output=True, text=True
    ).stdout.split()
    too_long = {
        name: lines
        for name in listed
        if pathlib.Path(name).exists()
        and (lines := len(pathlib.Path(name).read_text().splitlines())) > LONGEST
    }
    for name, lines in too_long.items():
        print(f"{name}: {lines} lines, more than {LONGEST}; split it by concern")
    return 1 if too_long else 0


if __name__ == "__main__":
    sys.exit(main())
