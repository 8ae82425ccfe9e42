"""Archives of modules, read once: Python's own importer opens its archive again for each module.

A scan imports 450 modules. Opened each time, its archives took a third of the processor time of a start under
wine; on Windows a virus scanner looks at each opening as well. Modules can also be imported after the stick
was pulled out.
"""

from __future__ import annotations

import io
import zipimport


class _Kept:
    """Stands for the module `_io` in `zipimport`, which takes nothing else from it."""

    def __init__(self) -> None:
        self._content: dict[str, bytes] = {}

    def open_code(self, path: str) -> io.BytesIO:
        """The content of an archive, as it was when it was opened first."""
        if path not in self._content:
            with io.open_code(path) as file:
                self._content[path] = file.read()
        return io.BytesIO(self._content[path])


def read_once() -> None:
    """Keep the archives of modules in memory from now on."""
    zipimport._io = _Kept()  # type: ignore[attr-defined]
