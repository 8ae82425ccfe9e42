"""Guard rails: items that would flag half the country are stopped or cause a warning, never silently.

An override keeps one stopped indicator, with its reason, date and decider. A known sinkhole is no false
alarm: a machine that calls it is infected, so it is kept, with a warning.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from quetsach.errors import IndicatorError
from quetsach.files import packaged
from quetsach.indicators.guards import index
from quetsach.indicators.guards.blocks import Block, Ranges
from quetsach.indicators.guards.index import Index
from quetsach.indicators.guards.names import Names, Suffixes
from quetsach.indicators.guards.overrides import Override, Overrides, read_overrides
from quetsach.indicators.guards.warninglists import How, WarningList
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope, Watch
from quetsach.text import canonical
from quetsach.text.reasons import CONCERNS, REJECTS

__all__ = ["Concern", "GuardResult", "Organisation", "Override", "apply", "doubts", "read_overrides"]

STOP_WIDER = {4: 16, 6: 32}
WARN_WIDER = {4: 24, 6: 48}
GOVERNMENT = "gov.vn"


class Organisation(NamedTuple):
    """The organisation's own domain names (with all names below) and networks in CIDR notation."""

    names: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Organisation":
        """From names, addresses and networks as a person writes them.

        Raises IndicatorError for anything else.
        """
        from quetsach.indicators.lists.item import parse
        from quetsach.indicators.lists.remark import Reject

        names: list[str] = []
        networks: list[str] = []
        for text in texts:
            try:
                items = parse(text.strip(), Scope.WITH_SUBDOMAINS)[0]
            except Reject as reject:
                raise IndicatorError(f"own '{text}': {REJECTS[reject.code]}") from reject
            for item in items:
                if item.kind in (Kind.URL, Kind.IP_PORT):
                    raise IndicatorError(f"own '{text}': is neither a domain name nor a network")
                (names if item.kind is Kind.DOMAIN else networks).append(item.value)
        return cls(tuple(names), tuple(networks))


class Concern(NamedTuple):
    """One indicator and why it is stopped or causes a warning; `override` is a person's decision."""

    indicator: Indicator
    code: str
    reason: str
    override: Override | None = None


class GuardResult(NamedTuple):
    """`kept` is searched for; `overridden` are stopped indicators that a person kept, and are in `kept`.
    Of the overrides that keep nothing, `expired` ones are past their last day, `early` ones are dated in the
    future, and `idle` ones concern no indicator that a rail touches."""

    kept: IndicatorSet
    stopped: tuple[Concern, ...]
    warned: tuple[Concern, ...]
    overridden: tuple[Concern, ...] = ()
    expired: tuple[Override, ...] = ()
    early: tuple[Override, ...] = ()
    idle: tuple[Override, ...] = ()


class _Finding(NamedTuple):
    code: str
    what: str = ""


def _table(name: str) -> Iterator[tuple[str, str]]:
    for line in packaged.read(f"indicators/guards/{name}").decode().splitlines():
        if line and not line.startswith("#"):
            key, _, what = line.partition("\t")
            yield key, what


_CODES = {How.SINKHOLE: "sinkhole", How.ADDRESS: "shared", How.RENTED: "shared"}
"""The code of a warning by the kind of list, where it is not `well-known`."""


@cache
def _special_ranges() -> Ranges[_Finding]:
    return Ranges.of(
        (Block.of(key), _Finding("special-purpose", f"{key}, {what}"))
        for key, what in _table("special-purpose.txt")
    )


@cache
def _suffixes() -> Suffixes:
    return Suffixes()


@cache
def _shipped() -> "_Known":
    return _Known(index.shipped())


class _Known:
    """The tables that cause warnings: our own tables first, then warning lists."""

    def __init__(self, lists: Index) -> None:
        found = [_Finding(_CODES.get(one.how, "well-known"), one.title) for one in lists.lists]
        self.names: Names[_Finding] = Names(*(lists.names(one, found) for one in ("on", "below", "above")))
        blocks: list[tuple[Block, _Finding]] = []
        for file in ("well-known.txt", "vietnam.txt"):
            for key, what in _table(file):
                if "/" in key:
                    blocks.append((Block.of(key), _Finding("shared", f"{key}, {what}")))
                    continue
                name = canonical.name(key)
                self.names.add(name, _Finding("well-known", f"{name}, {what}"), below=True)
        self._ours = Ranges.of(blocks)
        self._ranges = {
            (how, version): lists.ranges(how, version, found) for how in _CODES for version in (4, 6)
        }

    def spans(self) -> Iterator[tuple[int, int]]:
        """First and last numbers of the IPv4 addresses with warnings."""
        of_v4 = (ranges for (_how, version), ranges in self._ranges.items() if version == 4)
        return chain.from_iterable(one.spans() for one in (self._ours, *of_v4))

    def _listed(self, how: How, block: Block) -> _Finding | None:
        return self._ranges[how, block.version].overlap(block)

    def doubt(self, indicator: Indicator) -> _Finding | None:
        """The reason for a warning about an indicator, if any."""
        name, block = _place(indicator)
        if block is None:
            covers = indicator.scope is not Scope.EXACT
            return self.names.find(name, covers=covers) if indicator.kind is Kind.DOMAIN else None
        found = self._listed(How.SINKHOLE, block)
        # A URL on a shared host is precise enough, and so is a port on a rented address.
        if found is None and indicator.kind is not Kind.URL:
            found = self._ours.overlap(block) or self._listed(How.ADDRESS, block)
            if found is None and indicator.kind is not Kind.IP_PORT:
                found = self._listed(How.RENTED, block)
            if indicator.kind is Kind.CIDR and block.prefix < WARN_WIDER[block.version]:
                found = _Finding("wide")
        return found


