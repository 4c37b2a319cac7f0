"""Frozen values that the whole program speaks in.

What belongs here: what an application, a cluster, a source, a manifest and a plan *are*, and rules that one value
can check of itself. What does not: input and output, YAML, Pulumi, and any rule that needs two values.
"""
