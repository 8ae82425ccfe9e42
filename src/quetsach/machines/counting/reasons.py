"""Why the figures of a moment are others today: what became known about each machine since."""

from __future__ import annotations

from collections import Counter
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
REASONS = (
    MERGED, SPLIT, LATE, RECALLED, RETRACTED, FALSE, TRUE, RETURNED, BACK, FURTHER, NAMED, CAME, LEFT,
    MOVED, GONE,
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
    """How many machines changed for each reason; each machine counts once.

    `leads`: the machine that a machine turned out to be; `elsewhere`: machines that other units have;
    `there`: machines that were known at the moment; `parted`: machines that came out of others;
    `recalled`: machines with a case that a withdrawn list closed, or that is as it was before its sign;
    `retracted`: the same of a file of reports that was taken back; `returned`: machines with a case that is
    open again because that list or file holds again; `rehomed`: machines that another of the
    units has.
    """
    found: Counter[str] = Counter()
    for machine in before.keys() - now.keys():
        found[MERGED if machine in leads else LEFT if machine in elsewhere else GONE] += 1
    into = {leads[machine] for machine in before.keys() - now.keys() if machine in leads}
    for machine in now.keys() - before.keys():
        if machine in into:
            continue  # it has the name of both now, which is counted already
        found[SPLIT if machine in parted else CAME if machine in there else LATE] += 1
    for machine in before.keys() & now.keys():
        then, today = before[machine], now[machine]
        if machine in into:
            continue
        if then != today:
            found[
                _change(
                    then, today,
                    is_recalled=machine in recalled,
                    is_retracted=machine in retracted,
                    is_returned=machine in returned,
                )
            ] += 1  # fmt: skip
        elif machine in rehomed:
            found[MOVED] += 1
    return found


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
    return NAMED if now.kind != then.kind else FURTHER
