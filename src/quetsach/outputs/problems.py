"""What engines report in English, told in the language in use with what to do next."""

from __future__ import annotations


def explain(error: str) -> str:
    """The problem in words a person can act on."""
    return error
