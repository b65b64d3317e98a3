# SPDX-License-Identifier: Apache-2.0
import pytest

from synchronizer import errors
from synchronizer.client.streams import Wanted
from synchronizer.client.values import StreamInfo
from synchronizer.model import StreamKey


def info(name: str) -> StreamInfo:
    cloud, _, type_ = name.partition(".")
    return StreamInfo(cloud, type_, "e", 1, 1, 1, 1, 0, None, 0, None, None)


KNOWN = [
    info(name)
    for name in (
        "boston.cinder.volume",
        "boston.nova.flavor",
        "boston.nova.server",
        "paris.nova.server",
    )
]


def chosen(*types: str, cloud: str | None = None) -> list[str]:
    return [f"{s.cloud}.{s.type}" for s in Wanted(types, cloud).choose(KNOWN)]


@pytest.mark.parametrize(
    ("types", "cloud", "meant"),
    [
        (["nova.server"], None, ["boston.nova.server", "paris.nova.server"]),
        (["nova.server"], "paris", ["paris.nova.server"]),
        (["boston.nova.server"], None, ["boston.nova.server"]),
        (["boston.nova.server"], "paris", ["boston.nova.server"]),
        (["nova.*"], "boston", ["boston.nova.flavor", "boston.nova.server"]),
        (
            ["*.nova.*"],
            "paris",
            ["boston.nova.flavor", "boston.nova.server", "paris.nova.server"],
        ),
        (["p*.*.*"], None, ["paris.nova.server"]),
        (["*.*"], "boston", ["boston.cinder.volume", "boston.nova.flavor", "boston.nova.server"]),
        (["nova.serve?"], "boston", ["boston.nova.server"]),
        (
            ["cinder.volume", "boston.nova.flavor"],
            None,
            ["boston.cinder.volume", "boston.nova.flavor"],
        ),
    ],
)
def test_types_and_patterns_mean_streams(
    types: list[str], cloud: str | None, meant: list[str]
) -> None:
    assert chosen(*types, cloud=cloud) == meant


def test_only_patterns_mean_streams_that_come_later() -> None:
    assert Wanted(["nova.*"], None).grows
    assert Wanted(["*.nova.server"], None).grows
    assert not Wanted(["nova.server", "boston.nova.server"], None).grows


@pytest.mark.parametrize("name", ["nova.sever", "nova", "glance.*", "boston.nova.sever"])
def test_what_means_nothing_is_an_unknown_type_that_tells_the_known_ones(name: str) -> None:
    with pytest.raises(errors.UnknownType, match=r"cinder\.volume, nova\.flavor, nova\.server"):
        chosen(name, cloud="boston")


@pytest.mark.parametrize(("name", "cloud"), [("nova.server", "rome"), ("rome.nova.*", None)])
def test_an_unknown_cloud_tells_the_known_ones(name: str, cloud: str | None) -> None:
    with pytest.raises(errors.UnknownCloud, match="boston, paris"):
        chosen(name, cloud=cloud)


def test_a_daemon_without_streams_is_not_ready_yet() -> None:
    with pytest.raises(errors.ServiceUnavailable):
        Wanted(["nova.server"], None).choose([])


def test_nothing_at_all_is_a_bad_request() -> None:
    with pytest.raises(errors.BadRequest):
        Wanted([], None)


def test_a_type_alone_may_be_given_as_a_text() -> None:
    stream = StreamKey("boston", "nova.server")
    assert Wanted("nova.server", "boston").covers(stream)
