"""Puts devices together: what each claim and binding says of the sets of keys that belong to one machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from quetsach.machines.evidence import Decision, Key
from quetsach.machines.identity import grouping
from quetsach.machines.identity.devices import Called, Devices, Told
from quetsach.machines.identity.drafts import Draft
from quetsach.machines.identity.joining import Joining, Reason
from quetsach.machines.identity.keys import NAMES, STRENGTH, THINGS, is_shared_by_make, label, node, within
from quetsach.machines.identity.scopes import related
from quetsach.machines.identity.statements import Statement, Stay

_CHANGING = ("agent", "duid", "adsid")
"""Kinds of ids that a new installation of the system changes."""


class Assembling:
    """One use: `devices` builds everything from what `Joining` found."""

    def __init__(
        self, said: Sequence[Statement], stays: Sequence[Stay], standing: Sequence[Decision], joining: Joining
    ) -> None:
        self._said, self._stays, self._standing, self._joining = said, stays, standing, joining
        self._sets, self._doubts = joining.sets, joining.doubts
        self._drafts: dict[Key, Draft] = defaultdict(Draft)
        self._users: dict[Key, set[tuple[str, Key]]] = defaultdict(set)
        self._told: dict[Key, set[Told]] = defaultdict(set)
        self._called: dict[tuple[str, str, Key], tuple[int, int]] = {}
        self._spelled: dict[tuple[str, str], Key] = {}

    def devices(self, overruled: tuple[Decision, ...]) -> Devices:
        """The devices."""
        rest = self._attach_all()
        for stay in self._stays:
            if stay.key.kind in (*THINGS, *NAMES) and not self._is_doubtful(stay.key, stay.scope):
                key = self._joining.node(stay.key, stay.scope)
                if key not in self._joining.chains:
                    draft = self._drafts[self._sets.find(key)]
                    draft.own(key, stay.spans[0][0])
                    draft.stay(stay)
        self._weak([one for one in rest if not self._attach_random(one)])
        return self._finished(overruled)

    # --- machines that are identified ---

    def _attach_all(self) -> list[Statement]:
        """Give each statement to the machines that it names; those that name none come back."""
        rest = []
        for said in self._said:
            roots = self._roots(said)
            if roots is not None:
                for root in roots:
                    self._attach(said, root)
                if not roots:
                    rest.append(said)
                continue
            # A name that went from one machine to the next: each time for itself.
            for one in said.each():
                for root in self._bearers(one):
                    self._attach(one, root)
        return rest

    def _roots(self, said: Statement) -> list[Key] | None:
        """The machines of a statement; None where a name leads to different ones at different times."""
        names = self._joining.names(said)
        keys = (*self._joining.things(said), *names)
        if found := {self._sets.find(key) for key in keys if key not in self._joining.chains}:
            return sorted(found)
        return None if names else []

    def _bearers(self, said: Statement) -> list[Key]:
        return self._joining.bearers(self._joining.names(said)[0], said.begin)

    def _is_doubtful(self, key: Key, scope: str) -> bool:
        return key in self._doubts or is_shared_by_make(key) or node(key, scope) in self._doubts

    def _may_be_used(self, key: Key, scope: str) -> bool:
        """Whether the key is doubtful and yet says something; a number that the maker left empty does not."""
        return self._is_doubtful(key, scope) and (key.kind == "mac" or not is_shared_by_make(key))

    def _attach(self, said: Statement, root: Key) -> None:
        draft = self._drafts[root]
        draft.see(said)
        for key in said.keys:
            if key.kind in ("host", "domainhost"):
                self._call(key, said, root, draft)
            if key.kind in ("host", "user"):
                draft.names.add(within(key, said.scope))
            elif key.kind == "randommac":
                draft.names.add(within(key, said.scope))
                self._users[key].add((said.scope, root))
            elif self._is_doubtful(key, said.scope):
                if self._may_be_used(key, said.scope):
                    self._users[key].add((said.scope, root))
            else:
                if key.kind in _CHANGING:
                    draft.bear(key.kind, key.value, said.begin, said.last)
                own = self._joining.node(key, said.scope)
                # A person may have kept two keys of one claim apart.
                if own not in self._joining.chains and self._sets.find(own) == root:
                    draft.own(own, said.begin)

    def _call(self, key: Key, said: Statement, root: Key, draft: Draft) -> None:
        name = label(key)
        first, last = self._called.get((name, said.scope, root), (said.begin, said.last))
        self._called[name, said.scope, root] = min(first, said.begin), max(last, said.last)
        if key.kind == "host":
            spelled = self._spelled.get((name, said.scope))
            if spelled is None or key < spelled:
                self._spelled[name, said.scope] = key
        if not said.about:
            draft.bear("name", name, said.begin, said.last)

    # --- machines of which little is known ---

    def _attach_random(self, said: Statement) -> bool:
        """Give a claim of a random address to the device that another source knows it by."""
        randoms = [key for key in said.keys if key.kind == "randommac"]
        others = said._replace(keys=tuple(key for key in said.keys if key.kind != "randommac"))
        for key in randoms:
            root = self._user(key, said.scope)
            self._attach(others, root)
            self._drafts[root].own(root, said.begin)
        return bool(randoms)

    def _user(self, key: Key, scope: str) -> Key:
        """The only device that another source knows a random address by, else the address itself."""
        users = {root for where, root in self._users.get(key, ()) if related(where, scope)}
        return users.pop() if len(users) == 1 else within(key, scope)

    def _weak(self, rest: Iterable[Statement]) -> None:
        """Devices of which only a random address, a doubtful key or a name is known."""
        named: dict[Key, list[Statement]] = defaultdict(list)
        loose: list[tuple[Key, Statement | Stay]] = []
        for said in rest:
            doubted = [key for key in said.keys if self._may_be_used(key, said.scope)]
            hosts = [key for key in said.keys if key.kind == "host"]
            for host in hosts:
                named[within(host, said.scope)].append(said)
                for key in doubted:
                    self._told[key].update(Told(begin, end, said.scope, host) for begin, end, _ in said.times)
            if not hosts:
                loose += [(key, said) for key in doubted]
        for stay in self._stays:
            if stay.key.kind == "randommac":
                root = self._user(stay.key, stay.scope)
                self._drafts[root].own(root, stay.spans[0][0])
                self._drafts[root].stay(stay)
            elif stay.key.kind in STRENGTH and self._is_doubtful(stay.key, stay.scope):
                loose.append((stay.key, stay))
        for host, some in sorted(named.items()):
            self._name(host, some)
        for key, one in loose:
            self._piece(key, one)

    def _name(self, host: Key, some: list[Statement]) -> None:
        """A device of which only the name is known, where no other device bears it."""
        name, scope = label(host), some[0].scope
        if any(related(where, scope) and root != host for _, where, root in self._by_name.get(name, ())):
            return
        draft = self._drafts[host]
        for said in some:
            draft.own(host, said.begin)
            draft.see(said)
            self._call(Key("host", host.value.rpartition(" ")[2]), said, host, draft)

    def _piece(self, key: Key, one: Statement | Stay) -> None:
        """A doubtful key as a device of its unit, where nothing says which machines used it there."""
        scopes = [told.scope for told in self._told.get(key, ())]
        scopes += [scope for scope, _ in self._users.get(key, ())]
        if any(related(scope, one.scope) for scope in scopes):
            return
        own = within(key, one.scope)
        draft = self._drafts[own]
        if isinstance(one, Stay):
            draft.own(own, one.spans[0][0])
            draft.stay(one)
        else:
            draft.own(own, one.begin)
            draft.see(one)

    @cached_property
    def _by_name(self) -> dict[str, list[tuple[str, str, Key]]]:
        found: dict[str, list[tuple[str, str, Key]]] = defaultdict(list)
        for entry in self._called:
            found[entry[0]].append(entry)
        return found

    # --- all together ---

    def _finished(self, overruled: tuple[Decision, ...]) -> Devices:
        for root, members in self._sets.all().items():
            if root in self._drafts:
                self._drafts[root].keys.update(members)
        ids = {root: draft.id() for root, draft in self._drafts.items()}
        roots = {key: root for root, draft in self._drafts.items() for key in draft.keys}
        owners = {key: ids[root] for key, root in roots.items()}
        chains = {}
        for name, uses in self._joining.chains.items():
            chains[name] = tuple(use._replace(holder=ids[self._sets.find(use.holder)]) for use in uses)
            for use in uses:
                self._drafts[self._sets.find(use.holder)].keys.add(name)
        called: dict[str, list[Called]] = defaultdict(list)
        for (spelled, scope, root), (first, last) in sorted(self._called.items()):
            called[spelled].append(Called(scope, ids[root], first, last))
        asked = grouping.questions(self._joining, self._called, self._spelled, ids, self._drafts)
        grouping.people(self._standing, roots, ids, self._drafts)
        groups = grouping.groups(self._standing, self._doubts, ids, owners, called, asked)
        reasons: dict[Key, list[Reason]] = defaultdict(list)
        for reason in self._joining.reasons:
            reasons[self._sets.find(reason.keys[0])].append(reason)
        found = [draft.device(ids[root], reasons.get(root, [])) for root, draft in self._drafts.items()]
        return Devices(
            tuple(sorted(found)),
            self._doubts,
            asked,
            groups,
            overruled,
            owners,
            chains,
            {
                key: tuple(sorted((where, ids[one]) for where, one in some))
                for key, some in self._users.items()
            },
            {name: tuple(uses) for name, uses in called.items()},
            {key: tuple(sorted(some)) for key, some in self._told.items()},
        )
