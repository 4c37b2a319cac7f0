"""Label selectors: what kubectl takes, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import DeclarationError
from fleet.model.selector import parse_selector

LABELS = {"env": "prod", "team": "web", "example.com/tier": "front", "empty": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("  ", True),
        ("env=prod", True),
        ("env==prod", True),
        ("env = prod", True),
        ("env=dev", False),
        ("env!=dev", True),
        ("env!=prod", False),
        ("absent!=prod", True),
        ("absent=prod", False),
        ("env", True),
        ("absent", False),
        ("!env", False),
        ("!absent", True),
        ("! absent", True),
        ("env in (dev,prod)", True),
        ("env in (dev, test)", False),
        ("env in(prod)", True),
        ("env notin (dev,test)", True),
        ("env notin (prod)", False),
        ("absent notin (prod)", True),
        ("absent in (prod)", False),
        ("example.com/tier=front", True),
        ("empty=", True),
        ("env=", False),
        ("empty in (a,)", True),
        ("env=prod,team=web", True),
        ("env=prod, team=db", False),
        ("env in (dev,prod),!legacy,team", True),
        ("in=prod", False),
    ],
)
def test_what_is_selected(text: str, expected: bool) -> None:
    assert parse_selector(text).matches(LABELS) is expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("env=prod,", "There is nothing beside a comma."),
        ("env=a b", "It has 'env=a b'."),
        ("=prod", "It has '=prod'."),
        ("env in dev", "It has 'env in dev'."),
        ("env in (a b)", "It has 'env in (a b)'."),
        ("env>1", "It has 'env>1'."),
        ("env in (a", "It has 'env in (a'."),
        ("team=web,-x", "It has '-x'."),
    ],
)
def test_what_is_no_selector(text: str, part: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_selector(text)
    assert str(caught.value) == (
        f"{text!r} is not a label selector\n  {part}\n"
        "  → Write it like `env=prod`, `env!=prod`, `env in (dev,test)`, `env notin (dev)`, `env` or `!env`."
    )


labels = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xyz"))
parts = st.sampled_from(["a", "!a", "a=x", "b!=y", "b in (x,y)", "c notin (z)"])


@given(labels=labels, first=parts, second=parts)
def test_a_comma_is_and(labels: dict[str, str], first: str, second: str) -> None:
    both = parse_selector(first).matches(labels) and parse_selector(second).matches(labels)
    assert parse_selector(f"{first},{second}").matches(labels) is both


@given(labels=labels, key=st.sampled_from("abc"), value=st.sampled_from("xyz"))
def test_each_form_has_its_opposite(labels: dict[str, str], key: str, value: str) -> None:
    for form, opposite in (("{k}", "!{k}"), ("{k}={v}", "{k}!={v}"), ("{k} in ({v})", "{k} notin ({v})")):
        one, other = (parse_selector(each.format(k=key, v=value)).matches(labels) for each in (form, opposite))
        assert one is not other
