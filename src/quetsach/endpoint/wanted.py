"""The targets of a check: the campaign's list, hashes and rules, the signs, and the organisation's
profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from quetsach.endpoint import catalogue
from quetsach.endpoint.catalogue import Catalogue
from quetsach.endpoint.profile import Profile
from quetsach.errors import IndicatorError
from quetsach.indicators.indicator import IndicatorSet

ALGORITHMS: Mapping[int, str] = {32: "md5", 40: "sha1", 64: "sha256"}
"""Hexadecimal digits of a hash → its algorithm."""
_HASH = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")
_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """`hashes` map a hash in lower-case hex to its family; `rules` are texts of YARA rules.

    Without `indicators` no clean verdict is possible: the list is the core of a campaign.
    """

    indicators: IndicatorSet | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    signs: Catalogue = field(default_factory=catalogue.load)
    profile: Profile = field(default_factory=Profile)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The hash functions that the list needs, and no others."""
        return tuple(dict.fromkeys(ALGORITHMS[len(one)] for one in sorted(self.hashes, key=len)))


def read_hashes(path: Path) -> dict[str, str]:
    """Hashes, one a line, each perhaps followed by a family; `#` starts a remark.

    Raises:
        IndicatorError: names the file and the line that is no hash.
    """
    found: dict[str, str] = {}
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise IndicatorError(f"{path}: is larger than a list of hashes can be")
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise IndicatorError(f"{path}: cannot be read: {error.strerror or error}") from error
    for number, line in enumerate(text.splitlines(), 1):
        words = re.split(r"[\s,;]+", line.partition("#")[0].strip(), maxsplit=1)
        if not words[0]:
            continue
        value = words[0].lower()
        if not _HASH.fullmatch(value):
            raise IndicatorError(f"{path}: line {number}: no MD5, SHA-1 or SHA-256")
        found[value] = words[1].strip() if len(words) > 1 else ""
    return found
