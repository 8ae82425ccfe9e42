"""Keys that stop identifying: docks, clones, routers. Such a key never makes one machine of two."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise
from typing import NamedTuple

from quetsach.machines.evidence import Key
from quetsach.machines.identity.keys import is_shared_by_make, label
from quetsach.machines.identity.scopes import related
from quetsach.machines.identity.statements import Statement, Stay

HOUR = 3_600_000_000
CLOCKS = HOUR
"""Two clocks may differ by half of this (ten minutes is usual): a name that returns within it is no sign."""
_TRAVEL = HOUR // 2
"""Nobody carries a machine from one unit to another in less."""
_RETURN = 12 * HOUR
"""Within so much a machine does not leave, work elsewhere and come back."""
_RETURNS = 3
"""So many returns are a clone or a commuter: nobody can tell."""
_ADDRESSES = 8
"""So many IPv4 addresses a machine may have at once, with its virtual machines."""
_NAMES = 16
"""A key with more names than this is nobody's own, in whatever order they come."""
_CARDS = 64
"""Cards of one claim or mainboard that are compared with each other."""
ROUTER = "many addresses at once"
_CHECKED = ("hardware", "serial", "agent", "duid", "mac")


class Doubt(NamedTuple):
    """`at` is the event time of the first evidence that makes the key doubtful."""

    why: str
    at: int


def doubtful(said: Iterable[Statement], stays: Iterable[Stay], kept: frozenset[Key]) -> dict[Key, Doubt]:
    """The keys that stop identifying. Those in `kept` never do: a person said which machine they are."""
    heard = _Heard()
    for one in said:
        heard.add(one)
    found: dict[Key, Doubt] = {}
    for key, names in heard.names.items():
        if key not in kept and (doubt := heard.returning(key, names)):
            found[key] = doubt
    presence = _presence(stays)
    for key, spans in presence.items():
        if key not in kept and (doubt := _many_at_once(spans) or _in_two_units(spans)):
            found[key] = doubt
    for key, cards in heard.cards.items():
        if key not in kept and key not in found and (doubt := heard.cloned(cards, presence)):
            found[key] = doubt
    for card, boards in heard.boards.items():
        if card in kept or card in found:
            continue
        sure = sorted((begin, board) for board, begin in boards.items() if board not in found)
        for _, group in _by_kind(sure):
            if len(group) > 1:
                found[card] = Doubt("on two machines", group[1][0])
    return found


def _by_kind(boards: list[tuple[int, Key]]) -> Iterable[tuple[str, list[tuple[int, Key]]]]:
    found: dict[str, list[tuple[int, Key]]] = defaultdict(list)
    for begin, board in boards:
        found[board.kind].append((begin, board))
    return found.items()


