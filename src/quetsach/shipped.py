"""Files that come with the program, in a folder or in an archive, without the weight of importlib.resources:
that imports archives of all kinds, some 3 % of the instructions of a short scan."""

from __future__ import annotations

from pkgutil import get_data


def read(name: str, package: str = "quetsach") -> bytes:
    """The bytes of a file in a package, its name with slashes. Raises OSError where there is none."""
    data = get_data(package, name)
    if data is None:
        raise FileNotFoundError(name)
    return data
