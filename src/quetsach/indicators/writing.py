"""Writes indicator sets in the forms that other programs read, and counts what each form cannot express.

Nothing is widened: an entry that a form could only express with a wider meaning is left out and counted.
A form that blocks never holds entries that many use. A person who keeps one has logs searched for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quetsach.errors import IndicatorError
from quetsach.indicators import guard
from quetsach.indicators.forms_out import (
    listings,
    misp,
    packetfilters,
    resolvers,
    rpz,
    sensors,
    stix,
    suricata,
    table,
)
from quetsach.indicators.forms_out.form import Form, Job, Losses, Settings, Shape, shape_of
from quetsach.indicators.guard import Group
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.text.canonical import is_numeric_name, name

__all__ = [
    "FORMS",
    "Form",
    "Losses",
    "Settings",
    "Written",
    "by_name",
    "by_path",
    "garden",
    "serial_at",
    "write",
]

_HOST = re.compile(r"(?=.{1,200}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")

FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        listings.PLAIN, table.CSV, table.JSON,
        resolvers.HOSTS, resolvers.ADBLOCK, resolvers.DNSMASQ, resolvers.UNBOUND, rpz.RPZ,
        listings.IP_LIST, listings.DOMAIN_LIST, listings.URL_LIST,
        packetfilters.NFT, packetfilters.IPSET, packetfilters.MIKROTIK,
        sensors.ZEEK, suricata.RULES, suricata.DATASET, suricata.IPS, suricata.IPREP, sensors.MALTRAIL,
        stix.STIX, misp.MISP,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A list ready to be written: `parts` is its text, `losses` counts its losses, `count` its entries."""

    parts: Iterator[str]
    losses: Losses
    count: int
    job: Job

    def feed(self) -> Iterator[tuple[str, Iterator[str]]]:
        """The list as the folder of a MISP feed: file names and their text."""
        return misp.feed(self.job)


def by_name(form: str) -> Form:
    """The form of that name. Raises IndicatorError with all known names."""
    if form not in FORMS:
        raise IndicatorError(f"{form}: no form of list; there are {', '.join(FORMS)}")
    return FORMS[form]


def by_path(path: Path) -> Form:
    """The form for a file's name; a plain list where the name says nothing."""
    file = path.name.lower()
    fitting = [(s, form) for form in FORMS.values() for s in form.suffixes if file.endswith(s)]
    return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else listings.PLAIN


def garden(text: str) -> str | None:
    """The name of a walled garden in canonical form, None if it is no host name."""
    found = name(text)
    return found if _HOST.fullmatch(found) and not is_numeric_name(found) else None


def serial_at(path: Path) -> int | None:
    """The serial number of the zone at `path`; None where there is no zone yet."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return rpz.serial_of("".join(line for line, _ in zip(file, range(200), strict=False)))
    except OSError:
        return None


def write(
    indicators: IndicatorSet,
    form: Form,
    settings: Settings | None = None,
    groups: Mapping[tuple[Kind, str], Group] | None = None,
) -> Written:
    """The list in `form`: sorted like the set, and always the same for the same set and settings.

    `groups` are the set's doubtful entries by `guard.grouped`, where the caller knows of an organisation or
    has several forms to write; without it the packaged guard rails find them. A form that only searches says
    of an entry that many use that it is not for blocking.

    Raises IndicatorError when the form needs a date and none is given.
    """
    settings = settings or Settings()
    if form.needs_day and settings.day is None:
        raise IndicatorError(f"{form.name}: needs the date of the list; give it with --date")
    losses = Losses()
    if groups is None:
        groups = guard.grouped(indicators)
    entries = _blockable(indicators, groups, losses) if form.blocks else iter(indicators)
    kept = [one for one in entries if _is_kept(one, form, losses)]
    if form.merges:
        wide = {one.value for one in kept if one.kind is Kind.DOMAIN and one.scope is not Scope.EXACT}
        widest = [one for one in kept if one.kind is not Kind.DOMAIN or not _is_below(one.value, wide)]
        losses.covered = len(kept) - len(widest)
        kept = widest
    many = {place for place, group in groups.items() if group is Group.MANY} if not form.blocks else set()
    marked = frozenset(place for one in kept if (place := (one.kind, one.value)) in many)
    losses.marked = len(marked)
    job = Job(kept, indicators.id, len(indicators), losses, settings, marked)
    return Written(form.write(job), losses, len(kept), job)


def _blockable(
    indicators: IndicatorSet, groups: Mapping[tuple[Kind, str], Group], losses: Losses
) -> Iterator[Indicator]:
    """The entries that a form may block: not what many use; a customer's name at a platform exactly."""
    for one in indicators:
        group = groups.get((one.kind, one.value))
        if group is Group.MANY:
            losses.withheld += 1
        elif group is Group.RENTED and one.kind is Kind.DOMAIN and one.scope is Scope.WITH_SUBDOMAINS:
            losses.exactly += 1
            yield one._replace(scope=Scope.EXACT)
        elif group is Group.RENTED and one.scope is Scope.SUBDOMAINS_ONLY:
            losses.left_out[Shape.BELOW.value] += 1
        else:
            yield one


def _is_below(name: str, wide: set[str]) -> bool:
    """Whether a name above this name is in `wide`."""
    _, dot, above = name.partition(".")
    while dot:
        if above in wide:
            return True
        _, dot, above = above.partition(".")
    return False


def _is_kept(one: Indicator, form: Form, losses: Losses) -> bool:
    shape = shape_of(one)
    if shape not in form.whole and shape not in form.narrowed:
        losses.left_out[shape.value] += 1
        return False
    if code := form.refuse(one):
        losses.left_out[code] += 1
        return False
    if shape in form.narrowed:
        losses.narrowed[shape.value] += 1
    losses.families += bool(one.family) and not form.keeps_family
    return True
