"""The measurements of `bench all`, one after another, and the goals of their figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_OURS, _FIRST = "quetsach native = 1", "times the first"


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound for the column whose heading starts with `column`."""

    column: str
    bound: float
    is_least: bool = True

    def __str__(self) -> str:
        unit = "times as long" if self.column == _OURS else self.column
        return f"{'≥' if self.is_least else '≤'} {self.bound:g} {unit}"

    def judged(self, cells: Mapping[str, str]) -> str:
        """The bound, and whether the first number of the cell meets it."""
        told = next((cell for heading, cell in cells.items() if heading.startswith(self.column)), "")
        number = re.match(r"[\d,.]+", told)
        if number is None:
            return str(self)
        value = float(number[0].replace(",", ""))
        is_kept = value >= self.bound if self.is_least else value <= self.bound
        return f"{self}: {'kept' if is_kept else 'MISSED'}"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A command of the bench: `quick` makes it short; `goals` are for rows whose run contains the key."""

    title: str
    arguments: Sequence[str]
    goals: Mapping[str, Sequence[Goal]] = field(default_factory=dict)
    quick: Sequence[str] = ("--size", "16M", "--rounds", "1")


_ALL_KINDS = ("zeek-dns", "eve", "squid", "dnsmasq")
_TWICE = ("--rounds", "2")


def _most(column: str, bound: float) -> Goal:
    return Goal(column, bound, is_least=False)


def _dense(kind: str) -> Sequence[Measurement]:
    # A log of nothing but hits has as much truth as text: a quarter of the size gives the same figure.
    few = {"1% hits": [Goal("MB/s", 1000)], "10% hits": [Goal("MB/s", 500)]}
    arguments = ("dense", "--kind", kind, *_TWICE)
    return (
        Measurement(f"{kind}, 1 and 10 % hits", (*arguments, "--rates", "0.01,0.1", "--size", "1G"), few),
        Measurement(
            f"{kind}, all hits",
            (*arguments, "--rates", "1.0", "--size", "256M"),
            {"100% hits": [Goal("MB/s", 150)]},
            ("--size", "4M", "--rounds", "1"),
        ),
    )


MEASUREMENTS: Sequence[Measurement] = (
    # The first measurement writes the logs that most of the others read, too.
    Measurement("1 GB, alone, one thread", ("scan", "--alone")),
    Measurement(
        "matching alone, 1M",
        ("matching",),
        {
            "avx2": [Goal("GB/s", 2.4)],
            "avx512": [Goal("GB/s", 3.0)],
            "2 threads": [Goal("times one thread", 1.9)],
        },
    ),
    Measurement(
        "1 GB beside others, 10k",
        ("scan", "--sizes", "10k", "--rounds", "1"),
        {"rg -F -f": [Goal(_OURS, 12)]},
    ),
    Measurement(
        "1 GB beside others, 1M",
        ("scan", "--sizes", "1M", "--rounds", "1", "--kinds", "zeek-dns"),
        {"rg -F -f": [Goal(_OURS, 40)], "DuckDB": [Goal(_OURS, 8)]},
        ("--size", "16M", "--sizes", "10k"),
    ),
    Measurement(
        "1 MB",
        ("scan", "--sizes", "1M", "--size", "1M", "--alone", "--rounds", "5", "--jobs", "2"),
        {"quetsach": [_most("seconds", 0.2)]},
        ("--rounds", "1"),
    ),
    Measurement(
        "1 GB, 500 machines asked about", ("asked", "--asked", "500"), {"500 machines": [Goal(_FIRST, 0.77)]}
    ),
    Measurement("1 GB on threads, Zeek", ("threads",), {"2 threads": [Goal(_FIRST, 1.9)]}),
    Measurement("1 GB on threads, Squid", ("threads", "--kind", "squid"), {"2 threads": [Goal(_FIRST, 1.9)]}),
    Measurement("1 GB as gzip", ("gzip",), {"quetsach": [Goal(_FIRST, 0.95)]}),
    Measurement("1 GB as zstd", ("gzip", "--packing", "zst"), {"quetsach": [Goal(_FIRST, 0.95)]}),
    Measurement(
        "an office's month, 500 MB of gzip",
        ("month",),
        {"quetsach": [_most("seconds", 10)]},
        ("--size", "16M", "--total", "8M", "--rounds", "1"),
    ),
    *(one for kind in _ALL_KINDS for one in _dense(kind)),
    Measurement(
        "a list becomes a set, 1M",
        ("sets",),
        {"list": [_most("compiled s", 2), _most("set MB", 40), _most("opened ms", 5)]},
        ("--items", "20000", "--rounds", "1"),
    ),
    Measurement("a capture", ("captures",), {"quetsach": [Goal("MB/s", 1000)]}),
    Measurement(
        "20 files on Ray's workers",
        # Smaller logs are read in less than a second: then collecting the answers counts as well.
        ("cluster", *_TWICE, "--size", "256M"),
        {"2 workers": [Goal(_FIRST, 1.8)]},
        ("--size", "1M", "--rounds", "1"),
    ),
    Measurement(
        "the files of one machine",
        ("endpoint",),
        {
            "check, 3 hashes": [Goal("MB/s", 120), _most("peak MB", 250)],
            "check, SHA-256": [Goal("MB/s", 180)],
            "yara-python": [Goal("quetsach is times", 1.5)],
            "clamscan": [Goal("quetsach is times", 3.5)],
        },
        ("--size", "4M", "--rounds", "1"),
    ),
)
LEFT_OUT = {"the portal": "takes an hour: bench portal [--postgres]"}
