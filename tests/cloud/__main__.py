# SPDX-License-Identifier: Apache-2.0
"""The command line: ``python -m tests.cloud COMMAND``."""

import argparse
import collections
import signal
import sys
import threading
import time
from pathlib import Path

from tests.cloud.catalogue import NOVA, SERVICES
from tests.cloud.cloud import Cloud
from tests.cloud.errors import CloudError
from tests.cloud.install import install, require
from tests.cloud.load import churn, seed
from tests.cloud.notifications import record
from tests.cloud.settings import cache, default_root
from tests.cloud.status import status


def main() -> int:
    """Run one command; an error is one line on stderr and status 1."""
    arguments = _parser().parse_args()
    try:
        _run(arguments)
    except CloudError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cloud", description="A real OpenStack on this machine, for tests."
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=default_root(),
        help="where the cloud lives (%(default)s; $SYNCHRONIZER_TEST_CLOUD_ROOT)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("install", help=f"install the packages, into {cache()}")
    up = commands.add_parser("up", help="start services; the first time, create them")
    up.add_argument("services", nargs="*", metavar="SERVICE", help=f"of {', '.join(SERVICES)}")
    up.add_argument("--all", action="store_true", help="all of them")
    up.add_argument("--computes", type=int, help="nova-compute processes (2)")
    up.add_argument("--page", type=int, help="the APIs' longest page")
    up.add_argument("--token-seconds", type=int, help="the life of a token (3600)")
    up.add_argument("--nova-notifications", choices=("versioned", "unversioned", "both"))
    for name, text in (("stop", "end"), ("start", "bring back")):
        command = commands.add_parser(name, help=f"{text} services or single processes")
        command.add_argument("names", nargs="+", metavar="NAME")
    page = commands.add_parser("page", help="change the longest page of Nova's API")
    page.add_argument("size", type=int, help="0: Nova's own default")
    commands.add_parser("down", help="end all processes")
    commands.add_parser("wipe", help="end all processes and delete all data")
    commands.add_parser("status", help="what runs, how much memory")
    commands.add_parser("env", help="shell lines that point the openstack client here")
    seeding = commands.add_parser("seed", help="make N servers, N volumes, N/10 of the others")
    seeding.add_argument("amount", type=int, metavar="N")
    churning = commands.add_parser("churn", help="change things at random")
    churning.add_argument("amount", type=float, metavar="SECONDS")
    churning.add_argument("--pause", type=float, default=0.2, help="mean seconds between two")
    for command, workers in ((seeding, 8), (churning, 4)):
        command.add_argument("--workers", type=int, default=workers)
        command.add_argument("--seed", type=int, help="of the random numbers")
        command.add_argument("--log", type=Path, help="the ground truth (ROOT/log/COMMAND.jsonl)")
    recording = commands.add_parser("notifications", help="record RabbitMQ's messages")
    recording.add_argument("file", type=Path)
    recording.add_argument("--seconds", type=float, help="(until SIGINT or SIGTERM)")
    return parser


def _run(arguments: argparse.Namespace) -> None:
    root = arguments.root.resolve()
    if arguments.command == "install":
        install(cache())
        return
    if arguments.command == "up":
        _up(arguments, root)
        return
    cloud = Cloud.at(root)
    match arguments.command:
        case "stop":
            cloud.stop(*arguments.names)
        case "start":
            cloud.start(*arguments.names)
        case "page":
            cloud.set_page(arguments.size or None)
        case "down":
            cloud.down()
        case "wipe":
            cloud.wipe()
        case "status":
            _say(*status(cloud))
        case "env":
            yaml, path = cloud.settings.clouds_yaml, f"{cloud.settings.venv}/bin"
            _say(f"export OS_CLIENT_CONFIG_FILE={yaml} OS_CLOUD=cloud PATH={path}:$PATH")
        case "seed" | "churn":
            _load(arguments, cloud)
        case "notifications":
            _record(arguments, cloud)


def _up(arguments: argparse.Namespace, root: Path) -> None:
    names = ("computes", "page", "token_seconds", "nova_notifications")
    options = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    services = SERVICES if arguments.all else arguments.services or NOVA
    began = time.monotonic()
    Cloud.up(root, require(cache()), services, **options)
    _say(f"up in {time.monotonic() - began:.0f} s")


def _load(arguments: argparse.Namespace, cloud: Cloud) -> None:
    path = arguments.log or cloud.settings.log / f"{arguments.command}.jsonl"
    if arguments.command == "seed":
        counts = seed(cloud, arguments.amount, path, arguments.workers, arguments.seed)
    else:
        counts = churn(
            cloud, arguments.amount, path, arguments.workers, arguments.seed, arguments.pause
        )
    _say(f"the ground truth: {path}")
    _table(counts)


def _record(arguments: argparse.Namespace, cloud: Cloud) -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    if arguments.seconds:
        threading.Timer(arguments.seconds, ended.set).start()
    _table(record(cloud.settings, arguments.file, ended))


def _table(counts: collections.Counter[str]) -> None:
    _say(*(f"{count:6}  {name}" for name, count in sorted(counts.items())))


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
