"""Files that SQLite writes beside a database: parts of it, and no logs.

Their names and first bytes: https://www.sqlite.org/fileformat2.html and https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

from pathlib import Path

from quetsach.files import opening

DATABASE = b"SQLite format 3\0"
"""The first bytes of a database."""
_WAL_INDEX = 3_007_000
_BEGINS: dict[str, tuple[bytes, ...]] = {
    "-journal": (b"\xd9\xd5\x05\xf9",),
    "-wal": (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"),
    "-shm": (_WAL_INDEX.to_bytes(4, "little"), _WAL_INDEX.to_bytes(4, "big")),
}
ENDINGS = tuple(_BEGINS)
"""The ends of their names, behind that of the database."""


def database_of(path: Path) -> Path | None:
    """The database of which a file is a part; None for any other file, and where nobody can look.

    A log that only has such a name is none: SQLite itself goes by the first bytes. It
    writes zeros there once the file holds nothing more.
    """
    ending = path.name[path.name.rfind("-") :]
    if ending not in _BEGINS or path.name == ending:
        return None
    database = path.with_name(path.name.removesuffix(ending))
    try:
        start, is_database = _start(path, 4), _start(database, len(DATABASE)) == DATABASE
    except OSError:
        return None
    is_part = not any(start) or start in _BEGINS[ending]
    return database if is_part and is_database else None


def _start(path: Path, size: int) -> bytes:
    with opening.regular(path) as file:
        return file.read(size)
