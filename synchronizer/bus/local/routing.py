# SPDX-License-Identifier: Apache-2.0
"""Which queues a message goes to: direct, fanout and topic exchanges, as in AMQP."""

from synchronizer.bus.local.protocol import Kind

#: Routes that are remembered; the oldest are not worth more than starting again.
_REMEMBERED = 5_000


def matches(pattern: list[str], key: list[str]) -> bool:
    """AMQP's topic match: `*` is one word, `#` any number of words. Linear in the key."""
    # The classical wildcard match: on a mismatch go back to the last "#" and let it take one more.
    p = k = 0
    last_hash, resume = -1, 0
    while k < len(key):
        if p < len(pattern) and pattern[p] == "#":
            last_hash, resume = p, k
            p += 1
        elif p < len(pattern) and pattern[p] in ("*", key[k]):
            p, k = p + 1, k + 1
        elif last_hash >= 0:
            resume += 1
            p, k = last_hash + 1, resume
        else:
            return False
    return all(word == "#" for word in pattern[p:])


class Routes:
    """The bindings of queue names to exchanges and keys."""

    def __init__(self) -> None:
        self._bindings: dict[tuple[Kind, str], set[tuple[str, str]]] = {}
        self._of_queue: dict[str, set[tuple[Kind, str, str]]] = {}
        self._known: dict[tuple[Kind, str, str], tuple[str, ...]] = {}

    def bind(self, kind: Kind, exchange: str, key: str, queue: str) -> None:
        """Messages that match go to the queue from now on. Direct ones always go to the
        queue of their key's name."""
        if kind != "direct":
            self._bindings.setdefault((kind, exchange), set()).add((key, queue))
        self._of_queue.setdefault(queue, set()).add((kind, exchange, key))
        self._known.clear()

    def unbind(self, queue: str) -> None:
        """The queue is gone."""
        for kind, exchange, key in self._of_queue.pop(queue, ()):
            bindings = self._bindings.get((kind, exchange))
            if bindings is not None:
                bindings.discard((key, queue))
                if not bindings:
                    del self._bindings[kind, exchange]
        self._known.clear()

    def find(self, kind: Kind, exchange: str, key: str) -> tuple[str, ...]:
        """The names of the queues that such a message goes to."""
        asked = (kind, exchange, key)
        found = self._known.get(asked)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            found = self._known[asked] = tuple(sorted(self._search(kind, exchange, key)))
        return found

    def _search(self, kind: Kind, exchange: str, key: str) -> set[str]:
        if kind == "direct":
            return {key} & self._of_queue.keys()
        bindings = self._bindings.get((kind, exchange), set())
        if kind == "fanout":
            return {queue for _, queue in bindings}
        words = key.split(".")
        return {queue for pattern, queue in bindings if matches(pattern.split("."), words)}
