"""The lines of a script that runs by itself, as facts to compare with the campaign's list."""

from __future__ import annotations

import codecs

from quetsach.endpoint import commandline
from quetsach.endpoint.probe import Seen

MOST_BYTES = 1 << 20
_MOST_LINES = 20_000
_ENCODED_SCRIPT = b"#@~^"
"""Where a script begins that Microsoft's Script Encoder has made unreadable (.vbe, .jse, parts of .wsf and
.hta)."""


def add_of_linux(seen: Seen, path: str, content: bytes) -> None:
    """The lines of a shell script or of another script; none of a program, which the probe of files opens."""
    if content.startswith(b"\x7fELF"):
        return
    told = content.decode("utf-8", "replace").replace("\\\n", "")
    _add(seen, path, [line for line in told.splitlines() if not line.lstrip().startswith("#")])


def add_of_windows(seen: Seen, path: str, content: bytes) -> None:
    """The lines of a script of Windows; an encoded script is a gap."""
    if _ENCODED_SCRIPT in content:
        seen.lack("encoded", path)
    _add(seen, path, text(content).splitlines())


def _add(seen: Seen, path: str, lines: list[str]) -> None:
    for line in dict.fromkeys(map(str.strip, seen.first(lines, _MOST_LINES, path))):
        if line:
            if len(line) > commandline.LONGEST:
                seen.lack("too_large", path)
            seen.add("startup-line", text=line[: commandline.LONGEST], place=path)


def text(content: bytes) -> str:
    """The text of a script, which may be UTF-16 with its mark."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    return content.decode(encoding, "replace")
