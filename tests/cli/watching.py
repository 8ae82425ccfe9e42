"""Helpers of tests of `quetsach watch`."""

from __future__ import annotations

from pathlib import Path

from quetsach.watching.running import Request


def add(log: Path, machine: str) -> None:
    with log.open("a") as file:
        file.write(
            f"1663300900.123 1 {machine} TCP_MISS/200 9 GET http://evil.example/y -"
            " HIER_DIRECT/198.51.100.7 -\n"
        )


def request(log: Path, feed: Path, place: Path, leases: tuple[Path, ...] = ()) -> Request:
    return Request([str(log)], [str(feed)], place, "fw-hq", leases=leases, lease_length=3_600_000_000)
