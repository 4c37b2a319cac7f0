"""`fleet stack`: a stack's state and its history, one file per command."""
