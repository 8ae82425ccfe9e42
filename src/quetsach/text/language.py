"""The language of the command line and of output files: Vietnamese or English, one per process.

Message ids are English, so a missing catalogue (not compiled yet) shows English and breaks nothing.
"""

from __future__ import annotations

import gettext as stdlib
import os
import sys
from collections.abc import Callable, Mapping
from gettext import NullTranslations
from pathlib import Path

LANGUAGES = ("vi", "en")
DOMAIN = "quetsach"
_OWN = Path(__file__).parents[1] / "locale"
LOCALE_DIR = _OWN if _OWN.is_dir() else Path(sys.base_prefix, "share", "locale")
"""In the package; for a package in an archive, which gettext cannot read, gettext's own default folder."""

_code = "en"
_texts = NullTranslations()


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
    """Let click speak the language in use: click looks its texts up in the process-wide domain, each time for
    the language that LANGUAGE names."""
    stdlib.bindtextdomain(DOMAIN, str(LOCALE_DIR))
    stdlib.textdomain(DOMAIN)


def _catalogue(code: str) -> NullTranslations:
    if code == "en":
        return NullTranslations()
    return stdlib.translation(DOMAIN, str(LOCALE_DIR), [code], fallback=True)


def code() -> str:
    """The language in use."""
    return _code


def gettext(message: str) -> str:
    """The text for an English message id."""
    return _texts.gettext(message) if message else message


def gettext_noop(message: str) -> str:
    """Marks an English message id that is translated where it is shown."""
    return message


def translator(code: str) -> Callable[[str], str]:
    """The texts in `vi` or `en`, independent of the process: for pages, whose readers differ."""
    return _catalogue(code).gettext


def ngettext(one: str, many: str, number: int) -> str:
    """The text for an English message id with a count."""
    return _texts.ngettext(one, many, number)


def size_in(code: str, value: float) -> str:
    """A number of bytes in decimal units, as in file managers: 24,3 MB in `vi`, 24.3 MB in `en`."""
    unit = "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    text = f"{value:.0f}" if unit == "B" or value >= 100 else f"{value:.1f}"
    return f"{text.replace('.', ',') if code == 'vi' else text} {unit}"
