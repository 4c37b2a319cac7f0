"""How tools are run: what they get, when they are ended, and which of them will do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from fleet.render.runner import ToolFailed, run_tool
from fleet.render.tools import HELM, KUSTOMIZE, Tools, environment


def script(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_tool_gets_no_variable_but_those_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    tool = script(tmp_path, "tool", "/usr/bin/env")
    written, _ = run_tool([tool], directory=tmp_path, environ=environment(tmp_path), timeout_s=60)
    given = dict(line.split("=", 1) for line in written.decode().splitlines())
    assert given["HOME"] == given["XDG_CONFIG_HOME"] == given["PATH"] == str(tmp_path)
    assert "AWS_SECRET_ACCESS_KEY" not in given


def test_a_tool_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", f"/bin/sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(ToolFailed) as caught:
        run_tool([tool], directory=tmp_path, environ={}, timeout_s=1)
    assert caught.value.timed_out
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 60
    while not ended(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ended(child)


def ended(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return not Path("/proc/self").exists() or not Path(f"/proc/{process}").exists()
    return state == "Z"


def test_what_it_says_is_masked(tmp_path: Path) -> None:
    tool = script(tmp_path, "tool", "echo see https://me:secret@example.com >&2; exit 3")
    with pytest.raises(ToolFailed) as caught:
        run_tool([tool], directory=tmp_path, environ={}, timeout_s=60)
    assert caught.value.words == "see https://***@example.com"


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("echo v3.17.4+g1", "is too old"),
        ("echo v2.16.0", "is too old"),
        ("echo v3.18.0+g1", ""),
        ("echo v4.3.1", ""),
        ("echo '(devel)'", "does not tell its version"),
        ("exit 1", "does not tell its version"),
    ],
)
def test_which_versions_will_do(tmp_path: Path, text: str, summary: str) -> None:
    helm = script(tmp_path, "helm", text)
    tools = Tools(str(tmp_path))
    found = [str(error).partition("\n")[0] for error in tools.missing([HELM])]
    assert found == ([f"{helm} {summary}"] if summary else [])


def test_each_tool_is_asked_once(tmp_path: Path) -> None:
    script(tmp_path, "helm", f"echo asked >> {tmp_path}/log; echo v4.3.1")
    tools = Tools(f"{tmp_path}{os.pathsep}/none")
    for _ in range(3):
        assert [str(error).partition("\n")[0] for error in tools.missing([HELM, KUSTOMIZE])] == [
            "kustomize was not found on PATH"
        ]
    assert tools.of(HELM).version == "v4.3.1"
    assert (tmp_path / "log").read_text() == "asked\n"
