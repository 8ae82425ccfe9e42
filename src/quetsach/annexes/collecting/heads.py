"""Finds the unit that wrote a letter in the lines above an annex.

A letter's head names the superior first and the office of its author below (Decree 30/2020). Addressees,
places with dates and quoted letters name other offices.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.names import Directory, Match

_OTHERS = re.compile(
    r"^(?:kinh gui|can cu|thuc hien|theo\b|kem theo|noi nhan|so \w+ \w|.{0,40}\bngay\b.{0,8}\bthang\b)"
)
"""Lines that name other offices than the author's: addressees, quoted letters, place and date, number."""
_OFFICE = re.compile(
    r"^(?:truong|tram|trung tam|phong|ban|van phong|cong an|thanh tra|hat|chi cuc|toa an|vien|doi|cong ty"
    r"|hop tac xa|benh vien|hoi|doan)\b"
)
_BELOW = 3
"""Lines below a superior where the author's office may stand, with the right column of the head between."""


def author_in(lines: Sequence[str], directory: Directory) -> Match:
    """The unit of the letter's author; open where the head may name only a superior, or several units."""
    rows = [line for line in lines if not _OTHERS.match(key(line))]
    hits = [(at, hit.unit) for at, line in enumerate(rows) if (hit := directory.inside(line)).unit]
    lowest = [(at, unit) for at, unit in hits if not any(unit.name in other.above for _at, other in hits)]
    units = tuple(dict.fromkeys(unit for _at, unit in lowest))
    if len(units) != 1:
        return Match(doubt="unit_several" if units else "", candidates=units)
    at, unit = lowest[0]
    named_below = rows[at + 1 : at + 1 + _BELOW]
    if any(_OFFICE.match(key(line)) and directory.inside(line).unit is None for line in named_below):
        return Match(candidates=units)
    return Match(unit)
