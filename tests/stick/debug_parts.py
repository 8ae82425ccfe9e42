"""Takes debugging information out of wine's programs: four fifths of their bytes, and none of Windows' own
programs has any. A check under wine would read all of it.

Layout after Microsoft's "PE Format": sections named `/4` have a name too long for the table, as only
debugging information has it; they come last, and are marked as discardable.
"""

from __future__ import annotations

import struct
from pathlib import Path

_DISCARDABLE = 0x02000000
_MOST_HEADER = 4096


def remove(folder: Path) -> None:
    """Shorten every program below a folder."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with path.open("r+b") as file:
                head = bytearray(file.read(_MOST_HEADER))
                size = _shortened(head)
                if size:
                    file.seek(0)
                    file.write(head)
                    file.truncate(size)


def _shortened(head: bytearray) -> int:
    """Take the last sections out of a program's head; returns the size of the rest, 0 where nothing is to be
    taken."""
    if head[:2] != b"MZ":
        return 0
    (place,) = struct.unpack_from("<I", head, 60)
    if head[place : place + 4] != b"PE\0\0":
        return 0
    count, optional = struct.unpack_from("<2xH12xH", head, place + 4)
    first = place + 24 + optional
    sections = [struct.unpack_from("<8s8xII12xI", head, first + 40 * one) for one in range(count)]
    kept = [one for one in sections if not (one[0].startswith(b"/") and one[3] & _DISCARDABLE)]
    end = max((size + at for _name, size, at, _flags in kept), default=0)
    if not kept or sections[: len(kept)] != kept or any(at < end for _n, _s, at, _f in sections[len(kept) :]):
        return 0
    if len(kept) < count:
        # No table of symbols either: it lay behind the last section.
        struct.pack_into(
            "<HIII", head, place + 6, len(kept), *struct.unpack_from("<I", head, place + 8), 0, 0
        )
        return end
    return 0
