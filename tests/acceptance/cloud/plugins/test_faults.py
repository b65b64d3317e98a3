# SPDX-License-Identifier: Apache-2.0
"""What plugins make of faults between them and the real services: the right error, always.

Each service is reached by its endpoint in the catalogue, which leads to a proxy.
"""

import concurrent.futures
import contextlib
import functools
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from synchronizer import errors, fingerprint
from synchronizer.plugin import EntityType, Plugin, PluginContext
from synchronizer.plugin.openstack import OpenStackPlugin
from synchronizer_plugins.cinder.plugin import CinderPlugin
from synchronizer_plugins.glance.plugin import GlancePlugin
from synchronizer_plugins.heat.plugin import HeatPlugin
from synchronizer_plugins.keystone.plugin import KeystonePlugin
from synchronizer_plugins.neutron.plugin import NeutronPlugin
from synchronizer_plugins.nova.plugin import NovaPlugin
from tests.acceptance.cloud.plugins.catalogue import (
    EMPTY,
    FAULTY,
    KNOCKING,
    Behind,
    behind_proxies,
)
from tests.acceptance.cloud.plugins.faults import BAD, Bad, another_service
from tests.acceptance.cloud.running import RunningCloud
from tests.support.faultproxy import Asked, FaultProxy, Reply, parameters

CLASSES: tuple[type[OpenStackPlugin], ...] = (
    CinderPlugin,
    GlancePlugin,
    HeatPlugin,
    KeystonePlugin,
    NeutronPlugin,
    NovaPlugin,
)
BY_SERVICE = {class_.service: class_ for class_ in CLASSES}
TYPES = [(class_.service, kind.type.name) for class_ in CLASSES for kind in class_.kinds]
QUICK = [bad for bad in BAD if bad.quick]
SLOW = [bad for bad in BAD if not bad.quick]
#: Those that differ once a service is being listed, and before it has ever been.
TELLING = [
    bad
    for bad in QUICK
    if bad.name
    in {"401", "403", "404-of-a-proxy", "429", "500", "503", "truncated", "html", "an-empty-object"}
]
PATIENT = {"page_size": 1, "timeout": 60.0}
#: What a request of a plugin that is to run into its time-out may take, in seconds.
HASTE = 3.0


class Bench:
    """A plugin that has found its service, which is whole when a test begins."""

    def __init__(self, behind: Behind, service: str, **settings: Any) -> None:
        self.proxy = behind.proxies[service]
        self._secret = behind.secret
        self.plugin = make(service, FAULTY, **settings)
        self._ids: dict[str, str] = {}
        self._warm = False

    def type(self, name: str) -> EntityType:
        return next(type_ for type_ in self.plugin.types() if type_.name == name)

    def warm(self) -> None:
        """Lets it find its service, however long that takes on a busy machine."""
        self.proxy.fault = None
        for _ in range(60):
            if self._warm:
                assert self.proxy.asked, "the endpoint in the catalogue is not the proxy's"
                return
            with contextlib.suppress(errors.Retry):
                self._warm = bool(next(iter(self.plugin.get_all(self.plugin.types()[0]))))
        pytest.fail("the service answers too slowly")

    def known_id(self, type_: EntityType) -> str:
        """That of an entity which the service has shown."""
        if type_.name not in self._ids:
            self.proxy.fault = None
            for page in self.plugin.get_all(type_):
                for item in page.items:
                    self._ids[type_.name] = str(id_of(item, type_))
                    return self._ids[type_.name]
            pytest.skip(f"there is no {type_.name}")
        return self._ids[type_.name]

    def check(self, bad: Bad, ask: Callable[[], Any]) -> None:
        """The question fails as it has to."""
        with pytest.raises(errors.SynchronizerError) as caught:
            ask()
        check_error(caught.value, bad, self.plugin.service, {self._secret, *self.proxy.tokens})


def make(service: str, cloud: str, **settings: Any) -> OpenStackPlugin:
    return BY_SERVICE[service](PluginContext(cloud, {**PATIENT, **settings}))


def absent(type_: EntityType) -> str:
    """An id, of the service's form, that nothing has."""
    id_ = "00000000-0000-4000-8000-00000000dead"
    if type_.name == "keystone.role_assignment":
        return f"user:{id_},role:{id_},project:{id_}"
    return id_


def id_of(item: Any, type_: EntityType) -> Any:
    return fingerprint.decode(item)[type_.id_field]


def check_error(error: errors.SynchronizerError, bad: Bad, name: str, secrets: set[str]) -> None:
    assert isinstance(error, bad.error), f"{type(error).__name__}: {error}"
    assert not isinstance(error, errors.Skip), "it would be taken for the service's word"
    assert name in error.message
    assert bad.says in error.message
    assert bad.waits is None or getattr(error, "retry_after", None) == bad.waits
    assert len(error.message) < 400, "a line, and no body"
    told = "".join(traceback.format_exception(error))
    assert not [secret for secret in secrets if secret in told]


