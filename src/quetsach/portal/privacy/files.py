"""Files that no row names any more: lists them, and deletes them from the disk.

Rows end in a transaction, files cannot. So the files are searched afterwards, and the next run finds the
leftovers of a killed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from quetsach.portal.privacy.retention import due
from quetsach.portal.privacy.table import Stored, Table

RESTS = timedelta(days=1)
"""A younger file may belong to a row that is just being written."""
GOING = ".going"


def unnamed(table: Table, stored: Stored, now: datetime) -> Iterator[Path]:
    """Files of the folder that no row names, apart from rows that end now."""
    root, before = Path(settings.MEDIA_ROOT), (now - RESTS).timestamp()
    named = _named(table, stored, now)
    for file in sorted((root / stored.folder).rglob("*")):
        if not file.is_file() or file.is_symlink():
            continue
        path = file.relative_to(root).as_posix()
        if path.removesuffix(GOING) not in named and file.stat().st_mtime < before:
            yield file


def delete(file: Path, now: datetime) -> bool:
    """Delete a file, unless somebody has just stored the same one again, which touches it.

    It is renamed first: after that, storing the same content writes a new file.
    """
    aside = file if file.suffix == GOING else file.with_name(file.name + GOING)
    try:
        file.rename(aside)
    except FileNotFoundError:  # another run was quicker
        return False
    if aside.stat().st_mtime >= (now - RESTS).timestamp():
        aside.rename(file)
        return False
    aside.unlink()
    return True


def _named(table: Table, stored: Stored, now: datetime) -> set[str]:
    found: set[str] = set()
    for model, field in stored.columns:
        rows = model._base_manager.exclude(**{field: ""})
        for row in table.rows:
            for end in row.ends:
                if end.model is model and end.act == "delete":
                    rows = rows.exclude(pk__in=due(end, now).values("pk"))
        found |= {_path(stored, value) for value in rows.values_list(field, flat=True).distinct()}
    return found


def _path(stored: Stored, value: str) -> str:
    """The path below MEDIA_ROOT: the value itself, or the path of the file with this SHA-256."""
    return value if "/" in value else f"{stored.folder}/{value[:2]}/{value}"
