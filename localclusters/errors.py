"""Errors of the local clusters: each message says what failed, where to look and what to do next."""


class LocalClustersError(Exception):
    """Root of everything this package raises on purpose; the command line prints it without a traceback."""


class BuildError(LocalClustersError):
    """The control-plane programs could not be built."""


class StartError(LocalClustersError):
    """A control plane did not become ready; the message carries the last log lines of what failed."""
