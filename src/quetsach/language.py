"""The language of the command line and of output files: Vietnamese or English, one per process.

Message ids are English, so a missing catalogue (not compiled yet) shows English and breaks nothing.
"""

from __future__ import annotations

import os
import sys
from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("vi", "en")
DOMAIN = "quetsach"
_OWN = Path(__file__).parent / "locale"
LOCALE_DIR = _OWN if _OWN.is_dir() else Path(sys.base_prefix, "share", "locale")
"""In the package; in an archive, which gettext cannot read, the folder that gettext asks anyway."""

_LITTLE_ENDIAN = b"\xde\x12\x04\x95"


class _Catalogue:
    """A compiled catalogue (GNU gettext, "The Format of GNU MO Files"), of which only what is asked for is
    read: to read all, as the standard library does, takes as long as 10 MB of a log.

    Its message ids are sorted; Vietnamese has one form for every number.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._count, self._ids, self._texts = map(self._number, (8, 12, 16))

    def _number(self, at: int) -> int:
        return int.from_bytes(self._data[at : at + 4], "little")

    def _entry(self, table: int, number: int) -> bytes:
        """Of the forms of a text the first one."""
        place = table + 8 * number
        start = self._number(place + 4)
        return self._data[start : start + self._number(place)].partition(b"\0")[0]

    @lru_cache(maxsize=1024)  # noqa: B019 - there is one in a process
    def gettext(self, message: str) -> str:
        """The text for a message id, the id itself where there is none."""
        wanted = message.encode(errors="surrogatepass")
        at = bisect_left(range(self._count), wanted, key=lambda number: self._entry(self._ids, number))
        if at < self._count and self._entry(self._ids, at) == wanted:
            return self._entry(self._texts, at).decode()
        return message


_code = "en"
_texts: _Catalogue | None = None
"""None where message ids are the texts: in English."""


def choose(argument: str | None, environ: Mapping[str, str]) -> str:
    """`--lang`, else QUETSACH_LANG, else the locale where it names a language of ours, else Vietnamese."""
    wishes = (argument, environ.get("QUETSACH_LANG"), *map(environ.get, ("LC_ALL", "LC_MESSAGES", "LANG")))
    for wish in wishes:
        code = (wish or "")[:2].lower()
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]


def use(code: str) -> None:
    """Switch all texts of this process to `vi` or `en`; those of click follow where `share` was called."""
    global _code, _texts
    _code = code
    _texts = _catalogue(code)
    os.environ["LANGUAGE"] = code


def share() -> None:
    """Let click speak the language in use: it looks its words up in the process-wide domain, for the language
    that LANGUAGE names whenever it does."""
    import gettext as _stdlib

    _stdlib.bindtextdomain(DOMAIN, str(LOCALE_DIR))
    _stdlib.textdomain(DOMAIN)


def _catalogue(code: str) -> _Catalogue | None:
    if code == "en":
        return None
    try:
        with open(LOCALE_DIR / code / "LC_MESSAGES" / f"{DOMAIN}.mo", "rb") as file:  # noqa: PTH123
            data = file.read()
    except FileNotFoundError:
        return None
    return _Catalogue(data) if data.startswith(_LITTLE_ENDIAN) else None


def code() -> str:
    """The language in use."""
    return _code


def gettext(message: str) -> str:
    """The text for an English message id."""
    return message if _texts is None or not message else _texts.gettext(message)


def translator(code: str) -> Callable[[str], str]:
    """The texts in `vi` or `en`, whatever this process speaks: for pages, whose readers differ."""
    texts = _catalogue(code)
    return texts.gettext if texts is not None else lambda message: message


def ngettext(one: str, many: str, number: int) -> str:
    """The text for a message id that counts something."""
    if _texts is None:
        return one if number == 1 else many
    text = _texts.gettext(one)
    return text if text != one else (one if number == 1 else many)


def size_in(code: str, value: float) -> str:
    """A number of bytes by 1000, as file managers show it: 24,3 MB in `vi`, 24.3 MB in `en`."""
    unit = "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    text = f"{value:.0f}" if unit == "B" or value >= 100 else f"{value:.1f}"
    return f"{text.replace('.', ',') if code == 'vi' else text} {unit}"
