"""Hashes that no campaign may search for: of empty files, and of harmless files that lists often carry.

From MISP's warning lists `empty-hashes`, `common-ioc-false-positive` and `ti-falsepositives` (CC0). Stored as
the sorted first 8 bytes of each: enough to tell two hashes apart, in a quarter of the room.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from quetsach.indicators.guards.warninglists import members
from quetsach.indicators.lists.item import hash_in

SHIPPED = "harmless-files.bin"
SLUGS = ("empty-hashes", "common-ioc-false-positive", "ti-falsepositives")
SIZE = 8


def is_harmless(value: str) -> bool:
    """Whether a hash in hexadecimal belongs to a harmless file."""
    table, wanted = _table(), bytes.fromhex(value)[:SIZE]
    at = bisect_left(range(len(table) // SIZE), wanted, key=lambda n: table[n * SIZE : (n + 1) * SIZE])
    return table[at * SIZE : (at + 1) * SIZE] == wanted


def without_harmless(hashes: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The hashes that may be searched for, and the harmless hashes."""
    stopped = dict.fromkeys(filter(is_harmless, hashes))
    return {one: family for one, family in hashes.items() if one not in stopped}, list(stopped)


def packed(path: Path) -> bytes:
    """The packaged form, from a folder or archive of misp-warninglists; the same input gives the same
    bytes."""
    found: set[bytes] = set()
    for source, data in members(path):
        if source.split("/")[-2] in SLUGS:
            texts = (hash_in(str(entry)) for entry in json.loads(data)["list"])
            found.update(bytes.fromhex(text)[:SIZE] for text in texts if text)
    return b"".join(sorted(found))


@cache
def _table() -> bytes:
    return resources.files("quetsach").joinpath("indicators/guards", SHIPPED).read_bytes()
