"""Protocol: the messages of Pulumi's services, as its SDK ships them, and nothing else of the SDK.

To import `pulumi.runtime.proto` is to import all of Pulumi's SDK and gRPC, which takes longer than the rest of an
engine. The generated modules need protobuf alone, so they are imported from where they are, under another name; the
messages are the same ones.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import alias_pb2, engine_pb2, resource_pb2
else:
    _NAME = f"{__name__}_messages"

    def _package() -> ModuleSpec:
        spec = ModuleSpec(_NAME, None, is_package=True)
        (pulumi,) = find_spec("pulumi").submodule_search_locations
        spec.submodule_search_locations = [str(Path(pulumi, "runtime", "proto"))]
        return spec

    sys.modules[_NAME] = module_from_spec(_package())
    alias_pb2, engine_pb2, resource_pb2 = (
        importlib.import_module(f"{_NAME}.{each}") for each in ("alias_pb2", "engine_pb2", "resource_pb2")
    )

__all__ = ["alias_pb2", "engine_pb2", "resource_pb2"]
