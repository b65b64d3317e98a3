# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.bus import topics
from synchronizer.model import StreamKey

words = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
clouds = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True).filter("control".__ne__)


@given(clouds, words, words)
def test_a_topic_names_its_stream_and_back(cloud: str, service: str, kind: str) -> None:
    topic = topics.topic_of(cloud, f"{service}.{kind}")
    assert topic == f"synchronizer.{cloud}.{service}.{kind}"
    assert topics.parse_topic(topic) == StreamKey(cloud, f"{service}.{kind}")
    assert len(f"{topic}.info".encode()) <= 255


@pytest.mark.parametrize(
    "cloud", ["", "a.b", "a*", "#", "-a", "a b", "é", "x" * 65, "control", "a\n"]
)
def test_a_cloud_name_that_would_break_topics_is_refused(cloud: str) -> None:
    with pytest.raises(ValueError, match="cannot name a cloud"):
        topics.topic_of(cloud, "nova.server")


@pytest.mark.parametrize("name", ["", "nova", "nova.", ".server", "a.b.c", "Nova.server", "nova.*"])
def test_a_type_that_is_not_service_and_kind_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name an entity type"):
        topics.topic_of("cloud1", name)


@pytest.mark.parametrize(
    "topic",
    ["", "synchronizer", "synchronizer.control", "other.c.nova.server", "synchronizer.c.a.b.c"],
)
def test_a_topic_that_is_none_of_ours_is_refused(topic: str) -> None:
    with pytest.raises(topics.BadName):
        topics.parse_topic(topic)


def test_event_types_name_the_entity_type_and_the_event() -> None:
    assert topics.event_type("nova.server", "changes") == "nova.server.changes"
    assert topics.parse_event_type("nova.server.bookmark") == ("nova.server", "bookmark")
    for other in ("nova.server", "nova.server.created", "server.changes"):
        with pytest.raises(topics.BadName):
            topics.parse_event_type(other)
