# SPDX-License-Identifier: Apache-2.0
import pathlib

from synchronizer import conf
from synchronizer.daemon.check import check


def test_a_mask_over_the_id_is_found_before_the_daemon_runs(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "synchronizer.conf"
    file.write_text(
        f"[DEFAULT]\nclouds = one\nstate_path = {tmp_path}\nruntime_path = {tmp_path}\n"
        "[nova.server]\nvolatile = id\n"
    )
    problems = {finding.what: finding.problem for finding in check(conf.load([file]))}
    problem = problems["cloud one, plugin nova"]
    assert problem == "nova.server: id is the id; it can be neither volatile nor sensitive"
