# SPDX-License-Identifier: Apache-2.0
"""Notifications as Heat 27 sends them, and those that are none; Heat's own 404."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synchronizer.plugin import Hint
from synchronizer.plugin.openstack import Answer
from synchronizer_plugins.heat import notifications
from synchronizer_plugins.heat.single import says_not_found

ID = "485eb6a1-0d92-481e-a362-d906afdb319c"

PAYLOAD = {
    "tenant_id": "79d5d4a8a11c4252b6b8edc7358f87b2",
    "stack_identity": ID,
    "stack_name": "s1",
    "state": "DELETE_COMPLETE",
    "tags": [],
}


def hints(event_type: str, payload: dict[str, Any]) -> list[Hint]:
    return list(notifications.hints(event_type, payload))


@pytest.mark.parametrize("event", ["create.start", "create.error", "delete.start", "update.end"])
def test_an_event_of_a_stack_names_it(event: str) -> None:
    assert hints(f"orchestration.stack.{event}", PAYLOAD) == [Hint("heat.stack", ID)]


def test_the_end_of_a_deletion_says_so() -> None:
    found = hints("orchestration.stack.delete.end", PAYLOAD)
    assert found == [Hint("heat.stack", ID, deleted=True)]


def test_an_arn_ends_with_the_id() -> None:
    payload = {"stack_identity": f"arn:openstack:heat::p1:stacks/s1/{ID}"}
    assert hints("orchestration.stack.update.end", payload) == [Hint("heat.stack", ID)]


@pytest.mark.parametrize(
    "event", ["orchestration.autoscaling.start", "stack.create.end", "volume.create.end", ""]
)
def test_other_events_name_nothing(event: str) -> None:
    assert hints(event, PAYLOAD) == []


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    event=st.just("orchestration.stack.delete.end") | st.text(),
    payload=st.dictionaries(st.just("stack_identity") | st.text(), json),
)
def test_garbage_is_no_error_and_names_nothing_but_texts(
    event: str, payload: dict[str, Any]
) -> None:
    for hint in hints(event, payload):
        assert isinstance(hint.id, str)
        assert 0 < len(hint.id) <= 255


def answer(body: bytes) -> Answer:
    return Answer("GET /stacks/x", 404, {}, body, None)


def fault(type_: str, message: str) -> bytes:
    return (
        f'{{"code": 404, "title": "Not Found", "explanation": "x", "error": {{"type": "{type_}",'
        f' "traceback": null, "message": "{message}"}}}}'
    ).encode()


def test_heats_404_names_the_stack() -> None:
    body = fault("EntityNotFound", f"The Stack ({ID}) could not be found.")
    assert says_not_found(answer(body), ID)
    assert not says_not_found(answer(body), ID.replace("4", "5"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        b'{"code": 404}',
        fault("NotFound", f"The resource {ID} could not be found."),
        fault("EntityNotFound", "The Stack could not be found."),
    ],
)
def test_whatever_else_is_not_heats_404(body: bytes) -> None:
    assert not says_not_found(answer(body), ID)
