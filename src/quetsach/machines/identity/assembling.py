"""Puts devices together: what each claim and binding says of the sets of keys that belong to one machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from quetsach.machines.evidence import Binding, Claim, Decision, Key
from quetsach.machines.identity.devices import Called, Device, Devices, Event, Home, Question, Told
from quetsach.machines.identity.doubts import CLOCKS
from quetsach.machines.identity.joining import Joining, Reason
from quetsach.machines.identity.keys import NAMES, STRENGTH, THINGS, is_shared_by_make, label, node, within
from quetsach.machines.identity.scopes import related
from quetsach.machines.identity.sets import Sets

DAY = 86_400_000_000
OFFICE = 7 * 3_600_000_000
"""Days are those of Vietnam, so that one working day is one day."""
_NEVER = 1 << 63
_NETWORK = ("lease", "neighbour")
_CHANGING = ("agent", "duid", "adsid")
"""Kinds of ids that a new installation of the system changes."""


class _Draft:
    """What is known of one set of keys."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.names: set[Key] = set()
        self.first: dict[Key, int] = {}
        self.begin = self.end = 0
        self.days: set[int] = set()
        self.spans: list[tuple[int, int, str]] = []
        self.values: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.kinds: list[tuple[int, str]] = []
        self.events: set[Event] = set()

    def see(self, begin: int, end: int, *, is_alive: bool) -> None:
        if not self.begin or begin < self.begin:
            self.begin = begin
        self.end = max(self.end, begin if end > begin + DAY * 366 else end)
        if is_alive:
            self.days.add((begin + OFFICE) // DAY)


class Assembling:
    """One use: `devices` builds everything from what `Joining` found."""

    def __init__(
        self,
        claims: Sequence[Claim],
        bindings: Sequence[Binding],
        standing: Sequence[Decision],
        joining: Joining,
    ) -> None:
        self._claims, self._bindings, self._standing, self._joining = claims, bindings, standing, joining
        self._sets, self._doubts = joining.sets, joining.doubts
        self._drafts: dict[Key, _Draft] = {}
        self._users: dict[Key, set[tuple[str, Key]]] = defaultdict(set)
        self._told: dict[Key, set[Told]] = defaultdict(set)
        self._called: dict[tuple[str, str, Key], list[int]] = {}
        self._spelled: dict[tuple[str, str], Key] = {}

    def devices(self, overruled: tuple[Decision, ...]) -> Devices:
        """The devices."""
        nameless: list[Claim] = []
        for claim in self._claims:
            roots = self._roots(claim)
            for root in roots:
                self._attach(claim, root)
            if not roots:
                nameless.append(claim)
        for binding in self._bindings:
            if binding.key.kind in STRENGTH and not self._is_doubtful(binding.key, binding.scope):
                key = self._joining.node(binding.key, binding.scope)
                if key.kind in (*THINGS, *NAMES) and key not in self._joining.chains:
                    self._bind(binding, self._sets.find(key), key)
        bare = [claim for claim in nameless if not self._attach_random(claim)]
        self._weak(bare)
        return self._finished(overruled)

    # --- claims and bindings ---

    def _is_doubtful(self, key: Key, scope: str) -> bool:
        return key in self._doubts or is_shared_by_make(key) or node(key, scope) in self._doubts

    def _may_be_used(self, key: Key, scope: str) -> bool:
        """Whether the key is doubtful and yet says something; a number that the maker left empty does not."""
        return self._is_doubtful(key, scope) and (key.kind == "mac" or not is_shared_by_make(key))

    def _roots(self, claim: Claim) -> list[Key]:
        keys = self._joining.nodes(claim, THINGS)
        names = self._joining.nodes(claim, NAMES)
        found = {self._sets.find(key) for key in (*keys, *names) if key not in self._joining.chains}
        if not found and names:
            found = set(self._joining.bearers(names[0], claim.begin))
        return sorted(found)

    def _draft(self, root: Key) -> _Draft:
        draft = self._drafts.get(root)
        if draft is None:
            draft = self._drafts[root] = _Draft()
        return draft

    def _attach(self, claim: Claim, root: Key) -> None:
        draft = self._draft(root)
        draft.see(claim.begin, claim.end, is_alive=not claim.about)
        for key in claim.keys:
            if key.kind in ("host", "domainhost"):
                self._call(key, claim, root, draft)
            if key.kind in _CHANGING and not self._is_doubtful(key, claim.scope):
                draft.values[key.kind][key.value].append(claim.begin)
            if key.kind in ("host", "user"):
                draft.names.add(within(key, claim.scope))
            elif key.kind == "randommac":
                draft.names.add(within(key, claim.scope))
                self._users[key].add((claim.scope, root))
            elif self._is_doubtful(key, claim.scope):
                if self._may_be_used(key, claim.scope):
                    self._users[key].add((claim.scope, root))
            else:
                own = self._joining.node(key, claim.scope)
                # A person may have kept two keys of one claim apart.
                if own not in self._joining.chains and self._sets.find(own) == root:
                    draft.keys.add(own)
                    draft.first[own] = min(claim.begin, draft.first.get(own, claim.begin))
        for name, value in claim.about:
            if name == "kind":
                draft.kinds.append((claim.begin, value))

    def _call(self, key: Key, claim: Claim, root: Key, draft: _Draft) -> None:
        name = label(key)
        span = self._called.setdefault((name, claim.scope, root), [claim.begin, claim.begin])
        span[0], span[1] = min(span[0], claim.begin), max(span[1], claim.begin)
        if key.kind == "host":
            spelled = self._spelled.get((name, claim.scope))
            if spelled is None or key < spelled:
                self._spelled[name, claim.scope] = key
        if not claim.about:
            draft.values["name"][name].append(claim.begin)

    def _bind(self, binding: Binding, root: Key, key: Key) -> None:
        draft = self._draft(root)
        draft.keys.add(key)
        draft.first[key] = min(binding.begin, draft.first.get(key, binding.begin))
        draft.see(binding.begin, binding.end, is_alive=binding.kind in _NETWORK)
        if binding.kind in _NETWORK:
            draft.spans.append((binding.begin, binding.end, binding.scope))

    def _attach_random(self, claim: Claim) -> bool:
        """Give a claim of a random address to the device that another source knows it by."""
        for key in claim.keys:
            if key.kind != "randommac":
                continue
            users = {root for scope, root in self._users.get(key, ()) if related(scope, claim.scope)}
            root = users.pop() if len(users) == 1 else within(key, claim.scope)
            self._attach(claim._replace(keys=tuple(k for k in claim.keys if k.kind != "randommac")), root)
            self._drafts[root].keys.add(root)
            return True
        return False

    def _weak(self, claims: Iterable[Claim]) -> None:
        """Devices of which only a random address, a doubtful key or a name is known."""
        named: dict[Key, list[Claim]] = defaultdict(list)
        loose: list[tuple[Key, Claim | Binding]] = []
        for claim in claims:
            doubted = [key for key in claim.keys if self._may_be_used(key, claim.scope)]
            hosts = [key for key in claim.keys if key.kind == "host"]
            for host in hosts:
                named[within(host, claim.scope)].append(claim)
                for key in doubted:
                    self._told[key].add(Told(claim.begin, claim.end, claim.scope, host))
            if not hosts:
                loose += [(key, claim) for key in doubted]
        for binding in self._bindings:
            key = binding.key
            if key.kind == "randommac":
                users = {root for scope, root in self._users.get(key, ()) if related(scope, binding.scope)}
                root = users.pop() if len(users) == 1 else within(key, binding.scope)
                self._bind(binding, root, root)
            elif key.kind in STRENGTH and self._is_doubtful(key, binding.scope):
                loose.append((key, binding))
        for host, its in sorted(named.items()):
            self._name(host, its)
        for key, one in loose:
            where = [told.scope for told in self._told.get(key, ())]
            where += [scope for scope, _ in self._users.get(key, ())]
            if any(related(scope, one.scope) for scope in where):
                continue
            own = within(key, one.scope)
            if isinstance(one, Binding):
                self._bind(one, own, own)
            else:
                self._draft(own).see(one.begin, one.end, is_alive=not one.about)
                self._drafts[own].keys.add(own)

    def _name(self, host: Key, claims: list[Claim]) -> None:
        """A device of which only the name is known, where no other device bears it."""
        name, scope = label(host), claims[0].scope
        known = {root for (one, where, root) in self._by_name(name) if related(where, scope) and root != host}
        if known:
            return
        draft = self._draft(host)
        draft.keys.add(host)
        for claim in claims:
            draft.see(claim.begin, claim.end, is_alive=not claim.about)
            draft.first[host] = min(claim.begin, draft.first.get(host, claim.begin))
            draft.kinds += [(claim.begin, value) for key, value in claim.about if key == "kind"]
            self._call(Key("host", host.value.rpartition(" ")[2]), claim, host, draft)

    def _by_name(self, name: str) -> Iterable[tuple[str, str, Key]]:
        return self._index.get(name, ())

    @cached_property
    def _index(self) -> dict[str, list[tuple[str, str, Key]]]:
        found: dict[str, list[tuple[str, str, Key]]] = defaultdict(list)
        for entry in self._called:
            found[entry[0]].append(entry)
        return found

    # --- devices ---

    def _finished(self, overruled: tuple[Decision, ...]) -> Devices:
        for root, members in self._sets.all().items():
            if root in self._drafts:
                self._drafts[root].keys.update(members)
        ids = {root: self._id(draft) for root, draft in self._drafts.items()}
        owners = {key: ids[root] for root, draft in self._drafts.items() for key in draft.keys}
        chains = {
            name: tuple(use._replace(holder=ids[self._sets.find(use.holder)]) for use in uses)
            for name, uses in self._joining.chains.items()
        }
        for name, uses in chains.items():
            for use in uses:
                self._drafts[self._sets.find(use.holder)].keys.add(name)
        questions = self._questions(ids)
        self._people(owners)
        reasons: dict[Key, list[Reason]] = defaultdict(list)
        for reason in self._joining.reasons:
            reasons[self._sets.find(reason.keys[0])].append(reason)
        found = [
            self._device(ids[root], draft, reasons.get(root, [])) for root, draft in self._drafts.items()
        ]
        called: dict[str, list[Called]] = defaultdict(list)
        for (spelled, scope, root), (first, last) in sorted(self._called.items()):
            called[spelled].append(Called(scope, ids[root], first, last))
        return Devices(
            tuple(sorted(found)),
            self._doubts,
            questions,
            self._groups(ids, owners, called, questions),
            overruled,
            owners,
            chains,
            {
                key: tuple(sorted((where, ids[root]) for where, root in some))
                for key, some in self._users.items()
            },
            {name: tuple(some) for name, some in called.items()},
            {key: tuple(sorted(some)) for key, some in self._told.items()},
        )

    def _id(self, draft: _Draft) -> Key:
        return min(
            draft.keys, key=lambda key: (STRENGTH[key.kind], draft.first.get(key, DAY * 1_000_000), key)
        )

    def _device(self, id: Key, draft: _Draft, reasons: list[Reason]) -> Device:
        said = sorted(draft.kinds)
        confirmed = [event.said[0] for event in draft.events if event.what == "confirmed"]
        retired = [event.at for event in draft.events if event.what == "retired"]
        events = {event for event in draft.events if event.what not in ("confirmed", "retired")}
        homes = _homes(draft.spans)
        for before, after in pairwise(homes):
            events.add(Event("moved", after.begin, (before.scope, after.scope)))
        events |= _reinstalled(draft.values)
        return Device(
            id,
            tuple(sorted(draft.keys, key=lambda key: (STRENGTH[key.kind], key))),
            tuple(sorted(draft.names)),
            confirmed[0] if confirmed and confirmed[0] else (said[-1][1] if said else ""),
            bool(confirmed),
            min(retired) if retired else None,
            draft.begin,
            draft.end,
            frozenset(draft.days),
            tuple(homes),
            tuple(sorted(events, key=lambda one: (one.at, one))),
            tuple(reasons),
        )

    # --- questions and people ---

    def _questions(self, ids: Mapping[Key, Key]) -> tuple[Question, ...]:
        asked: dict[tuple[Key, Key], Question] = {}
        for one in [*self._joining.asked, *self._asked_by_host()]:
            left, right = self._sets.find(one[1]), self._sets.find(one[2])
            pair = ids[left], ids[right]
            if left == right or pair in asked or self._sets.are_apart(left, right):
                continue
            if one[4]:
                self._drafts[left].events.add(Event("replaced by", one[3], (str(pair[1].value),)))
                self._drafts[right].events.add(Event("replaces", one[3], (str(pair[0].value),)))
            else:
                asked[pair] = Question("replaced or a new card", *pair, one[0], one[3])
        return tuple(sorted(asked.values()))

    def _asked_by_host(self) -> Iterable[tuple[Key, Key, Key, int, bool]]:
        by_name: dict[tuple[str, str], list[tuple[int, int, Key]]] = defaultdict(list)
        for (name, scope, root), (first, last) in self._called.items():
            if root.kind in THINGS and (name, scope) in self._spelled:
                by_name[name, scope].append((first, last, root))
        for (name, scope), uses in sorted(by_name.items()):
            uses.sort()
            reached = uses[0][1]
            for before, after in pairwise(uses):
                if reached < after[0]:
                    host = within(self._spelled[name, scope], scope)
                    yield host, before[2], after[2], after[0], self._joining.differ(before[2], after[2])
                reached = max(reached, after[1])

    def _people(self, owners: Mapping[Key, Key]) -> None:
        """What people said of devices: confirmed, retired, replaced. The most important word comes first."""
        roots = {key: root for root, draft in self._drafts.items() for key in draft.keys}
        confirmed: set[Key] = set()
        for one in self._standing:
            left = roots.get(one.left)
            right = roots.get(one.right) if one.right else None
            if left is None:
                continue
            if one.verdict == "retired":
                self._drafts[left].events.add(Event("retired", one.at))
            elif one.verdict == "confirmed" and left not in confirmed:
                confirmed.add(left)
                self._drafts[left].events.add(Event("confirmed", one.at, (one.machine,)))
            elif one.verdict == "replaced" and right is not None and left != right:
                self._drafts[left].events.add(
                    Event("replaced by", one.at, (owners[one.right or one.left].value,))
                )
                self._drafts[right].events.add(Event("replaces", one.at, (owners[one.left].value,)))

    def _groups(
        self,
        ids: Mapping[Key, Key],
        owners: Mapping[Key, Key],
        called: Mapping[str, Sequence[Called]],
        questions: Iterable[Question],
    ) -> dict[Key, Key]:
        """Devices that may be one: of one name, of one key that is cloned, or asked about."""
        groups = Sets()
        for id in sorted(ids.values()):
            groups.add(id)
        for one in self._standing:
            if (
                one.right
                and one.verdict in ("different", "replaced")
                and {one.left, one.right} <= owners.keys()
            ):
                groups.part(owners[one.left], owners[one.right])
        for question in questions:
            groups.join(question.left, question.right)
        for key in self._doubts:
            pieces = sorted(ids[root] for root in self._pieces.get(key, ()))
            for piece in pieces[1:]:
                groups.join(pieces[0], piece)
        for uses in called.values():
            by_scope: dict[str, list[Key]] = defaultdict(list)
            for use in uses:
                by_scope[use.scope].append(use.device)
            for scope, its in by_scope.items():
                for device in its[1:]:
                    groups.join(its[0], device)
                below = sorted(other for other in by_scope if other != scope and other.startswith(scope))
                if below:
                    groups.join(its[0], by_scope[below[0]][0])
        return {id: groups.find(id) for id in sorted(ids.values())}

    @cached_property
    def _pieces(self) -> dict[Key, list[Key]]:
        """The devices of each doubtful key, one a unit."""
        found: dict[Key, list[Key]] = defaultdict(list)
        for root in self._drafts:
            key = Key(root.kind, root.value.rpartition(" ")[2])
            if key in self._doubts:
                found[key].append(root)
        return found


def _homes(spans: list[tuple[int, int, str]]) -> list[Home]:
    """The units that a device was in, one after the other; of two related units the lower."""
    homes: list[Home] = []
    for begin, end, scope in sorted(spans):
        if homes and related(homes[-1].scope, scope):
            last = homes[-1]
            homes[-1] = Home(max(last.scope, scope, key=len), last.begin, max(last.end, end))
        else:
            if homes:
                homes[-1] = homes[-1]._replace(end=min(homes[-1].end, begin))
            homes.append(Home(scope, begin, end))
    return homes


def _reinstalled(values: Mapping[str, Mapping[str, list[int]]]) -> set[Event]:
    """A new name or id of the system on the same machine, while the earlier ones were seen no more."""
    found: dict[int, Event] = {}
    for by_value in values.values():
        order = sorted((min(times), max(times), value) for value, times in by_value.items())
        reached = order[0][1] if order else 0
        for first, last, value in order[1:]:
            if reached < first + CLOCKS and first > order[0][0]:
                found.setdefault(first, Event("reinstalled", first, (value,)))
            reached = max(reached, last)
    return set(found.values())
