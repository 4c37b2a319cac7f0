"""What is escaped comes back as it was, whatever the variables."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet import Directory, Helm, Jsonnet, Kustomize
from fleet.model.source import Tool
from fleet.plan.build_environment import escaped, substituted

texts = st.text("$a{}/A_-", max_size=6) | st.sampled_from(["$values/a.yaml", "$$values/a", "${A}", "$A"])
VALUES = {"$": "$", "A": "replaced", "values": "no"}


def tools(text: str) -> list[Tool]:
    told = Jsonnet(ext_vars={"a": text}, ext_code={"b": text}, tlas={"c": text}, tla_code={"d": text})
    return [
        Directory(jsonnet=told),
        Kustomize(images=[text], common_labels={"a": text}, common_annotations={"b": text}),
        Kustomize(common_annotations={"b": text}, common_annotations_envsubst=True),
        Helm(value_files=[text], parameters={"a": text}, string_parameters={"b": text}, file_parameters={"c": text}),
    ]


@given(text=texts.filter(bool))
def test_escaping_is_undone_by_replacing(text: str) -> None:
    for tool in tools(text):
        assert substituted(escaped(tool), VALUES, ["values"]) == tool
