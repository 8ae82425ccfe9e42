"""The truth about planted lines: the rows that a scan must report, file by file, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from dataclasses import field as default
from datetime import datetime, timedelta
from pathlib import Path

STRONGEST = ("allowed", "blocked", "attempt", "unknown")
Key = tuple[str, str, str, str, str]
_TEN_MINUTES = 600_000_000


@dataclass(slots=True)
class Row:
    """One indicator from one machine on one UTC day of one file.

    `device` is "" where the lines name none, `who` where they do not tell the machine from others. A run is
    [first, last, count] in microseconds since the day's midnight; lines are planted in order.

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
    who: str = ""
    runs: list[list[int]] = default(default_factory=list)

    def __post_init__(self) -> None:
        if not self.runs:
            at = _since_midnight(self.first)
            self.runs = [[at, at, self.count]]

    @property
    def key(self) -> Key:
        """(file, indicator, device, who, day)."""
        return (self.file, self.indicator, self.device, self.who, self.day)


def _since_midnight(moment: str) -> int:
    clock = datetime.fromisoformat(moment)
    return (clock - clock.replace(hour=0, minute=0, second=0, microsecond=0)) // timedelta(microseconds=1)


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

    rows: dict[Key, Row] = default(default_factory=dict)
    sources: dict[str, SourceTruth] = default(default_factory=dict)

    def add(self, row: Row) -> None:
        """Count one planted line."""
        old = self.rows.setdefault(row.key, row)
        if old is row:
            return
        old.count += row.count
        at = _since_midnight(row.first)
        if at - old.runs[-1][1] > _TEN_MINUTES:
            old.runs.append([at, at, 0])
        old.runs[-1][1] = max(at, old.runs[-1][1])
        old.runs[-1][2] += row.count
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
