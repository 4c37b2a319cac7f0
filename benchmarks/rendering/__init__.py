"""What rendering costs, beside a shell loop of the same tools: `python -m benchmarks render`.

It makes a Git repository of kustomizations and charts, has `fleet render` and the loop render them for every cluster,
compares the objects, and prints the figures. docs/explanation/benchmarks.md says what each figure means.
"""
