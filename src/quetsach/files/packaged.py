"""Files that come with the program, in a folder or in an archive. importlib.resources is too heavy: it
imports modules for archives of all kinds, some 3 % of the instructions of a short scan."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap

_OWN = "quetsach"


def read(name: str, package: str = _OWN) -> bytes:
    """The bytes of a file in a package, its name with slashes. Raises OSError where there is none."""
    if package == _OWN:
        try:
            with open(_place(name), "rb") as file:  # noqa: PTH123
                return file.read()
        except OSError:
            pass  # it lies in an archive, or nowhere
    from pkgutil import get_data

    data = get_data(package, name)
    if data is None:
        raise FileNotFoundError(name)
    return data


def mapped(name: str) -> bytes | mmap:
    """The bytes of a file of this package. In a folder it is mapped, so only the used pages are read."""
    from mmap import ACCESS_READ, mmap

    try:
        with open(_place(name), "rb") as file:  # noqa: PTH123
            return mmap(file.fileno(), 0, access=ACCESS_READ)
    except OSError:
        return read(name)


def _place(name: str) -> str:
    return os.path.join(os.path.dirname(os.path.dirname(__file__)), name)  # noqa: PTH118, PTH120
