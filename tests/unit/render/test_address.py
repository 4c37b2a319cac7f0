"""Addresses: what a repository's text means, and what is never given to git."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.errors import SourceError
from fleet.render.address import Address, join, parse

BASE = Path("/srv/project")


def address(text: str) -> Address:
    return parse(text, BASE)


@pytest.mark.parametrize(
    ("text", "url", "key"),
    [
        (
            "https://git.example.com/org/repo.git",
            "https://git.example.com/org/repo.git",
            "https://git.example.com/org/repo",
        ),
        ("https://GIT.example.com/Org/Repo/", "https://GIT.example.com/Org/Repo/", "https://git.example.com/Org/Repo"),
        ("http://h:8080/r", "http://h:8080/r", "http://h:8080/r"),
        ("https://u:p@h/r", "https://u:p@h/r", "https://h/r"),
        ("https://[::1]:8443/r.git", "https://[::1]:8443/r.git", "https://::1:8443/r"),
        ("ssh://git@h/org/repo.git", "ssh://git@h/org/repo.git", "ssh://git@h/org/repo"),
        ("ssh://git@h:2222/org/repo", "ssh://git@h:2222/org/repo", "ssh://git@h:2222/org/repo"),
        ("git@h:org/repo.git", "git@h:org/repo.git", "ssh://git@h/~/org/repo"),
        ("git@H:/org/repo.git", "git@H:/org/repo.git", "ssh://git@h/org/repo"),
        ("h:repo", "h:repo", "ssh://h/~/repo"),
        ("git@[::1]:repo", "git@[::1]:repo", "ssh://git@[::1]/~/repo"),
        ("file:///srv/r.git", "file:///srv/r.git", "file:///srv/r.git"),
        ("file:///srv/a%20b/", "file:///srv/a%20b/", "file:///srv/a b"),
        ("/srv/r.git", "/srv/r.git", "file:///srv/r.git"),
        ("r", "/srv/project/r", "file:///srv/project/r"),
        ("../other/./r/", "/srv/other/r", "file:///srv/other/r"),
        (".", "/srv/project", "file:///srv/project"),
        ("./a:b", "/srv/project/a:b", "file:///srv/project/a:b"),
        ("dir/a:b", "/srv/project/dir/a:b", "file:///srv/project/dir/a:b"),
    ],
)
def test_addresses(text: str, url: str, key: str) -> None:
    found = address(text)
    assert (found.url, found.key) == (url, key)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "It is neither a URL nor a path."),
        ("  ", "It is neither a URL nor a path."),
        ("--upload-pack=touch /tmp/x", "It is neither a URL nor a path."),
        ("-oProxyCommand=x:y", "It is neither a URL nor a path."),
        ("https://h/r\n--upload-pack=x", "It is neither a URL nor a path."),
        ("ext::sh -c date", "ext:: would make git run a remote helper; that is never done."),
        ("fd::17", "fd:: would make git run a remote helper; that is never done."),
        ("transport::https://h/r", "transport:: would make git run a remote helper; that is never done."),
        ("git://h/r", "The protocol git is not supported."),
        ("ftp://h/r", "The protocol ftp is not supported."),
        ("oci://h/r", "The protocol oci is not supported."),
        ("ext+x://h/r", "The protocol ext+x is not supported."),
        ("https:///r", "It names no host."),
        ("ssh://-oProxyCommand=x/r", "It names no host."),
        ("git@-oProxyCommand=x:r", "It names no host."),
        ("-x@h:r", "It is neither a URL nor a path."),
        ("https://h:port/r", "It is not a valid URL."),
        ("https://[::1/r", "It is not a valid URL."),
        ("file://host/r", "A file URL has three slashes and an absolute path: file:///srv/repository.git"),
        ("file://r", "A file URL has three slashes and an absolute path: file:///srv/repository.git"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        address(text)
    (problem,) = caught.value.problems
    assert problem.summary == f"{text or 'an empty text'} is not the address of a repository"
    assert problem.detail == why
    assert problem.hint == "Use https://…, ssh://…, git@host:path, file:///… or a path relative to the project."


@pytest.mark.parametrize(
    ("text", "shown", "secrets"),
    [
        ("https://u:p%40ss@h/r", "https://***@h/r", ("p%40ss", "p@ss")),
        ("https://tok3n@h/r", "https://***@h/r", ("tok3n",)),
        ("https://tok3n:x-oauth-basic@h/r", "https://***@h/r", ("tok3n",)),
        ("https://x-access-token:tok3n@h/r", "https://***@h/r", ("tok3n",)),
        ("https://git@h/r", "https://***@h/r", ()),
        ("ssh://git:pw@h/r", "ssh://git:***@h/r", ("pw",)),
        ("ssh://git@h/r", "ssh://git@h/r", ()),
        ("git@h:r", "git@h:r", ()),
        ("https://h/r", "https://h/r", ()),
    ],
)
def test_secrets_are_known_and_not_shown(text: str, shown: str, secrets: tuple[str, ...]) -> None:
    found = address(text)
    assert (found.shown, found.secrets) == (shown, secrets)
    assert not any(secret in found.key or secret in found.slug for secret in secrets)


def test_a_refused_address_shows_no_secret() -> None:
    with pytest.raises(SourceError) as caught:
        address("ftp://user:s3cret@h/r")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("parent", "url", "expected"),
    [
        ("https://h/org/repo.git", "../lib.git", "https://h/org/lib.git"),
        ("https://h/org/repo.git", "../../other/lib", "https://h/other/lib"),
        ("https://h/org/repo.git", "./lib", "https://h/org/repo.git/lib"),
        ("https://u:p@h/org/repo", "../lib", "https://u:p@h/org/lib"),
        ("https://h/repo", "../../../lib", "https://h/lib"),
        ("ssh://git@h:22/org/repo", "../lib", "ssh://git@h:22/org/lib"),
        ("git@h:org/repo.git", "../lib.git", "git@h:org/lib.git"),
        ("git@h:/org/repo.git", "../lib.git", "git@h:/org/lib.git"),
        ("file:///srv/repo", "../lib", "file:///srv/lib"),
        ("/srv/repo", "../lib", "/srv/lib"),
        ("https://h/org/repo", "https://other/lib", "https://other/lib"),
        ("/srv/repo", "/srv/lib", "/srv/lib"),
        ("/srv/repo", "git@h:lib", "git@h:lib"),
    ],
)
def test_addresses_of_submodules(parent: str, url: str, expected: str) -> None:
    assert join(address(parent), url, BASE).url == expected


@pytest.mark.parametrize("url", ["/etc/repo", "file:///etc/repo", "lib"])
def test_a_server_does_not_name_paths_of_this_machine(url: str) -> None:
    with pytest.raises(SourceError, match="is a path of this machine"):
        join(address("https://h/org/repo"), url, BASE)


def test_slugs_tell_repositories_apart_and_are_file_names() -> None:
    slugs = [
        address(text).slug for text in ("https://h/a/b", "https://h/a-b", "ssh://h/a/b", "https://h/" + "x/" * 200)
    ]
    assert len(set(slugs)) == 4
    assert slugs[0].startswith("h-a-b-")
    assert all(len(slug) < 100 and "/" not in slug for slug in slugs)


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = address(text)
    except SourceError:
        return
    assert not found.url.startswith("-")
    assert not re.match(r"[\w+.-]+::", found.url)
