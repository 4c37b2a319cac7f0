"""What can go wrong in a benchmark."""


class BenchmarkError(Exception):
    """Something did not work; the message says what, and what to do. A slow run is no error."""
