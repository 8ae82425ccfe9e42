"""Runs the command line without subprocesses."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Arguments of the command line to exit code, standard output and standard error."""
