# SPDX-License-Identifier: Apache-2.0
"""What is written to a terminal that somebody looks at, and the commands that write to one."""

import io

from synchronizer.cli.main import Synchronizer


class Look(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command that a person runs."""
    out, err = Look(), Look()
    status = Synchronizer(stdout=out, stderr=err).run(list(arguments))
    return status, out.getvalue(), err.getvalue()
