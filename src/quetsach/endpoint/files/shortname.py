"""Short names of files ([MS-FSCC] 2.1.5.2.1, '8.3 Name'): `PROGRA~1` for `Program Files`.

The disk keeps them, but a folder's listing does not show them. So a short name means every file whose long
name could have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_SHORT = re.compile(r"([^.~]{1,6})~\d{1,6}(?:\.([^.]{1,3}))?")
_HASHED = re.compile(r"(.{1,2})[0-9A-F]{4}")
"""Two letters and a number from the whole name, where four files with this beginning were there before."""
_REPLACED = re.compile(r"[+,;=\[\]]")
_ASCII = re.compile(r"[!-~]*")


def pattern(name: str) -> Callable[[str], bool] | None:
    """Whether a long name could have this short name; None where it is none."""
    found = _SHORT.fullmatch(name)
    if found is None:
        return None
    stem, suffix = found[1].upper(), (found[2] or "").upper()
    hashed = _HASHED.fullmatch(stem)

    def could_be(told: str) -> bool:
        base, _dot, end = told.lstrip(". ").rpartition(".")
        base, end = (base, end) if base else (end, "")
        base, end = (_REPLACED.sub("_", re.sub("[ .]", "", one)).upper() for one in (base, end))
        is_stem = _begins(base, stem) or (hashed is not None and _begins(base, hashed[1]))
        return is_stem and (_begins(end, suffix) if suffix else not end)

    return could_be


def _begins(told: str, short: str) -> bool:
    """Other letters than those of ASCII may have become anything."""
    plain = _ASCII.match(told)
    known = plain[0] if plain else ""
    return told.startswith(short) or (known != told and short.startswith(known))
