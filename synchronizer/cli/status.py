# SPDX-License-Identifier: Apache-2.0
"""`synchronizer status`: is it well, and if not, what to do."""

import argparse
import json
import time
from typing import Any

from cliff.command import Command

from synchronizer import errors
from synchronizer.bus.transport import redact_url
from synchronizer.cli import connect, health, probe, screen, terminal
from synchronizer.cli.helping import Written
from synchronizer.cli.progress import Progress
from synchronizer.client import Client, StreamInfo

WELL, NOT_WELL, AWAY = 0, 1, 3

#: Seconds for a notification to come; less if --timeout says so.
NOTIFICATION = 10.0


class Status(Written, Command):
    """Say on one screen whether all is well, and if not, what to do.

    It asks the daemon where every type stands, has a notification sent and waits for it,
    and looks whether changes get published. What it finds: a bus or a daemon that does not
    answer, services that fail, listings that are overdue, held deletes, changes that are not
    published.

    Exit status: 0 all is well; 1 there is something to do, or the first listings are still to
    come; 3 nobody answers.

    Examples: synchronizer status
              synchronizer --cloud boston status -f json | jq .findings
              synchronizer -q status || echo "look at synchronizer"
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            "-f", "--format", choices=("text", "json"), default="text", help="default: text"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        options = self.app.options
        place = connect.place(options)
        self._progress = Progress(terminal.of(self.app, self.app.stderr))
        try:
            with connect.client(options) as client:
                report = self._asked(client, place)
        except (errors.NobodyAnswers, errors.BusUnavailable, errors.ServiceUnavailable) as error:
            report = screen.Report(redact_url(place.url), None, None, [], [_away(error, place.url)])
        finally:
            self._progress.end()
        if options.verbose_level > 0:
            if parsed_args.format == "json":
                self.app.stdout.write(json.dumps(_as_json(report), ensure_ascii=False) + "\n")
            else:
                screen.draw(terminal.of(self.app), report)
        if report.answered is None:
            return AWAY
        return WELL if report.well else NOT_WELL

    def _asked(self, client: Client, place: connect.Place) -> screen.Report:
        self._progress.say("asking the daemon")
        began = time.monotonic()
        streams = self._streams(client)
        answered = time.monotonic() - began
        waiting = probe.stuck(client, streams, self._progress.say)
        if waiting:
            streams = self._streams(client)
        now = time.time_ns() // 1000
        findings = health.judged(streams, now, waiting)
        arrived = None
        # Of a stream with changes that wait, no bookmark can come before them.
        free = [stream for stream in streams if stream.stream not in waiting]
        if free:
            self._progress.say("waiting for a notification")
            patience = min(NOTIFICATION, self.app.options.timeout)
            try:
                arrived = probe.heard(client, place, free[0].stream, patience)
            except (errors.Retry, errors.Stop) as error:
                findings.insert(0, _deaf(error))
        services = health.services(streams, findings, now)
        return screen.Report(redact_url(place.url), answered, arrived, services, findings)

    def _streams(self, client: Client) -> tuple[StreamInfo, ...]:
        cloud = self.app.options.cloud
        streams = client.describe()
        known = sorted({stream.cloud for stream in streams})
        if cloud is not None and cloud not in known:
            raise errors.UnknownCloud(
                f"no cloud is called {cloud}; there are: {', '.join(known) or 'none'}", known=known
            )
        return tuple(stream for stream in streams if cloud in (None, stream.cloud))


def _away(error: errors.SynchronizerError, url: str) -> health.Finding:
    """Nobody answers: what to do depends on who should."""
    if isinstance(error, errors.ServiceUnavailable):
        do = "look at the daemon's log; synchronizer config check connects to all it needs"
    elif isinstance(error, errors.BusRefused):
        do = "correct the URL or the rights; synchronizer config check says the same"
    elif isinstance(error, errors.NobodyAnswers):
        do = "start the daemon (systemctl start synchronizer), or look why it ended"
    elif url.startswith("local:"):
        do = (
            "the daemon itself is this bus: start it (systemctl start synchronizer), or name its "
            "bus with --transport-url or --config-file"
        )
    else:
        do = "start the broker, or name the daemon's bus with --transport-url or --config-file"
    return health.Finding("wrong", error.message, do)


def _deaf(error: errors.SynchronizerError) -> health.Finding:
    return health.Finding(
        "wrong",
        f"notifications do not arrive: {error.message}",
        "is it the daemon's bus for notifications (--notification-transport-url), and is its "
        "relay running? Its log says; consumers catch up by themselves afterwards",
    )


def _as_json(report: screen.Report) -> dict[str, Any]:
    return {
        "well": report.well,
        "bus": report.url,
        "answered_seconds": report.answered,
        "notified_seconds": report.notified,
        "services": [
            {
                "cloud": service.cloud,
                "service": service.name,
                "types": service.types,
                "entities": service.entities,
                "proven_seconds": service.proven,
                "unpublished": service.waiting,
                "held": service.held,
                "owners": list(service.owners),
                "well": service.well,
            }
            for service in report.services
        ],
        "findings": [
            {
                "level": finding.level,
                "cloud": finding.cloud,
                "types": list(finding.types),
                "since": screen.instant(finding.since),
                "what": finding.what,
                "do": finding.do,
            }
            for finding in report.findings
        ],
    }
