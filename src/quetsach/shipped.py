"""Files that come with the program, in a folder or in an archive, without the weight of importlib.resources:
that imports archives of all kinds, some 3 % of the instructions of a short scan."""

from __future__ import annotations

import os
from pkgutil import get_data
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmap import mmap


def read(name: str, package: str = "quetsach") -> bytes:
    """The bytes of a file in a package, its name with slashes. Raises OSError where there is none."""
    data = get_data(package, name)
    if data is None:
        raise FileNotFoundError(name)
    return data


def mapped(name: str) -> bytes | mmap:
    """The same of this package, of which only what is looked at is read where it lies in a folder."""
    from mmap import ACCESS_READ, mmap

    try:
        file = os.open(os.path.join(os.path.dirname(__file__), name), os.O_RDONLY)  # noqa: PTH118, PTH120
    except OSError:
        return read(name)
    try:
        return mmap(file, 0, access=ACCESS_READ)
    finally:
        os.close(file)
