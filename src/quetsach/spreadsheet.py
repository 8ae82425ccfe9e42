"""Text on its way into a spreadsheet. Pure."""

from __future__ import annotations

_FORMULA = tuple("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫−")


def guarded(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
