"""Remarks of a list's reader about a line: why it was rejected, or how it was changed."""

from __future__ import annotations

from typing import NamedTuple


class Remark(NamedTuple):
    """One line of a list, with a stable English code and a reason; line 0 means the whole file."""

    source: str
    line: int
    text: str
    code: str
    reason: str


class Reject(Exception):
    """A value is not an indicator; `code` is a key of `reasons.REJECTS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
