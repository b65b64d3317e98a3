# SPDX-License-Identifier: Apache-2.0
"""A good plugin passes every check, and each broken one fails at the right ones."""

import pathlib
import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from synchronizer.plugin import EntityType, Page
from synchronizer.plugin.conformance import NotConforming, PluginConformance
from synchronizer.plugin.conformance.subject import Subject
from tests.unit.plugin.conformance import broken, suites
from tests.unit.plugin.conformance.things import (
    PART,
    THING,
    Good,
    HookedThings,
    Listed,
    Mixed,
    Things,
)

pytestmark = pytest.mark.timeout(300)

ROOT = pathlib.Path(__file__).parents[4]

#: class -> check -> what a failure says, "" for a skip, None for a pass.
Outcomes = dict[str, dict[str, str | None]]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All the suites, run once."""
    report = tmp_path_factory.mktemp("conformance") / "report.xml"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "--tb=short",
            "-p", "no:cacheprovider", "-p", "no:hypothesispytest",
            f"--junitxml={report}", suites.__file__,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, f"some must fail, and no more: {done.stdout}{done.stderr}"
    found: Outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it
        suite = case.attrib["classname"].rpartition(".Test")[2]
        said: str | None = None
        for element in case:
            if element.tag in {"failure", "error"}:
                said = f"{element.attrib.get('message')}{element.text}"
            elif element.tag == "skipped":
                said = ""
        found.setdefault(suite, {})[case.attrib["name"].removeprefix("test_")] = said
    return found


def failed(outcomes: Outcomes, suite: str) -> set[str]:
    return {check for check, said in outcomes[suite].items() if said}


def test_a_plugin_with_every_capability_passes_every_check(outcomes: Outcomes) -> None:
    skipped = [check for check, said in outcomes["Good"].items() if said is not None]
    assert skipped == ["it_has_an_entry_point"], "it is not installed, and passes the rest"


def test_a_plugin_that_can_only_list_passes_what_concerns_it(outcomes: Outcomes) -> None:
    assert failed(outcomes, "Listed") == set()
    assert outcomes["Listed"]["what_is_deleted_is_gone"] is None
    assert outcomes["Listed"]["an_absent_entity_is_not_found"] == ""


def test_a_plugin_that_can_do_more_for_some_types_passes_every_check(outcomes: Outcomes) -> None:
    skipped = [check for check, said in outcomes["Mixed"].items() if said is not None]
    assert skipped == ["it_has_an_entry_point"], "it is not installed, and passes the rest"


def test_every_check_has_a_broken_plugin_that_fails_it() -> None:
    checks = {name.removeprefix("test_") for name in dir(PluginConformance) if "test_" in name}
    broken_ones = {check for kind in suites.kinds() for check in kind.breaks}
    elsewhere = {
        "it_has_an_entry_point",
        "all_questions_can_be_asked_at_once",
        "it_can_be_closed_without_having_been_used",
        "its_settings_have_defaults_that_fit",
    }
    assert checks - broken_ones == elsewhere, "the others are broken one by one below"


@pytest.mark.parametrize("kind", list(suites.kinds()), ids=lambda kind: kind.__name__)
def test_a_broken_plugin_fails_at_exactly_the_right_checks(
    kind: type[broken.Faulty], outcomes: Outcomes
) -> None:
    assert failed(outcomes, kind.__name__) - set(kind.may_break) == set(kind.breaks)
    for check in kind.breaks:
        said = outcomes[kind.__name__][check] or ""
        assert "where: " in said, said
        assert "mend:  " in said, said


def test_a_suite_without_a_source_says_what_to_define(outcomes: Outcomes) -> None:
    said = outcomes["WithoutSource"]["a_listing_can_be_read"] or ""
    assert "TestWithoutSource has no fixture 'source'; define one" in said


# --- types that a hook leaves out --------------------------------------------


class OneHook(HookedThings):
    """Offers its hooks for things alone, and says so when it is asked."""

    def creatable(self, type_: EntityType) -> bool:
        return True

    def create(self, type_: EntityType) -> str:
        if type_ != THING:
            pytest.skip("parts cannot be made")
        return super().create(type_)


class ForgetsWhatChanged(Mixed):
    """Of things, the type that comes last."""

    def get_changes(self, type_: EntityType, since: int) -> Iterator[Page]:
        for page in super().get_changes(type_, since):
            yield broken.but(page, items=())


def test_a_type_that_a_hook_skips_does_not_hide_the_faults_of_the_others() -> None:
    source = OneHook(ForgetsWhatChanged)
    with pytest.raises(NotConforming, match="the changes since before that do not show it so"):
        PluginConformance().test_what_is_created_shows(Subject(source, source.make_plugin()))


def test_a_check_is_skipped_if_the_hooks_skip_every_type() -> None:
    source = OneHook(Mixed)
    subject = Subject(source, source.make_plugin())
    subject.each(source.create, [PART, THING])
    with pytest.raises(pytest.skip.Exception, match=r"things\.part: parts cannot be made"):
        subject.each(source.create, [PART])


# --- checks whose fault is one of time --------------------------------------


@pytest.fixture
def checks() -> PluginConformance:
    return PluginConformance()


class UsedByTwoThreads(Listed):
    """Its library does not bear two calls at once. The check's first three come alone."""

    quiet = 3
    meeting = threading.Barrier(2, timeout=60)

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        self.quiet -= 1
        if self.quiet < 0:
            self.meeting.wait()
            raise RuntimeError("connection is busy with another request")
        yield from super().get_all(type_)


def test_a_plugin_that_is_not_thread_safe_is_found(checks: PluginConformance) -> None:
    source = Things(UsedByTwoThreads)
    with pytest.raises(NotConforming, match="connection is busy with another request"):
        checks.test_all_questions_can_be_asked_at_once(Subject(source, source.make_plugin()))


class NeverCloses(Good):
    let_go = threading.Event()

    def close(self) -> None:
        self.let_go.wait()


def test_what_does_not_end_is_told_in_time(checks: PluginConformance) -> None:
    source = Things(NeverCloses)
    source.deadline = 0.1
    subject = Subject(source, source.make_plugin())
    try:
        with pytest.raises(NotConforming, match=r"did not end within 0\.1 s"):
            checks.test_it_can_be_closed_without_having_been_used(subject)
    finally:
        NeverCloses.let_go.set()


class OtherValues(Good):
    def setting(self, name: str) -> object:
        return str(super().setting(name))


def test_a_setting_of_another_type_than_declared_is_told(checks: PluginConformance) -> None:
    source = Things(OtherValues)
    with pytest.raises(NotConforming, match="page_size has the value of a str"):
        checks.test_its_settings_have_defaults_that_fit(Subject(source, source.make_plugin()))


def test_a_walk_stays_in_one_thread() -> None:
    threads: list[threading.Thread] = []

    class Watched(Listed):
        def get_all(self, type_: EntityType) -> Iterator[Page]:
            try:
                for page in super().get_all(type_):
                    threads.append(threading.current_thread())
                    yield page
            finally:
                threads.append(threading.current_thread())

    source = Things(Watched)
    with Subject(source, source.make_plugin()).walk(THING) as walk:
        walk.step()
        walk.step()
    assert len(threads) == 3
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()
