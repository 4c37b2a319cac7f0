"""The program that an engine runs: from what a stack declares to what its clusters should hold.

`flow` is the whole of it. What does not belong here: anything that a part could do without knowing the others.
"""
