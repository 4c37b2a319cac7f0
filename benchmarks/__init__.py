"""What fleet costs in time, processor, memory, API calls and processes, measured beside what people use instead of it.

`python -m benchmarks apply` starts control planes, makes a Git repository, lets each contender (`fleet`, `kubectl`, and
a loop of raw requests) do the same work, and prints the figures side by side. `python -m benchmarks render` needs no
cluster: it renders applications by `fleet render` and by a shell loop of kustomize and helm. No run is judged by its
timing. docs/explanation/benchmarks.md says what each figure means.
"""
