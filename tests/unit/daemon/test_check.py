# SPDX-License-Identifier: Apache-2.0
import grp
import os
import pathlib
from collections.abc import Iterable, Iterator

import pytest
from oslo_config import cfg

from synchronizer import errors
from synchronizer.conf import Settings
from synchronizer.conf.exposed import exposed
from synchronizer.daemon import check as checking
from synchronizer.daemon.check import Finding, check
from synchronizer.daemon.main import read
from synchronizer.daemon.prepare import make_directories
from synchronizer.ledger import Ledger
from synchronizer.model import EntityType
from synchronizer.plugin import Page, Plugin, PluginContext


@pytest.fixture(autouse=True)
def no_clouds(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text("clouds: {known: {auth: {auth_url: 'http://127.0.0.1:1/v3'}}}")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))


def settings(tmp_path: pathlib.Path, text: str = "clouds = known") -> Settings:
    file = tmp_path / "synchronizer.conf"
    file.write_text(f"[DEFAULT]\nstate_path = {tmp_path}/s\nruntime_path = {tmp_path}/r\n{text}\n")
    return read([file])


def problems(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.problem for finding in findings if finding.problem}


def test_an_offline_check_connects_to_nothing_and_is_content(tmp_path: pathlib.Path) -> None:
    findings = list(check(settings(tmp_path), offline=True))
    assert len(findings) == 4
    assert not problems(findings)


@pytest.mark.parametrize(("made", "told"), [(True, "change its owner"), (False, "make it for")])
def test_a_directory_of_no_use_is_told_with_the_way_out(
    made: bool, told: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if made:
        (tmp_path / "r").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: path == tmp_path / "s")
    (tmp_path / "s").mkdir()
    found = problems(list(check(settings(tmp_path), offline=True)))
    assert found.keys() == {f"runtime_path {tmp_path}/r"}
    assert told in found[f"runtime_path {tmp_path}/r"]


