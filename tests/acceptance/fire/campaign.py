# SPDX-License-Identifier: Apache-2.0
"""Whole runs: every world of a plan in a process of its own, some side by side.

What a world leaves is one small file; so a run may last for a night.
"""

import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator

import msgspec

from tests.acceptance.fire.plan import Block
from tests.acceptance.fire.processes import ROOT, end_with_parent
from tests.acceptance.fire.result import Result
from tests.acceptance.fire.run import Run

#: Seconds for a world to end when another one failed.
ENDING = 60.0


def campaign(run: Run, jobs: int, say: Callable[[str], None] = print) -> Result:
    """Plays all worlds of a run, `jobs` at a time; the first failure ends them all."""
    began = time.monotonic()
    say(f"seed {run.seed}: {run.rounds} rounds, {jobs} worlds at a time")
    with tempfile.TemporaryDirectory(prefix="fire-results-") as directory:
        worlds = _Worlds(run, pathlib.Path(directory), say)
        threads = [threading.Thread(target=worlds.play_all) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:
            worlds.stop()
            for thread in threads:
                thread.join()
    result = worlds.result
    result.seconds = time.monotonic() - began
    say(result.summary())
    return result


class _Worlds:
    """What the threads of a campaign share."""

    def __init__(self, run: Run, directory: pathlib.Path, say: Callable[[str], None]) -> None:
        self.result = Result(run.seed)
        self._run = run
        self._directory = directory
        self._say = say
        self._blocks: Iterator[Block] = iter(run.blocks())
        self._playing: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def play_all(self) -> None:
        while (started := self._start_next()) is not None:
            block, process, path = started
            assert process.stdout is not None
            for line in process.stdout:
                self._say(f"[{block.number}] {line.rstrip()}")
            process.wait()
            self._take(block, process, path)

    def stop(self) -> None:
        """Ends the worlds that are played, and begins no more."""
        with self._lock:
            self._stopped = True
            for process in self._playing:
                process.terminate()

    def _start_next(self) -> tuple[Block, subprocess.Popen[str], pathlib.Path] | None:
        with self._lock:
            block = None if self._stopped else next(self._blocks, None)
            if block is None:
                return None
            path = self._directory / str(block.number)
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.acceptance.fire"),
                    *(*self._run.arguments(block.number), "--result", str(path)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd=ROOT,
                # Each is ended from here alone, so that it can end its processes in order.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
            self._playing.add(process)
            return block, process, path

    def _take(self, block: Block, process: subprocess.Popen[str], path: pathlib.Path) -> None:
        with self._lock:
            self._playing.discard(process)
            stopped = self._stopped
            if path.exists():
                self.result.add(msgspec.json.decode(path.read_bytes(), type=Result))
                path.unlink()
            elif not stopped:
                self.result.failure = f"world {block.number} ended with {process.returncode}"
            failed = self.result.failure is not None
        if failed and not stopped:
            self.stop()
