# SPDX-License-Identifier: Apache-2.0
"""The operators' guide: its pages, what is to be run of them, and by which test."""

from collections.abc import Iterator

from tests.support.examples import ROOT, Block, every_block

FOLDER = "docs/operating"
#: Their text is made from code, and compared with it by tests of its own.
GENERATED = {"options.md", "metrics.md"}
PAGES = sorted(
    f"{FOLDER}/{path.name}" for path in (ROOT / FOLDER).glob("*.md") if path.name not in GENERATED
)
#: Pages whose commands an administrator types on a host that has the service, in this order.
ON_THE_HOST = [
    f"{FOLDER}/{name}.md" for name in ("installation", "configuration", "watching", "held-deletes")
]
#: Languages of blocks that are no commands and no files.
SHOWN = {"text", "{toctree}"}
DAEMONS_FILE = "synchronizer.conf"


def to_run(page: str, language: str) -> list[Block]:
    """The blocks of a page in one language but for those that cannot be run."""
    return [
        block for block in every_block(page) if block.language == language and not block.not_run
    ]


def configurations() -> Iterator[Block]:
    """Each block that is a whole configuration of the daemon."""
    for page in PAGES:
        for block in to_run(page, "ini"):
            if block.name is not None and block.name.endswith(DAEMONS_FILE):
                yield block
