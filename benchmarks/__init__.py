"""What a fleet costs in time, processor, memory and API calls, measured against real API servers.

`python -m benchmarks apply` starts the control planes, makes a Git repository, lets each contender (`fleet`, `kubectl`,
and a loop of raw requests) do the same work, and prints the figures side by side. It judges no run by its timing.
docs/explanation/benchmarks.md says what each figure means.
"""
