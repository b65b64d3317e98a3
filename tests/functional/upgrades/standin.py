# SPDX-License-Identifier: Apache-2.0
"""Says to consumers what an older version's daemon said, word for word, as it was recorded."""

from collections.abc import Sequence
from typing import Any, Self

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from synchronizer import errors
from synchronizer.bus import topics, transport
from synchronizer.bus.notifier import Notifier
from synchronizer.bus.rpc import RpcServer
from tests.upgrades import place

PATIENCE = 60.0

Message = dict[str, Any]


class Standin:
    """Answers with the recorded snapshots. `tell` sends the notifications that followed them;
    bookmarks that are asked for are of where the consumers are, by then. `refused`: what was
    asked that this version's schemas do not have."""

    def __init__(self, url: str, lines: Sequence[Message], *, version: str) -> None:
        self.refused: list[str] = []
        self._schemas = place.schemas(version)
        self._pages: dict[str, Message] = {
            line["answer"]["cloud"]: line["answer"]
            for line in lines
            if line.get("method") == "get_all"
        }
        self._sent = [line for line in lines if "payload" in line]
        self._told: dict[str, Message] = {}
        self._transports = [transport.notification_transport(url), transport.rpc_transport(url)]
        self._notifier = Notifier(self._transports[0], "synchronizer.older")
        self._server = RpcServer(self._transports[1], [self], "older")
        self._server.start()
        assert self._server.wait_started(PATIENCE)

    @property
    def revisions(self) -> dict[str, int]:
        """Up to where consumers are told, by cloud."""
        found = {cloud: page["revision"] for cloud, page in self._pages.items()}
        for line in self._sent:
            payload = line["payload"]
            found[payload["cloud"]] = payload.get("last", payload.get("revision"))
        return found

    def tell(self) -> None:
        for line in self._sent:
            self._send(line["event_type"], line["payload"])

    def contradict(self, cloud: str) -> None:
        """Tells of another digest at the revision where consumers are."""
        mark = self._bookmark(cloud)
        mark["digest"] = f"{int(mark['digest'], 16) ^ 1:032x}"
        self._send(f"{mark['type']}.bookmark", mark)

    # --- what is asked by RPC -------------------------------------------------

    def describe(self, ctxt: object) -> Message:
        shared = ("epoch", "revision", "count", "digest", "listed_at", "held")
        return {
            "schema": 1,
            "version": "older",
            "host": "older",
            "clouds": {
                cloud: {
                    page["type"]: {
                        **{name: page[name] for name in shared},
                        "published": page["revision"],
                        "floor": 0,
                        "condition": None,
                    }
                }
                for cloud, page in self._pages.items()
            },
        }

    def get_all(self, ctxt: object, **arguments: Any) -> Message:
        self._check("get-all", arguments)
        return self._pages[arguments["cloud"]]

    def changes(self, ctxt: object, **arguments: Any) -> Message:
        self._check("changes", arguments)
        raise errors.ServiceUnavailable("it is being upgraded")

    def barrier(self, ctxt: object, **arguments: Any) -> Message:
        self._check("barrier", arguments)
        mark = self._bookmark(arguments["cloud"])
        self._send(f"{mark['type']}.bookmark", {**mark, "nonce": arguments["nonce"]})
        return {"epoch": mark["epoch"], "revision": mark["revision"]}

    # --------------------------------------------------------------------------

    def _check(self, method: str, arguments: Message) -> None:
        problem = best_match(
            Draft202012Validator(self._schemas[f"{method}-request"]).iter_errors(arguments)
        )
        if problem is not None:
            self.refused.append(f"{method}: {problem.message}")
            raise errors.BadRequest(problem.message)

    def _bookmark(self, cloud: str) -> Message:
        at = self._told.get(cloud, self._pages[cloud])
        shared = ("schema", "cloud", "type", "epoch", "count", "digest")
        return {
            **{name: at[name] for name in shared},
            "revision": at.get("last", at.get("revision")),
            "listed_at": at.get("listed_at"),
            "next_within": 60.0,
        }

    def _send(self, event_type: str, payload: Message) -> None:
        topic = topics.topic_of(payload["cloud"], payload["type"])
        self._notifier.send(topic, event_type, payload, PATIENCE)
        if "nonce" not in payload:
            self._told[payload["cloud"]] = payload

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        for made in self._transports:
            made.cleanup()
