# SPDX-License-Identifier: Apache-2.0
"""Plugins found by their entry points, and what is said of those that are broken."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stevedore import ExtensionManager, _cache

from synchronizer.errors import BadConfiguration
from synchronizer.plugin import Plugin, PluginContext, Setting, loader

GOOD = """
from synchronizer.plugin import EntityType, Page, Plugin, Setting

class Good(Plugin):
    service = "{service}"
    settings = (Setting("size", 1, "a number"),)
    version = "7"

    def types(self):
        return (EntityType("{service}.thing"),)

    def get_all(self, type_):
        yield Page(last=True)
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """`install(distribution, {plugin: source}, requires)` on a path of this test's own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(ExtensionManager, "ENTRY_POINT_CACHE", {})
    monkeypatch.setattr(_cache._c, "_disable_caching", True)
    monkeypatch.setattr(_cache._c, "_internal", {})

    def install(
        distribution: str, plugins: dict[str, str], *, requires: tuple[str, ...] = ()
    ) -> None:
        points = ["[synchronizer.plugins]"]
        for name, source in plugins.items():
            module = f"{distribution}_{name}".replace("-", "_")
            (tmp_path / f"{module}.py").write_text(source)
            monkeypatch.delitem(sys.modules, module, raising=False)
            points.append(f"{name} = {module}:Good")
        info = tmp_path / f"{distribution.replace('-', '_')}-1.5.dist-info"
        info.mkdir()
        metadata = [f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.5"]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
        (info / "METADATA").write_text("\n".join(metadata) + "\n")
        (info / "entry_points.txt").write_text("\n".join(points) + "\n")

    return install


def context(name: str, _class: type[Plugin]) -> PluginContext:
    return PluginContext(cloud=name)


def error_of(name: str) -> str:
    plugins, (info,) = loader.load([name], context)
    assert plugins == {}
    assert info.name == name
    assert info.error is not None
    return info.error


def test_an_installed_plugin_is_available_with_all_that_it_declares(install: Install) -> None:
    install("acme-cloud", {"acme": GOOD.format(service="acme")})
    found = {info.name: info for info in loader.available()}
    assert found["acme"] == loader.PluginInfo(
        "acme",
        "acme-cloud 1.5",
        service="acme",
        types=("acme.thing",),
        version="7",
        settings=(Setting("size", 1, "a number"),),
        error=None,
    )


def test_the_plugin_for_nova_comes_with_synchronizer() -> None:
    (nova,) = [info for info in loader.available() if info.name == "nova"]
    assert nova.error is None
    assert "nova.server" in nova.types
    assert nova.distribution.startswith("synchronizer ")


def test_a_plugin_is_constructed_with_its_own_context(install: Install) -> None:
    install("acme-cloud", {"acme": GOOD.format(service="acme")})
    seen: list[tuple[str, str]] = []

    def make(name: str, class_: type[Plugin]) -> PluginContext:
        seen.append((name, class_.service))
        return PluginContext("c1", {"size": "3"})

    plugins, broken = loader.load(["acme", "acme"], make)
    assert broken == []
    assert plugins["acme"].context == PluginContext("c1", {"size": 3})
    assert seen == [("acme", "acme")]


def test_a_broken_plugin_does_not_keep_the_others_from_loading(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install(
        "acme-cloud",
        {
            "first": "raise ValueError('broken build')",
            "second": "assert False, 'not here'",
            "third": "raise SystemExit(3)",
            "acme": GOOD.format(service="acme"),
        },
    )
    with caplog.at_level(logging.ERROR):
        plugins, broken = loader.load(["first", "second", "third", "acme"], context)
    assert list(plugins) == ["acme"]
    assert [info.name for info in broken] == ["first", "second", "third"]
    for info in broken:
        assert f"The plugin {info.name} is not used: {info.error}" in caplog.text


def test_an_import_error_says_what_where_why_and_what_to_do(install: Install) -> None:
    install("acme-cloud", {"acme": "raise ValueError('broken build')"})
    assert error_of("acme") == (
        "acme_cloud_acme:Good cannot be imported (ValueError: broken build); reinstall or upgrade"
        " acme-cloud 1.5, or take the plugin out of the configuration"
    )


def test_a_missing_dependency_names_the_extra_that_has_it(install: Install) -> None:
    install(
        "acme-cloud",
        {"acme": "import acmeclient_nowhere.v2"},
        requires=(
            'other>=1; extra == "acmestuff"',
            'more; extra == "dev"',
            'python-acmeclient-nowhere>=2; extra == "dev"',
            'python-acmeclient-nowhere>=2; extra == "acmestuff"',
            'python-acmeclient-nowhere>=2; extra == "cloud"',
        ),
    )
    assert error_of("acme") == (
        "it needs the Python module 'acmeclient_nowhere', which is not installed;"
        " install acme-cloud with its extra [cloud]"
    )


def test_a_missing_dependency_of_no_extra_says_so(install: Install) -> None:
    install("acme-cloud", {"acme": "import nowhere_at_all"})
    assert error_of("acme").endswith("reinstall acme-cloud 1.5 with all that it requires")


def test_an_entry_point_without_its_object_is_told(install: Install) -> None:
    install("acme-cloud", {"acme": "Other = 1"})
    assert "acme_cloud_acme:Good cannot be imported (AttributeError" in error_of("acme")


def test_a_name_that_nobody_provides_lists_those_that_are(install: Install) -> None:
    install("acme-cloud", {"acme": GOOD.format(service="acme")})
    error = error_of("amce")
    assert "no installed plugin has the name 'amce'" in error
    assert "(installed: acme, cinder, " in error


def test_two_distributions_with_one_name_are_told_apart(install: Install) -> None:
    install("acme-cloud", {"acme": GOOD.format(service="acme")})
    install("acme-fork", {"acme": GOOD.format(service="acme")})
    assert "acme-cloud 1.5 and acme-fork 1.5 both provide" in error_of("acme")


def test_something_else_than_a_plugin_is_refused(install: Install) -> None:
    install("acme-cloud", {"acme": "class Good: pass"})
    assert "which is not a subclass of synchronizer.plugin.Plugin" in error_of("acme")


def test_a_plugin_that_raises_when_it_is_made_is_told(install: Install) -> None:
    source = GOOD.format(service="acme") + "\n    def __init__(self, context):\n        1 / 0\n"
    install("acme-cloud", {"acme": source})
    assert "Good cannot be constructed (ZeroDivisionError: division by zero)" in error_of("acme")


@pytest.mark.parametrize("settings", [{"size": "many"}, {"sise": 1}])
def test_settings_that_do_not_fit_are_that_plugins_error(
    install: Install, settings: dict[str, object]
) -> None:
    install("acme-cloud", {"acme": GOOD.format(service="acme")})
    plugins, (info,) = loader.load(["acme"], lambda name, _class: PluginContext(name, settings))
    assert plugins == {}
    assert info.error is not None
    assert next(iter(settings)) in info.error


def test_a_context_that_cannot_be_made_is_that_plugins_error(install: Install) -> None:
    install("acme-cloud", {"acme": GOOD.format(service="acme")})

    def refuse(_name: str, _class: type[Plugin]) -> PluginContext:
        raise BadConfiguration("no such setting")

    plugins, (info,) = loader.load(["acme"], refuse)
    assert plugins == {}
    assert info.error == "no such setting"
    assert info.distribution == "acme-cloud 1.5"


def test_only_the_types_that_are_named_are_sampled(install: Install) -> None:
    install("things", {"things": GOOD.format(service="things")})

    def some(name: str, _class: type[Plugin]) -> PluginContext:
        return PluginContext(name, sampled=frozenset({wanted}))

    wanted = "things.thing"
    assert [type_.name for type_ in loader.make("things", some).sampled()] == [wanted]
    wanted = "things.thin"
    with pytest.raises(BadConfiguration, match=r"did you mean things\.thing\?"):
        loader.make("things", some)


def test_a_plugin_cannot_take_what_all_plugins_take(install: Install) -> None:
    source = GOOD.format(service="things").replace('"size", 1', '"types", "all"')
    install("things", {"things": source})
    assert "types" in error_of("things")
