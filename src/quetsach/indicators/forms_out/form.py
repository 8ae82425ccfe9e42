"""The abilities of a form of list, and the input of its writer."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

from quetsach import __version__
from quetsach.indicators.indicator import Indicator, Kind, Scope


class Shape(StrEnum):
    """Kind and scope of an indicator together: a form either can or cannot express a shape."""

    DOMAIN = "domain"
    EXACT = "exact"
    BELOW = "subdomains-only"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    CIDR = "cidr"
    IP_PORT = "ip-port"
    URL = "url"


NAMES = frozenset((Shape.DOMAIN, Shape.EXACT, Shape.BELOW))
ADDRESSES = frozenset((Shape.IPV4, Shape.IPV6, Shape.CIDR))
EVERYTHING = frozenset(Shape)

_LIKE_NETWORK = re.compile(r"(?:[0-9.]+|\[[0-9a-f:.]+\])/(?:[0-9]{1,3}|[0-9.]+)")

_OF_SCOPE = {
    Scope.WITH_SUBDOMAINS: Shape.DOMAIN,
    Scope.EXACT: Shape.EXACT,
    Scope.SUBDOMAINS_ONLY: Shape.BELOW,
}
_OF_KIND = {kind: Shape(kind.value) for kind in Kind if kind is not Kind.DOMAIN}


def shape_of(one: Indicator) -> Shape:
    """The shape of an indicator."""
    return _OF_SCOPE[one.scope] if one.kind is Kind.DOMAIN else _OF_KIND[one.kind]


@dataclass(frozen=True, slots=True)
class Settings:
    """A person's choices. `day` dates the list; `redirect` is the name of a walled garden; `serial` is the
    least serial number of a zone, `replaces` the serial number of the zone that it replaces; `defang` spells
    values so that no program turns them into links."""

    day: date | None = None
    defang: bool = False
    redirect: str = ""
    serial: int = 0
    replaces: int | None = None


@dataclass(slots=True)
class Losses:
    """The losses of the written list. `left_out` counts by `Shape` or by a code of `REFUSALS`;
    `narrowed` entries cover less than they should; `covered` entries need no line, because a wider entry is
    in the list; `families` entries lose the name of their malware. `withheld` entries are never blocked,
    because many use them; `marked` entries that many use are written with `NOT_FOR_BLOCKING`, because the
    form only searches; `exactly` names are blocked without the names below them, because a customer rents
    them at a platform."""

    left_out: Counter[str] = field(default_factory=Counter)
    narrowed: Counter[str] = field(default_factory=Counter)
    covered: int = 0
    families: int = 0
    withheld: int = 0
    exactly: int = 0
    marked: int = 0


NOT_FOR_BLOCKING = "not for blocking"
"""Said beside an entry that many use and a person keeps; in English, because programs read it as often as
people."""
REFUSALS = ("characters", "like-network", "long-name", "reserved-name")
"""Why a form refuses one value, although it can express its shape."""


@dataclass(frozen=True, slots=True)
class Job:
    """The entries that the form can express, in the order of the set; the whole set's id and size.

    `marked` are the kinds and values of the entries that many use, in a form that only searches.
    """

    items: Sequence[Indicator]
    set_id: str
    total: int
    losses: Losses
    settings: Settings
    marked: frozenset[tuple[Kind, str]] = frozenset()

    def note(self, one: Indicator) -> str:
        """`NOT_FOR_BLOCKING` for an entry that many use, else ""."""
        return NOT_FOR_BLOCKING if (one.kind, one.value) in self.marked else ""

    def facts(self) -> Iterator[tuple[str, str]]:
        """The facts of a header, in English: programs read it as often as people."""
        yield "tool", f"quetsach {__version__}"
        yield "set", self.set_id
        yield "entries", f"{len(self.items)} of {self.total}"
        if self.settings.day is not None:
            yield "date", self.settings.day.isoformat()
        for code, count in sorted(self.losses.left_out.items()):
            yield "left out", f"{code} {count}"
        for code, count in sorted(self.losses.narrowed.items()):
            yield "narrower than the set", f"{code} {count}"
        if self.losses.withheld:
            yield "never blocked, many use them", str(self.losses.withheld)
        if self.losses.marked:
            yield "not for blocking, many use them", str(self.losses.marked)
        if self.losses.exactly:
            yield "without the names below, rented at a platform", str(self.losses.exactly)
        if self.losses.covered:
            yield "covered by wider entries", str(self.losses.covered)

    def header(self, mark: str) -> Iterator[str]:
        """The facts as comment lines."""
        return (f"{mark} {name}: {fact}\n" for name, fact in self.facts())

    @property
    def moment(self) -> datetime:
        """Midnight UTC of the list's day."""
        day = self.settings.day or date(1970, 1, 1)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)


def accepts(_one: Indicator) -> str:
    """Refuses no value."""
    return ""


@dataclass(frozen=True, slots=True)
class Form:
    """`blocks`: programs may cut off the entries of the form, so entries that many use never stand in it.

    `whole` shapes are written exactly, `narrowed` shapes cover less (never more), others are left out.

    `about` is a message id. `refuse` gives a code of `REFUSALS` for a value that cannot be spelled. With
    `merges`, a name under a name that covers it is left out. `takes` names the fields of `Settings` that
    matter, `most` how many entries the consumer takes at least.
    """

    name: str
    about: str
    write: Callable[[Job], Iterator[str]]
    whole: frozenset[Shape]
    blocks: bool
    narrowed: frozenset[Shape] = frozenset()
    refuse: Callable[[Indicator], str] = accepts
    suffixes: tuple[str, ...] = ()
    merges: bool = False
    keeps_family: bool = False
    takes: frozenset[str] = frozenset()
    needs_day: bool = False
    most: int | None = None


def N_(text: str) -> str:
    """Mark a text for translation without translating it."""
    return text


def endpoint_parts(value: str) -> tuple[str, str]:
    """Address and port of an ip-port indicator."""
    host, _, port = value.rpartition(":")
    return host.strip("[]"), port


def one_line(text: str) -> str:
    """Free text without line ends, tabs and other control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def is_like_network(one: Indicator) -> bool:
    """Whether a URL without its scheme is a network: `192.0.2.7/24`."""
    return one.kind is Kind.URL and _LIKE_NETWORK.fullmatch(one.value) is not None


def spelled(one: Indicator) -> str:
    """A spelling that our readers take for exactly this indicator, and no spreadsheet for a formula."""
    is_odd = is_like_network(one) or (one.kind is Kind.URL and one.value.startswith("-"))
    return f"http://{one.value}" if is_odd else one.hashed


def behind(job: Job, one: Indicator) -> str:
    """The note of an entry as a comment behind it on its line, if it has one."""
    note = job.note(one)
    return f" # {note}" if note else ""


def one_word(one: Indicator) -> str:
    """Refuse values with white space or beyond ASCII, which end a line's value for most programs, and URLs
    that would read as a whole network."""
    value = one.value
    if is_like_network(one):
        return "like-network"
    return "" if value.isascii() and value.isprintable() and " " not in value else "characters"
