"""The demonstration: one Application to three real API servers, told step by step. `make demo` runs it.

Every step is a command line that is printed and then run as it stands, so that the demonstration can be typed after.
"""
