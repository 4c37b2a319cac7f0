"""URNs: their parts, and the patterns of `--target`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import urn
from fleet.errors import StateError

STACK = "urn:pulumi:dev::sample::pulumi:pulumi:Stack::sample-dev"
APPLICATION = "urn:pulumi:dev::sample::fleet:index:Application::eu/web"
MAP = "urn:pulumi:dev::sample::fleet:index:Application$kubernetes:core/v1:ConfigMap::eu/default/settings"

PARTS = st.text(st.characters(exclude_characters=":"), min_size=1, max_size=5)


def test_the_root() -> None:
    assert urn.root("dev", "sample") == STACK


@pytest.mark.parametrize(
    ("type_", "name", "parent", "expected"),
    [
        pytest.param("fleet:index:Application", "eu/web", "", APPLICATION, id="no parent"),
        pytest.param("fleet:index:Application", "eu/web", STACK, APPLICATION, id="the root's type is left out"),
        pytest.param("kubernetes:core/v1:ConfigMap", "eu/default/settings", APPLICATION, MAP, id="the parent's type"),
    ],
)
def test_make(type_: str, name: str, parent: str, expected: str) -> None:
    assert urn.make("dev", "sample", type_, name, parent=parent) == expected


def test_a_grandchild_has_both_types() -> None:
    assert "::a:b:C$d:e:F$g:h:I::" in urn.make("s", "p", "g:h:I", "n", parent="urn:pulumi:s::p::a:b:C$d:e:F::x")


@given(stack=PARTS, project=PARTS, type_=PARTS, name=st.text(min_size=1))
def test_parse_takes_apart_what_make_puts_together(stack: str, project: str, type_: str, name: str) -> None:
    parsed = urn.parse(urn.make(stack, project, type_, name))
    assert (parsed.stack, parsed.project, parsed.qualified_type, parsed.name) == (stack, project, type_, name)


def test_a_name_may_hold_colons() -> None:
    parsed = urn.parse("urn:pulumi:dev::sample::a:b:C$d:e:F::one/two::three")
    assert (parsed.name, parsed.type, parsed.qualified_type) == ("one/two::three", "d:e:F", "a:b:C$d:e:F")


@pytest.mark.parametrize("text", ["", "web", "urn:pulumi:dev::sample::a:b:C", "urn:other:dev::sample::a:b:C::web"])
def test_what_is_no_urn(text: str) -> None:
    with pytest.raises(StateError, match="is not a URN"):
        urn.parse(text)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        pytest.param(MAP, True, id="itself"),
        pytest.param(MAP[:-1], False, id="a part of it"),
        pytest.param("**", True, id="anything"),
        pytest.param("**settings", True, id="the end"),
        pytest.param("*settings", False, id="one star stays within a segment"),
        pytest.param("urn:pulumi:*::*::**::eu/default/*", True, id="segments"),
        pytest.param("urn:pulumi:*::*::*::eu/default/*", False, id="the type has colons"),
        pytest.param("urn:pulumi:dev::sample::*:*:*$*:*:*::*", True, id="each colon given"),
        pytest.param("**ConfigMap::eu/*/settings", True, id="a slash is no boundary"),
        pytest.param("**::eu.default.*", False, id="a dot means a dot"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_patterns(pattern: str, matches: bool) -> None:
    assert urn.matcher([pattern])(MAP) is matches


def test_any_pattern_is_enough_and_none_matches_nothing() -> None:
    assert urn.matcher(["no", MAP])(MAP)
    assert not urn.matcher([])(MAP)


def test_literals_are_those_without_a_star() -> None:
    assert urn.literals(["a*", MAP, "**"]) == (MAP,)


@pytest.mark.parametrize(
    ("targets", "excludes", "included", "idle"),
    [
        pytest.param((), (), True, (), id="everything"),
        pytest.param(("**settings",), (), True, (), id="targeted"),
        pytest.param(("**settings", MAP), (), True, (), id="targeted twice"),
        pytest.param(("**::us/**",), (), False, ("--target '**::us/**'",), id="not targeted"),
        pytest.param((), ("**settings",), False, (), id="excluded"),
        pytest.param((), ("**::us/**", "x"), True, ("--exclude '**::us/**'", "--exclude 'x'"), id="not excluded"),
    ],
)
def test_what_is_included_and_which_patterns_mean_nothing(
    targets: tuple[str, ...], excludes: tuple[str, ...], included: bool, idle: tuple[str, ...]
) -> None:
    meant = urn.Included(targets, excludes)
    assert meant(MAP) is included
    assert meant.idle == idle
