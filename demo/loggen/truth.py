"""The truth about planted lines: the rows that a scan must report, file by file, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

STRONGEST = ("allowed", "blocked", "attempt", "unknown")
Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Row:
    """One indicator from one device ("" where the lines name none) on one UTC day of one file.

    `count` is in lines, times are UTC with six decimals. `field` and `matched` are those of the first line in
    the file; `action` is the strongest, or "" where docs/contract.md 2 does not settle it.
    """

    file: str
    indicator: str
    kind: str
    family: str
    device: str
    day: str
    count: int
    first: str
    last: str
    field: str
    matched: str
    action: str

    @property
    def key(self) -> Key:
        """(file, indicator, device, day)."""
        return (self.file, self.indicator, self.device, self.day)


@dataclass(frozen=True, slots=True)
class SourceTruth:
    """One file as a whole: its source id, the size of the decompressed text, the number of lines in which a
    listed address is the client (`inbound`), and the number of hits (`planted`)."""

    file: str
    source: str
    bytes: int
    lines: int
    inbound: int
    planted: int


@dataclass(slots=True)
class Truth:
    """The rows of all files by key, and the files."""

    rows: dict[Key, Row] = field(default_factory=dict)
    sources: dict[str, SourceTruth] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count one planted line."""
        old = self.rows.setdefault(row.key, row)
        if old is row:
            return
        old.count += row.count
        old.first, old.last = min(old.first, row.first), max(old.last, row.last)
        old.action = min(old.action, row.action, key=STRONGEST.index) if old.action and row.action else ""

    def merge(self, other: Truth) -> None:
        """Add the truth of other files."""
        self.rows |= other.rows
        self.sources |= other.sources

    def write(self, path: Path) -> None:
        """JSON Lines: a `source` record per file, then the rows sorted by key."""
        records = [{"type": "source", **asdict(source)} for _, source in sorted(self.sources.items())]
        records += [{"type": "row", **asdict(row)} for _, row in sorted(self.rows.items())]
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Read a file of `write`."""
        truth = cls()
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record.pop("type") == "source":
                source = SourceTruth(**record)
                truth.sources[source.file] = source
            else:
                row = Row(**record)
                truth.rows[row.key] = row
        return truth