def test_a_plugin_that_cannot_be_used_is_found_offline_and_told_once(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "clouds = known\n[cloud:known]\nplugins = nova, novaa\n[nova]\nos_cloud = absent\n"
    for offline in (True, False):
        found = problems(list(check(settings(tmp_path, text), offline=offline)))
        assert "no installed plugin has the name 'novaa'" in found["cloud known, plugin novaa"]
        assert ("cloud known, plugin nova" in found) is not offline
    assert caplog.text == ""


def test_no_cloud_is_a_problem_with_the_way_out(tmp_path: pathlib.Path) -> None:
    found = problems(list(check(settings(tmp_path, ""), offline=True)))
    assert "clouds" in found["clouds"]


def test_a_cloud_that_clouds_yaml_lacks_is_named_beside_those_it_has(
    tmp_path: pathlib.Path,
) -> None:
    (problem,) = problems(list(check(settings(tmp_path, "clouds = absent")))).values()
    assert "absent" in problem
    assert "known" in problem


def test_a_check_makes_nothing(tmp_path: pathlib.Path) -> None:
    list(check(settings(tmp_path)))
    assert {path.name for path in tmp_path.iterdir()} == {"clouds.yaml", "synchronizer.conf"}


def test_a_check_does_not_begin_new_epochs(tmp_path: pathlib.Path) -> None:
    of = settings(tmp_path)
    Ledger.open(of.ledger.url, state_path=of.state_path, migrate=True).close()
    (tmp_path / "s" / "high-water.json").unlink(missing_ok=True)
    before = (tmp_path / "s" / "ledger.sqlite").read_bytes()

    findings = list(check(of))

    assert any("0 streams" in finding.what for finding in findings)
    assert (tmp_path / "s" / "ledger.sqlite").read_bytes() == before


def test_a_file_that_is_no_ledger_is_a_problem(tmp_path: pathlib.Path) -> None:
    of = settings(tmp_path)
    of.state_path.mkdir()
    (of.state_path / "ledger.sqlite").write_text("this is no database, is it? " * 50)
    assert any("ledger" in what for what in problems(list(check(of))))


class Half(Plugin):
    """Of its types one can be listed, and two cannot."""

    service = "half"

    def types(self) -> tuple[EntityType, ...]:
        return ()

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        raise NotImplementedError

    def check(self) -> Iterable[str]:
        yield "half: half.first can be listed"
        raise errors.several(
            [errors.SourceUnavailable("half.second: gone"), errors.NotPermitted("half.third: no")]
        )


def test_each_problem_of_a_plugin_has_a_line_beside_what_is_well(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "make_plugin", lambda cloud, plugin: Half(PluginContext("known")))
    *_, first, second, third = check(settings(tmp_path))
    assert first == Finding("cloud known, plugin nova: half: half.first can be listed")
    assert [second.problem, third.problem] == ["half.second: gone", "half.third: no"]


def test_an_address_to_listen_at_is_checked_before_anything_listens(
    tmp_path: pathlib.Path,
) -> None:
    text = "clouds = known\n[monitor]\nlisten = {}\n"
    findings = list(check(settings(tmp_path, text.format("[::1]:9788")), offline=True))
    assert any("served at [::1]:9788" in finding.what for finding in findings)
    with pytest.raises(errors.BadConfiguration, match="listen"):
        settings(tmp_path, text.format("9788"))


def test_secrets_that_everybody_may_read_are_advised_against(tmp_path: pathlib.Path) -> None:
    text = "[DEFAULT]\nclouds = known\n[ledger]\n{}\n"
    safe, told = tmp_path / "safe.conf", tmp_path / "told.conf"
    told.write_text(text.format("connection = postgresql://me:pw@host/db"))
    safe.write_text(text.format("retention = 9999"))
    for file in (safe, told):
        file.chmod(0o644)
    conf = cfg.ConfigOpts()
    read([safe, told], conf)
    assert exposed(conf) == [str(told)]
    told.chmod(0o640)
    assert exposed(conf) == []
    (finding,) = (f for f in check(settings(tmp_path), offline=True, exposed=["/x"]) if f.advice)
    assert "chmod o-rwx /x" in (finding.advice or "")
    assert finding.problem is None


def test_a_secret_s_own_file_that_everybody_may_read_is_advised_against(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "connection"
    secret.write_text("postgresql://me:pw@host/db")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    secret.chmod(0o644)

    def told(named: str) -> list[str]:
        file = tmp_path / "synchronizer.conf"
        file.write_text(f"[DEFAULT]\nclouds = known\n[ledger]\nconnection_file = {named}\n")
        conf = cfg.ConfigOpts()
        read([file], conf)
        return exposed(conf)

    assert told(str(secret)) == [str(secret)]
    assert told(secret.name) == []  # systemd sees to it
    secret.chmod(0o600)
    assert told(str(secret)) == []


def test_a_runtime_path_that_is_too_long_for_the_local_bus_is_refused(
    tmp_path: pathlib.Path,
) -> None:
    long = settings(tmp_path, f"clouds = known\nruntime_path = {tmp_path}/{'x' * 107}")
    found = problems(list(check(long)))
    assert "shorter runtime_path" in found[f"bus {long.transport_url}"]
    with pytest.raises(errors.SocketUnusable, match="shorter runtime_path"):
        make_directories(long)
    assert not long.runtime_path.exists()


def test_a_group_that_is_not_there_is_found_before_the_daemon_runs(tmp_path: pathlib.Path) -> None:
    text = "clouds = known\n[local]\ngroup = {}\n"
    found = problems(list(check(settings(tmp_path, text.format("no-such-group")), offline=True)))
    assert found == {
        "group no-such-group": "there is no group 'no-such-group'; make it, or correct group in"
        " [local]"
    }
    mine = grp.getgrgid(os.getgid()).gr_name
    assert not problems(list(check(settings(tmp_path, text.format(mine)), offline=True)))


def test_a_ledger_where_nothing_can_be_made_is_a_problem(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("no directory")
    text = f"clouds = known\n[ledger]\nconnection = sqlite:///{tmp_path}/file/ledger.sqlite\n"
    (problem,) = (
        problem
        for what, problem in problems(list(check(settings(tmp_path, text)))).items()
        if what.startswith("ledger")
    )
    assert f"{tmp_path}/file cannot be written" in problem
