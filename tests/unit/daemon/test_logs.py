# SPDX-License-Identifier: Apache-2.0
import logging
import pathlib

from oslo_config import cfg
from oslo_log import log as oslo_log

from synchronizer import errors
from synchronizer.daemon import logs


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
