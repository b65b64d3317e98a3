# SPDX-License-Identifier: Apache-2.0
"""The wheel with its extras, and a stranger's plugin beside it."""

import json
import pathlib
import re
import subprocess
import threading

from tests.acceptance.packaging.installation import PATIENCE, Installation
from tests.support.daemon import Daemon
from tests.support.waiting import until


def test_the_demonstration_converges_from_the_wheel(full: Installation) -> None:
    told = full.run(
        full.synchronizer, "demo", "--seconds", "8", "--servers", "300", "--churn", "10", "--json"
    )
    verdict = json.loads(told.stdout)
    assert verdict["converged"] is True, verdict
    assert verdict["false_deletes"] == 0


def test_the_strangers_plugin_passes_its_own_tests(
    full: Installation, example: pathlib.Path
) -> None:
    told = full.run(
        full.python, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", str(example)
    ).stdout
    assert "passed" in told
    assert "no installed entry point" not in told, "that check was skipped"


def test_the_strangers_plugin_is_listed_beside_ours(full: Installation) -> None:
    listed = json.loads(full.run(full.synchronizer, "plugins", "-f", "json").stdout)
    types = {plugin["name"]: plugin["types"].split() for plugin in listed}
    assert {plugin["state"] for plugin in listed} == {"ok"}
    assert types["files"] == ["files.file"]
    assert "nova.server" in types["nova"]
    sample = full.run(full.synchronizer, "config", "sample").stdout
    assert "[files]" in sample
    assert "#marker =" in sample
    assert "[files.file]" in sample


def test_a_file_that_changes_reaches_a_consumer_of_the_daemon(
    full: Installation, base: Installation, example: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    directory = tmp_path / "files"
    directory.mkdir()
    (directory / "first.txt").write_text("before")
    daemon = Daemon(
        cloud="here",
        clouds_yaml=tmp_path / "no-clouds.yaml",
        options=documented(example, directory) + "settle = 0\n",
        program=(full.synchronizer,),
    )
    with daemon, Consumer(base.synchronizer, daemon) as consumer:
        consumer.wait_for("the first file", "first.txt", 6)
        (directory / "first.txt").write_text("and after")
        (directory / "second.txt").write_text("new")
        consumer.wait_for("the file's new content", "first.txt", 9)
        consumer.wait_for("the new file", "second.txt", 3)
        (directory / "second.txt").unlink()
        consumer.wait_for("the deletion", "second.txt", None)
        said = json.loads(daemon.ask("describe", "-f", "json"))
        assert [stream["type"] for stream in said] == ["files.file"], said
        checked = daemon.ask("config", "check")
        assert f"cloud here, plugin files: files: {directory} can be read" in checked


def test_the_strangers_plugin_is_watched_without_a_daemon(
    full: Installation, example: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    (tmp_path / "only.txt").write_text("here")
    command = re.search(r"^    synchronizer (watch .*--embedded.*)$", readme(example), re.MULTILINE)
    assert command is not None
    words = command[1].replace("/srv/data", str(tmp_path)).split()
    told = full.run(full.synchronizer, *words, "--until-synced", "-f", "jsonl").stdout
    added, synced = (json.loads(line) for line in told.splitlines())
    assert (added["event"], added["id"], added["cloud"]) == ("added", "only.txt", "here")
    assert (synced["event"], synced["count"]) == ("synced", 1)


def readme(example: pathlib.Path) -> str:
    return (example / "README.md").read_text()


def documented(example: pathlib.Path, directory: pathlib.Path) -> str:
    """The configuration that the example's README shows, below [DEFAULT]; for the impatient."""
    shown = re.search(r"^```ini\n.*?(\[cloud:here\].*?)^```", readme(example), re.M | re.S)
    assert shown is not None
    settings = shown[1].replace("/srv/data", str(directory))
    assert str(directory) in settings
    return settings.replace("interval = 60", "interval = 2")


class Consumer:
    """`synchronizer watch -f jsonl` of an installation: the last size told of each file."""

    def __init__(self, synchronizer: str, daemon: Daemon) -> None:
        self._daemon = daemon
        self._argv = [
            synchronizer, "--transport-url", daemon.transport_url, "watch", "files.file",
            "--wait", "-f", "jsonl",
        ]  # fmt: skip
        self._sizes: dict[str, int | None] = {}
        self._lines: list[str] = []

    def wait_for(self, what: str, path: str, size: int | None) -> None:
        """Until the file was told to have this size; None: to be deleted."""
        until(
            what,
            lambda: path in self._sizes and self._sizes[path] == size,
            patience=PATIENCE,
            told="".join([*self._lines[-5:], self._daemon.told()]),
        )

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line)
            event = json.loads(line)
            if "id" in event:
                entity = event.get("entity") or {}
                self._sizes[event["id"]] = entity.get("size")

    def __enter__(self) -> "Consumer":
        self._process = subprocess.Popen(self._argv, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._thread.join(PATIENCE)
