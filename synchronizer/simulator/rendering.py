# SPDX-License-Identifier: Apache-2.0
"""A server's bytes, as one microversion shows them to one kind of caller.

The keys of a view are put into a template once; a server is then one `template % values`.
The same server in the same state gives the same bytes, in Nova's own order of keys.
"""

from __future__ import annotations

from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from synchronizer.simulator import fixtures, instants
from synchronizer.simulator.accounts import USERS_PER_PROJECT, Accounts
from synchronizer.simulator.seeded import Facts
from synchronizer.simulator.state import State
from synchronizer.simulator.templates import FIELDS, Values, template

_NO_HOST = len(fixtures.HOSTS)
_PROGRESS = b', "progress": 0'
_GROUPS = b', "security_groups": [{"name": "default"}]'
_TAGS = (
    b"[]",
    b'["backup"]',
    b'["backup", "monitored"]',
    b'["compliance:pci", "monitored", "tier:gold"]',
)


class ViewKey(NamedTuple):
    """What a server's bytes depend on besides the server.

    `root` is the service's URL without the version, `minor` the microversion's second number,
    `form` one of detail (an item of /servers/detail), show (GET of one) and index.
    """

    root: str
    minor: int
    admin: bool
    form: str


class View:
    """Renders servers; made for a key once and kept."""

    def __init__(self, key: ViewKey, accounts: Accounts) -> None:
        self.key = key
        self._root = key.root.encode()
        self._template, self._pick = template(key.form, key.minor, key.admin, self._root)
        self._projects = tuple(project.id.encode() for project in accounts.projects)
        self._users = tuple(
            tuple(accounts.user_id(index, n).encode() for n in range(USERS_PER_PROJECT))
            for index in range(len(self._projects))
        )
        self._host_ids = tuple(
            (*(fixtures.host_id(host, project.id) for host in fixtures.HOSTS), b"")
            for project in accounts.projects
        )
        self._hosts = (*(b'"%b"' % host.encode() for host in fixtures.HOSTS), b"null")
        self._nodes = (*(b'"%b.sim"' % host.encode() for host in fixtures.HOSTS), b"null")
        if key.minor >= 47:
            self._flavors = tuple(flavor.embedded(True) for flavor in fixtures.FLAVORS)
        else:
            self._flavors = tuple(flavor.linked(key.root) for flavor in fixtures.FLAVORS)
        kept = ', "delete_on_termination": false' if key.minor >= 3 else ""
        self._volume = f'[{{"id": "%b"{kept}}}]'.encode()
        self._images = tuple(image.linked(key.root, key.minor >= 98) for image in fixtures.IMAGES)

    def render(self, facts: Facts, state: State) -> bytes:
        """Return the JSON object of a server."""
        return self._template % self._pick(self._values(facts, state))

    def _values(self, facts: Facts, state: State) -> Values:
        digest, hexed = facts.digest, facts.hexed
        project = facts.birth % len(self._projects)
        building = state.vm_state == "building"
        here = state.launched is not None  # one that was never placed has no host
        host = digest[12] % _NO_HOST if here else _NO_HOST
        addressed = here and not state.deleted
        status = state.status
        origin = b"%b-%07d" % (facts.role.encode(), facts.birth)
        return (  # in the order of FIELDS
            facts.id,
            encode_basestring_ascii(state.name).encode(),
            _addresses(facts, state.address) if addressed else b"{}",
            instants.zulu(state.created),
            instants.zulu(state.updated),
            self._flavors[digest[13] % len(self._flavors)],
            self._host_ids[project][host],
            self._images[digest[14] % len(self._images)],
            _metadata(state.metadata),
            status.encode(),
            self._projects[project],
            self._users[project][digest[15] % USERS_PER_PROJECT],
            _fault(state, self.key.admin) if status == "ERROR" else b"",
            _PROGRESS if status in ("ACTIVE", "BUILD") else b"",
            fixtures.ZONES[host % 3].encode() if here else b"",
            b'"operator-key"' if digest[16] < 160 else b"null",
            _moment(state.launched),
            _moment(state.terminated),
            self._hosts[host],
            self._nodes[host],
            b"instance-%08x" % (facts.birth + 1),
            origin,
            b"r-" + hexed[34:42],
            b"null" if building else b'"/dev/vda"',
            _user_data(digest[17]),
            b"null" if state.task_state is None else b'"%b"' % state.task_state.encode(),
            state.vm_state.encode(),
            b"%d" % state.power_state,
            self._volumes(digest[18], hexed) if addressed else b"[]",
            b"true" if state.locked else b"false",
            b"UP" if here else b"",
            b'"%b"' % origin if digest[19] < 64 else b"null",
            _TAGS[digest[20] % len(_TAGS)],
            (
                b"null"
                if state.locked_reason is None
                else encode_basestring_ascii(state.locked_reason).encode()
            ),
            _GROUPS if addressed else b"",
        )

    def _volumes(self, dice: int, hexed: bytes) -> bytes:
        if dice < 128:
            return b"[]"
        uuid = b"%b-%b-4%b-b%b-%b" % (
            hexed[42:50],
            hexed[50:54],
            hexed[54:57],
            hexed[57:60],
            hexed[:12],
        )
        return self._volume % uuid

    def unknown(self, facts: Facts, state: State) -> bytes:
        """Return the partial record of a server whose cell does not answer (2.69 and later)."""
        base = b"%b/v2.1/servers/%b" % (self._root, facts.id)
        links = b'[{"rel": "self", "href": "%b"}, {"rel": "bookmark", "href": "%b"}]' % (
            base,
            b"%b/servers/%b" % (self._root, facts.id),
        )
        if self.key.form == "index":
            return b'{"id": "%b", "status": "UNKNOWN", "links": %b}' % (facts.id, links)
        values = dict(zip(FIELDS, self._values(facts, state), strict=True))
        text = b'{"id": "%b", "status": "UNKNOWN", "tenant_id": "%b", "created": "%b"' % (
            facts.id,
            values["project"],
            values["created"],
        )
        text += b', "links": ' + links
        if self.key.form == "show":
            text += b', "image": %b, "flavor": %b' % (values["image"], values["flavor"])
            text += b', "OS-EXT-AZ:availability_zone": "UNKNOWN", "OS-EXT-STS:power_state": 0'
            text += b', "user_id": "%b"' % values["user"]
            if self.key.minor >= 71:
                text += b', "server_groups": []'
        return text + b"}"


