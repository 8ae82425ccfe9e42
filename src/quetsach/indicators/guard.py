"""Guard rails: entries that would flag half the country are stopped or cause a warning, never silently.

`guards.groups` says what happens to each doubtful entry. An override keeps one stopped indicator, with its
reason, date and decider; a list that blocks never holds what many use, not even then (`writing`). A known
sinkhole is no false alarm: a machine that calls it is infected, so it is kept, with a warning.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from quetsach.errors import IndicatorError
from quetsach.files import packaged
from quetsach.indicators.guards import index
from quetsach.indicators.guards.blocks import Block, Ranges
from quetsach.indicators.guards.disguises import REVERSE_NAMES, block_of, held, undisguised
from quetsach.indicators.guards.groups import OF_CODE, Group
from quetsach.indicators.guards.index import Index
from quetsach.indicators.guards.names import Names, Suffixes, with_parents
from quetsach.indicators.guards.overrides import Override, Overrides, read_overrides
from quetsach.indicators.guards.warninglists import How, WarningList
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope, Watch
from quetsach.text import canonical
from quetsach.text.reasons import CONCERNS, REJECTS

__all__ = [
    "Concern",
    "Group",
    "GroupCount",
    "GuardResult",
    "Organisation",
    "Override",
    "apply",
    "doubts",
    "grouped",
    "read_overrides",
]

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

    @property
    def group(self) -> Group:
        """The group of the entry, by its code."""
        return OF_CODE[self.code]


class GroupCount(NamedTuple):
    """How many entries of a group are kept, and how many are left out."""

    group: Group
    kept: int
    left_out: int


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

    @property
    def groups(self) -> list[GroupCount]:
        """The groups that have entries, in the order of `Group`."""
        kept = Counter(one.group for one in (*self.warned, *self.overridden))
        left_out = Counter(one.group for one in self.stopped)
        return [
            GroupCount(group, kept[group], left_out[group])
            for group in Group
            if kept[group] or left_out[group]
        ]


class _Finding(NamedTuple):
    code: str
    what: str = ""


def _table(name: str) -> Iterator[tuple[str, str]]:
    for line in packaged.read(f"indicators/guards/{name}").decode().splitlines():
        if line and not line.startswith("#"):
            key, _, what = line.partition("\t")
            yield key, what


class _Platform(NamedTuple):
    """A hosting platform; with `is_sparse` only what lies below a public suffix of it is rented."""

    what: str
    is_sparse: bool


_CODES = {How.SINKHOLE: "sinkhole", How.ADDRESS: "shared", How.RENTED: "rented"}
"""The code of a doubt by the kind of list, where it is not `well-known`."""


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


@cache
def _placeholders() -> Ranges[_Finding]:
    rows = (key for key, _why in _table("placeholders.txt"))
    return Ranges.of((Block.of(key), _Finding("placeholder")) for key in rows)


@cache
def _platforms() -> Mapping[str, _Platform]:
    rows = ((key, rest.split("\t")) for key, rest in _table("platforms.txt"))
    return {key: _Platform(f"{key}, {what}", bool(which)) for key, (what, *which) in rows}


class _Known:
    """The tables that cause doubts: our own tables first, then warning lists."""

    def __init__(self, lists: Index) -> None:
        found = [_Finding(_CODES.get(one.how, "well-known"), one.title) for one in lists.lists]
        self.names: Names[_Finding] = Names(*(lists.names(one, found) for one in ("on", "below", "above")))
        for file in ("well-known.txt", "vietnam.txt", "state.txt"):
            for key, what in _table(file):
                name = canonical.name(key)
                self.names.add(name, _Finding("well-known", f"{name}, {what}"), below=True)
        for name, platform in _platforms().items():
            self.names.add(name, _Finding("well-known", platform.what), below=True)
        blocks: list[tuple[Block, _Finding]] = []
        for key, rest in _table("networks.txt"):
            whose, code, _source = rest.split("\t")
            blocks.append((Block.of(key), _Finding(code, f"{key}, {whose}")))
        self._ours = Ranges.of(blocks)
        self._ranges = {
            (how, version): lists.ranges(how, version, found) for how in _CODES for version in (4, 6)
        }

    def spans(self) -> Iterator[tuple[int, int]]:
        """First and last numbers of the IPv4 addresses with doubts."""
        of_v4 = (ranges for (_how, version), ranges in self._ranges.items() if version == 4)
        return chain.from_iterable(one.spans() for one in (self._ours, _placeholders(), *of_v4))

    def _listed(self, how: How, block: Block) -> _Finding | None:
        return self._ranges[how, block.version].overlap(block)

    def doubt(self, indicator: Indicator) -> _Finding | None:
        """The doubt about an indicator, if any."""
        inner = held(indicator)
        found = self._doubt(undisguised(indicator))
        return self._doubt(inner) if found is None and inner is not None else found

    def _doubt(self, indicator: Indicator) -> _Finding | None:
        name, block = _place(indicator)
        if block is None:
            covers = indicator.scope is not Scope.EXACT
            return self._doubt_name(name, covers) if indicator.kind is Kind.DOMAIN else None
        return self._listed(How.SINKHOLE, block) or self._doubt_addresses(indicator, block)

    def _doubt_name(self, name: str, covers: bool) -> _Finding | None:
        itself = self.names.itself(name, covers=covers)
        for one in with_parents(name):
            if one != name and (hosted := self.hosted(name, one)) is not None:
                return itself or hosted
            if (found := self.names.reaching(one)) is not None:
                return found
        return itself

    def hosted(self, name: str, above: str) -> _Finding | None:
        """Whether a customer rents this name at the platform `above`."""
        platform = _platforms().get(above)
        if platform is None or (platform.is_sparse and not _suffixes().is_below_platform(name)):
            return None
        return _Finding("hosted", platform.what)

    def _doubt_addresses(self, indicator: Indicator, block: Block) -> _Finding | None:
        placeholder = _placeholders().overlap(block) if block.first == block.last else None
        # A URL on a shared host is precise enough, and so is a port on a rented address.
        if indicator.kind is Kind.URL:
            return placeholder
        found = self._ours.overlap(block) or self._listed(How.ADDRESS, block)
        if found is None or found.code == "rented":
            found = placeholder or found or self._listed(How.RENTED, block)
        if found is not None and found.code == "rented" and indicator.kind is Kind.IP_PORT:
            return None
        is_wide = indicator.kind is Kind.CIDR and block.prefix < WARN_WIDER[block.version]
        return _Finding("wide") if is_wide and (found is None or found.code != "shared") else found


class _Rails:
    """All rails of one organisation."""

    def __init__(self, organisation: Organisation, known: _Known) -> None:
        self._suffixes = _suffixes()
        self._special = _special_ranges()
        self._known = known
        self._own_networks = Ranges.of((Block.of(n), _Finding("own", n)) for n in organisation.networks)
        self._stops: Names[_Finding] = Names()
        self._stops.add(GOVERNMENT, _Finding("government", f"*.{GOVERNMENT}"), below=True, above=False)
        for key, whose in _table("state.txt"):
            self._stops.add(key, _Finding("government", f"{key}, {whose}"), below=True, above=False)
        for key, what in _table("special-names.txt"):
            self._stops.add(key, _Finding("special-name", f"{key}, {what}"), below=True, above=False)
        for own in map(canonical.name, organisation.names):
            self._stops.add(own, _Finding("own", own), below=True)

    def watch(self) -> Watch:
        """All that the rails touch, and perhaps a little more, for a first pass over many indicators."""
        stops, known = self._stops.touching(), self._known.names.touching()
        suffixes, parents = self._suffixes.touching()
        return Watch(
            "\n".join((*stops[0], *known[0], *REVERSE_NAMES)),
            "\n".join((*stops[1], *known[1], *suffixes)),
            "\n".join(parents),
            [*self._special.spans(), *self._own_networks.spans(), *self._known.spans()],
            max(STOP_WIDER[4], WARN_WIDER[4]),
        )

    def judge(self, indicator: Indicator) -> _Finding | None:
        """The rail that an indicator touches."""
        inner, plain = held(indicator), undisguised(indicator)
        found = None
        if indicator.kind is Kind.DOMAIN and plain is not indicator:
            found = self._stops.find(indicator.value, covers=False)  # a reverse name may be a rail itself
        found = found or self._judge(plain)
        return self._judge(inner) if found is None and inner is not None else found

    def _judge(self, indicator: Indicator) -> _Finding | None:
        name, block = _place(indicator)
        if block is None:
            return self._judge_name(indicator, name)
        stop = self._special.overlap(block)
        if stop is None and block.prefix < STOP_WIDER[block.version]:
            stop = _Finding("too-wide")
        stop = stop or self._own_networks.overlap(block)
        return self._known.doubt(indicator) if stop is None else stop

    def _judge_name(self, indicator: Indicator, name: str) -> _Finding | None:
        covers = indicator.kind is Kind.DOMAIN and indicator.scope is not Scope.EXACT
        stop = self._stops.find(name, covers=covers)
        if stop is None and indicator.kind is Kind.DOMAIN:
            is_suffix = name in self._suffixes or (covers and self._suffixes.covered_by(name))
            # Right below some platforms every name is a suffix: `*.at.ply.gg`.
            if is_suffix and (hosted := self._known.hosted(name, name.partition(".")[2])) is not None:
                return hosted
            stop = _Finding("public-suffix") if is_suffix else None
        return self._known.doubt(indicator) if stop is None else stop


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
    return "", block_of(value)


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
        found = rails.judge(indicator)
        if found is not None:
            decision = decided.find(indicator)
            concern = Concern(indicator, found.code, CONCERNS[found.code].format(what=found.what), decision)
            is_stopped = not concern.group.is_kept
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


def grouped(
    indicators: IndicatorSet,
    *,
    organisation: Organisation | None = None,
    lists: Sequence[WarningList] | None = None,
) -> dict[tuple[Kind, str], Group]:
    """The groups of the doubtful entries of a set, by kind and value, whatever a person decided about
    them. The packaged lists count also where `lists` are given."""
    found: dict[tuple[Kind, str], Group] = {}
    for known in (_shipped(), *(() if lists is None else (_Known(Index(index.packed(lists))),))):
        rails = _Rails(organisation or Organisation(), known)
        for _number, one in indicators.concerned(rails.watch):
            finding = rails.judge(one)
            place = one.kind, one.value
            if finding is not None and found.get(place) is not Group.MANY:
                found[place] = OF_CODE[finding.code]
    return found


def doubts(seen: Iterable[str]) -> dict[str, Concern]:
    """Why one of these names or addresses may be no sign of malware, by canonical spelling: many people use
    it.

    A sinkhole is no doubt: a machine that calls it is infected. A customer's name at a platform is none
    either: nobody else has that name.
    """
    known = _shipped()
    found: dict[str, Concern] = {}
    for indicator in map(_spelled, seen):
        finding = known.doubt(indicator)
        if finding is not None and finding.code not in ("sinkhole", "hosted"):
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
