"""Guard rails: items that would flag half the country are stopped or warned about, never silently.

An override keeps one stopped indicator, with a reason, who decided and when.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

from quetsach import canonical
from quetsach.errors import IndicatorError
from quetsach.feeds.item import parse
from quetsach.feeds.remark import Reject
from quetsach.feeds.text import decode, read_bytes
from quetsach.indicator import Indicator, IndicatorSet, Kind, Scope

REASONS = {
    "special-purpose": "lies in a special-purpose range: {what}",
    "public-suffix": "is a public suffix, under which anybody has names",
    "too-wide": "is wider than /16 (IPv6: /32)",
    "government": "is a name of the state (*.gov.vn)",
    "own": "belongs to the organisation itself: {what}",
    "wide": "is wider than /24 (IPv6: /48)",
    "well-known": "is on, above or below a name that many use: {what}",
}
STOP_WIDER = {4: 16, 6: 32}
WARN_WIDER = {4: 24, 6: 48}
GOVERNMENT = "gov.vn"


@dataclass(frozen=True, slots=True)
class Organisation:
    """What is the organisation's own: domain names (with all below) and networks in CIDR notation."""

    names: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """The decision of a person to keep an indicator although a guard rail stops it."""

    indicator: str
    reason: str
    who: str
    date: date


class Concern(NamedTuple):
    """One indicator and why it is stopped or warned about; `override` is what a person decided."""

    indicator: Indicator
    code: str
    reason: str
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class GuardResult:
    """`kept` is what is searched; `overridden` are stopped ones that a person kept, and are in `kept`."""

    kept: IndicatorSet
    stopped: tuple[Concern, ...]
    warned: tuple[Concern, ...]
    overridden: tuple[Concern, ...] = ()


