"""Fast helpers for long lists in JSON, called a million times: UUIDs of names, texts, families."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from uuid import UUID

from quetsach.indicators.forms_out.form import one_line

quoted: Callable[[str], str] = encode_basestring_ascii
"""A text in the spelling of `json.dumps`."""

family_of = lru_cache(maxsize=4096)(one_line)
"""`one_line` for families: there are few."""

_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def named(space: UUID) -> Callable[[str], str]:
    """A function that gives `str(uuid5(space, name))` (RFC 9562 5.5) without intermediate objects."""
    begin = space.bytes
    sha1 = hashlib.sha1

    def name_of(name: str) -> str:
        made = sha1(begin + name.encode(), usedforsecurity=False).hexdigest()
        return f"{made[:8]}-{made[8:12]}-5{made[13:16]}-{_VARIANTS[made[16]]}{made[17:20]}-{made[20:32]}"

    return name_of
