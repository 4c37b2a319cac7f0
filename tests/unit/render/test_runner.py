"""The environment that git gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.render.runner import environment, ssh_command

MIRROR = Path("/cache/git/x.git")


def test_git_asks_nobody_and_works_in_the_mirror() -> None:
    found = environment({"GIT_DIR": "/elsewhere", "GIT_ASKPASS": "/own", "GIT_CONFIG_GLOBAL": "/own"}, MIRROR)
    assert found["GIT_TERMINAL_PROMPT"] == "0"
    assert found["GCM_INTERACTIVE"] == "never"
    assert found["SSH_ASKPASS"] == ""
    assert found["GIT_DIR"] == "/cache/git/x.git"
    assert not {"GIT_ASKPASS", "GIT_SSH_COMMAND", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_COUNT"} & set(found)


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, "file:http:https:ssh"),
        ("https", "https"),
        ("ext:ssh:https", "https:ssh"),
        ("", ""),
        ("ext", ""),
    ],
)
def test_protocols_are_never_more_than_the_user_allows(allowed: str | None, expected: str) -> None:
    environ = {} if allowed is None else {"GIT_ALLOW_PROTOCOL": allowed}
    assert environment(environ, MIRROR)["GIT_ALLOW_PROTOCOL"] == expected


@pytest.mark.parametrize(
    ("environ", "configured", "expected"),
    [
        ({}, "", {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}),
        ({"GIT_SSH_COMMAND": "ssh -i key"}, "", {}),
        ({"GIT_SSH": "plink"}, "", {}),
        ({}, "ssh -F own", {}),
    ],
)
def test_ssh_asks_nobody_unless_the_user_says_how_to_run_it(
    environ: dict[str, str], configured: str, expected: dict[str, str]
) -> None:
    assert ssh_command(environ, configured) == expected
