# SPDX-License-Identifier: Apache-2.0
"""Several questions at once, as the sampler's threads ask them."""

import concurrent.futures
import threading
from collections.abc import Callable

from synchronizer.model import EntityType
from synchronizer.plugin.conformance.failing import NotConforming
from synchronizer.plugin.conformance.reading import decoded
from synchronizer.plugin.conformance.subject import Subject, differing

#: Rounds of everything at once.
_ROUNDS = 5


class TogetherChecks:
    """A plugin is one object for all threads: one for each type and kind of question."""

    def test_listings_side_by_side_do_not_disturb_each_other(self, subject: Subject) -> None:
        """One is read whole between two pages of another."""
        for type_ in subject.types:
            whole = subject.listed(type_).entities.keys()
            with subject.walk(type_) as walk:
                first = walk.step()
                for other in subject.types:
                    subject.listed(other)
                if subject.gets_changes(type_):
                    subject.changes(type_, subject.since(type_))
                pages = [page for page in (first, *walk) if page is not None]
            entities = [decoded(item) for page in pages for item in page.items]
            missing = whole - {entity.get(type_.id_field) for entity in entities if entity}
            if missing:
                raise NotConforming(
                    f"it leaves out {len(missing)} of {len(whole)} entities when another question"
                    " is asked between two of its pages",
                    where=subject.where("get_all", type_),
                    mend="keep a listing's state in local variables, not in the plugin: several"
                    " questions are under way at once",
                )

    def test_all_questions_can_be_asked_at_once(self, subject: Subject) -> None:
        """From several threads, with the same answers."""
        questions: list[Callable[[], None]] = []
        for type_ in subject.types:
            questions += _questions(subject, type_)
        for _ in range(_ROUNDS):
            barrier = threading.Barrier(len(questions))

            def together(
                question: Callable[[], None], barrier: threading.Barrier = barrier
            ) -> None:
                barrier.wait()
                question()

            with concurrent.futures.ThreadPoolExecutor(len(questions)) as pool:
                for done in [pool.submit(together, question) for question in questions]:
                    done.result()


def _questions(subject: Subject, type_: EntityType) -> list[Callable[[], None]]:
    """Each compares what it is told with what it was told in quiet."""
    known = subject.listed(type_).entities
    since = subject.since(type_)
    restless = {
        f
        for i, e in subject.listed(type_).entities.items()
        if i in known
        for f in differing(e, known[i], type_)
    }

    def check(call: str, same: bool) -> None:
        if not same:
            raise NotConforming(
                "it gives another answer while other questions are asked",
                where=subject.where(call, type_),
                mend="share nothing between calls that is not protected by a lock; libraries that"
                " are not thread-safe need one client per thread",
            )

    def list_() -> None:
        found = subject.listing(type_).entities
        check("get_all", found.keys() == known.keys())
        for id_, entity in found.items():
            check("get_all", restless.issuperset(differing(entity, known[id_], type_)))

    questions = [list_, list_]
    if subject.gets_changes(type_):
        told = subject.changes(type_, since).entities.keys()
        questions.append(
            lambda: check("get_changes", subject.changes(type_, since).entities.keys() == told)
        )
    if subject.gets_one(type_) and known:
        id_ = next(iter(known))
        seen = subject.get(type_, id_)
        questions.append(
            lambda: check(
                f"get({id_!r})",
                restless.issuperset(differing(subject.get(type_, id_), seen, type_)),
            )
        )
    return questions
