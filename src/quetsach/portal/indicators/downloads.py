"""A published list in the forms that other programs read, written once when it is published."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from quetsach.indicators import writing
from quetsach.indicators.guard import Group
from quetsach.indicators.indicator import IndicatorSet, Kind
from quetsach.indicators.writing import Form, Settings

GENERAL = ("csv", "plain", "hosts")
"""The forms of every list."""
MOST_FOR_ALL = 200_000
"""Entries; with more, the other forms would take too long while publishing. The command line writes them."""


def forms_of(count: int) -> list[Form]:
    """The forms for a list of so many entries; the general ones first."""
    general = [writing.FORMS[name] for name in GENERAL]
    others = [form for name, form in writing.FORMS.items() if name not in GENERAL]
    return general if count > MOST_FOR_ALL else general + others


def ending(form: Form) -> str:
    """The ending of the file's name; no two forms share one."""
    return form.suffixes[0].removeprefix(".") if form.suffixes else f"{form.name}.txt"


BY_ENDING = {ending(form): name for name, form in writing.FORMS.items()}
_MEDIA_TYPES = {"csv": "text/csv", "json": "application/json", "stix": "application/stix+json",
                "misp": "application/json"}  # fmt: skip


def media_type(name: str) -> str:
    """The media type of a form (RFC 2045)."""
    return f"{_MEDIA_TYPES.get(name, 'text/plain')}; charset=utf-8"


def written(
    items: IndicatorSet,
    form: Form,
    day: datetime.date,
    version: int,
    groups: Mapping[tuple[Kind, str], Group],
) -> tuple[Iterator[bytes], writing.Losses]:
    """The list in one form; and its losses, complete after the stream was read to its end.

    `groups` are its doubtful entries: a form that blocks holds none that many use.
    A zone's serial number also rises between two versions of one day (RFC 1912, 2.2).
    """
    serial = int(f"{day:%Y%m%d}") * 100 + min(version, 99)
    out = writing.write(items, form, Settings(day=day, serial=serial), groups)
    return (part.encode() for part in out.parts), out.losses
