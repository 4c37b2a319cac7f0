"""A checkpoint that was damaged, in whatever way: no command writes to it, and what the message says repairs it.

The program deploys to no cluster, so none is needed: its state is the stack's output.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from fleet.cli.group import cli
from fleet.engine.checksums import path_of
from tests.engine.state.test_pulumi import Pulumi

STATE = 13
PROJECT = f"name: sample\nruntime: {{name: python, options: {{virtualenv: {sys.prefix}}}}}\n"
COMMANDS = (
    ("preview",),
    ("preview", "--refresh"),
    ("up", "--yes"),
    ("up", "--yes", "--skip-preview"),
    ("up", "--yes", "--skip-preview", "--refresh"),
    ("refresh", "--yes", "--skip-preview"),
    ("refresh", "--preview-only"),
    ("destroy", "--yes", "--skip-preview"),
    ("stack", "export"),
    ("stack", "output"),
    ("stack", "rm", "--yes"),
)
Damage = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def deployed_thrice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stack was deployed three times: `n` was 1, 2 and 3, and a secret is in it."""
    folder = tmp_path_factory.mktemp("damaged") / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PROJECT)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        for number in (1, 2, 3):
            deploy(folder, number)
    return folder


@pytest.fixture
def project(tmp_path: Path, deployed_thrice: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That project, in a place of its own."""
    shutil.copytree(deployed_thrice.parent, tmp_path, dirs_exist_ok=True)
    for name, value in environment(tmp_path / "project").items():
        monkeypatch.setenv(name, value)
    return tmp_path / "project"


def environment(project: Path) -> dict[str, str]:
    return {
        "PULUMI_BACKEND_URL": f"file://{quote(str(project.parent / 'a state'))}",
        "PULUMI_CONFIG_PASSPHRASE": "a passphrase",
        "PULUMI_HOME": str(project.parent / "home"),
    }


def deploy(project: Path, number: int) -> None:
    program = f"import pulumi\npulumi.export('n', {number})\npulumi.export('t', pulumi.Output.secret('hunter2'))\n"
    (project / "__main__.py").write_text(program)
    ended, said = run(project, "up", "--yes", "--skip-preview")
    assert ended == 0, said


def run(project: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, [*words, "-s", "dev", "-C", str(project)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


def checkpoint(project: Path) -> Path:
    return project.parent / "a state" / ".pulumi" / "stacks" / "sample" / "dev.json"


def deployed(project: Path) -> int:
    ended, said = run(project, "stack", "output", "n")
    assert ended == 0, said
    return int(said)


def follow(said: str) -> None:
    """Do what a message says, word for word."""
    (command,) = re.findall(r"^\W*(cp .*)$", said, re.MULTILINE)
    subprocess.run(command, shell=True, check=True)


def contents(project: Path) -> dict[str, bytes]:
    """Return all files of the backend but the records of runs that failed."""
    root = project.parent / "a state"
    files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith(".history.json"))
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def exported(data: bytes) -> bytes:
    return json.dumps({"version": 3, "deployment": json.loads(data)["checkpoint"]["latest"]}).encode()


DAMAGES: Mapping[str, Damage] = {
    "nothing left": lambda _: b"",
    "a half": lambda data: data[: len(data) // 2],
    "all but the last byte": lambda data: data[:-1],
    "zeros": lambda data: bytes(len(data)),
    "zeros at the end": lambda data: data[:-100] + bytes(100),
    "twice": lambda data: data + data,
    "another kind of JSON": lambda _: b'{"resources": []}',
    "a list": lambda _: b"[]",
    "an export": exported,
    "no JSON": lambda _: b"encryptionsalt: v1\n",
    "a newer version by a byte": lambda data: data.replace(b'"version":3', b'"version":7', 1),
    "a secret": lambda data: data.replace(b'"ciphertext":"v1:', b'"ciphertext":"v1:A'),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_no_command_touches_it_and_the_message_repairs_it(project: Path, damage: Damage) -> None:
    path = checkpoint(project)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    before = contents(project)
    said = ""
    for command in COMMANDS:
        ended, said = run(project, *command)
        assert (ended, "The state is damaged" in said) == (STATE, True), f"{command}: {said}"
        assert contents(project) == before, command
    follow(said)
    assert path.read_bytes() == whole
    assert deployed(project) == 3
    deploy(project, 4)
    assert deployed(project) == 4


def test_wherever_it_is_cut_off(project: Path) -> None:
    path = checkpoint(project)
    whole = path.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        refused_and_repaired(project, whole[:length])
        assert path.read_bytes() == whole


def test_whichever_byte_is_another(project: Path) -> None:
    path = checkpoint(project)
    whole = path.read_bytes()
    chance = random.Random(0)
    for place in chance.sample(range(len(whole)), 40):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chance.randrange(8)
        refused_and_repaired(project, bytes(flipped))
        assert path.read_bytes() == whole


def refused_and_repaired(project: Path, damaged: bytes) -> None:
    checkpoint(project).write_bytes(damaged)
    ended, said = run(project, "up", "--yes", "--skip-preview")
    assert ended == STATE, said
    assert checkpoint(project).read_bytes() == damaged
    follow(said)


def test_a_backup_that_is_damaged_too_is_not_the_one_that_is_named(project: Path) -> None:
    """What is left is named, the newest first, and in the end that there is nothing."""
    folder = project.parent / "a state" / ".pulumi" / "backups" / "sample" / "dev"
    copies = sorted(folder.glob("*.json"))
    path = checkpoint(project)
    kept = [path, *reversed(copies), path.with_name("dev.json.bak")]
    found = []
    for damaged in (kept[:1], kept[:2], [*kept[:2], kept[4]], [*kept[:3], kept[4]]):
        for each in damaged:
            each.write_bytes(b'{"version":3,"checkpoint":{"latest":{"resources":[{"urn":1')
        ended, said = run(project, "up", "--yes", "--skip-preview")
        assert ended == STATE, said
        follow(said)
        found.append(deployed(project))
    assert found == [3, 2, 2, 1]
    for each in kept:
        each.write_bytes(b"")
    assert "There is no backup of it that could be restored." in run(project, "up", "--yes")[1]
    assert all(each.read_bytes() == b"" for each in kept)


def test_what_is_restored_is_gone_on_with_by_an_import_too(project: Path) -> None:
    """`stack import` puts any state in the place of a damaged one, which stays beside it."""
    _, text = run(project, "stack", "export", "--version", "2")
    checkpoint(project).write_bytes(b"{")
    (project / "state.json").write_text(text)
    ended, said = run(project, "stack", "import", "--file", str(project / "state.json"))
    assert ended == 0, said
    assert deployed(project) == 2


def test_what_was_changed_on_purpose_is_taken_once_its_checksum_is_gone(project: Path) -> None:
    path = checkpoint(project)
    path.write_bytes(path.read_bytes().replace(b'"n":3', b'"n":7'))
    ended, said = run(project, "preview")
    assert ended == STATE
    (command,) = re.findall(r"take its checksum away: (rm .*)$", said, re.MULTILINE)
    subprocess.run(command, shell=True, check=True)
    assert deployed(project) == 7


def test_what_pulumi_wrote_is_as_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if missing := [name for name in ("pulumi", "pulumi-language-python") if shutil.which(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}: https://www.pulumi.com/docs/install/")
    pulumi = Pulumi(tmp_path)
    for name in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_HOME"):
        monkeypatch.setenv(name, pulumi.environ[name])
    (pulumi.folder / "__main__.py").write_text("import pulumi\npulumi.export('n', 1)\n")
    pulumi("stack", "init")
    pulumi("up", "--yes", "--skip-preview")
    path = pulumi.store().backend.checkpoint_file(pulumi.store().ref)
    whole, theirs = path.read_bytes(), json.loads(path_of(path).read_bytes())
    path.write_bytes(whole.replace(b'"n":1', b'"n":7').replace(b'"n": 1', b'"n": 7'))
    ended, said = run(pulumi.folder, "up", "--yes", "--skip-preview")
    assert (ended, "The state is damaged" in said) == (STATE, True), said
    follow(said)
    assert run(pulumi.folder, "stack", "output", "n") == (0, "1\n")
    (pulumi.folder / "__main__.py").write_text("import pulumi\npulumi.export('n', 2)\n")
    assert run(pulumi.folder, "up", "--yes", "--skip-preview")[0] == 0
    ours = json.loads(path_of(path).read_bytes())
    assert ours.keys() == theirs.keys()
    assert json.loads(pulumi("stack", "output", "--json")) == {"n": 2}
