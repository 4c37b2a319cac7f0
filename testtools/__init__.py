"""helm, kustomize and crane (an OCI registry) for the tests, built from go.mod as the control planes are, in the same cache.

They are a module of their own, so that another version of one of them does not have the control planes built anew.
"""

from testtools.binaries import PROGRAMS, ensure_tools

__all__ = ["PROGRAMS", "ensure_tools"]
