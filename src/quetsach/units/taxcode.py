"""Vietnamese tax codes (mã số thuế): 10 digits, the last a check digit, and branches with -NNN.

Structure: Circular 86/2024/TT-BTC, article 5 (and 105/2020/TT-BTC before it); the weights are those of the
tax authority's codes.
"""

from __future__ import annotations

import re

WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_DASHES = str.maketrans({"–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", " ": "", "\u00a0": "", ".": ""})
_SHAPE = re.compile(r"(\d{10})(?:-?(\d{3}))?", re.ASCII)


class TaxCodeError(ValueError):
    """Not a tax code: `shape`, `check` (the tenth digit does not fit), or `person` (12 digits)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_digit(nine: str) -> int | None:
    """The tenth digit for nine digits; None where no code can start so."""
    rest = 10 - sum(weight * int(digit) for weight, digit in zip(WEIGHTS, nine, strict=True)) % 11
    return rest if rest < 10 else None


def read_tax_code(text: str) -> str:
    """`0100109106` or `0100109106-001` from typed text; a zero that a spreadsheet dropped is restored.

    The 13 digits of a branch may lack the dash. Raises TaxCodeError.
    """
    typed = text.strip().lstrip("'").translate(_DASHES)
    if re.fullmatch(r"\d{12}", typed, re.ASCII):
        raise TaxCodeError("person")
    if re.fullmatch(r"\d{9}(-\d{3})?", typed, re.ASCII):
        typed = f"0{typed}"
    match = _SHAPE.fullmatch(typed)
    if match is None:
        raise TaxCodeError("shape")
    main, branch = match.groups()
    if check_digit(main[:9]) != int(main[9]):
        raise TaxCodeError("check")
    return f"{main}-{branch}" if branch else main