class _Heard:
    """Names and cards beside each key, as sources saw them; the entry of a register is not seen."""

    def __init__(self) -> None:
        self.names: dict[Key, dict[str, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
        self.cards: dict[Key, dict[Key, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.boards: dict[Key, dict[Key, int]] = defaultdict(dict)
        self._under: dict[tuple[Key, str], set[Key]] = defaultdict(set)
        self._borne: dict[tuple[Key, str], int] = {}
        self._together: set[tuple[Key, Key]] = set()
        self._bearers: dict[str, list[tuple[int, str, frozenset[Key]]]] = defaultdict(list)
        self._are_sorted = False

    def add(self, said: Statement) -> None:
        begins = [begin for begin, _, _ in said.times]
        keys = [key for key in said.keys if key.kind in _CHECKED and not is_shared_by_make(key)]
        macs = sorted(key for key in keys if key.kind == "mac")
        boards = [key for key in keys if key.kind in ("hardware", "serial")]
        self._together.update(combinations(macs[:_CARDS], 2))
        for board in boards:
            for card in macs:
                self.cards[board][card] += begins
                self.boards[card][board] = min(said.begin, self.boards[card].get(board, said.begin))
        names = {label(key) for key in said.keys if key.kind in ("host", "domainhost")}
        for name in names:
            for card in macs:
                first = self._borne.get((card, name))
                if first is None or said.begin < first:
                    self._borne[card, name] = said.begin
        if said.about:
            return
        for name in names:
            self._bearers[name].append((said.last, said.scope, frozenset(keys)))
            for key in keys:
                self.names[key][name] += [(begin, said.scope) for begin in begins]
                if key.kind != "mac" or len(macs) > 1:
                    self._under[key, name].update(card for card in macs if card != key)

    def returning(self, key: Key, names: Mapping[str, list[tuple[int, str]]]) -> Doubt | None:
        """A, B, A: the key bears a name again after another one; or the name lives on elsewhere."""
        if len(names) < 2:
            return None
        for uses in names.values():
            uses.sort()
        if len(names) > _NAMES:
            return Doubt("its names return", sorted(uses[0][0] for uses in names.values())[1])
        spans = {name: (uses[0][0], uses[-1][0]) for name, uses in names.items()}
        for name, (first, last) in sorted(spans.items(), key=lambda one: one[1]):
            for other, (begin, _) in spans.items():
                if other == name:
                    continue
                number = bisect_left(names[other], first + CLOCKS, key=lambda use: use[0])
                if number == len(names[other]):
                    continue
                after = names[other][number][0]
                if last - after >= CLOCKS and not self._same_cards(key, name, other):
                    return Doubt("its names return", after)
                if key.kind != "mac" or begin <= first:
                    continue
                if self._came(key, other, last) or self._lives_on(key, name, begin, names[name][0][1]):
                    return Doubt("its names return", begin)
        return None

    def _same_cards(self, key: Key, name: str, other: str) -> bool:
        return key.kind != "mac" and bool(self._under[key, name] & self._under[key, other])

    def _came(self, card: Key, name: str, until: int) -> bool:
        """Whether the later name came with another card that had borne it before: that machine was there."""
        return any(self._borne[one, name] < until for one in self._under.get((card, name), ()))

    def _lives_on(self, key: Key, name: str, since: int, scope: str) -> bool:
        if not self._are_sorted:
            for uses in self._bearers.values():
                uses.sort(key=lambda one: one[0])
            self._are_sorted = True
        uses = self._bearers[name]
        start = bisect_left(uses, since + CLOCKS, key=lambda one: one[0])
        return any(keys and key not in keys and related(scope, where) for _, where, keys in uses[start:])

    def cloned(
        self, cards: Mapping[Key, list[int]], presence: Mapping[Key, list[tuple[int, int, str, str]]]
    ) -> Doubt | None:
        """One mainboard with two cards at once that no source ever saw together, under two names."""
        for one, other in combinations(sorted(cards)[:_CARDS], 2):
            names, others = self.names.get(one, {}), self.names.get(other, {})
            if (one, other) in self._together or not names or not others or set(names) & set(others):
                continue
            spans = []
            for card in (one, other):
                times = [*cards[card], *(span[0] for span in presence.get(card, ()))]
                spans.append((min(times), max(times)))
            begin = max(spans[0][0], spans[1][0])
            if begin < min(spans[0][1], spans[1][1]):
                return Doubt("two cards at once", begin)
        return None


def _presence(stays: Iterable[Stay]) -> dict[Key, list[tuple[int, int, str, str]]]:
    """(begin, end, scope, address) of each hardware address on a network, in order."""
    found: dict[Key, list[tuple[int, int, str, str]]] = defaultdict(list)
    for stay in stays:
        if stay.kind in ("lease", "neighbour") and stay.key.kind == "mac":
            found[stay.key] += [(begin, end, stay.scope, address) for begin, end, address in stay.spans]
    for spans in found.values():
        spans.sort()
    return found


def _many_at_once(spans: list[tuple[int, int, str, str]]) -> Doubt | None:
    """A router answers for the addresses behind it: many of them begin within one hour."""
    if len(spans) <= _ADDRESSES:
        return None
    start = 0
    counts: dict[str, int] = {}
    for begin, _, _, address in spans:
        if ":" in address:
            continue
        counts[address] = counts.get(address, 0) + 1
        while spans[start][0] <= begin - HOUR:
            gone = spans[start][3]
            if gone in counts:
                counts[gone] -= 1
                if not counts[gone]:
                    del counts[gone]
            start += 1
        if len(counts) > _ADDRESSES:
            return Doubt(ROUTER, begin)
    return None


def _in_two_units(spans: list[tuple[int, int, str, str]]) -> Doubt | None:
    """One address in two unrelated units, faster to and fro than anybody travels."""
    if len({scope for _, _, scope, _ in spans}) < 2:
        return None
    moves = []
    for before, after in pairwise(spans):
        if not related(before[2], after[2]):
            moves.append((before, after))
    quick = [after for before, after in moves if after[0] - before[0] < _TRAVEL]
    if len(quick) >= 2:
        return Doubt("at once in two units", quick[0][0])
    returns = 0
    for (before, away), (back, home) in pairwise(moves):
        if not related(before[2], home[2]):
            continue
        returns += 1
        is_soon = home[0] - before[0] <= _RETURN
        is_far = away[0] - before[0] >= _TRAVEL and home[0] - back[0] >= _TRAVEL
        if (is_soon and is_far) or returns >= _RETURNS:
            return Doubt("at once in two units", away[0])
    return None
