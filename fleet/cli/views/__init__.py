"""Views: the engine's events and results, as text for people or as JSON for programs.

What belongs here: formatting. What does not: decisions, and anything that reads a cluster, a file or the state.
"""
