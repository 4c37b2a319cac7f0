"""Plain data → YAML that people read and every YAML parser of the field reads back the same."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import yaml

from fleet.yamlio import scalars
from fleet.yamlio.parser import Dumper


class _Dumper(Dumper):  # type: ignore[misc, valid-type]
    """A class of our own, so that what is registered here changes nobody else's PyYAML."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|"
    elif not isinstance(scalars.plain(text), str):
        # PyYAML would leave `y`, `1e3` and `0o17` without quotes: they are strings to it, but not to Kubernetes.
        style = "'"
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(MappingProxyType, lambda dumper, data: dumper.represent_dict(data))
_Dumper.add_representer(tuple, lambda dumper, data: dumper.represent_list(data))


def dump(data: Any) -> str:
    """Return a document in block style: keys in the order given, strings of several lines as `|`, no line folded."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=1_000_000
    )
    return text
