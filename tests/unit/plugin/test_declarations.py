# SPDX-License-Identifier: Apache-2.0
"""What a plugin may declare, and what is said of the rest."""

from collections.abc import Iterator
from typing import Any

import pytest

from synchronizer.errors import BadConfiguration, BadPlugin
from synchronizer.plugin import EntityType, Page, Plugin, PluginContext, Setting, declarations


class Good(Plugin):
    service = "acme"
    settings = (
        Setting("name", "x", "a text"),
        Setting("size", 10, "a number"),
        Setting("wait", 1.5, "seconds"),
        Setting("on", False, "a switch"),
        Setting("password", 1, "a number that nobody may see", secret=True),
    )
    declared: Any = (EntityType("acme.thing"),)

    def types(self) -> tuple[EntityType, ...]:
        return self.declared  # type: ignore[no-any-return]

    def get_all(self, type_: EntityType) -> Iterator[Page]:
        yield Page(last=True)


def declaring(*types: object) -> Plugin:
    plugin = Good(PluginContext("c1"))
    plugin.declared = types
    return plugin


def test_a_good_plugin_passes() -> None:
    assert declarations.check_class(Good) is Good
    declarations.check_types(declaring(EntityType("acme.thing"), EntityType("acme.other-thing")))


@pytest.mark.parametrize("class_", [None, "Good", Good(PluginContext("c1")), dict])
def test_only_a_subclass_of_plugin_is_a_plugin(class_: object) -> None:
    with pytest.raises(BadPlugin, match="not a subclass"):
        declarations.check_class(class_)


def test_what_is_not_implemented_is_named() -> None:
    class Half(Plugin):
        service = "half"

    with pytest.raises(BadPlugin, match="does not implement get_all, types"):
        declarations.check_class(Half)


@pytest.mark.parametrize("service", [None, "", "Acme", "acme.thing", 3])
def test_the_service_is_a_lower_case_name(service: object) -> None:
    class_ = type("Bad", (Good,), {"service": service})
    with pytest.raises(BadPlugin, match="service is"):
        declarations.check_class(class_)


def test_a_missing_service_is_told() -> None:
    class Nameless(Plugin):
        def types(self) -> tuple[EntityType, ...]:
            return ()

        def get_all(self, type_: EntityType) -> Iterator[Page]:
            yield Page()

    with pytest.raises(BadPlugin, match="service is None"):
        declarations.check_class(Nameless)


@pytest.mark.parametrize("version", ["", 1])
def test_the_version_is_a_text(version: object) -> None:
    with pytest.raises(BadPlugin, match="version"):
        declarations.check_class(type("Bad", (Good,), {"version": version}))


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ((), "is empty"),
        (("acme.thing",), "not an EntityType"),
        ((EntityType("thing"),), "not named service.kind"),
        ((EntityType("acme.Thing"),), "not named service.kind"),
        ((EntityType("acme.a.b"),), "not named service.kind"),
        ((EntityType("other.thing"),), "does not belong to its service 'acme'"),
        ((EntityType("acme.thing"), EntityType("acme.thing")), "declared twice"),
        ((EntityType("acme.thing", id_field=""),), "no id_field"),
        ((EntityType("acme.thing", volatile=frozenset({"id"})),), "cannot be volatile"),
        ((EntityType("acme.thing", sensitive=frozenset({"id"})),), "cannot be sensitive"),
        ((EntityType("acme.thing", volatile={"a"}),), "must be a frozenset"),  # type: ignore[arg-type]
        (
            (EntityType("acme.thing", sensitive=frozenset({"p"}), scope_field="p"),),
            "scope_field cannot be sensitive",
        ),
    ],
)
def test_types_that_cannot_be_are_told(types: tuple[object, ...], said: str) -> None:
    with pytest.raises(BadPlugin, match=said):
        declarations.check_types(declaring(*types))


def test_types_that_raise_are_told() -> None:
    class Raising(Good):
        def types(self) -> tuple[EntityType, ...]:
            raise LookupError("nowhere")

    with pytest.raises(BadPlugin, match=r"types\(\) raised LookupError: nowhere"):
        declarations.check_types(Raising(PluginContext("c1")))


def test_settings_become_what_their_defaults_are() -> None:
    values = {"name": "y", "size": "12", "wait": "2", "on": "yes"}
    assert declarations.check_settings(Good, values) == {
        "name": "y",
        "size": 12,
        "wait": 2.0,
        "on": True,
    }
    assert declarations.check_settings(Good, {"on": "off", "wait": 3}) == {"on": False, "wait": 3.0}


@pytest.mark.parametrize(
    "values", [{"size": "many"}, {"size": True}, {"on": "perhaps"}, {"on": 1}, {"name": 3}]
)
def test_settings_of_another_type_are_told(values: dict[str, object]) -> None:
    with pytest.raises(BadConfiguration, match=f"{next(iter(values))}: .* is not of the type"):
        declarations.check_settings(Good, values)


def test_an_unknown_setting_lists_those_that_there_are() -> None:
    with pytest.raises(BadConfiguration, match=r"'sise'.*name, on, password, size, wait"):
        declarations.check_settings(Good, {"sise": 3})


def test_a_secret_of_another_type_is_not_repeated() -> None:
    with pytest.raises(BadConfiguration) as caught:
        declarations.check_settings(Good, {"password": "hunter2"})
    assert "hunter2" not in str(caught.value)
