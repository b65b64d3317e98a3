# SPDX-License-Identifier: Apache-2.0
"""The server refuses exactly the arguments that the schemas refuse."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.functional.bus.brokers import LocalBroker
from tests.functional.client.service import STREAM
from tests.functional.schemas.conftest import serving
from tests.support.schemas import request_of, validator
from tests.support.wire import Calling

BIG = 2**53
#: Values that make sense here, for one argument or another, and such that never do.
NAMES: st.SearchStrategy[Any] = st.sampled_from(["x", "", "n" * 128, "n" * 129, "n" * 1025, 1, []])
#: Any listing is younger than this.
AGES: st.SearchStrategy[Any] = st.sampled_from([1e12, 10**12, -1, -0.5, "1", True, [], None])
NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 2, 5000, 5001, BIG, BIG + 1, -1, "1", True, 1.5, [], None]
)
FIELDS: st.SearchStrategy[Any] = st.sampled_from(
    [["id"], ["n"] * 256, ["n"] * 257, [], ["id", 1], "id", {}, None]
)
WHERES: st.SearchStrategy[Any] = st.sampled_from(
    [{}, {"id": "x"}, {"id": []}, {"id": ["x"] * 257}, {"a": None, "b": [1, {}]}, [], "id", None]
)
ENCODINGS: st.SearchStrategy[Any] = st.sampled_from(["json", "zlib", "gzip", "", 1, None])
TYPES: st.SearchStrategy[Any] = st.sampled_from([STREAM.type] * 6 + ["a.b", "", 1, None])
CLOUDS: st.SearchStrategy[Any] = st.sampled_from([STREAM.cloud, None] * 3 + ["", 1, "elsewhere"])
EPOCHS: st.SearchStrategy[Any] = st.sampled_from(["old", "e" * 1024, "", "e" * 1025, 1, None])
BITS: st.SearchStrategy[Any] = st.sampled_from([0, 3, 10, 11, -1, "1", True, 1.5, [], None])
#: Which bucket there is depends on the bits; the first is always there.
BUCKETS: st.SearchStrategy[Any] = st.sampled_from([0, 1024, -1, "1", True, 1.5, [], None])
LIMITS: st.SearchStrategy[Any] = st.sampled_from([0, 1, 1000, 1001, -1, "1", True, 1.5, None])
ODD = {"colour": st.just("blue")}

#: Of several errors a caller learns one.
LOOKED_AT_FIRST = ("UnknownType", "UnknownCloud")

#: (method, what it must be given, what it may be given). Where a number may be too far above
#: what there is, the server knows more than a schema can.
REQUESTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "get_all",
        {"type": TYPES},
        {
            "cloud": CLOUDS,
            "max_age": AGES,
            "limit": NUMBERS,
            "fields": FIELDS,
            "where": WHERES,
            "encoding": ENCODINGS,
            **ODD,
        },
    ),
    (
        "changes",
        {"type": TYPES},
        {
            "cloud": CLOUDS,
            "epoch": NAMES | st.none(),
            "since": NUMBERS,
            "limit": NUMBERS,
            **ODD,
        },
    ),
    ("get", {"type": TYPES, "id": NAMES}, {"cloud": CLOUDS, "revision": NUMBERS, **ODD}),
    (
        "digests",
        {"type": TYPES, "epoch": EPOCHS, "revision": NUMBERS},
        {"cloud": CLOUDS, "bits": BITS, **ODD},
    ),
    (
        "roster",
        {"type": TYPES, "epoch": EPOCHS, "revision": NUMBERS},
        {"cloud": CLOUDS, "bits": BITS, "bucket": BUCKETS, "limit": NUMBERS, **ODD},
    ),
    (
        "history",
        {"type": TYPES, "id": NAMES},
        {"cloud": CLOUDS, "limit": LIMITS, "before": NUMBERS, **ODD},
    ),
    ("describe", {}, ODD),
    ("barrier", {"type": TYPES, "nonce": NAMES}, {"cloud": CLOUDS, **ODD}),
]


@pytest.fixture(scope="module")
def talking(broker: LocalBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calling]:
    with serving(broker, tmp_path_factory.mktemp("talking")) as service:
        service.fill(1)
        service.wait_published()
        # It draws random numbers, which are hypothesis's here.
        service.stop_relay()
        calling = Calling(service.url)
        yield calling
        calling.close()


@pytest.mark.parametrize(("method", "needed", "more"), REQUESTS)
def test_what_a_schema_refuses_is_an_error_and_what_it_takes_is_no_bad_request(
    talking: Calling, method: str, needed: dict[str, Any], more: dict[str, Any]
) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.fixed_dictionaries({}, optional={**needed, **more}))
    def agree(arguments: dict[str, Any]) -> None:
        said = outcome(talking, method, arguments)
        if validator(request_of(method)).is_valid(arguments):
            assert said != "BadRequest"
        else:
            assert said in {"BadRequest", *LOOKED_AT_FIRST}

    agree()


def outcome(calling: Calling, method: str, arguments: dict[str, Any]) -> str:
    """The class of the error that crossed the bus, or `answer`."""
    before = len(calling.failures)
    try:
        calling._client.call({}, method, **arguments)
    except Exception:
        (failure,) = calling.failures[before:]
        return str(json.loads(failure)["class"])
    return "answer"