def check_beginning(
    error: errors.SynchronizerError, bad: Bad, name: str, secrets: set[str]
) -> None:
    """Before anything is listed, services' own libraries ask for their versions: they tell
    refusals less finely."""
    expected: tuple[type[errors.SynchronizerError], ...] = (bad.error, errors.SourceUnavailable)
    if bad.error is errors.BadAnswer:
        # A document without versions is that of a service too old to have any.
        expected += (errors.BadConfiguration,)
    assert isinstance(error, expected), f"{type(error).__name__}: {error}"
    assert name in error.message
    told = "".join(traceback.format_exception(error))
    assert not [secret for secret in secrets if secret in told]


@pytest.fixture(scope="module")
def behind(whole: RunningCloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    path = tmp_path_factory.mktemp("faults") / "clouds.yaml"
    with behind_proxies(whole, path) as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        yield found


@pytest.fixture(scope="module")
def benches(behind: Behind) -> Iterator[dict[tuple[str, bool], Bench]]:
    """Patient and hasty plugins of each service, once they are asked for."""
    made: dict[tuple[str, bool], Bench] = {}
    yield made
    for bench in made.values():
        bench.plugin.close()


@pytest.fixture
def bench_of(
    behind: Behind, benches: dict[tuple[str, bool], Bench]
) -> Iterator[Callable[..., Bench]]:
    def bench(service: str, *, hasty: bool = False) -> Bench:
        key = (service, hasty)
        if key not in benches:
            benches[key] = Bench(behind, service, **({"timeout": HASTE} if hasty else {}))
        return benches[key]

    yield bench
    for proxy in behind.proxies.values():
        proxy.fault = None


def listed(plugin: Plugin, type_: EntityType) -> bool:
    """Reads a listing to its end, or to its error; no page may say that it is the last."""
    for page in plugin.get_all(type_):
        assert not page.last, "a listing that broke off ends"
    return True


# --- a service that was well, and is not now ---------------------------------


@pytest.mark.parametrize("bad", QUICK, ids=str)
@pytest.mark.parametrize(("service", "name"), TYPES, ids=lambda value: str(value))
def test_a_listing_says_what_is_wrong(
    service: str, name: str, bad: Bad, bench_of: Callable[..., Bench]
) -> None:
    bench = bench_of(service)
    type_ = bench.type(name)
    bench.warm()
    bench.proxy.fault = bad.sent
    bench.check(bad, lambda: listed(bench.plugin, type_))


@pytest.mark.parametrize("bad", TELLING, ids=str)
@pytest.mark.parametrize(("service", "name"), TYPES, ids=lambda value: str(value))
def test_a_listing_that_breaks_off_does_not_end(
    service: str, name: str, bad: Bad, bench_of: Callable[..., Bench]
) -> None:
    bench = bench_of(service)
    type_ = bench.type(name)
    struck = []

    def second(asked: Asked, ask: Callable[[Asked], Reply]) -> Reply:
        if not parameters(asked).keys() & {"marker", "offset"}:
            return ask(asked)
        struck.append(asked)
        return bad.sent(asked, ask)

    bench.warm()
    bench.proxy.fault = second
    try:
        listed(bench.plugin, type_)
    except AssertionError:
        if not struck:
            pytest.skip(f"{name} has one page alone")
        raise
    except errors.SynchronizerError as error:
        assert struck, f"it was well: {error}"
        # A page's 400 or 404 may as well mean that its marker is gone.
        assert isinstance(error, bad.error | errors.ListingBroken), error
        assert not isinstance(error, errors.Skip)


@pytest.mark.parametrize("bad", QUICK, ids=str)
@pytest.mark.parametrize(("service", "name"), TYPES, ids=lambda value: str(value))
def test_a_single_look_says_what_is_wrong(
    service: str, name: str, bad: Bad, bench_of: Callable[..., Bench]
) -> None:
    bench = bench_of(service)
    type_ = bench.type(name)
    if not bench.plugin.gets_one(type_):
        pytest.skip(f"{name} is never looked at by itself")
    id_ = bench.known_id(type_)
    bench.proxy.fault = bad.sent
    bench.check(bad, lambda: bench.plugin.get(type_, id_))


@pytest.mark.parametrize("bad", QUICK, ids=str)
@pytest.mark.parametrize(("service", "name"), TYPES, ids=lambda value: str(value))
def test_changes_say_what_is_wrong(
    service: str, name: str, bad: Bad, bench_of: Callable[..., Bench]
) -> None:
    bench = bench_of(service)
    type_ = bench.type(name)
    if not bench.plugin.gets_changes(type_):
        pytest.skip(f"changes of {name} cannot be asked for")
    bench.warm()
    bench.proxy.fault = bad.sent
    bench.check(bad, lambda: list(bench.plugin.get_changes(type_, 0)))


@pytest.mark.parametrize("bad", SLOW, ids=str)
@pytest.mark.parametrize("service", BY_SERVICE)
def test_who_does_not_answer_in_time_is_not_waited_for(
    service: str, bad: Bad, bench_of: Callable[..., Bench]
) -> None:
    """By listings of all types at once, as by single looks."""
    bench = bench_of(service, hasty=True)
    plugin = bench.plugin
    bench.warm()
    bench.proxy.fault = bad.sent
    asked: list[Callable[[], Any]] = []
    for type_ in plugin.types():
        asked.append(functools.partial(listed, plugin, type_))
        if plugin.gets_one(type_):
            asked.append(functools.partial(plugin.get, type_, absent(type_)))
        if plugin.gets_changes(type_):
            asked.append(lambda type_=type_: list(plugin.get_changes(type_, 0)))
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
        for done in [pool.submit(bench.check, bad, ask) for ask in asked]:
            done.result()


@pytest.mark.parametrize(("service", "name"), TYPES, ids=lambda value: str(value))
def test_an_endpoint_of_another_service_proves_nothing(
    service: str, name: str, bench_of: Callable[..., Bench], whole: RunningCloud
) -> None:
    bench = bench_of(service)
    type_ = bench.type(name)
    bench.warm()
    other = whole.cloud.settings.ports["neutron" if service == "glance" else "glance"]
    bad = another_service(bench.proxy, other)
    bench.proxy.fault = bad.sent
    bench.check(bad, lambda: listed(bench.plugin, type_))
    if bench.plugin.gets_one(type_):
        bench.check(bad, lambda: bench.plugin.get(type_, absent(type_)))


@pytest.mark.parametrize("service", BY_SERVICE)
def test_a_service_that_is_well_again_is_read_again(
    service: str, bench_of: Callable[..., Bench]
) -> None:
    bench = bench_of(service)
    type_ = bench.plugin.types()[0]
    bench.warm()
    for bad in TELLING:
        bench.proxy.fault = bad.sent
        with pytest.raises(errors.SynchronizerError):
            listed(bench.plugin, type_)
        bench.proxy.fault = None
        assert next(iter(bench.plugin.get_all(type_))).items


# --- a service that was never found --------------------------------------------


@pytest.mark.parametrize("bad", TELLING, ids=str)
@pytest.mark.parametrize("service", BY_SERVICE)
def test_a_plugin_that_begins_amid_a_fault_says_so(service: str, bad: Bad, behind: Behind) -> None:
    plugin = make(service, FAULTY)
    proxy: FaultProxy = behind.proxies[service]
    proxy.fault = bad.sent
    try:
        with pytest.raises(errors.SynchronizerError) as caught:
            listed(plugin, plugin.types()[0])
        check_beginning(caught.value, bad, service, {behind.secret, *proxy.tokens})
        with pytest.raises(errors.SynchronizerError):
            list(plugin.check())
        proxy.fault = None
        assert next(iter(plugin.get_all(plugin.types()[0]))).items, "and finds it afterwards"
    finally:
        proxy.fault = None
        plugin.close()


@pytest.mark.parametrize(("service", "name"), TYPES, ids=lambda value: str(value))
def test_a_service_that_the_catalogue_lacks_is_named(
    service: str, name: str, behind: Behind
) -> None:
    plugin = make(service, EMPTY)
    missing = Bad("missing", lambda asked, ask: ask(asked), errors.NoSuchService, "catalogue")
    try:
        type_ = next(type_ for type_ in plugin.types() if type_.name == name)
        with pytest.raises(errors.SynchronizerError) as caught:
            listed(plugin, type_)
        check_error(caught.value, missing, service, {behind.secret})
        if plugin.gets_one(type_):
            with pytest.raises(errors.NoSuchService):
                plugin.get(type_, absent(type_))
    finally:
        plugin.close()


@pytest.mark.parametrize("bad", QUICK, ids=str)
@pytest.mark.parametrize("service", ["keystone", "nova"])
def test_keystone_that_gives_no_token_is_told_from_the_service(
    service: str, bad: Bad, behind: Behind
) -> None:
    plugin = make(service, KNOCKING)
    proxy = behind.proxies["keystone"]

    def at_login(asked: Asked, ask: Callable[[Asked], Reply]) -> Reply:
        return bad.sent(asked, ask) if asked.method == "POST" else ask(asked)

    proxy.fault = at_login
    try:
        with pytest.raises(errors.SynchronizerError) as caught:
            listed(plugin, plugin.types()[0])
        error = caught.value
        expected = bad.error if issubclass(bad.error, errors.NotPermitted) else errors.Retry
        assert isinstance(error, expected), f"{type(error).__name__}: {error}"
        assert "keystone" in error.message
        assert behind.secret not in "".join(traceback.format_exception(error))
    finally:
        proxy.fault = None
        plugin.close()
