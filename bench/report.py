"""Measured runs as a table for people and as JSON for later comparison."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.measure import Cost
from bench.peers import Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds of one tool on one log with one list."""

    log: str
    log_bytes: int
    items: int
    tool: str
    costs: tuple[Cost, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def seconds(self) -> float:
        """Median wall-clock time of the whole process."""
        return median(cost.seconds for cost in self.costs)

    @property
    def speed(self) -> float:
        """Millions of bytes of log a second."""
        return self.log_bytes / self.seconds / 1e6

    @property
    def peak(self) -> float:
        """The largest peak of resident memory, in millions of bytes."""
        return max(cost.peak_bytes for cost in self.costs) / 1e6


def answer(verdicts: Sequence[Verdict]) -> str:
    """The worst round's answer in words."""
    worst = min(verdicts, key=lambda v: (v.is_right, v.found, -v.extra))
    if worst.unit == "lines":
        return f"{worst.found + worst.extra:,} lines, {worst.expected:,} are true"
    parts = [f"{worst.found:,} of {worst.expected:,} rows"]
    parts += [f"{worst.extra:,} too many"] if worst.extra else []
    parts += [f"{worst.wrong:,} with wrong figures"] if worst.wrong else []
    return ("right: " if worst.is_right else "WRONG: ") + ", ".join(parts)


def table(results: Sequence[Result], reference: str) -> str:
    """Markdown. The third column from the end is the median, over the rounds, of this tool's time divided by
    the reference's time in the same round."""
    headings = ("log", "list", "tool", "MB/s", "seconds (range)", f"{reference} = 1", "peak MB", "answer")
    rows = [headings, tuple("---" for _ in headings)]
    references = {(r.log, r.items): r for r in results if r.tool == reference}
    for result in results:
        base = references.get((result.log, result.items))
        pairs = zip(base.costs, result.costs, strict=True) if base else ()
        ratio = f"{median(c.seconds / b.seconds for b, c in pairs):.1f}" if base else "-"
        low, high = (bound(cost.seconds for cost in result.costs) for bound in (min, max))
        spread = f"{result.seconds:.2f} ({low:.2f}-{high:.2f})"
        told = (result.log, f"{result.items:,}", result.tool, f"{result.speed:,.0f}", spread, ratio)
        rows.append((*told, f"{result.peak:,.0f}", answer(result.verdicts)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(headings))]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in padded)


def write(path: Path, context: dict[str, object], results: Sequence[Result]) -> None:
    """Every figure, round by round."""
    document = {**context, "results": [asdict(result) for result in results]}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
