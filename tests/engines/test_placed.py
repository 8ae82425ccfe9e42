"""Every field of every format: a listed value is found there in any spelling, a near miss is not."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest

from quetsach.logs.logformat import Sample
from quetsach.scanning.engine import ScanOptions, SourceResult
from quetsach.scanning.engines.portable import PortableEngine
from tests.engines.indicator_sets import make_set
from tests.engines.samples import SAMPLES

NAME = "www.example.org"
LABELS = "(3)www(7)example(3)org(0)"
ORDER = ("query", "host", "server_name", "url", "answer", "destination")
SHOWN = {"query": "query", "host": "host", "server_name": "server_name", "url": "url", "answers": "answer"}
ROUNDS = max(1, int(os.environ.get("QS_EXAMPLES", "150")) // 150)


def engines() -> list[Callable[[list[str], Path, bool], SourceResult]]:
    def portable(values: list[str], path: Path, devices: bool) -> SourceResult:
        engine = PortableEngine()
        return engine.compile(make_set(values)).scan(path, ScanOptions(devices=devices), engine.progress())

    found = [portable]
    try:
        from quetsach.scanning.engines.native import NativeEngine
    except ImportError:
        return found

    def native(values: list[str], path: Path, devices: bool) -> SourceResult:
        engine = NativeEngine()
        return engine.compile(make_set(values)).scan(path, ScanOptions(devices=devices), engine.progress())

    return [*found, native]


ENGINES = engines()


def scan(values: list[str], sample: Sample, line: str, folder: Path) -> SourceResult:
    """The answer of both engines for one line under the sample's header."""
    path = folder / "log"
    path.write_text("\n".join([*sample.header, line]) + "\n", encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    first, *others = [engine(values, path, True) for engine in ENGINES]
    for other in others:
        assert list(other.sightings) == list(first.sightings)
        assert other.coverage == first.coverage
    return first


def labels_of(name: str) -> str:
    return "".join(f"({len(label.encode())}){label}" for label in name.split(".")) + "(0)"


def put_name(line: str, name: str) -> str:
    return line.replace(LABELS, labels_of(name)).replace(NAME, name)


def any_label(rng: random.Random) -> str:
    middle = "".join(rng.choices("abcxyz0189-_", k=rng.randint(0, 12)))
    return rng.choice("abcxyz") + middle + rng.choice("abcxyz059")


def any_case(rng: random.Random, text: str) -> str:
    return "".join(c.upper() if rng.random() < 0.3 else c for c in text)


def escaped(rng: random.Random, line: str, name: str) -> str:
    """The line with one character of the name as a JSON escape, where the line is JSON."""
    if not line.startswith("{") or name not in line:
        return line
    at = rng.randrange(len(name))
    return line.replace(name, f"{name[:at]}\\u{ord(name[at]):04x}{name[at + 1 :]}")


def field_of_name(sample: Sample) -> str | None:
    """The first field in which the sample shows its name; the engine must credit this field."""
    shown = {SHOWN[key] for key in SHOWN if NAME in json.dumps(sample.expect.get(key, []))}
    shown.discard("url")
    return next((field for field in ORDER if field in shown), None)


NAMED = [s for s in SAMPLES if field_of_name(s[2]) is not None]


@pytest.mark.parametrize(("name", "number", "sample"), NAMED, ids=[f"{n}-{i}" for n, i, _ in NAMED])
def test_a_listed_name_is_found_in_its_field(name: str, number: int, sample: Sample, tmp_path: Path) -> None:
    rng = random.Random(f"{name}-{number}")
    for _ in range(ROUNDS):
        listed = f"{any_label(rng)}.{any_label(rng)}.test"
        spelled = any_case(rng, rng.choice(("", f"{any_label(rng)}.", "a.b.")) + listed)
        line = escaped(rng, put_name(sample.line, spelled), spelled)
        result = scan([listed, "unseen.example"], sample, line, tmp_path)
        (row,) = result.sightings
        assert (row.indicator, row.logformat, row.field) == (listed, name, field_of_name(sample))
        assert row.matched == spelled.lower()
        assert (row.device, row.action) == (sample.expect.get("client"), sample.expect["action"])
        assert result.coverage.not_understood == 0


@pytest.mark.parametrize(("name", "number", "sample"), NAMED, ids=[f"{n}-{i}" for n, i, _ in NAMED])
def test_what_resembles_a_listed_name_is_not_found(
    name: str, number: int, sample: Sample, tmp_path: Path
) -> None:
    rng = random.Random(f"{name}-{number}")
    for _ in range(ROUNDS):
        listed = f"{any_label(rng)}.{any_label(rng)}.test"
        near = rng.choice(("x{}", "my-{}", "{}.example.net", "{}x", "{}-x.example", "a_{}", "{}5"))
        if not re.fullmatch("[a-z]", listed[0]) and near.startswith("x"):
            continue
        result = scan([listed], sample, put_name(sample.line, near.format(listed)), tmp_path)
        assert list(result.sightings) == []


def spellings(address: IPv4Address | IPv6Address) -> list[str]:
    if isinstance(address, IPv4Address):
        return [str(address)]
    return [str(address), address.exploded, address.exploded.upper()]


def fresh(rng: random.Random, like: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(like, IPv4Address):
        return IPv4Address(rng.randrange(0x0B000000, 0xDF000000))
    return IPv6Address((0x20010DB8 << 96) | rng.getrandbits(90))


def put_address(line: str, old: str, new: str) -> str:
    """The line with another address in its place; a device may attach a name to it (`outside:192.0.2.1`)."""
    before = r"(?:(?<![0-9A-Fa-f:.])|(?<=[a-z]{4}:))"
    return re.sub(rf"{before}{re.escape(old)}(?![0-9A-Fa-f]|[.:][0-9A-Fa-f]*[.:])", new, line)


def places() -> list[tuple[str, int, str, str, Sample]]:
    """Every address of every sample, with its field."""
    found = []
    for name, number, sample in SAMPLES:
        expect = sample.expect
        values = {"client": [expect.get("client")], "destination": [expect.get("server")]}
        values["answer"] = list(expect.get("answers", []))
        for field, addresses in values.items():
            for value in addresses:
                if value is None or put_address(sample.line, value, "") == sample.line:
                    continue
                try:
                    ip_address(value)
                except ValueError:
                    continue
                found.append((name, number, field, value, sample))
    return found


PLACES = places()


@pytest.mark.parametrize(
    ("name", "number", "field", "old", "sample"), PLACES, ids=[f"{p[0]}-{p[1]}-{p[2]}" for p in PLACES]
)
def test_a_listed_address_is_found_in_its_field(
    name: str, number: int, field: str, old: str, sample: Sample, tmp_path: Path
) -> None:
    rng = random.Random(f"{name}-{number}-{field}")
    for _ in range(ROUNDS):
        address = fresh(rng, ip_address(old))
        near = fresh(rng, ip_address(old))
        line = put_address(sample.line, old, rng.choice(spellings(address)))
        result = scan([str(address)], sample, line, tmp_path)
        assert list(scan([str(near)], sample, line, tmp_path).sightings) == []
        if field == "client":
            assert list(result.sightings) == []
            assert result.coverage.inbound == 1
            continue
        (row,) = result.sightings
        assert (row.matched, row.field, row.logformat) == (str(address), field, name)
        port = sample.expect.get("server_port")
        if field == "destination" and port:
            shown = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
            (row,) = scan([shown, str(address)], sample, line, tmp_path).sightings
            assert row.matched == shown
