"""Leases as a table with history: all that files say about one address becomes its holders in order.

The result depends neither on the order of files nor on how often one was read.
"""

from __future__ import annotations

from collections.abc import Iterable

from quetsach.machines.leases.leaseformat import Event


def holders(events: Iterable[Event]) -> list[Event]:
    """The events about one address in order of time: each belongs to its machine until the next.

    Two accounts of one lease become one: the earlier end counts, as a lease file tells the planned end first
    and the real end later. A machine cannot end the lease of another: what it gives back late changes
    nothing.
    """
    told: list[Event] = []
    for event in sorted(dict.fromkeys(events), key=_order):
        last = told[-1] if told else None
        if event.is_end:
            if last is not None and _is_same(last, event) and (last.until is None or last.until >= event.at):
                told[-1] = _joined(last, event)
            elif last is None or not last.mac or (last.until is not None and last.until < event.at):
                # Its beginning is in no file: that second is all that is known of it.
                told.append(event._replace(until=event.at, is_end=False))
        elif event.mac is None:
            if last is None or not last.mac or not event.of or last.mac == event.of:
                told.append(event)
        elif last is not None and last.at == event.at and _is_same(last, event):
            told[-1] = _joined(last, event)
        else:
            told.append(event)
    return told


def _order(event: Event) -> tuple[int, bool, bool, Event, bool]:
    """By time. Within one second an address is first given back, then given, then its lease ends."""
    is_given = event.mac is not None
    known = event._replace(mac=event.mac or "", until=event.until or 0)
    return event.at, event.is_end, is_given, known, event.until is None


def _is_same(one: Event, other: Event) -> bool:
    if one.mac and other.mac:
        return one.mac == other.mac
    return bool(one.duid) and one.duid == other.duid


def _joined(lease: Event, again: Event) -> Event:
    ends = [until for until in (lease.until, again.until) if until is not None]
    return lease._replace(
        until=min(ends, default=None),
        mac=lease.mac or again.mac,
        host=lease.host or again.host,
        duid=lease.duid or again.duid,
        is_read=lease.is_read and again.is_read,
    )
