"""What lies between devices: questions for a person, decisions that name two, groups that may be one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from quetsach.machines.evidence import Decision, Key
from quetsach.machines.identity.devices import Called, Event, Question
from quetsach.machines.identity.doubts import Doubt
from quetsach.machines.identity.drafts import Draft
from quetsach.machines.identity.joining import Asked, Joining
from quetsach.machines.identity.keys import THINGS, within
from quetsach.machines.identity.sets import Sets


def questions(
    joining: Joining,
    called: Mapping[tuple[str, str, Key], tuple[int, int]],
    spelled: Mapping[tuple[str, str], Key],
    ids: Mapping[Key, Key],
    drafts: Mapping[Key, Draft],
) -> tuple[Question, ...]:
    """One name, and all cards are new. Where the mainboards differ, that is an event and no question."""
    asked: dict[tuple[Key, Key], Question] = {}
    for one in [*joining.asked, *_by_host(joining, called, spelled)]:
        left, right = joining.sets.find(one.left), joining.sets.find(one.right)
        pair = ids[left], ids[right]
        if left == right or pair in asked or joining.sets.are_apart(left, right):
            continue
        if one.is_sure:
            drafts[left].events.add(Event("replaced by", one.at, (pair[1].value,)))
            drafts[right].events.add(Event("replaces", one.at, (pair[0].value,)))
        else:
            asked[pair] = Question("replaced or a new card", *pair, one.name, one.at)
    return tuple(sorted(asked.values()))


def _by_host(
    joining: Joining,
    called: Mapping[tuple[str, str, Key], tuple[int, int]],
    spelled: Mapping[tuple[str, str], Key],
) -> Iterable[Asked]:
    """The same for names that only suggest."""
    by_name: dict[tuple[str, str], list[tuple[int, int, Key]]] = defaultdict(list)
    for (name, scope, root), (first, last) in called.items():
        if root.kind in THINGS and (name, scope) in spelled:
            by_name[name, scope].append((first, last, root))
    for (name, scope), uses in sorted(by_name.items()):
        uses.sort()
        reached = uses[0][1]
        for (_, _, before), (first, last, after) in pairwise(uses):
            if reached < first:
                host = within(spelled[name, scope], scope)
                yield Asked(host, before, after, first, joining.differ(before, after))
            reached = max(reached, last)


def people(
    standing: Iterable[Decision],
    roots: Mapping[Key, Key],
    ids: Mapping[Key, Key],
    drafts: Mapping[Key, Draft],
) -> None:
    """What people said of devices: confirmed, retired, replaced. The most important word comes first."""
    confirmed: set[Key] = set()
    for one in standing:
        left = roots.get(one.left)
        right = roots.get(one.right) if one.right else None
        if left is None:
            continue
        if one.verdict == "retired":
            drafts[left].events.add(Event("retired", one.at))
        elif one.verdict == "confirmed" and left not in confirmed:
            confirmed.add(left)
            drafts[left].events.add(Event("confirmed", one.at, (one.machine,)))
        elif one.verdict == "replaced" and right is not None and left != right:
            drafts[left].events.add(Event("replaced by", one.at, (ids[right].value,)))
            drafts[right].events.add(Event("replaces", one.at, (ids[left].value,)))


def groups(
    standing: Iterable[Decision],
    doubts: Mapping[Key, Doubt],
    ids: Mapping[Key, Key],
    owners: Mapping[Key, Key],
    called: Mapping[str, Sequence[Called]],
    asked: Iterable[Question],
) -> dict[Key, Key]:
    """Devices that may be one: of one name, of one cloned or random key in two units, or asked about."""
    found = Sets()
    for id in sorted(ids.values()):
        found.add(id)
    for one in standing:
        is_apart = one.verdict in ("different", "replaced")
        if one.right and is_apart and {one.left, one.right} <= owners.keys():
            found.part(owners[one.left], owners[one.right])
    for question in asked:
        found.join(question.left, question.right)
    pieces: dict[Key, list[Key]] = defaultdict(list)
    for root in sorted(ids):
        pieces[Key(root.kind, root.value.rpartition(" ")[2])].append(ids[root])
    for key, some in pieces.items():
        if key in doubts or key.kind == "randommac":
            for piece in some[1:]:
                found.join(some[0], piece)
    for uses in called.values():
        by_scope: dict[str, list[Key]] = defaultdict(list)
        for use in uses:
            by_scope[use.scope].append(use.device)
        for devices in by_scope.values():
            for device in devices[1:]:
                found.join(devices[0], device)
        _join_below(by_scope, found)
    return {id: found.find(id) for id in sorted(ids.values())}


def _join_below(by_scope: Mapping[str, Sequence[Key]], found: Sets) -> None:
    """A name in an upper unit may be that of a device below: of the first, since it can be only one."""
    order = sorted(by_scope)
    for scope, after in pairwise(order):
        if after.startswith(scope):
            found.join(by_scope[scope][0], by_scope[after][0])
