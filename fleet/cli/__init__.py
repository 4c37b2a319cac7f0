"""The command line: parse, run the engine, print, exit code.

What belongs here: flags, prompts, and views that turn the engine's events into text. What does not: any decision about
what is deployed.
"""
