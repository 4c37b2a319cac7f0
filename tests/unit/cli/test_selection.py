"""Which applications the options mean, and what is said of those that nobody has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fleet.cli.selection import selection
from fleet.errors import Problem

SHOP = {"application": "shop", "cluster": "dev", "project": "web", "labels": {"env": "prod", "team": "web"}}
BLOG = {"application": "blog", "cluster": "dev", "project": "web", "labels": {"env": "dev"}}
DNS = {"application": "dns", "cluster": "prod", "project": "platform"}
ALL = (SHOP, BLOG, DNS)


@pytest.mark.parametrize(
    ("projects", "names", "labels", "expected"),
    [
        pytest.param(["web"], [], [], ["shop", "blog"], id="project"),
        pytest.param(["web", "platform"], [], [], ["shop", "blog", "dns"], id="one of the projects"),
        pytest.param([], ["shop", "dns"], [], ["shop", "dns"], id="one of the names"),
        pytest.param([], [], ["env=prod"], ["shop"], id="label"),
        pytest.param([], [], ["env", "team"], ["shop"], id="all of the selectors"),
        pytest.param([], [], ["env!=prod"], ["blog", "dns"], id="without the label"),
        pytest.param(["web"], ["shop", "dns"], [], ["shop"], id="project and name"),
        pytest.param(["web"], ["blog"], ["env=prod"], [], id="nobody"),
    ],
)
def test_what_is_meant(
    projects: Sequence[str], names: Sequence[str], labels: Sequence[str], expected: list[str]
) -> None:
    means = selection(projects, names, labels)
    assert means is not None
    assert [each["application"] for each in ALL if means(each)] == expected


def test_no_option_is_no_selection() -> None:
    assert selection([], [], []) is None


@pytest.mark.parametrize(
    ("projects", "names", "labels", "problems"),
    [
        pytest.param(["web"], ["blog"], [], (), id="nothing"),
        pytest.param(
            [],
            ["shop", "shpo"],
            [],
            (Problem("no application is named 'shpo'", detail="Known: blog, dns, shop.", hint="Did you mean 'shop'?"),),
            id="a name",
        ),
        pytest.param(
            ["x"],
            [],
            [],
            (Problem("no application is in project 'x'", detail="Known: platform, web."),),
            id="a project",
        ),
        pytest.param(
            ["web"],
            ["dns"],
            [],
            (Problem("no application is selected", detail="There are blog, dns, shop."),),
            id="no application",
        ),
        pytest.param(
            [],
            [],
            ["absent"],
            (Problem("no application is selected", detail="There are blog, dns, shop."),),
            id="no labels",
        ),
    ],
)
def test_what_nobody_has(
    projects: Sequence[str], names: Sequence[str], labels: Sequence[str], problems: tuple[Problem, ...]
) -> None:
    means = selection(projects, names, labels)
    assert means is not None
    assert means.unmet(ALL) == problems


def test_there_may_be_no_application_at_all() -> None:
    means = selection([], [], ["a"])
    assert means is not None
    assert means.unmet(()) == (Problem("no application is selected", detail="There are none."),)
