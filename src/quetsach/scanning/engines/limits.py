"""The bounds of the portable engine."""

from __future__ import annotations

from dataclasses import dataclass

from quetsach.scanning.engines.rows import ROWS


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds (docs/contract.md 5), in bytes and lines; other values only in tests."""

    detect_bytes: int = 1 << 16
    detect_lines: int = 100
    long_line: int = 1 << 20
    parsed_part: int = 1 << 16
    piece: int = 1 << 20
    edge_lines: int = 64
    edge_bytes: int = 1 << 20
    rows: int = ROWS
    flows: int = 1 << 16
    alive: int = 1_000_000
    block: int = 1 << 18


LIMITS = Limits()
