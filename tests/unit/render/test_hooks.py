"""What becomes of hooks, and what is unstable in templates."""

from __future__ import annotations

import io
import tarfile

import pytest

from fleet.errors import RenderError, Where
from fleet.model.manifest import Manifest
from fleet.render.hooks import without_hooks
from fleet.render.unstable import functions, is_template


def manifest(times: str | None) -> Manifest:
    annotations = {} if times is None else {"annotations": {"helm.sh/hook": times}}
    metadata = {"name": "a", **annotations}
    return Manifest({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata}, Where("a.yaml"))


@pytest.mark.parametrize("times", [None, "", "crd-install"])
def test_what_is_no_hook_stays(times: str | None) -> None:
    assert len(without_hooks([manifest(times)])) == 1


@pytest.mark.parametrize("times", ["test", "test-success", "pre-rollback", "post-rollback,post-delete", "pre-delete"])
def test_what_argo_cd_never_runs_is_left_out(times: str) -> None:
    assert without_hooks([manifest(times)]) == ()


@pytest.mark.parametrize("times", ["pre-install", "post-install", "pre-upgrade", "test, post-upgrade"])
def test_what_argo_cd_runs_is_refused(times: str) -> None:
    with pytest.raises(RenderError, match=r"^a.yaml: Job.batch a is a Helm hook: hooks are not run yet"):
        without_hooks([manifest(times)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{ lookup "v1" "Secret" "a" "b" }}', "lookup"),
        ("{{- $ca := genCA `x` 365 -}}", "genCA"),
        ("{{ if eq (randAlphaNum 3) .a }}", "randAlphaNum"),
        ("{{ now | date `2006` }}", "now"),
        ("{{ .Values.now }}{{ $now }}{{ include `lookup` . }}{{/* uuidv4 */}}{{- /* now */ -}} lookup", ""),
        ("{{ .Values.a | quote }} randAlphaNum", ""),
    ],
)
def test_functions_that_are_not_the_same_every_time(text: str, expected: str) -> None:
    found = functions([("c/templates/a.yaml", f"a: b\n{text}\n".encode())])
    assert found == ((f"c/templates/a.yaml:2 {expected}",) if expected else ())


def test_packed_subcharts_are_looked_into() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("part/templates/a.yaml")
        member.size = 9
        archive.addfile(member, io.BytesIO(b"{{ now }}"))
    files = [("charts/part-1.tgz", packed.getvalue()), ("charts/broken.tgz", b"no archive")]
    assert functions(files) == ("charts/part-1.tgz!part/templates/a.yaml:1 now",)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("templates/a.yaml", True),
        ("c/charts/d/templates/_helpers.tpl", True),
        ("c/charts/d.tgz", True),
        ("c/values.yaml", False),
        ("c/templates/NOTES.txt", False),
    ],
)
def test_which_files_hold_actions(path: str, expected: bool) -> None:
    assert is_template(path) is expected
