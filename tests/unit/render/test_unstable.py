"""What is unstable in templates."""

from __future__ import annotations

import io
import tarfile

import pytest

from fleet.render.unstable import functions, is_template


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
        ("c/templates/_nginx.conf", True),
        ("c/values.yaml", False),
        ("c/templates/NOTES.txt", False),
        ("templates/NOTES.txt", False),
    ],
)
def test_which_files_hold_actions(path: str, expected: bool) -> None:
    assert is_template(path) is expected
