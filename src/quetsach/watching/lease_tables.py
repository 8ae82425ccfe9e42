"""The leases that a watcher knows, as documents of evidence for a portal (docs/evidence.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from quetsach.machines.leases.leaseformat import Event
from quetsach.machines.sources import document, leasetable
from quetsach.machines.sources.outcome import Asked
from quetsach.text.escape import escape
from quetsach.watching.leases import ALL
from quetsach.watching.state import State

_NAME = "leases of all places"
_LONGEST = 200


def keep_name(state: State, name: str) -> None:
    """Note the name of the source under which the leases of all places are told."""
    state.note({_NAME: name})


def changes(state: State, place: str, since: int) -> Iterator[bytes]:
    """What the leases of a place tell that came after a change: several documents where it is much."""
    rows = list(state.lease_changes(place, since))
    before = (Event(*row) for row, is_new in rows if not is_new)
    new = (Event(*row) for row, is_new in rows if is_new)
    name = state.about().get(_NAME, "") if place == ALL else place
    name = escape(name.encode("utf-8", "surrogateescape"), _LONGEST)
    claims, bindings = leasetable.news(before, new, Asked(name, 0, UTC))
    yield from document.chunks(name, claims, bindings)
