# SPDX-License-Identifier: Apache-2.0
"""Several questions at once, as the sampler's threads ask them."""

import concurrent.futures
import threading
from collections.abc import Callable

from synchronizer.model import EntityType
from synchronizer.plugin.conformance.failing import NotConforming
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
                if subject.has_changes():
                    subject.changes(type_, subject.since(type_))
                pages = [page for page in (first, *walk) if page is not None]
            count = sum(len(page.items) for page in pages)
            if count != len(whole):
                raise NotConforming(
                    f"it shows {count} entities instead of {len(whole)} when another question is"
                    " asked between two of its pages",
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
    known = subject.listed(type_).entities
    since = subject.since(type_)

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
        same = found.keys() == known.keys() and not any(
            differing(found[id_], known[id_], type_) for id_ in known
        )
        check("get_all", same)

    def poll() -> None:
        found = subject.changes(type_, since).entities
        check("get_changes", found.keys() <= known.keys())

    def look() -> None:
        for id_ in list(known)[:3]:
            check("get", not differing(subject.get(type_, id_), known[id_], type_))

    questions = [list_, list_]
    if subject.has_changes():
        questions.append(poll)
    if subject.has_get() and known:
        questions.append(look)
    return questions
