"""What a watcher knows, as a document of the wire format: whole, or what changed since a change."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from functools import partial
from itertools import groupby, islice
from typing import BinaryIO

from quetsach import __version__
from quetsach.errors import ScanError
from quetsach.machines.leases.naming import Leases
from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.reading import failed
from quetsach.sightings.sighting import (
    LEFT_OUT,
    SHORT_BYTES,
    Bypass,
    Coverage,
    End,
    Scan,
    Sighting,
    shown_in_part,
    write,
)
from quetsach.sightings.sighting import dump as dump_record
from quetsach.watching.places import Place
from quetsach.watching.rewritten import TWICE
from quetsach.watching.state import State

_MOST_IDS = SHORT_BYTES - 1
_MOST_COVERAGE = 4 << 20
"""Bytes of coverage in one document."""
_PLACES = "places"


def keep_places(state: State, places: Iterable[Place]) -> None:
    """Note how the logs of these places are read, beside those that were followed before.

    Raises ScanError where a path was followed with another name, zone or format: the same lines would count
    again.
    """
    before = _places(state)
    now = {text: [one.name, one.tz, one.log_format or ""] for one in places for text in one.follow}
    zones = {name: tz for name, tz, _format in before.values()}
    for text, how in now.items():
        wrong = before.get(text, how) != how or zones.get(how[0], how[1]) != how[1]
        if wrong:
            name, tz, log_format = before.get(text, [how[0], zones.get(how[0], ""), how[2]])
            raise ScanError(
                f"{text}: was begun with the name {name}, the zone {tz} and the format"
                f" {log_format or '(none)'}; give these, or another --state: the same lines would count again"
            )
    told = now | {text: how for text, how in before.items() if text not in now}
    if list(told.items()) != list(before.items()):
        state.note({_PLACES: json.dumps(told)})


def _places(state: State) -> dict[str, list[str]]:
    """Name, zone and format by each path that was ever followed."""
    found: dict[str, list[str]] = json.loads(state.about().get(_PLACES, "{}"))
    return found


def named(state: State) -> dict[tuple[str, str], list[str]]:
    """The paths that were ever followed, by the name and the zone of their place, in the order of the last
    request."""
    found: dict[tuple[str, str], list[str]] = {}
    for text, (name, tz, _format) in _places(state).items():
        found.setdefault((name, tz), []).append(text)
    return found


def headers(state: State, set_id: str, count: int) -> list[Scan]:
    """The first records of the documents of a list: one for each place, in the order of the request, and for
    the machines that were asked about each time."""
    return [
        Scan(f"quetsach {__version__}", set_id, count, name, tz, tuple(texts), asked)
        for (name, tz), texts in named(state).items()
        for asked in state.asked(set_id) or [()]
    ]


def dump(out: BinaryIO, state: State, scan: Scan, leases: Leases) -> End:
    """Write all that is known of a place with one list, and what cannot be looked at there now."""
    seen = _of_place(state, scan)
    only = {one.source for one in seen}
    if _is_present(state, scan):
        seen += _troubles(state, scan)
        scan = scan._replace(left_out=_left_out(state, scan))
    sightings = _named(state.rows(scan.set_id, Sighting, only), leases)
    bypasses = _named(state.rows(scan.set_id, Bypass, only), leases)
    told = _with_earlier_ids(seen, state.earlier_ids(0))
    return write(out, scan, sightings, told, bypasses=bypasses)


def has_any(state: State, scan: Scan) -> bool:
    """Whether anything was looked at for a document."""
    return bool(_of_place(state, scan))


def _of_place(state: State, scan: Scan, *, with_readable: bool = False) -> list[Coverage]:
    covered = state.covered(scan.set_id, with_readable=with_readable)
    return [one for one, asked in covered if one.name == scan.source_name and asked == scan.asked]


def _is_present(state: State, scan: Scan) -> bool:
    """Whether a document is about the list in force and the machines that are asked about now."""
    about = state.about()
    return scan.set_id == about.get("set") and list(scan.asked) == json.loads(about.get("asked", "[]"))


def _left_out(state: State, scan: Scan) -> tuple[tuple[str, str], ...]:
    """What lies in the folders of a place and is no log, as a scan tells it."""
    all_of = json.loads(state.about().get("not followed", "{}")).items()
    here = ((path, why) for path, why in all_of if _place_of(state, path) == (scan.source_name, scan.tz))
    return tuple((path[:1000], why) for path, why in islice(here, LEFT_OUT))


def _troubles(state: State, scan: Scan) -> Iterator[Coverage]:
    """Coverage of what cannot be looked at now, as a scan has it, where no other record tells of it."""
    seen = state.coverage(scan.set_id)
    told = {one.path for one in seen if one.errors}
    # The content may have another name there.
    twice = {error for one in seen for error in one.errors if error in TWICE}
    told |= {path.partition("!/")[0] for path in told}
    options = ScanOptions(tz=scan.tz, source_name=scan.source_name)
    for path, why in state.troubles().items():
        if path not in told and why not in twice and _place_of(state, path) == (scan.source_name, scan.tz):
            yield failed(None, options, why, path)


def unread(
    state: State, scan: Scan, told: Mapping[str, str]
) -> tuple[list[Callable[[BinaryIO], End]], dict[str, str]]:
    """What cannot be looked at now at a place: documents to be written, and what the reader knows then, by
    path. `told` is what the reader knows already. A log that can be looked at again loses its error."""
    now = list(_troubles(state, scan)) if _is_present(state, scan) else []
    knows = {one.path: "; ".join(one.errors) for one in now}
    records = [one for one in now if told.get(one.path) != knows[one.path]]
    # A file that is there and cannot be read has the same key.
    others = {one.path for one in state.coverage(scan.set_id) if one.errors and not one.source}
    options = ScanOptions(tz=scan.tz, source_name=scan.source_name)
    gone = (path for path in told if path not in knows and path not in others)
    records += [failed(None, options, "", path)._replace(errors=[]) for path in gone]
    write = partial(_write, state, scan, Leases(), (), ())
    return [partial(write, part) for part in _parts(records, ())], knows


def _place_of(state: State, path: str) -> tuple[str, str]:
    """The name and the zone of the place where a file lies that was followed; the first where nothing
    tells."""
    places = named(state)
    for how, texts in places.items():
        folders = {text.rstrip(os.sep) + os.sep for text in texts}
        if path in texts or path.startswith(tuple(folders)) or any(fnmatch(path, text) for text in texts):
            return how
    return next(iter(places), ("", ""))


def changes(state: State, scan: Scan, leases: Leases, since: int) -> Iterator[Callable[[BinaryIO], End]]:
    """What changed at a place after a change, as documents to be written; none where nothing did.

    All rows of an address and an indicator go together: a lease may join or part them. A log under 4,096
    bytes gets another id with each new line: its coverage names the ids that the reader may know. The
    coverage of many logs goes in several documents, since a portal takes 8 MiB.
    """
    changed, sources = state.changed_since(scan.set_id, since)
    if not changed and not sources:
        return
    seen = _of_place(state, scan, with_readable=True)
    here = {one.source for one in seen}
    changed, sources = {one for one in changed if one[0] in here}, sources & here
    groups = {(source, *json.loads(key)[:-2]) for source, key in changed}
    with_rows, earlier = {source for source, _key in changed}, state.earlier_ids(since)
    # Rows under a new id come with the ids that the reader may know, though no list reads the log again.
    sources |= {one for one in with_rows if earlier.get(one)}
    told = _with_earlier_ids((one for one in seen if one.source in sources), earlier)
    for part in _parts(told, with_rows - sources):
        only = {one.source for one in part} or with_rows - sources
        yield partial(_write, state, scan, leases, groups, only & with_rows, part)


def _parts(told: Iterable[Coverage], others: Collection[str]) -> Iterator[list[Coverage]]:
    """The records in groups that each fit a document. With `others` there is an empty one: rows of logs that
    cover nothing new."""
    part: list[Coverage] = []
    size = 0
    for one in told:
        size += len(dump_record(one))
        if part and size > _MOST_COVERAGE:
            yield part
            part, size = [], len(dump_record(one))
        part.append(one)
    if part:
        yield part
    if others:
        yield []


def _write(
    state: State,
    scan: Scan,
    leases: Leases,
    groups: Collection[tuple[str, ...]],
    only: Collection[str],
    seen: Iterable[Coverage],
    out: BinaryIO,
) -> End:
    sightings = (row for row in state.rows(scan.set_id, Sighting, only) if _group(row) in groups)
    bypasses = (row for row in state.rows(scan.set_id, Bypass, only) if _group(row) in groups)
    return write(out, scan, _named(sightings, leases), seen, bypasses=_named(bypasses, leases))


def _with_earlier_ids(seen: Iterable[Coverage], was: Mapping[str, list[str]]) -> list[Coverage]:
    return shown_in_part(one._replace(was=was.get(one.source, ())[-_MOST_IDS:]) for one in seen)


def key(row: Sighting | Bypass) -> str:
    """The key of a row within its source, as the state spells it."""
    return json.dumps(row.key()[1:], ensure_ascii=False)


def _group(row: Sighting | Bypass) -> tuple[str, ...]:
    """The key without `who` and day."""
    return row.key()[:-2]


def _named[Row: (Sighting, Bypass)](rows: Iterator[Row], leases: Leases) -> Iterator[Row]:
    """The rows with the machines that had their addresses, source by source as a scan names them."""
    for _source, group in groupby(rows, key=lambda row: row.source):
        found = list(group)
        if not found:
            continue
        if isinstance(found[0], Sighting):
            yield from leases.name(found)
        else:
            yield from leases.name_bypasses(found)
