# SPDX-License-Identifier: Apache-2.0
"""What of a configuration that was read again is another, and what of it can be taken over."""

import pathlib

from oslo_config import cfg

from synchronizer import conf
from synchronizer.conf.differences import Difference, differences, values
from synchronizer.conf.fixed import with_what_is_fixed


def read(path: pathlib.Path, text: str) -> tuple[conf.Settings, cfg.ConfigOpts]:
    file = path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\n{text}")
    options = cfg.ConfigOpts()
    return conf.load([file], conf=options), options


def found(path: pathlib.Path, before: str, after: str) -> list[Difference]:
    old, new = (values(read(path, text)[1]) for text in (before, after))
    return differences(old, new)


def test_nothing_is_another_in_the_same_configuration(tmp_path: pathlib.Path) -> None:
    text = "clouds = one\n[nova.server]\ninterval = 5\n"
    assert found(tmp_path, text, text) == []


def test_a_section_that_is_not_there_has_the_defaults(tmp_path: pathlib.Path) -> None:
    text = "clouds = one\n[cloud:one:nova]\nmax_in_flight = "
    assert found(tmp_path, "clouds = one\n", f"{text}4\n") == []
    (one,) = found(tmp_path, f"{text}5\n", "clouds = one\n")
    assert (str(one), one.old, one.new) == ("[cloud:one:nova] max_in_flight", "5", "4")
    assert one.mutable


def test_a_secret_is_not_shown_also_where_its_file_alone_is_another(
    tmp_path: pathlib.Path,
) -> None:
    text = "clouds = one\n[cloud:one]\nnotification_transport_url_file = {}\n"
    for name in "ab":
        (tmp_path / name).write_text(f"rabbit://me:{name}@host/")
    one, other = found(tmp_path, text.format(tmp_path / "a"), text.format(tmp_path / "b"))
    assert (one.option, one.old, one.new) == (
        "notification_transport_url",
        "a secret",
        "another secret",
    )
    assert other.option == "notification_transport_url_file"


def test_options_of_the_log_are_taken_over_whatever_oslo_says(tmp_path: pathlib.Path) -> None:
    (one,) = found(tmp_path, "", "log_file = /there\n")
    assert one.logs
    assert one.mutable


def test_what_a_running_daemon_is_made_of_stays_as_it_was(tmp_path: pathlib.Path) -> None:
    old, _ = read(tmp_path, "clouds = one, two\nhost = a\n[cloud:two:nova.server]\ninterval = 7\n")
    new, _ = read(
        tmp_path,
        "clouds = three, one\nhost = b\nruntime_path = /there\nstate_path = /there\n"
        "graceful_shutdown_timeout = 3\n"
        "[ledger]\nconnection = sqlite:///there\nretention = 9999\n[sampling]\ninterval = 8\n"
        "[snapshot]\nworkers = 3\npage = 7\n[cloud:one]\nplugins = nova, heat\n"
        "[monitor]\nhang_timeout = 7\n[nova]\nmax_in_flight = 2\n",
    )
    taken = with_what_is_fixed(old, new)
    for name in (
        *("host", "runtime_path", "state_path", "transport_url", "notification_transport_url"),
        *("graceful_shutdown_timeout", "local_socket"),
    ):
        assert getattr(taken, name) == getattr(old, name), name
    assert (taken.ledger.url, taken.ledger.retention) == (old.ledger.url, 9999)
    assert (taken.snapshot.workers, taken.snapshot.page) == (1, 7)
    assert taken.monitor.hang_timeout == old.monitor.hang_timeout
    assert [(c.name, [p.name for p in c.plugins]) for c in taken.clouds] == [
        ("one", ["nova"]),
        ("two", ["nova"]),
    ]
    assert taken.clouds[0].plugins[0].max_in_flight == 2
    assert taken.of_type("one", "nova.server").interval == 8
    assert taken.of_type("two", "nova.server").interval == 7
