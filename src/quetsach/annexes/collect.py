"""Collects annexes from a folder of files: one row for each unit, and the total. No portal and no campaign is
needed.

    found = collect([Path("hop-thu")], read_units(Path("don-vi.xlsx")))
    found.totals["r2"].value

Nothing is guessed silently: a doubtful figure or name keeps its `Doubt` and its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from quetsach.annexes.collecting import merge, reading, tree
from quetsach.annexes.collecting.annex import Annex
from quetsach.annexes.collecting.files import archive
from quetsach.annexes.collecting.files.archive import Found
from quetsach.annexes.collecting.files.office import Office
from quetsach.annexes.collecting.merge import Collection, Total
from quetsach.annexes.collecting.names import Directory, Unit
from quetsach.annexes.collecting.paper import FileProblem, Place
from quetsach.annexes.collecting.readings import Doubt, Reading, Unread

__all__ = [
    "Annex",
    "Collection",
    "Directory",
    "Doubt",
    "FileProblem",
    "Office",
    "Place",
    "Reading",
    "Total",
    "Unit",
    "Unread",
    "collect",
    "read_file",
    "read_units",
    "read_upload",
]

type Progress = Callable[[str], None]


def read_units(path: Path) -> tuple[Unit, ...]:
    """The units that should report, from a table (.xlsx, .csv). Raises FileProblem, OSError."""
    return tree.read(path.name, path.read_bytes())


def collect(
    paths: Iterable[Path],
    units: Sequence[Unit] | None = None,
    *,
    skip: Iterable[Path] = (),
    progress: Progress = lambda _name: None,
) -> Collection:
    """Read every file of `paths`, also inside archives and e-mails. Without `units` the annex's name is the
    unit.

    A bad file never stops the others: it goes to `unread`. `skip` are files to pass over, such as the output.
    """
    directory = Directory(units) if units is not None else None
    office = Office()
    readings: list[Reading] = []
    unread: list[Unread] = []
    for found in archive.walk(paths, skip=skip):
        progress(found.name)
        given = read_file(found, directory, office)
        if isinstance(given, Unread):
            unread.append(given)
        else:
            readings += given
    return merge.merge(readings, unread, directory)


def read_upload(
    name: str, data: bytes, directory: Directory | None, office: Office | None = None
) -> list[tuple[Found, list[Reading] | Unread]]:
    """The files in one upload, each with its annexes or its problem. `office` converts old Word files."""
    return [(found, read_file(found, directory, office)) for found in archive.unpacked(name, data)]


def read_file(
    found: Found, directory: Directory | None, office: Office | None = None
) -> list[Reading] | Unread:
    """The annexes of one file, each assigned to its unit, or the problem of the file."""
    digest = hashlib.sha256(found.data).hexdigest() if found.data else ""
    try:
        if found.problem is not None:
            raise found.problem
        paper, annexes = reading.read(found.data, office)
    except FileProblem as problem:
        # Also a fault of our own with one odd file, which must not cost the others.
        return _unread(found, problem, digest, directory)
    notes = tuple(Doubt(code, "file", dict(facts)) for code, facts in paper.notes.items())
    readings = []
    for part, annex in enumerate(annexes, 1):
        one = Reading(
            file=found.name,
            sha256=digest,
            annex=annex,
            part=part,
            parts=len(annexes),
            path=found.path,
            saved=paper.saved,
            changed=found.changed,
            doubts=(*notes, *_doubts(annex)),
        )
        readings.append(merge.placed(one, directory))
    return readings


def _doubts(annex: Annex) -> Iterable[Doubt]:
    for row, figure in annex.figures.items():
        for code in figure.doubts:
            facts: dict[str, str | int] = {"typed": figure.typed}
            if figure.value is not None:
                facts["value"] = figure.value
            yield Doubt(code, row, facts)


def _unread(found: Found, problem: FileProblem, digest: str, directory: Directory | None) -> Unread:
    hint = directory.inside(found.name.rpartition("/")[2].rpartition(".")[0]).unit if directory else None
    return Unread(found.name, found.path, problem, digest, hint)
