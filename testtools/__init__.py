"""helm, kustomize and crane, an OCI registry, for the tests: built and cached as the control planes are, from go.mod.

They are a module of their own, so that another version of one of them does not have the control planes built anew.
"""

from testtools.binaries import PROGRAMS, ensure_tools

__all__ = ["PROGRAMS", "ensure_tools"]