@cache
def _table(name: str) -> tuple[tuple[str, str], ...]:
    text = resources.files("quetsach").joinpath("guards", name).read_text(encoding="utf-8")
    pairs = (line.partition("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((key, what) for key, _, what in pairs)


class _Block(NamedTuple):
    """Addresses from `first` to `last`; cheaper than ip_network for lists of hundreds of thousands."""

    version: int
    first: int
    last: int
    prefix: int

    @classmethod
    def of(cls, spelled: str) -> _Block:
        if ":" not in spelled and "/" not in spelled:
            number = int.from_bytes(map(int, spelled.split(".")))
            return cls(4, number, number, 32)
        network = ip_network(spelled, strict=False)
        first = int(network.network_address)
        return cls(network.version, first, first + network.num_addresses - 1, network.prefixlen)


class _Ranges:
    """Overlap with a short table of networks."""

    def __init__(self, table: Iterable[tuple[str, str]]) -> None:
        self._table = [(_Block.of(spelled), f"{spelled}, {what}") for spelled, what in table]
        self._octets = frozenset(
            octet
            for block, _ in self._table
            if block.version == 4
            for octet in range(block.first >> 24, (block.last >> 24) + 1)
        )

    def overlap(self, block: _Block) -> str | None:
        if block.prefix == 32 and block.version == 4 and block.first >> 24 not in self._octets:
            return None
        for other, what in self._table:
            if block.version == other.version and other.first <= block.last and block.first <= other.last:
                return what
        return None


class _Suffixes:
    """Public suffixes, the private section too; the package is asked only where a rule may apply."""

    def __init__(self) -> None:
        from publicsuffixlist import PublicSuffixList  # imported when needed: only lists pay for its table

        data = (
            resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
        )
        rules = [line.strip() for line in data.splitlines() if line.strip() and not line.startswith("//")]
        self._rules = frozenset(canonical.name(rule) for rule in rules if rule[0] not in "*!")
        self._wild = frozenset(canonical.name(rule[2:]) for rule in rules if rule.startswith("*."))
        self._ask = PublicSuffixList().is_public

    def __contains__(self, name: str) -> bool:
        if name not in self._rules and name.partition(".")[2] not in self._wild:
            return False
        return bool(self._ask(name))


class _Names:
    """Relation of a name to a short table of them: on, below or above one."""

    def __init__(self, table: Iterable[tuple[str, str]]) -> None:
        self._names = {canonical.name(name): what for name, what in table}
        self._above: dict[str, str] = {}
        for name in self._names:
            above = name
            while above:
                above = above.partition(".")[2]
                self._above.setdefault(above, name)

    def touch(self, name: str) -> str | None:
        found: str | None = name
        while found and found not in self._names:
            found = found.partition(".")[2]
        found = found or self._above.get(name)
        if found is None:
            return None
        return f"{found}, {self._names[found]}" if self._names[found] else found


def _place(indicator: Indicator) -> tuple[str, _Block | None]:
    """The name of an indicator, or its addresses."""
    value = indicator.value
    if indicator.kind is Kind.DOMAIN:
        return value, None
    if indicator.kind is Kind.URL:
        value = value.partition("/")[0]
    if indicator.kind in (Kind.URL, Kind.IP_PORT):
        value = canonical.split_authority(value)[0]
        if canonical.address(value) is None:
            return value, None
    return "", _Block.of(value)


class _Rails:
    """All rails of one organisation."""

    def __init__(self, organisation: Organisation) -> None:
        self._suffixes = _Suffixes()
        self._special = _Ranges(_table("special-purpose.txt"))
        self._own_networks = _Ranges((n, "own network") for n in organisation.networks)
        self._own_names = _Names((n, "") for n in organisation.names)
        self._known = _Names(_table("well-known.txt"))

    def stop(self, indicator: Indicator) -> tuple[str, str] | None:
        """Code and detail of the first rail that stops the indicator."""
        name, block = _place(indicator)
        if block is None:
            if name == GOVERNMENT or name.endswith(f".{GOVERNMENT}"):
                return "government", ""
            if indicator.kind is Kind.DOMAIN and name in self._suffixes:
                return "public-suffix", ""
            own = self._own_names.touch(name)
            return ("own", own) if own is not None else None
        special = self._special.overlap(block)
        if special is not None:
            return "special-purpose", special
        if block.prefix < STOP_WIDER[block.version]:
            return "too-wide", ""
        own = self._own_networks.overlap(block)
        return ("own", own) if own is not None else None

    def warn(self, indicator: Indicator) -> tuple[str, str] | None:
        """Code and detail of the first rail that warns; a URL on a shared host is precise enough."""
        if indicator.kind is Kind.DOMAIN:
            known = self._known.touch(indicator.value)
            return ("well-known", known) if known is not None else None
        if indicator.kind is Kind.CIDR:
            block = _Block.of(indicator.value)
            if block.prefix < WARN_WIDER[block.version]:
                return "wide", ""
        return None


def apply(
    indicators: IndicatorSet,
    *,
    organisation: Organisation | None = None,
    overrides: Iterable[Override] = (),
) -> GuardResult:
    """Sort the indicators into kept, stopped and warned; an override keeps what would be stopped."""
    rails = _Rails(organisation or Organisation())
    decided = _by_canonical(overrides)
    kept: list[Indicator] = []
    stopped: list[Concern] = []
    warned: list[Concern] = []
    overridden: list[Concern] = []
    for indicator in indicators:
        found = rails.stop(indicator)
        if found is not None:
            decision = decided.get(indicator.canonical)
            concern = _concern(indicator, found, decision)
            if decision is None:
                stopped.append(concern)
                continue
            overridden.append(concern)
        elif (found := rails.warn(indicator)) is not None:
            warned.append(_concern(indicator, found, decided.get(indicator.canonical)))
        kept.append(indicator)
    remaining = indicators if len(kept) == len(indicators) else IndicatorSet(kept)
    return GuardResult(remaining, tuple(stopped), tuple(warned), tuple(overridden))


def _concern(indicator: Indicator, found: tuple[str, str], override: Override | None) -> Concern:
    code, what = found
    return Concern(indicator, code, REASONS[code].format(what=what), override)


def _by_canonical(overrides: Iterable[Override]) -> Mapping[str, Override]:
    found = {}
    for override in overrides:
        try:
            items, _ = parse(override.indicator.strip(), Scope.WITH_SUBDOMAINS)
        except Reject as reject:
            raise IndicatorError(
                f"override of '{override.indicator}': no indicator ({reject.code})"
            ) from reject
        for item in items:
            found[item.canonical] = override
    return found


def read_overrides(path: Path) -> tuple[Override, ...]:
    """Read a CSV with the columns indicator, reason, who, date (yyyy-mm-dd or dd/mm/yyyy).

    Raises IndicatorError with file and line when a column or a value is missing.
    """
    text, _ = decode(read_bytes(path))
    reader = csv.DictReader(io.StringIO(text.replace("\r\n", "\n")), skipinitialspace=True)
    wanted = ("indicator", "reason", "who", "date")
    if missing := [c for c in wanted if c not in (reader.fieldnames or ())]:
        raise IndicatorError(f"{path}: has no column {', '.join(missing)}; the first line names them")
    found = []
    for row in reader:
        values = {c: (row[c] or "").strip() for c in wanted}
        if empty := [c for c, v in values.items() if not v]:
            raise IndicatorError(
                f"{path}, line {reader.line_num}: {', '.join(empty)} is empty; say why and who"
            )
        when = _date(values["date"])
        if when is None:
            raise IndicatorError(
                f"{path}, line {reader.line_num}: '{values['date']}' is no date; write yyyy-mm-dd"
            )
        found.append(Override(values["indicator"], values["reason"], values["who"], when))
    return tuple(found)


def _date(text: str) -> date | None:
    day, slash, rest = text.partition("/")
    if slash:
        month, _, year = rest.partition("/")
        text = f"{year}-{month.zfill(2)}-{day.zfill(2)}"
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
