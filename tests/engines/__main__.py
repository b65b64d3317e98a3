# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.engines install`: the servers that the tests run privately.

`... install tools`: what only acceptance tests use.

Without the rights to install, it says so and ends well: the tests that need a server
skip then, or fail where CI is set.
"""

import sys

from tests.engines import packages


def main(arguments: list[str]) -> int:
    """Install; the exit code."""
    wanted = {("install",): packages.SERVERS, ("install", "tools"): packages.TOOLS}
    if tuple(arguments) not in wanted:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        packages.install(wanted[tuple(arguments)])
    except packages.CannotInstallError as error:
        print(f"{error}: the tests that need them will be skipped", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
