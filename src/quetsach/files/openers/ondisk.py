"""A stream as a file on disk, for libraries that open files by name only."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quetsach.files.openers.opened import Opened


@contextmanager
def path_of(file: Opened) -> Iterator[Path]:
    """The absolute path of the file itself or, for a member of a container, of a temporary copy of it."""
    if file.path is not None:
        yield file.path.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="quetsach-") as folder:
        copy = Path(folder, "member")
        with copy.open("wb") as out:
            while block := file.stream.read(1 << 20):
                out.write(block)
        yield copy
