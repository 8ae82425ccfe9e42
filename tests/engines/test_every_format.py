"""Any indicator, in any spelling, in a line of any format, in any container: both engines answer the same.

`QS_EXAMPLES=20000 pytest tests/engines/test_every_format.py` is the long run.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.indicators.indicator import IndicatorSet, Scope
from quetsach.indicators.lists.item import parse
from quetsach.logs import logformat
from quetsach.scanning.engine import ScanOptions
from quetsach.scanning.engines.portable import LIMITS, PortableEngine, PortableMatcher
from tests.engines.both import BLOCK, tell
from tests.engines.native import ENGINE, MTIME, _native, scan
from tests.engines.samples import SAMPLES, VALUE
from tests.packing import zstd

pytestmark = pytest.mark.native


@dataclass(frozen=True)
class Planted:
    """An indicator in a list's spelling, its spellings in a log, and its near misses."""

    listed: str
    scope: Scope
    spelled: tuple[str, ...]
    missed: tuple[str, ...]


label = st.text("abxyz019-_", min_size=1, max_size=8).filter(lambda s: s.strip("-_") == s)
scope = st.sampled_from(Scope)
octet = st.integers(0, 255)
port = st.integers(1, 65_535)


@st.composite
def domains(draw: st.DrawFn) -> Planted:
    name = ".".join(
        [*draw(st.lists(label, min_size=1, max_size=4)), draw(st.sampled_from(("example", "test")))]
    )
    spelled = (name, name.upper(), f"{name}.", f"www.{name}", f"{name}:443", f"http://{name}/x?y")
    return Planted(
        name, draw(scope), spelled, (f"x{name}", f"my-{name}", f"{name}.org", name.replace(".", "", 1))
    )


@st.composite
def v4(draw: st.DrawFn) -> Planted:
    address = f"203.0.{draw(octet)}.{draw(octet)}"
    hexed = IPv6Address(f"::ffff:{address}").exploded
    spelled = (address, f"::ffff:{address}", hexed, f"{address}:8080", f"http://{address}/x")
    return Planted(
        address, Scope.WITH_SUBDOMAINS, spelled, (f"{address}1", f"1{address}", f"{address}.1", f"0{address}")
    )


@st.composite
def v6(draw: st.DrawFn) -> Planted:
    address = IPv6Address((0x20010DB8 << 96) | draw(st.integers(0, (1 << 96) - 1)))
    spelled = (
        str(address),
        address.exploded,
        address.exploded.upper(),
        f"[{address}]",
        f"[{address}]:443",
        f"{address}%eth0",
    )
    return Planted(
        str(address), Scope.WITH_SUBDOMAINS, spelled, (f"{address}:1", f"f{address}", str(address + 1))
    )


@st.composite
def networks(draw: st.DrawFn) -> Planted:
    if draw(st.booleans()):
        base = IPv4Address(f"203.0.{draw(octet)}.{draw(octet)}")
        network = ip_network((int(base), draw(st.integers(17, 32))), strict=False)
    else:
        wide = IPv6Address((0x20010DB8 << 96) | draw(st.integers(0, (1 << 96) - 1)))
        network = ip_network((int(wide), draw(st.integers(33, 128))), strict=False)
    first, last = network[0], network[-1]
    return Planted(
        str(network), Scope.WITH_SUBDOMAINS, (str(first), str(last)), (str(first - 1), str(last + 1))
    )


@st.composite
def endpoints(draw: st.DrawFn) -> Planted:
    host, number = draw(st.one_of(v4(), v6())).listed, draw(port)
    shown = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    return Planted(
        shown, Scope.WITH_SUBDOMAINS, (shown, f"http://{shown}/"), (host, f"{shown}0", f"{shown[:-1]}")
    )


@st.composite
def urls(draw: st.DrawFn) -> Planted:
    host = draw(st.one_of(domains(), v4())).listed
    path = "/".join(draw(st.lists(st.text("aB9.-_=&", min_size=1, max_size=6), min_size=1, max_size=3)))
    path = f"a{path}"  # digits alone would be a network's length
    listed = f"{host}/{path}"
    spelled = (
        listed,
        f"http://{listed}",
        f"https://{host}:8443/{path}?q",
        f"http://{host.upper()}/{path}/more",
    )
    return Planted(
        listed,
        Scope.WITH_SUBDOMAINS,
        spelled,
        (f"http://{host}/", f"http://{listed}x", f"http://{host}/{path.swapcase()}"),
    )


planted = st.one_of(domains(), v4(), v6(), networks(), endpoints(), urls())


@st.composite
def logs(draw: st.DrawFn, items: list[Planted]) -> bytes:
    """Samples of a format or two, with values replaced by spellings and near misses."""
    words = st.sampled_from([w for item in items for w in (*item.spelled, *item.missed)])
    chosen = draw(st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=2))
    lines: list[str] = []
    for _, _, sample in chosen:
        lines += sample.header
        for _ in range(draw(st.integers(1, 4))):
            line = VALUE.sub(lambda m: draw(words) if draw(st.booleans()) else m[0], sample.line)
            lines.append(line.replace("\n", " "))
            if draw(st.booleans()):
                lines.append(f"<30>1 2022-09-16T04:00:00Z fw app 7 - - {draw(words)}")
    text = draw(st.sampled_from(("\n", "\r\n"))).join(lines)
    return text.encode("utf-8", "surrogatepass") + b"\n" * draw(st.booleans())


def utf16(log: bytes) -> bytes:
    return log.decode("utf-8", "replace").encode("utf-16")


CONTAINERS: tuple[Callable[[bytes], bytes], ...] = (
    bytes,
    gzip.compress,
    zstd,
    utf16,
    lambda log: gzip.compress(log[: len(log) // 2]) + gzip.compress(log[len(log) // 2 :]) + b"\0" * 512,
    lambda log: gzip.compress(utf16(log))[:-9],
)


def listed(items: list[Planted]) -> IndicatorSet:
    return IndicatorSet([one for item in items for one in parse(item.listed, item.scope)[0]])


@settings(
    suppress_health_check=list(HealthCheck),
    max_examples=int(os.environ.get("QS_EXAMPLES", "100")),
)
@given(
    data=st.data(),
    items=st.lists(planted, min_size=1, max_size=6),
    pack=st.sampled_from(CONTAINERS),
    chunk=st.sampled_from((1, 64, 300, 1 << 18)),
    spare=st.integers(0, 2),
    level=st.sampled_from(_native.levels()),
)
def test_both_engines_say_the_same(
    data: st.DataObject,
    items: list[Planted],
    pack: Callable[[bytes], bytes],
    chunk: int,
    spare: int,
    level: str,
) -> None:
    chosen = listed(items)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(pack(data.draw(logs(items))))
        os.utime(path, (MTIME, MTIME))
        portable = PortableMatcher(chosen, replace(LIMITS, block=BLOCK))
        wanted = portable.scan(path, ScanOptions(devices=True), PortableEngine().progress())
        bounds = {"level": level, "chunk": chunk, "spare": spare, "block": BLOCK}
        found = scan(ENGINE.compile(chosen), path, devices=True, **bounds)
    assert list(found.sightings) == list(wanted.sightings)
    assert found.coverage == wanted.coverage
    tell(wanted)


def test_every_format_takes_part() -> None:
    assert {name for name, _, _ in SAMPLES} == set(logformat.load_all())
