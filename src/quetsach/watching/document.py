"""What a watcher knows, as a document of the wire format: whole, or what changed since a change."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import BinaryIO

from quetsach import __version__
from quetsach.machines.leases.naming import Leases
from quetsach.scanning.engine import ScanOptions
from quetsach.sightings.sighting import Bypass, Coverage, End, Scan, Sighting, shown_in_part, write
from quetsach.watching.state import State


def header(set_id: str, count: int, options: ScanOptions, follow: tuple[str, ...]) -> Scan:
    """The first record of a document."""
    tool, asked = f"quetsach {__version__}", options.asked
    return Scan(tool, set_id, count, options.source_name, options.tz, follow, asked)


def dump(out: BinaryIO, state: State, scan: Scan, leases: Leases | None) -> End:
    """Write all that is known with one list."""
    sightings = _named(state.rows(scan.set_id, Sighting), leases)
    bypasses = _named(state.rows(scan.set_id, Bypass), leases)
    return write(out, scan, sightings, shown_in_part(state.coverage(scan.set_id)), bypasses=bypasses)


def changes(out: BinaryIO, state: State, scan: Scan, leases: Leases | None, since: int) -> End | None:
    """Write what changed after a change; None where nothing did.

    All rows of an address and an indicator go together: a lease may join or part them. A log under 4,096
    bytes keeps the id of its first look, or each new line would make another log of it.
    """
    changed, sources = state.changed_since(scan.set_id, since)
    if not changed and not sources:
        return None
    groups = {(source, *json.loads(key)[:-2]) for source, key in changed}
    only = {source for source, _key in changed}
    first = state.first_ids()
    sightings = _told(state.rows(scan.set_id, Sighting, only), groups, first)
    bypasses = _told(state.rows(scan.set_id, Bypass, only), groups, first)
    seen: list[Coverage] = [one for one in state.coverage(scan.set_id) if one.source in sources]
    seen = [one._replace(source=first.get(one.source, one.source)) for one in seen]
    seen.sort(key=lambda one: (one.source, one.path))
    return write(out, scan, _named(sightings, leases), shown_in_part(seen), bypasses=_named(bypasses, leases))


def _told[Row: (Sighting, Bypass)](
    rows: Iterable[Row], groups: Collection[tuple[str, ...]], first: Mapping[str, str]
) -> Iterator[Row]:
    """The rows of these groups, under the ids by which a portal knows their sources, sorted by key."""
    found = [row for row in rows if _group(row) in groups]
    named = [row._replace(source=first.get(row.source, row.source)) for row in found]
    yield from sorted(named, key=lambda row: row.key())


def key(row: Sighting | Bypass) -> str:
    """The key of a row within its source, as the state spells it."""
    return json.dumps(row.key()[1:], ensure_ascii=False)


def _group(row: Sighting | Bypass) -> tuple[str, ...]:
    """The key without `who` and day."""
    return row.key()[:-2]


def _named[Row: (Sighting, Bypass)](rows: Iterator[Row], leases: Leases | None) -> Iterator[Row]:
    """The rows with the machines that had their addresses, source by source as a scan names them."""
    for _source, group in groupby(rows, key=lambda row: row.source):
        found = list(group)
        if leases is None or not found:
            yield from found
        elif isinstance(found[0], Sighting):
            yield from leases.name(found)
        else:
            yield from leases.name_bypasses(found)
