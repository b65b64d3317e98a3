# SPDX-License-Identifier: Apache-2.0
"""`synchronizer health`: what the daemon on this host says of itself, for scripts."""

import argparse
import http.client
import json
from typing import Any

from cliff.command import Command

from synchronizer import errors
from synchronizer.cli.connect import configuration
from synchronizer.cli.helping import Written

#: Where a server listens that listens everywhere.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


class Health(Written, Command):
    """Ask this host's daemon whether its processes make progress.

    It needs neither the bus nor the ledger: the answer comes from where the configuration
    has the daemon listen ([monitor] listen). With --ready the question is whether its
    streams are restored and its workers sample.

    Exit status: 0 yes; 1 no, and why; 3 nobody answers.

    Examples: synchronizer health
              synchronizer -q health --ready || echo "not yet"
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("--ready", action="store_true", help="is it ready, too?")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        options = self.app.options
        path = "/readyz" if parsed_args.ready else "/healthz"
        well, report = asked(configuration(options).monitor.listen, path, options.timeout)
        if options.verbose_level > 0:
            self.app.stdout.write(report["status"] + "\n")
            for problem in report["problems"]:
                self.app.stdout.write("{process} {problem}: {do}\n".format(**problem))
        return 0 if well else 1


def asked(listen: str, path: str, patience: float) -> tuple[bool, dict[str, Any]]:
    """Whether all is well, and the daemon's report; `errors.NobodyAnswers` after `patience`
    seconds at most between two bytes. `listen`: as in [monitor]."""
    # Only here: who asks the bus alone does without it.
    from synchronizer.monitor import parse_address

    address = parse_address(listen)
    if address is None:
        raise errors.BadConfiguration(
            "the daemon serves no health: listen in [monitor] is empty; set HOST:PORT there"
        )
    host, port = address
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=patience)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        report = json.loads(answer.read())
        if answer.status not in (200, 503) or not {"status", "problems"} <= report.keys():
            raise ValueError(f"{answer.status} {answer.reason}")
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        raise errors.NobodyAnswers(
            f"no daemon answers at http://{listen}{path} ({error}); is it running, and is "
            "another program there? Its log says if it cannot listen"
        ) from None
    finally:
        connection.close()
    return answer.status == 200, report
