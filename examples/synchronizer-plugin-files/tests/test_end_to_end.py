# SPDX-License-Identifier: Apache-2.0
"""From the directory to a consumer, through the real sampler and ledger, in one process."""

import pathlib
import threading
from collections.abc import Callable

from synchronizer.client import Copy
from synchronizer.embedded import Embedded
from synchronizer.plugin import PluginContext

from synchronizer_plugin_files.plugin import FilesPlugin

#: Seconds after which a change that did not arrive never will.
PATIENCE = 60.0


def test_what_happens_in_the_directory_arrives(tmp_path: pathlib.Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    for name in ("changed.txt", "deleted.txt", "untouched.txt"):
        (files / name).write_text("before")
    copy = Copy()

    def sizes() -> dict[str, int]:
        return {path: file["size"] for path, file in copy.of("here", "files.file").items()}

    plugin = FilesPlugin(PluginContext("here", {"path": str(files)}))
    with (
        Embedded(
            ["files.file"],
            cloud="here",
            plugins=[plugin],
            interval=1.0,
            changes_interval=0.2,
            settle=0.0,
        ) as here,
        here.watch() as events,
    ):
        timer = threading.Timer(PATIENCE, here.close)
        timer.start()

        def follow_until(done: Callable[[], bool]) -> None:
            for event in events:
                copy.apply(event)
                if done():
                    return
            raise AssertionError(f"after {PATIENCE:.0f} s there is {sizes()}")

        try:
            follow_until(
                lambda: sizes() == {"changed.txt": 6, "deleted.txt": 6, "untouched.txt": 6}
            )
            (files / "changed.txt").write_text("and after")
            (files / "created.txt").write_text("new")
            (files / "deleted.txt").unlink()
            follow_until(
                lambda: sizes() == {"changed.txt": 9, "created.txt": 3, "untouched.txt": 6}
            )
        finally:
            timer.cancel()
