"""Words for machines, their keys and files: those of the pure library in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from quetsach.machines import words as said
from quetsach.machines.sources.columns import COLUMNS
from quetsach.machines.sources.outcome import FOREVER
from quetsach.portal.kit import micros
from quetsach.portal.machines.models import RegisterRow
from quetsach.text.language import translator

REFUSED: dict[str, str | Promise] = {
    "unknown": _(
        "None of the kinds of files that are read here. If it is a table, say below what its columns mean."
    ),
    "map_other": _("No line of headings in it fits the chosen columns; choose them anew below."),
    "source": _("It cannot be read: %(value)s"),
}
"""Sentences for a page; the others are those of the command."""
NOTES: dict[str, str | Promise] = {
    "addresses_once": _(
        "Nothing shows that its addresses are fixed, so they count only for the minute of the file. If they"
        " are, choose “fixed address” for their column."
    ),
}
COLUMN_WORDS: dict[str, str | Promise] = {
    "host": _("name of the machine"),
    "fqdn": _("full name with domain"),
    "domain": _("domain"),
    "address": _("IP address"),
    "fixed": _("fixed IP address"),
    "seen_address": _("IP address when last seen"),
    "mac": _("MAC address"),
    "hardware": _("UUID of the mainboard"),
    "serial": _("serial number"),
    "adsid": _("SID in Active Directory"),
    "agent": _("id of the antivirus"),
    "user": _("user"),
    "seen": _("last seen"),
    "since": _("in use since"),
    "until": _("in use until"),
    "lease_end": _("end of the lease"),
    "asset": _("asset number"),
    "model": _("model"),
    "system": _("operating system"),
    "kind": _("kind of machine"),
    "room": _("room"),
    "unit": _("office or department"),
}
assert set(COLUMN_WORDS) == {column.key for column in COLUMNS}
ABOUT: dict[str, str | Promise] = COLUMN_WORDS | {
    "name": _("name for people"),
    "type": _("kind in the register"),
}


def texts() -> Callable[[str], str]:
    """The texts of the pure library in the reader's language."""
    return translator("en" if (get_language() or "vi").startswith("en") else "vi")


def refusal(code: str, value: str) -> str:
    """Why a file could not be read, as a sentence."""
    if code in REFUSED:
        return (
            str(REFUSED[code]) % {"value": value} if "%(value)s" in str(REFUSED[code]) else str(REFUSED[code])
        )
    return sentence(said.filled(said.REFUSED, code, value, texts()))


def note(code: str, value: str) -> str:
    """What concerns a whole file."""
    return str(NOTES[code]) if code in NOTES else sentence(said.filled(said.NOTES, code, value, texts()))


def sentence(text: str) -> str:
    """A text as a sentence."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def kinds(found: dict[str, int]) -> list[tuple[str, int]]:
    """What files were recognised as, with numbers."""
    tell = texts()
    return [
        (tell(said.BINDINGS[name]) if name in said.BINDINGS else said.kind(name, tell), n)
        for name, n in found.items()
    ]


def left(found: dict[str, int]) -> list[tuple[str, int]]:
    """Why lines told nothing, with numbers."""
    tell = texts()
    return [
        (tell(said.LEFT.get(code, code)), n) for code, n in sorted(found.items(), key=lambda one: -one[1])
    ]


def leftovers(rows: Iterable[list[Any]]) -> list[tuple[str, int, str, str]]:
    """Lines that told nothing: file, line, why, what stands there."""
    tell = texts()
    return [(name, line, tell(said.LEFT.get(code, code)), text) for name, line, code, text in rows]


def key(kind: str, value: str) -> tuple[str, str]:
    """The word for a key, and its value without the unit in which it counts."""
    tell = texts()
    return tell(said.KEYS.get(kind, kind)), value.rpartition("/ ")[2]


def binding(kind: str) -> str:
    """From what an address is known."""
    return texts()(said.BINDINGS.get(kind, kind))


def moment(at: int) -> datetime | None:
    """A time of evidence; None for a beginning or an end that nobody states."""
    return micros.moment(at) if 0 < at < FOREVER else None


def addresses(row: RegisterRow) -> list[tuple[str, str, datetime | None, datetime | None, str]]:
    """The addresses of a row: address, from what, since, until (None while it holds), source."""
    now = timezone.now()
    found = []
    for spelled, kind, begin, end, source in row.addresses:
        until = moment(end)
        found.append(
            (spelled, binding(kind), moment(begin), until if until and until < now else None, source)
        )
    return found


def shown_name(row: RegisterRow) -> str:
    """What stands for a machine on a page."""
    return row.name or key(row.key_kind, row.key_value)[1]


def spoken(kind: str, value: str) -> str:
    """A key in one text."""
    return " ".join(key(kind, value)) if kind else ""


def reason(why: str) -> str:
    """Why two keys are one machine."""
    name = why.removeprefix("in turn under one name: ")
    if name != why:
        return str(_("used in turn under one name, %(name)s")) % {"name": name}
    return str(_("one source names both")) if why == "claimed together" else why


EVENTS: dict[str, str | Promise] = {
    "moved": _("moved to another unit's network"),
    "reinstalled": _("installed anew"),
    "replaced by": _("replaced by another machine"),
    "replaces": _("replaces another machine"),
    "retired": _("no longer in use"),
    "confirmed": _("confirmed by a person"),
}


def event(what: str) -> str:
    """What happened to a machine."""
    return str(EVENTS.get(what, what))
