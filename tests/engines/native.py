"""The native engine under bounds that only tests change; where it is not built, importing modules are
skipped."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from quetsach.scanning import tally
from quetsach.scanning.engine import SourceResult
from quetsach.scanning.engines.portable import LIMITS
from quetsach.sightings.sighting import Coverage
from quetsach.sightings.wire import WireBypasses, WireSightings

_native = pytest.importorskip("quetsach._native", reason="the native engine is not built")
from quetsach.scanning.engines.native import NativeEngine  # noqa: E402

ENGINE = NativeEngine()
MTIME = 1_700_000_000


def scan(matcher: Any, path: Path, **options: Any) -> SourceResult:
    """Scan with spare threads, and with the bounds that only tests may change: level, chunk, long_line and so
    on."""
    arguments = {"tz": "Asia/Ho_Chi_Minh", **options}
    if "chunk" in arguments:
        # Chunks hold whole blocks: blocks as small as the chunk, or the chunk would grow.
        arguments.setdefault("block", min(arguments["chunk"], LIMITS.block))
    if arguments.get("asked"):
        arguments["asked"] = _native.Asked(list(arguments["asked"]))
    else:
        arguments.pop("asked", None)
    progress = _native.Progress(_native.SpareThreads(arguments.pop("spare", 0)))
    lines, coverage = matcher._matcher.scan(path, progress, **arguments)
    sightings = WireSightings(None, lines.read, lines)
    check(sightings)
    ways = lines.bypasses()
    bypasses = list(WireBypasses(None, ways.read, ways))
    assert len(bypasses) == len(ways)
    return SourceResult(list(sightings), Coverage(**coverage), bypasses)


def check(sightings: WireSightings) -> None:
    """The lines written from rows equal the kept lines, and the tally's sums are those of the lines."""
    told, written = sightings.tally(), list[bytes]()
    sightings.write(written.append)
    text = b"".join(written)
    assert text == b"".join(sightings.blocks())
    assert text.count(b"\n") == len(sightings)
    counted = tally.of([text])
    assert told is not None
    assert counted is not None
    assert sums(tally.Tally(told)) == sums(counted)


def sums(found: tally.Tally) -> tuple[Any, ...]:
    """All values of a tally."""
    machines = [
        (one._replace(indicators=None), one.indicators.most_common())  # type: ignore[arg-type]
        for one in found.machines()
    ]
    return machines, found.formats, found.indicator_count


DNS = (
    b"#separator \\x09\n#set_separator\t,\n#unset_field\t-\n#path\tdns\n"
    b"#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\trcode_name\tanswers\n"
)


def dns_line(number: int, name: str) -> bytes:
    ends = "10.1.2.3\t50000\t10.0.0.53\t53"
    return f"{1663300800 + number}.5\tC\t{ends}\t{name}\tNOERROR\t198.51.100.7\n".encode()


def write(folder: str | Path, data: bytes) -> Path:
    path = Path(folder, "log")
    path.write_bytes(data)
    os.utime(path, (MTIME, MTIME))
    return path


def log_with_two_headers() -> bytes:
    other = DNS.replace(b"query\trcode_name", b"rcode_name\tquery")
    swapped = dns_line(7, "evil.example").replace(b"evil.example\tNOERROR", b"NOERROR\tevil.example")
    names = ("evil.example", "fine.test", "a.b.evil.example", "notevil.example")
    first = b"".join(dns_line(i, names[i % 4]) for i in range(2_000))
    return DNS + first + other + swapped * 900 + DNS + first