class _Rails:
    """All rails of one organisation."""

    def __init__(self, organisation: Organisation, known: _Known) -> None:
        self._suffixes = _suffixes()
        self._special = _special_ranges()
        self._known = known
        self._own_networks = Ranges.of((Block.of(n), _Finding("own", n)) for n in organisation.networks)
        self._stops: Names[_Finding] = Names()
        self._stops.add(GOVERNMENT, _Finding("government"), below=True, above=False)
        for key, what in _table("special-names.txt"):
            self._stops.add(key, _Finding("special-name", f"{key}, {what}"), below=True, above=False)
        for own in map(canonical.name, organisation.names):
            self._stops.add(own, _Finding("own", own), below=True)

    def watch(self) -> Watch:
        """All that the rails touch, and perhaps a little more, for a first pass over many indicators."""
        stops, known = self._stops.touching(), self._known.names.touching()
        suffixes, parents = self._suffixes.touching()
        return Watch(
            "\n".join((*stops[0], *known[0])),
            "\n".join((*stops[1], *known[1], *suffixes)),
            "\n".join(parents),
            [*self._special.spans(), *self._own_networks.spans(), *self._known.spans()],
            max(STOP_WIDER[4], WARN_WIDER[4]),
        )

    def judge(self, indicator: Indicator) -> tuple[_Finding | None, bool]:
        """The rail that an indicator touches, and whether it stops the indicator."""
        name, block = _place(indicator)
        if block is None:
            return self._judge_name(indicator, name)
        stop = self._special.overlap(block)
        if stop is None and block.prefix < STOP_WIDER[block.version]:
            stop = _Finding("too-wide")
        stop = stop or self._own_networks.overlap(block)
        if stop is not None:
            return stop, True
        return self._known.doubt(indicator), False

    def _judge_name(self, indicator: Indicator, name: str) -> tuple[_Finding | None, bool]:
        covers = indicator.kind is Kind.DOMAIN and indicator.scope is not Scope.EXACT
        stop = self._stops.find(name, covers=covers)
        if stop is None and indicator.kind is Kind.DOMAIN:
            is_suffix = name in self._suffixes or (covers and self._suffixes.covered_by(name))
            stop = _Finding("public-suffix") if is_suffix else None
        if stop is not None:
            return stop, True
        return self._known.doubt(indicator), False


def _place(indicator: Indicator) -> tuple[str, Block | None]:
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
    return "", Block.of(value)


def apply(
    indicators: IndicatorSet,
    *,
    organisation: Organisation | None = None,
    overrides: Iterable[Override] = (),
    lists: Sequence[WarningList] | None = None,
    today: date | None = None,
    is_judged: bool = False,
) -> GuardResult:
    """Sort the indicators into kept, stopped and warned; an override keeps an indicator that would be
    stopped.

    With `is_judged` (judged before, with overrides unknown here) all are kept; `stopped` is only a report.

    `lists` are warning lists in place of the packaged lists; `today` decides which overrides are in force.
    Raises IndicatorError when an override names no indicator.
    """
    known = _shipped() if lists is None else _Known(Index(index.packed(lists)))
    rails = _Rails(organisation or Organisation(), known)
    overrides = tuple(overrides)
    decided = Overrides(overrides, today or datetime.now(UTC).date())
    dropped: list[int] = []
    stopped: list[Concern] = []
    warned: list[Concern] = []
    overridden: list[Concern] = []
    for number, indicator in indicators.concerned(rails.watch):
        found, is_stopped = rails.judge(indicator)
        if found is not None:
            decision = decided.find(indicator, found.code)
            concern = Concern(indicator, found.code, CONCERNS[found.code].format(what=found.what), decision)
            if is_stopped and decision is None:
                stopped.append(concern)
                if not is_judged:
                    dropped.append(number)
                continue
            (overridden if is_stopped else warned).append(concern)
    told = {*decided.expired, *decided.early, *decided.used}
    return GuardResult(
        indicators.without(dropped),
        tuple(stopped),
        tuple(warned),
        tuple(overridden),
        tuple(decided.expired),
        tuple(decided.early),
        tuple(one for one in overrides if one not in told),
    )


def doubts(seen: Iterable[str]) -> dict[str, Concern]:
    """Why one of these names or addresses may be no sign of malware, by canonical spelling: many people use
    it.

    A sinkhole is no doubt: a machine that calls it is infected.
    """
    known = _shipped()
    found: dict[str, Concern] = {}
    for indicator in map(_spelled, seen):
        finding = known.doubt(indicator)
        if finding is not None and finding.code != "sinkhole":
            reason = CONCERNS[finding.code].format(what=finding.what)
            found[indicator.canonical] = Concern(indicator, finding.code, reason)
    return found


def _spelled(text: str) -> Indicator:
    """The indicator of a canonical spelling; the spelling does not show whether subdomains count."""
    value = text.removeprefix("*.")
    head, slash, tail = value.partition("/")
    if slash:
        is_network = canonical.address(head) is not None and tail.isdecimal()
        return Indicator(value, Kind.CIDR if is_network else Kind.URL)
    if canonical.address(value) is not None:
        return Indicator(value, Kind.IPV6 if ":" in value else Kind.IPV4)
    if canonical.split_authority(value)[1] is not None:
        return Indicator(value, Kind.IP_PORT)
    return Indicator(value, Kind.DOMAIN, Scope.WITH_SUBDOMAINS if value == text else Scope.SUBDOMAINS_ONLY)
