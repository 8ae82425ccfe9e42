"""The content of a campaign's packs besides its list: hashes of malicious files and YARA rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from quetsach.endpoint.files import rules
from quetsach.endpoint.files.rules import Problem
from quetsach.errors import IndicatorError, PortalError
from quetsach.files import bounded_process
from quetsach.indicators import reading
from quetsach.indicators.guards.files import without_harmless
from quetsach.indicators.lists.item import hash_in
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.checks.models import DetectionFile
from quetsach.portal.indicators import store
from quetsach.portal.indicators.actions import Upload
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.indicators.queries import standing_hashes

SHELF = "detections"
RULE_ENDINGS = (".yar", ".yara")
MOST_RULE_BYTES = 1 << 20
MOST_HASHES = 200_000
"""In one pack: it then has 8 MB, half of a stick's time to start."""
MOST_RULES = 2_000
"""In one pack: with more, the memory of a check (250 MB) is not enough."""


class BringError(PortalError):
    """A file cannot be brought; `problems` are the reasons, by line. Nothing of the upload was kept."""

    code = "detection"

    def __init__(self, name: str, problems: list[Problem]) -> None:
        super().__init__(name)
        self.name, self.problems = name, problems


@dataclass(frozen=True, slots=True)
class Contents:
    """The content of a pack made now, as names of stored files. `digest` is empty without any."""

    hash_files: tuple[tuple[str, str], ...]
    rule_files: tuple[str, ...]
    rule_count: int

    @property
    def digest(self) -> str:
        """A name of this content: the same files have the same digest."""
        names = sorted({name for name, _shelf in self.hash_files} | set(self.rule_files))
        return hashlib.sha256("\n".join(names).encode()).hexdigest() if names else ""

    def hashes(self) -> dict[str, str]:
        """All hashes with their families; if files disagree, the first family counts."""
        found: dict[str, str] = {}
        for name, shelf in self.hash_files:
            for value, family in store.read_hashes(name, shelf).items():
                found[value] = found.get(value) or family
        return found

    def rules(self) -> tuple[str, ...]:
        """The text of each file of rules."""
        return tuple(store.place(name, SHELF).read_text(encoding="utf-8") for name in self.rule_files)


def in_force(campaign: Campaign, listed: IndicatorSet | None) -> Contents:
    """The hashes that came with the published list, and the brought files that were not taken out."""
    rows = list(DetectionFile.rows.filter(campaign=campaign, removed_at=None).order_by("at", "pk"))
    hash_files = [(row.sha256, SHELF) for row in rows if row.kind == DetectionFile.Kind.HASHES]
    if listed is not None and listed.hashes:
        hash_files.insert(0, (listed.hashes, "sets"))
    rule_rows = [row for row in rows if row.kind == DetectionFile.Kind.RULES]
    return Contents(
        tuple(hash_files), tuple(row.sha256 for row in rule_rows), sum(row.count for row in rule_rows)
    )


def brought(campaign_id: UUID, names: set[str]) -> set[str]:
    """The names that are hashes which the campaign ever brought, or published and did not withdraw."""
    left = {name for name in names if hash_in(name) == name}
    files = [
        *((sha256, SHELF) for sha256 in _hash_files(campaign_id)),
        *((sha256, "sets") for sha256 in standing_hashes(campaign_id)),
    ]
    found: set[str] = set()
    for sha256, shelf in files if left else ():
        found |= left & store.read_hashes(sha256, shelf).keys()
        if found == left:
            break
    return found


def _hash_files(campaign_id: UUID) -> Iterable[str]:
    rows = DetectionFile.rows.filter(campaign=campaign_id, kind=DetectionFile.Kind.HASHES)
    return rows.values_list("sha256", flat=True).distinct()


@dataclass(frozen=True, slots=True)
class Brought:
    """A stored file. `left_out` counts its lines that are no hash, or the hash of a harmless file."""

    kind: DetectionFile.Kind
    content: bytes
    count: int
    left_out: int = 0


def read(upload: Upload) -> Brought:
    """Read and judge a brought file.

    Raises:
        BringError: why it cannot be brought, by line.
        BusyError: too many threads read files already.
    """
    if upload.name.lower().endswith(RULE_ENDINGS):
        return _rules(upload)
    try:
        with bounded_process.place():
            found = reading.read(upload.path, is_bounded=True)
    except IndicatorError as error:
        reason = str(error).replace(str(upload.path), upload.name)
        raise BringError(upload.name, [Problem("list", 0, reason)]) from error
    hashes, stopped = without_harmless(found.hashes)
    if not hashes:
        raise BringError(upload.name, [Problem("no_hash", 0, "")])
    foreign = sum(one.code != "hash" for one in found.rejects) + len(found.indicators)
    content = b"".join(store.hash_lines(hashes))
    return Brought(DetectionFile.Kind.HASHES, content, len(hashes), len(stopped) + foreign)


def _rules(upload: Upload) -> Brought:
    if upload.size > MOST_RULE_BYTES:
        raise BringError(upload.name, [Problem("too_large", 0, "")])
    try:
        text = upload.path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = Path(upload.path).read_bytes()[: error.start].count(b"\n") + 1
        raise BringError(upload.name, [Problem("not_text", line, "")]) from error
    try:
        judged = rules.judge(text)
    except rules.ProblemsError as error:
        raise BringError(upload.name, error.problems) from error
    return Brought(DetectionFile.Kind.RULES, text.encode(), len(judged.names))
