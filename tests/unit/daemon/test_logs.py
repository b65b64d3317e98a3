# SPDX-License-Identifier: Apache-2.0
import json
import logging
import os
import pathlib

import pytest
from oslo_config import cfg
from oslo_log import log as oslo_log

from synchronizer import errors
from synchronizer.daemon import logs
from synchronizer.model import StreamKey


def written(path: pathlib.Path) -> list[str]:
    """What is in the log after one error, told in its handler and with its trace."""
    conf = cfg.ConfigOpts()
    oslo_log.register_options(conf)
    logs.prepare()
    conf([], default_config_files=[])
    conf.set_override("log_file", str(path))
    logs.set_up(conf)
    log = logging.getLogger("synchronizer.test")
    try:
        raise errors.LedgerUnavailable("the disk is away")
    except errors.LedgerUnavailable as error:
        log.warning("trying again: %s", error)
        log.exception("with its trace")
    return path.read_text().splitlines()


def test_an_error_that_is_being_handled_is_told_once(tmp_path: pathlib.Path) -> None:
    first, second, *trace = written(tmp_path / "log")
    assert first.endswith("trying again: the disk is away")
    assert "with its trace" in second
    assert any("Traceback" in line for line in trace)


def configured(path: pathlib.Path, **options: object) -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    oslo_log.register_options(conf)
    logs.prepare()
    conf([], default_config_files=[])
    for name, value in {"log_file": str(path), **options}.items():
        conf.set_override(name, value)
    return conf


KEY = StreamKey("boston", "nova.server")


def test_a_line_on_a_stream_has_its_cloud_type_and_revision_as_fields(
    tmp_path: pathlib.Path,
) -> None:
    logs.set_up(configured(tmp_path / "log", use_json=True))
    oslo_log.getLogger("synchronizer.a").info("%s: %d known", KEY, 3, revision=7)
    logging.getLogger("synchronizer.b").info("%s: known", KEY)
    oslo_log.getLogger("synchronizer.c").info("of no stream")
    first, second, third = map(json.loads, (tmp_path / "log").read_text().splitlines())
    assert first["message"] == "boston/nova.server: 3 known"
    said = {name: first["extra"][name] for name in logs.FIELDS}
    assert said == {"cloud": "boston", "type": "nova.server", "revision": 7}
    assert second["extra"]["cloud"] == "boston"
    assert not {"cloud", "type", "revision"} & third["extra"].keys()


def test_a_format_may_name_the_fields_of_lines_that_have_none(tmp_path: pathlib.Path) -> None:
    shape = "%(cloud)s|%(type)s|%(revision)s|%(resource)s|%(message)s"
    logs.set_up(configured(tmp_path / "log", logging_default_format_string=shape))
    oslo_log.getLogger("synchronizer.a").info("%s: known", KEY, revision=7)
    logging.getLogger("synchronizer.b").info("of no stream")
    assert (tmp_path / "log").read_text().splitlines() == [
        "boston|nova.server|7|[boston/nova.server] |boston/nova.server: known",
        "||||of no stream",
    ]


def test_what_is_configured_anew_leaves_nothing_of_what_was(tmp_path: pathlib.Path) -> None:
    old = configured(tmp_path / "old", debug=True, default_log_levels=["synchronizer.a=ERROR"])
    log = logs.Log(old)
    log.again(configured(tmp_path / "new"))
    logging.getLogger("synchronizer.a").info("heard again")
    logging.getLogger("synchronizer.b").debug("not heard")
    assert "heard again" in (tmp_path / "new").read_text()
    assert "not heard" not in (tmp_path / "new").read_text()
    assert (tmp_path / "old").read_text() == ""


@pytest.mark.parametrize(
    "wrong", [{"log_file": "/nowhere/at/all"}, {"default_log_levels": ["synchronizer=LOUD"]}]
)
def test_a_configuration_that_cannot_be_logged_with_changes_nothing(
    tmp_path: pathlib.Path, wrong: dict[str, object]
) -> None:
    log = logs.Log(configured(tmp_path / "log", default_log_levels=["synchronizer.a=ERROR"]))
    with pytest.raises(errors.BadConfiguration, match="logged"):
        log.again(configured(tmp_path / "other", **wrong))
    logging.getLogger("synchronizer.a").warning("not heard")
    logging.getLogger("synchronizer.b").warning("heard")
    assert [line[-5:] for line in (tmp_path / "log").read_text().splitlines()] == ["heard"]


CONFIGURED = """[loggers]
keys = root
[handlers]
keys = file
[formatters]
keys =
[logger_root]
level = INFO
handlers = file
[handler_file]
class = FileHandler
args = ({!r},)
"""


def test_a_file_that_configures_the_log_is_known_to_be_another(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "logging.conf"
    file.write_text(CONFIGURED.format(str(tmp_path / "one")))
    conf = configured(tmp_path / "not-used", log_config_append=str(file))
    log = logs.Log(conf)
    before = logs.mark(conf)
    assert before == logs.mark(conf)
    oslo_log.getLogger("synchronizer.a").info("%s: into one", KEY)
    file.write_text(CONFIGURED.format(str(tmp_path / "two")))
    os.utime(file, (1, 1))
    assert logs.mark(conf) != before
    log.again(conf)
    oslo_log.getLogger("synchronizer.a").info("into two")
    assert (tmp_path / "one").read_text() == "boston/nova.server: into one\n"
    assert (tmp_path / "two").read_text() == "into two\n"
    assert not (tmp_path / "not-used").exists()
