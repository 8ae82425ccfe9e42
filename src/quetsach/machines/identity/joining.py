"""Keys that belong to one machine: first by the metal, then by names that the system carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from quetsach.machines.evidence import Key
from quetsach.machines.identity.doubts import Doubt
from quetsach.machines.identity.keys import NAMES, STRENGTH, THINGS, is_scoped, is_shared_by_make, node
from quetsach.machines.identity.scopes import cells
from quetsach.machines.identity.sets import Sets
from quetsach.machines.identity.statements import Statement

_RIVALS = 64
"""More cards than this in turn under one name are not those of one machine."""


class Reason(NamedTuple):
    """Keys became one machine: why, which two, and the claim that says so."""

    why: str
    keys: tuple[Key, Key]
    at: int
    source: str


class Use(NamedTuple):
    """The first and last time at which a set of keys bore a name."""

    first: int
    last: int
    holder: Key


class Asked(NamedTuple):
    """A name went from one set of keys to another, all of whose cards are new. `is_sure`: their mainboards
    differ, so it is another machine."""

    name: Key
    left: Key
    right: Key
    at: int
    is_sure: bool


def bearing(chain: Sequence[Use], at: int | None) -> list[Use]:
    """The uses of a name at a time: between two of them both, before the first that one, after the last or
    without a time the last."""
    if at is None:
        return [chain[-1]]
    if then := [use for use in chain if use.first <= at <= use.last]:
        return then
    before, after = [use for use in chain if use.last < at], [use for use in chain if use.first > at]
    return before[-1:] + after[:1]


class Joining:
    """The sets of keys, and what stands between them."""

    def __init__(self, said: Sequence[Statement], sets: Sets, doubts: dict[Key, Doubt]) -> None:
        self.sets = sets
        self.doubts = doubts
        self.reasons: list[Reason] = []
        self.asked: list[Asked] = []
        self.chains: dict[Key, list[Use]] = {}
        """Names that went from one machine to another, with their holders in the order of time."""
        self._said = said
        self._cells = _cells(said)
        self._boards: dict[Key, set[Key]] = {}
        self._metal: set[Key] = set()
        self._kinds: dict[tuple[tuple[Key, ...], str], tuple[list[Key], list[Key]]] = {}
        self._join_things()
        for kind in NAMES:
            self._join_names(kind)
        self._join_bare_names()

    def things(self, said: Statement) -> list[Key]:
        """The keys of a statement that stay with the metal, the strongest first."""
        return self._sorted_out(said)[0]

    def names(self, said: Statement) -> list[Key]:
        """The keys of a statement that the system carries, the strongest first, as devices know them."""
        names = self._sorted_out(said)[1]
        return [name for name in names if name not in self.doubts] if names else names

    def _sorted_out(self, said: Statement) -> tuple[list[Key], list[Key]]:
        asked = said.keys, said.scope
        found = self._kinds.get(asked)
        if found is None:
            keys = [key for key in said.keys if key not in self.doubts and not is_shared_by_make(key)]
            things = sorted(
                {key for key in keys if key.kind in THINGS}, key=lambda key: (STRENGTH[key.kind], key)
            )
            names = {self.node(key, said.scope) for key in keys if key.kind in NAMES}
            found = things, sorted(names, key=lambda key: (STRENGTH[key.kind], key))
            self._kinds[asked] = found
        return found

    def node(self, key: Key, scope: str) -> Key:
        """The key as devices know it, a private domain name with the unit that it counts in."""
        if not is_scoped(key):
            return key
        return node(key, self._cells.get(key, {}).get(scope, scope))

    def _join_things(self) -> None:
        edges = []
        for said in self._said:
            things = self.things(said)
            for thing in things:
                self.sets.add(thing)
            edges += [
                (STRENGTH[things[0].kind], said.begin, things[0], one, said.source) for one in things[1:]
            ]
        for _, begin, thing, other, source in sorted(edges):
            self._join(thing, other, "claimed together", begin, source)
        for key, members in self.sets.all().items():
            self._boards[key] = {one for one in members if one.kind in ("hardware", "serial")}
            if any(one.kind in THINGS for one in members):
                self._metal.add(key)

    def _join(self, one: Key, other: Key, why: str, at: int, source: str) -> bool:
        roots = self.sets.find(one), self.sets.find(other)
        if roots[0] == roots[1]:
            return True
        if not self.sets.join(one, other):
            return False
        boards = self._boards.pop(roots[0], set()) | self._boards.pop(roots[1], set())
        self._boards[self.sets.find(one)] = boards
        if not self._metal.isdisjoint(roots):
            self._metal.difference_update(roots)
            self._metal.add(self.sets.find(one))
        self.reasons.append(Reason(why, (one, other), at, source))
        return True

    def differ(self, one: Key, other: Key) -> bool:
        """Whether two sets have mainboards, and no kind of number in common."""
        boards = self._boards.get(self.sets.find(one), set())
        others = self._boards.get(self.sets.find(other), set())
        kinds = {key.kind for key in boards} & {key.kind for key in others}
        return bool(kinds) and not boards & others

    def _join_names(self, kind: str) -> None:
        uses: dict[Key, dict[Key, list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
        for said in self._said:
            for name in self.names(said):
                if name.kind == kind:
                    self.sets.add(name)
                    for holder, times in self._holders(said, kind):
                        uses[name][holder] += times
        for name in sorted(uses):
            self._join_name(name, uses[name])

    def _holders(self, said: Statement, kind: str) -> Iterable[tuple[Key, list[tuple[int, str]]]]:
        """The machines that a statement names by stronger keys than those of `kind`, with the times."""
        times = [(begin, source) for begin, _, source in said.times]
        if things := self.things(said):
            for holder in {self.sets.find(thing) for thing in things}:
                yield holder, times
            return
        for name in self.names(said):
            if STRENGTH[name.kind] >= STRENGTH[kind]:
                continue
            for time in times:
                for holder in self.bearers(name, time[0]):
                    yield holder, [time]

    def bearers(self, name: Key, at: int) -> list[Key]:
        """The sets of keys that bore a name at a time. Between two of them, both."""
        chain = self.chains.get(name)
        if chain is None:
            return [self.sets.find(name)] if self._is_held(name) else []
        return sorted({self.sets.find(use.holder) for use in bearing(chain, at)})

    def _is_held(self, name: Key) -> bool:
        return name in self.sets and name not in self.doubts

    def _join_name(self, name: Key, by_holder: Mapping[Key, list[tuple[int, str]]]) -> None:
        uses: dict[Key, list[tuple[int, str]]] = defaultdict(list)
        for holder, times in by_holder.items():
            uses[self.sets.find(holder)] += times
        source = {holder: min(times)[1] for holder, times in uses.items()}
        order = sorted(Use(min(times)[0], max(times)[0], holder) for holder, times in uses.items())
        bare = [use for use in order if use.holder not in self._metal]
        chain = self._chain(name, [use for use in order if use.holder in self._metal], source)
        if chain is None:
            return
        if len(chain) < 2:
            for use in (*chain, *bare):
                self._join(use.holder, name, "claimed together", use.first, source[use.holder])
            return
        self.chains[name] = chain
        for before, after in pairwise(chain):
            if before.last < after.first:
                sure = self.differ(before.holder, after.holder)
                self.asked.append(Asked(name, before.holder, after.holder, after.first, sure))
        for use in bare:
            then = {holder for at in (use.first, use.last) for holder in self.bearers(name, at)}
            if len(then) == 1:
                self._join(then.pop(), use.holder, "claimed together", use.first, source[use.holder])
            else:
                for key in self.sets.all()[self.sets.find(use.holder)]:
                    self.chains[key] = chain

    def _chain(self, name: Key, order: list[Use], source: Mapping[Key, str]) -> list[Use] | None:
        """The machines that bore a name, in the order of time; None where two bore it at once."""
        clusters: list[list[Use]] = []
        last = 0
        for use in order:
            if clusters and use.first <= last:
                rivals = [one for one in clusters[-1] if one.last >= use.first]
                if len(rivals) > _RIVALS or any(self.differ(one.holder, use.holder) for one in rivals):
                    self.doubts[name] = Doubt("on two machines", use.first)
                    return None
                clusters[-1].append(use)
                last = max(last, use.last)
            else:
                clusters.append([use])
                last = use.last
        made = [self._join_cluster(name, cluster, source) for cluster in clusters]
        return [use for uses in made for use in uses]

    def _join_cluster(self, name: Key, cluster: list[Use], source: Mapping[Key, str]) -> list[Use]:
        """One machine of the sets that bore a name in turn; those that people keep apart stay several."""
        made: list[Use] = []
        for use in cluster:
            for number, one in enumerate(made):
                why = f"in turn under one name: {name.value}"
                if self._join(one.holder, use.holder, why, use.first, source[use.holder]):
                    made[number] = Use(one.first, max(one.last, use.last), one.holder)
                    break
            else:
                made.append(use)
        return made

    def _join_bare_names(self) -> None:
        """Names that no claim binds to metal: those of one claim are one machine."""
        edges = []
        for said in self._said:
            if self.things(said):
                continue
            names = [name for name in self.names(said) if name not in self.chains]
            for name in names:
                self.sets.add(name)
            edges += [(STRENGTH[names[0].kind], said.begin, names[0], one, said.source) for one in names[1:]]
        for _, begin, name, other, source in sorted(edges):
            self._join(name, other, "claimed together", begin, source)


def _cells(said: Iterable[Statement]) -> dict[Key, dict[str, str]]:
    scopes: dict[Key, set[str]] = defaultdict(set)
    for one in said:
        for key in one.keys:
            if key.kind == "domainhost" and is_scoped(key):
                scopes[key].add(one.scope)
    return {key: cells(found) for key, found in scopes.items()}
