# SPDX-License-Identifier: Apache-2.0
"""The options of `watch --embedded`: which go together, and what they mean."""

import io
import sys

import pytest

from synchronizer import errors
from synchronizer.cli import embedding
from synchronizer.cli.main import Synchronizer


@pytest.fixture(autouse=True)
def no_cloud_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OS_CLOUD", raising=False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["watch", "--interval", "3", "a.b"], "--interval only with --embedded"),
        (["watch", "--os-cloud", "x", "--set", "a.b=c", "a.b"], "--os-cloud, --set only with"),
        (["watch", "--embedded", "a.b"], "needs --os-cloud NAME"),
        (["--transport-url", "local:///x", "watch", "--embedded", "a.b"], "no bus"),
        (["--config-file", "x", "watch", "--embedded", "a.b"], "no configuration"),
        (["watch", "--embedded", "--os-cloud", "x", "--wait", "a.b"], "no daemon to wait for"),
        (["watch", "--embedded", "--os-cloud", "x", "--since", "e:1", "a.b"], "needs the --ledger"),
        (["watch", "--embedded", "--os-cloud", "a.b", "a.b"], "give it a name with --cloud"),
        (["--cloud", "a.b", "watch", "--embedded", "a.b"], "cannot name a cloud"),
        (["watch", "--embedded", "--os-cloud", "x", "--interval", "0", "a.b"], "not a positive"),
        (["watch", "--embedded", "--changes-interval", "-1", "a.b"], "not a number of 0 or"),
    ],
)
def test_options_that_do_not_go_together_are_refused_in_a_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        Synchronizer(stdout=io.StringIO(), stderr=io.StringIO()).run(arguments)
    assert exit_.value.code == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_settings_are_told_by_plugin() -> None:
    settings = embedding.settings_of(["nova.region=One", "nova.x=a=b", "racks.url=http://h/"])
    assert settings == {"nova": {"region": "One", "x": "a=b"}, "racks": {"url": "http://h/"}}


@pytest.mark.parametrize("text", ["nova", "nova.region", "region=One", "=x", ".x=secret"])
def test_a_setting_without_its_form_is_refused_without_its_value(text: str) -> None:
    with pytest.raises(errors.BadConfiguration, match=r"PLUGIN\.SETTING=VALUE") as caught:
        embedding.settings_of([text])
    assert "secret" not in str(caught.value)


def test_tokens_are_told_by_type_or_of_the_only_one() -> None:
    assert embedding.since_of(["01X:41"], ["a.b"]) == {"a.b": ("01X", 41)}
    several = embedding.since_of(["a.b=01X:41", "c.d=01Y:0"], ["a.b", "c.d"])
    assert several == {"a.b": ("01X", 41), "c.d": ("01Y", 0)}


@pytest.mark.parametrize("text", ["41", "01X:", ":41", "01X:-1", "a.b=01X", ""])
def test_a_token_without_its_form_is_refused(text: str) -> None:
    with pytest.raises(errors.BadConfiguration, match="EPOCH:REVISION"):
        embedding.since_of([text], ["a.b"])


def test_a_token_has_to_name_its_type_where_there_are_several() -> None:
    with pytest.raises(errors.BadConfiguration, match="EPOCH:REVISION"):
        embedding.since_of(["01X:41"], ["a.b", "c.d"])


def test_the_cloud_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "nowhere-to-be-found")
    err = io.StringIO()
    status = Synchronizer(stdout=io.StringIO(), stderr=err).run(
        ["watch", "--embedded", "nova.server"]
    )
    assert status == 1
    assert "nowhere-to-be-found" in err.getvalue()


def test_parts_that_are_missing_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "synchronizer.embedded", None)
    err = io.StringIO()
    status = Synchronizer(stdout=io.StringIO(), stderr=err).run(
        ["watch", "--embedded", "--os-cloud", "x", "nova.server"]
    )
    assert status == 1
    assert "extra [openstack]" in err.getvalue()