@lru_cache(maxsize=8192)
def _metadata(pairs: tuple[tuple[str, str], ...]) -> bytes:
    return fixtures.dumps(dict(pairs))


def _addresses(facts: Facts, address: int) -> bytes:
    mac = facts.hexed
    return (
        b'{"private": [{"version": 4, "addr": "10.%d.%d.%d", "OS-EXT-IPS:type": "fixed", '
        b'"OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:%b:%b:%b"}, {"version": 6, '
        b'"addr": "fd00:%b:%b::%x", "OS-EXT-IPS:type": "fixed", '
        b'"OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:%b:%b:%b"}]}'
        % (
            address >> 16,
            address >> 8 & 255,
            address & 255,
            mac[42:44],
            mac[44:46],
            mac[46:48],
            mac[48:52],
            mac[52:56],
            address,
            mac[42:44],
            mac[44:46],
            mac[46:48],
        )
    )


def _user_data(dice: int) -> bytes:
    if dice < 64:
        return fixtures.USER_DATA
    return fixtures.USER_DATA_WITHOUT_MARKER if dice < 224 else b"null"


def _moment(seconds: int | None) -> bytes:
    return b"null" if seconds is None else b'"%b.000000"' % instants.plain(seconds)


def _fault(state: State, admin: bool) -> bytes:
    body: dict[str, object] = {
        "code": 500,
        "created": instants.zulu(state.created + 2).decode(),
        "message": "No valid host was found. There are not enough hosts available.",
    }
    if admin:
        body["details"] = "Traceback (most recent call last): NoValidHost_Remote: simulated"
    return b', "fault": ' + fixtures.dumps(body)
