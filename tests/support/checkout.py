# SPDX-License-Identifier: Apache-2.0
"""The repository's files in another place, as a clone would have them."""

import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).parents[2]


def copy_to(path: pathlib.Path) -> pathlib.Path:
    """What git knows, as it is now, whether it was committed or not; nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).exists():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    return path
