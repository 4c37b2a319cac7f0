"""Kubernetes as the engine needs it: one Provider per cluster that creates, updates, deletes and looks for drift.

What does not belong here: URNs, state, the protocol, and any decision about what should be done.
"""
