# SPDX-License-Identifier: Apache-2.0
"""How the local broker takes its socket path."""

import grp
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synchronizer import errors
from synchronizer.bus.local.ask import broker_status
from synchronizer.bus.local.broker import Broker
from synchronizer.bus.local.listening import Listening

from .brokers import LocalBroker


@pytest.fixture
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_and_a_directory_made_for_it_are_the_owners_only(place: Path) -> None:
    path = place / "run" / "bus.sock"
    listening = Listening(str(path))
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    listening.close()
    assert not path.exists()


def test_a_group_may_be_let_in(place: Path) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    path = place / "run" / "bus.sock"
    listening = Listening(str(path), group)
    assert (mode(path), mode(path.parent)) == (0o660, 0o750)
    assert path.stat().st_gid == os.getgid()
    listening.close()


def test_an_unknown_group_is_refused(place: Path) -> None:
    with pytest.raises(errors.SocketUnusable, match="no group 'no-such-group'"):
        Listening(str(place / "bus.sock"), "no-such-group")


def test_a_directory_that_exists_keeps_its_mode(place: Path) -> None:
    place.chmod(0o755)
    Listening(str(place / "bus.sock")).close()
    assert mode(place) == 0o755


def test_a_socket_left_by_a_killed_broker_is_replaced(
    make_local: Callable[..., LocalBroker],
) -> None:
    broker = make_local()
    broker.kill()
    assert Path(broker.path).exists()
    broker.start()
    assert broker.queues() == {}


def test_a_path_with_a_live_broker_is_refused_and_left_alone(
    make_local: Callable[..., LocalBroker],
) -> None:
    broker = make_local()
    with pytest.raises(errors.SocketUnusable, match="another broker is running"):
        Broker(broker.path).open()
    second = subprocess.run(
        [sys.executable, "-m", "synchronizer.bus.local", broker.path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.strip().splitlines()[-1].startswith("another broker is running")
    assert broker.queues() == {}


def test_another_programs_socket_is_refused(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(place / "bus.sock"))
        other.listen()
        with pytest.raises(errors.SocketUnusable, match="another program"):
            Listening(str(place / "bus.sock"))
    # The lock was given back.
    Listening(str(place / "bus.sock")).close()


def test_what_is_not_a_socket_is_never_removed(place: Path) -> None:
    path = place / "bus.sock"
    path.write_text("precious")
    with pytest.raises(errors.SocketUnusable, match="not a socket"):
        Listening(str(path))
    assert path.read_text() == "precious"


def test_a_path_that_is_too_long_is_refused(place: Path) -> None:
    with pytest.raises(errors.SocketUnusable, match="longer than 107 bytes"):
        Listening(str(place / ("x" * 120)))


def test_a_broker_that_ends_leaves_a_successors_socket_alone(place: Path) -> None:
    path = place / "bus.sock"
    listening = Listening(str(path))
    path.unlink()
    path.write_text("another's")
    listening.close()
    assert path.exists()


def test_asking_where_no_broker_is_says_so(place: Path) -> None:
    with pytest.raises(errors.BusUnavailable, match=r"bus\.sock"):
        broker_status(str(place / "bus.sock"))


#: A broker's command in which another thread takes signals, so that none interrupts a wait.
_SIGNALLED_ELSEWHERE = """
import signal, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
from synchronizer.bus.local.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_signal_that_interrupts_no_wait_ends_the_broker_all_the_same(place: Path) -> None:
    # As one does that comes between the last bytecode and the system call that waits.
    command = [sys.executable, "-c", _SIGNALLED_ELSEWHERE, str(place / "bus.sock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as broker:
        assert broker.stdout is not None
        assert broker.stdout.readline().startswith("listening")
        broker.terminate()
        try:
            assert broker.wait(20) == 0
        finally:
            broker.kill()
