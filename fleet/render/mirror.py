"""Mirror: a bare copy of one repository's branches and tags in the cache directory, shared by all runs.

In: an address and revisions' names. Out: the commits that they mean; the objects are then read by fleet.render.objects.
Files are left out where the server can do that, and fetched when somebody is about to read them: all at once.
Whoever fetches holds the repository's lock; a first fetch goes into a directory of its own that takes its place when
complete. A mirror is never the only copy of anything: one that is damaged is thrown away and fetched anew.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fleet.errors import Problem, SourceError
from fleet.render import partial, revisions
from fleet.render.address import Address
from fleet.render.explain import explain, unexplained
from fleet.render.locks import exclusive
from fleet.render.progress import FetchProgress, Report
from fleet.render.runner import Git, GitFailed

_FLAGS = ("--progress", "--no-tags", "--update-shallow", "--no-recurse-submodules", "--no-write-fetch-head")
# Which repository it is, for people, and when a run last used it.
NOTE = "fleet-repository"
# Words about the mirror itself, not about the remote.
_DAMAGED = re.compile(
    r"corrupt|is empty|bad object|bad signature|unable to (read|parse|find|open)|missing (blob|tree|commit)"
    r"|invalid sha1 pointer|did not send all necessary objects|Unable to create '|inflate|unresolved deltas|bad config"
)
_NO_SUCH_REF = re.compile(r"couldn't find remote ref (\S+)")


@dataclass(slots=True)
class Mirror:
    """One repository in the cache, as one run uses it: fetched at most once, unless a single commit is still missing.

    directory: the bare repository; it may not exist yet. report: gets a line for whatever takes long.
    """

    address: Address
    directory: Path
    timeout_s: float
    report: Report
    _fetched: set[str] = field(default_factory=set)
    _absent: set[str] = field(default_factory=set)
    _known: dict[str, str] = field(default_factory=dict)
    _renewed: bool = False
    _out_of_reach: SourceError | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def git(self) -> Git:
        """git in this mirror."""
        return Git(self.directory, self.address.secrets)

    def commits(self, names: Iterable[str]) -> Mapping[str, str | None]:
        """Return the full SHA of each revision's name; None for one that means no commit of this repository.

        Nothing is fetched if all are full SHAs that the mirror has. Raises SourceError if it has to fetch and cannot.
        """
        wanted = tuple(dict.fromkeys(names))
        with self._turn:
            if all(name in self._known for name in wanted):
                return {name: self._known[name] for name in wanted}
            found: dict[str, str | None] = {}
            if all(map(revisions.is_full_sha, wanted)) and self.directory.exists():
                found = self._look_up(wanted)
            if not found or None in found.values():
                with self._locked():
                    found = self._fetched_commits(wanted)
            self._known |= {name: sha for name, sha in found.items() if sha and revisions.is_full_sha(name)}
            self._known |= {sha: sha for sha in found.values() if sha}
            self._note_use()
            return found

    def renew(self) -> None:
        """Throw the mirror away and fetch it anew, because something in it cannot be read; once in a run at most."""
        with self._turn, self._locked():
            if not self._renewed:
                self._create_again()
            self._renewed = True

    def obtain(self, shas: Iterable[str]) -> None:
        """Fetch files that a partial mirror lacks, all at once. Raises SourceError, from then on without trying."""
        with self._turn:
            if self._out_of_reach is None:
                try:
                    with self._locked():
                        self._obtain(shas)
                except SourceError as error:
                    self._out_of_reach = error
            if self._out_of_reach is not None:
                raise self._out_of_reach

    def names(self) -> tuple[str, ...]:
        """Return the branches and tags, for messages about names that are not among them."""
        lines = self._lines("for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags")
        return tuple(re.sub(r"^refs/(heads|tags)/", "", line) for line in lines)

    def tags(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the tags of the server, fetched together with what the names need. Raises SourceError."""
        with self._turn, self._locked():
            self._fetch_once(names)
            return self.known_tags()

    def known_tags(self) -> tuple[str, ...]:
        """Return the tags as they were fetched last."""
        return self._lines("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags")

    def starting_with(self, prefix: str) -> tuple[str, ...]:
        """Return the commits that a short SHA fits, for the message when they are several."""
        found = self._look_up(self._lines("rev-parse", f"--disambiguate={prefix}"))
        return tuple(sha for sha in found.values() if sha)

    def _lines(self, *arguments: str) -> tuple[str, ...]:
        try:
            written = self.git.output(*arguments).decode(errors="replace")
        except GitFailed:
            return ()
        return tuple(line for line in written.split("\n") if line)

    def _note_use(self) -> None:
        note = self.directory / NOTE
        with suppress(OSError):
            if note.exists():
                os.utime(note)
            else:
                note.write_text(str(self.address.path or self.address.shown), encoding="utf-8")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other runs from changing the mirror. What goes wrong with files becomes a SourceError."""
        shown = self.address.shown
        waiting = lambda: self.report(f"waiting for another run that fetches {shown} …")
        try:
            with exclusive(self.directory.with_suffix(".lock"), self.timeout_s, waiting):
                yield
        except TimeoutError:
            summary = f"another run has been fetching repository {shown} for more than {self.timeout_s:g} s"
            raise SourceError(Problem(summary, hint="Wait for it to end, or end it.")) from None
        except OSError as error:
            raise SourceError(unusable_cache(self.directory.parent, error)) from None

    def _fetched_commits(self, wanted: tuple[str, ...]) -> dict[str, str | None]:
        self._fetch_once(wanted)
        found = self._look_up(wanted)
        for name in wanted:
            if found[name] is None and revisions.is_full_sha(name):
                found[name] = self._fetch_commit(name.lower())
        return found

    def _fetch_once(self, names: Iterable[str]) -> None:
        wanted = {*revisions.ALWAYS, *revisions.refspecs(names).values()}
        if wanted <= self._fetched:
            return
        if self.directory.exists() and self._is_safe():
            self._update(wanted)
        else:
            self._create(wanted)
        self._fetched |= wanted

    def _is_safe(self) -> bool:
        """Return whether this git may fetch into the mirror: a partial one may be the work of a newer git."""
        return not partial.is_partial(self.directory) or partial.is_possible(self.git)

    def _update(self, refspecs: set[str]) -> None:
        try:
            self._fetch(self.git, refspecs)
        except GitFailed as failed:
            problem = explain(self.address, failed, self.timeout_s)
            damaged = _DAMAGED.search(failed.words) or str(self.directory) in failed.words
            if problem and not damaged:
                raise SourceError(problem) from None
            self._create(refspecs)

    def _obtain(self, shas: Iterable[str]) -> None:
        wanted = self._lacking(shas)
        if not wanted:
            return
        given = "".join(f"{sha}\n" for sha in wanted).encode()
        try:
            if self._is_safe():
                self._watch(self.git, partial.files_command(self.address, _FLAGS), given)
        except GitFailed as failed:
            problem = explain(self.address, failed, self.timeout_s)
            if problem and not partial.is_refusal(failed.words) and not _DAMAGED.search(failed.words):
                raise SourceError(problem) from None
        if self._lacking(wanted):
            self._create_again(whole=True)
        if lost := self._lacking(wanted):
            summary = f"repository {self.address.shown} does not give out {len(lost)} of the files of a commit"
            raise SourceError(Problem(summary, hint="Has the branch been rewritten? Name a commit that is on one."))

    def _lacking(self, shas: Iterable[str]) -> list[str]:
        given = "".join(f"{sha}\n" for sha in dict.fromkeys(shas)).encode()
        try:
            answers = self.git.output("cat-file", "--batch-check", given=given).decode().split("\n")
        except GitFailed:
            return list(shas)
        return [answer.partition(" ")[0] for answer in answers if answer.endswith(" missing")]

    def _create_again(self, *, whole: bool = False) -> None:
        self._create({*revisions.ALWAYS, *self._fetched}, whole=whole)
        for sha in self._known.values():
            if self._look_up([sha])[sha] is None:
                self._fetch_commit(sha)

    def _create(self, refspecs: set[str], *, whole: bool = False) -> None:
        """Fetch everything into a new directory and put it where the mirror was, if there was one.

        whole: with every file, whatever the server can leave out.
        """
        for leftover in self.directory.parent.glob(f"{self.directory.name}.*"):
            shutil.rmtree(leftover)
        # A run that is killed can leave a git behind that goes on for a while: it must not meet the next one's.
        new, old = (self.directory.with_name(f"{self.directory.name}.{what}-{os.getpid()}") for what in ("new", "old"))
        git = Git(new, self.address.secrets)
        try:
            _lay_out(new)
            if not whole and partial.is_possible(git):
                partial.mark(new)
            partial.settle(new, self._fetch(git, refspecs))
        except GitFailed as failed:
            shutil.rmtree(new, ignore_errors=True)
            if not whole and partial.is_refusal(failed.words):
                self._create(refspecs, whole=True)
                return
            problem = explain(self.address, failed, self.timeout_s) or unexplained(self.address, failed)
            raise SourceError(problem) from None
        if self.directory.exists():
            self.directory.rename(old)
        new.rename(self.directory)
        shutil.rmtree(old, ignore_errors=True)

    def _fetch(self, git: Git, refspecs: set[str]) -> str:
        """Fetch; a ref that the remote has not is remembered as absent, and the rest fetched without it."""
        while True:
            present = {each for each in refspecs if each.lstrip("+").partition(":")[0] not in self._absent}
            try:
                return self._talk(git, sorted(present), "--prune")
            except GitFailed as failed:
                missing = _NO_SUCH_REF.search(failed.words)
                if not missing or missing[1] in self._absent:
                    raise
                self._absent.add(missing[1])

    def _fetch_commit(self, sha: str) -> str | None:
        """Ask for one commit that no branch or tag leads to; forges give it, a plain git server may refuse."""
        try:
            self._talk(self.git, [revisions.commit_refspec(sha)])
        except GitFailed:
            return None
        return self._look_up([sha])[sha]

    def _talk(self, git: Git, refspecs: list[str], *flags: str) -> str:
        return self._watch(git, partial.command(git.directory, self.address, (*_FLAGS, *flags), refspecs))

    def _watch(self, git: Git, arguments: tuple[str, ...], given: bytes = b"") -> str:
        with FetchProgress(self.address.shown, self.report) as progress:
            return git.watch(*arguments, timeout_s=self.timeout_s, progress=progress, given=given)

    def _look_up(self, names: Iterable[str]) -> dict[str, str | None]:
        """Return the commits that the mirror has for the names, without fetching."""
        questions = {
            name: [f"{each}^{{commit}}" for each in revisions.candidates(name)]
            for name in names
            if name not in self._absent and revisions.is_valid(name)
        }
        asked = [question for several in questions.values() for question in several]
        try:
            given = "".join(f"{each}\n" for each in asked).encode()
            written = self.git.output("cat-file", "--batch-check", given=given)
        except GitFailed:
            return dict.fromkeys(names)
        answers = dict(zip(asked, written.decode(errors="replace").split("\n"), strict=False))
        return {name: _first(answers[each] for each in questions.get(name, ())) for name in names}


def _lay_out(directory: Path) -> None:
    """Make an empty bare repository, as gitrepository-layout(5) has it; its HEAD names nothing that is ever fetched."""
    for name in ("objects", "refs"):
        (directory / name).mkdir(parents=True)
    (directory / "HEAD").write_text("ref: refs/fleet/none\n", encoding="utf-8")
    (directory / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", encoding="utf-8")


def _first(answers: Iterable[str]) -> str | None:
    """Return the SHA of the first answer that is a commit's; others say `missing` or `ambiguous`."""
    for answer in answers:
        words = answer.split()
        if len(words) == 3 and words[1] == "commit":
            return words[0]
    return None


def unusable_cache(directory: Path, error: OSError) -> Problem:
    """Return the problem of a cache that cannot be written or read."""
    hint = "It must be writable. It is safe to delete while nothing runs."
    return Problem(f"the cache {directory} cannot be used", detail=str(error), hint=hint)
