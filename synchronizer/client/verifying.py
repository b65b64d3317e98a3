# SPDX-License-Identifier: Apache-2.0
"""Compares what somebody holds with what the server had at a revision."""

from collections.abc import Mapping

from synchronizer.client.narrowing import Differences, Narrowing
from synchronizer.client.questions import AskDigests
from synchronizer.client.requests import Requests
from synchronizer.model import StreamKey


def compare(
    requests: Requests, stream: StreamKey, held: Mapping[str, bytes], epoch: str, revision: int
) -> Differences:
    """`held`: id -> fingerprint. A few calls, however much is held, if little differs."""
    narrowing = Narrowing(held, epoch, revision)
    while (question := narrowing.question()) is not None:
        if isinstance(question, AskDigests):
            narrowing.digests(requests.digests(stream, epoch, revision, question.bits))
        else:
            narrowing.roster(
                requests.roster_page(
                    stream,
                    epoch,
                    revision,
                    bits=question.bits,
                    bucket=question.bucket,
                    cursor=question.cursor,
                )
            )
    return narrowing.differences
