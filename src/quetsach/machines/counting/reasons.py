"""Why the figures of a moment are others today: what became known about each machine since."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from quetsach.machines.counting.figures import Standing
from quetsach.machines.counting.histories import Id, Rung

MERGED, SPLIT, LATE, RECALLED, RETRACTED, FALSE, TRUE, BACK = (
    "merged",
    "split",
    "late",
    "recalled",
    "retracted",
    "false",
    "true",
    "back",
)
"""Two machines were one; one was two; a log of that time came later; the list was withdrawn; the file of
reports was taken back; a person called it a false alarm; it was none after all; a sign after the handling
became known."""
RETURNED = "returned"
"""The list that was withdrawn, or the file of reports that was taken back, holds again."""
FURTHER, NAMED, CAME, LEFT, MOVED, GONE = "further", "named", "came", "left", "moved", "gone"
"""It was further than known; it is known better which machine it is; it came from another unit, went to one,
or is in another unit below; the signs were no signs of it."""
RENAMED = "renamed"
"""The same machine has another name or address now, and is not known better by it."""
REASONS = (
    MERGED, SPLIT, LATE, RECALLED, RETRACTED, FALSE, TRUE, RETURNED, BACK, FURTHER, NAMED, RENAMED, CAME,
    LEFT, MOVED, GONE,
)  # fmt: skip


def reasons(
    before: Mapping[Id, Standing],
    now: Mapping[Id, Standing],
    *,
    leads: Mapping[Id, Id],
    elsewhere: Collection[Id] = (),
    there: Collection[Id] = (),
    parted: Collection[Id] = (),
    recalled: Collection[Id] = (),
    retracted: Collection[Id] = (),
    returned: Collection[Id] = (),
    rehomed: Collection[Id] = (),
) -> Counter[str]:
    """How many machines changed for each reason; each machine counts once. Machines became one only where
    fewer are left: one that stands alone under another name is the same machine.

    `leads`: the machine that a machine turned out to be; `elsewhere`: machines that other units have;
    `there`: machines that were known at the moment; `parted`: machines that came out of others;
    `recalled`: machines with a case that a withdrawn list closed, or that is as it was before its sign;
    `retracted`: the same of a file of reports that was taken back; `returned`: machines with a case that is
    open again because that list or file holds again; `rehomed`: machines that another of the
    units has.
    """

    def change(machine: Id, then: Standing, today: Standing) -> str:
        return _change(
            then, today,
            is_recalled=machine in recalled,
            is_retracted=machine in retracted,
            is_returned=machine in returned,
        )  # fmt: skip

    found: Counter[str] = Counter()
    into: dict[Id, list[Id]] = defaultdict(list)
    for machine in before.keys() - now.keys():
        lead = _lead(machine, now, leads)
        if lead in now:
            into[lead].append(machine)
        else:
            found[LEFT if lead in elsewhere else GONE] += 1
    for machine, former in into.items():
        if machine in before:
            found[MERGED] += len(former)
        elif former[1:]:  # one of them has its name now, the others were no machines of their own
            found += Counter({MERGED: len(former) - 1, RENAMED: 1})
        else:
            then, today = before[former[0]], now[machine]
            found[RENAMED if then == today else change(machine, then, today)] += 1
    for machine in now.keys() - before.keys():
        if machine in into:
            continue  # it is one of before, which is counted already
        found[SPLIT if machine in parted else CAME if machine in there else LATE] += 1
    for machine in before.keys() & now.keys():
        then, today = before[machine], now[machine]
        if machine in into:
            continue
        if then != today:
            found[change(machine, then, today)] += 1
        elif machine in rehomed:
            found[MOVED] += 1
    return found


def _lead(machine: Id, now: Collection[Id], leads: Mapping[Id, Id]) -> Id:
    """The counted machine that a machine turned out to be, perhaps through others; else the last of them."""
    passed = {machine}
    while machine not in now and (lead := leads.get(machine)) is not None and lead not in passed:
        passed.add(machine := lead)
    return machine


def _change(
    then: Standing, now: Standing, *, is_recalled: bool, is_retracted: bool, is_returned: bool
) -> str:
    is_less = then.is_reinfected and not now.is_reinfected  # the later episode was a false alarm
    if now.rung is Rung.FALSE or is_less:
        return RECALLED if is_recalled else RETRACTED if is_retracted else FALSE
    if (is_recalled or is_retracted) and then.is_relapsed and not now.is_relapsed:
        return RECALLED if is_recalled else RETRACTED
    if then.rung is Rung.FALSE:
        return RETURNED if is_returned else TRUE
    if now.rung < then.rung or (now.is_relapsed and not then.is_relapsed):
        return BACK
    if now._replace(kind=then.kind) != then:
        return FURTHER
    return NAMED if now.kind < then.kind else RENAMED
