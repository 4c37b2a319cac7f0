"""What git says, in the user's terms: words of git, ssh, curl and the big forges."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.render.address import parse
from fleet.render.explain import explain, unexplained
from fleet.render.runner import GitFailed

URL = "https://git.example.com/org/repo.git"
ADDRESS = parse(URL, Path("/srv"))


ACCESS = "no access to repository {}"
NONE = "there is no repository {}, or no access to it"
REACH = "repository {} cannot be reached"
TLS = "the TLS certificate of repository {} is not trusted"
SERVER = "the server of repository {} failed"

# ssh adds this to whatever went wrong.
THEN = "fatal: Could not read from remote repository."


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        ("remote: HTTP Basic: Access denied. The provided password or token is incorrect", ACCESS),
        ("remote: Invalid username or token.\nfatal: Authentication failed for 'https://h/'", ACCESS),
        ("fatal: could not read Password for 'https://h': terminal prompts disabled", ACCESS),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 403", ACCESS),
        (f"git@h: Permission denied (publickey,password).\n{THEN}", ACCESS),
        ("remote: Repository not found.\nfatal: repository 'https://h/' not found", NONE),
        (f"ERROR: Repository not found.\n{THEN}", NONE),
        ("remote: The project you were looking for could not be found or you don't have permission", NONE),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", REACH),
        ("fatal: unable to access 'https://h/': Failed to connect to h port 443: Couldn't connect to server", REACH),
        (f"ssh: connect to host h port 22: Connection timed out\n{THEN}", REACH),
        (f"ssh: connect to host h port 22: No route to host\n{THEN}", REACH),
        ("fatal: unable to access 'https://h/': SSL certificate problem: self-signed certificate", TLS),
        ("fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none", TLS),
        (f"Host key verification failed.\n{THEN}", "the host key of repository {} is not known"),
        ("fatal: mismatched algorithms: client sha1; server sha256", "repository {} names its objects by SHA-256"),
        ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", SERVER),
        ("fatal: the remote end hung up unexpectedly\nfatal: early EOF", SERVER),
    ],
)
def test_words_of_git(words: str, summary: str) -> None:
    problem = explain(ADDRESS, GitFailed(words), 60)
    assert problem
    assert problem.summary == summary.format(URL)
    assert problem.detail == words
    assert problem.hint


def test_time_that_ran_out() -> None:
    problem = explain(ADDRESS, GitFailed("", timed_out=True), 300.0)
    assert problem
    assert problem.summary == f"fetching repository {URL} took longer than 300 s"


def test_other_words_are_not_guessed_at() -> None:
    failed = GitFailed("fatal: something new")
    assert explain(ADDRESS, failed, 60) is None
    assert str(unexplained(ADDRESS, failed)) == f"repository {URL} cannot be fetched\n  fatal: something new"
