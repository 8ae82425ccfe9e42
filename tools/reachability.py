"""Is every accepted indicator found? Reads lists, writes logs with each indicator once, scans them.

    python tools/reachability.py LIST... [--warning-lists PATH]

Prints how many entries were accepted, rejected (by reason), stopped and warned about (by reason), and, for
some formats, how many of the entries that the format can show were found, and how many canaries matched. Exit
code 1 when an entry is missing or a canary matched.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path

import click

from quetsach.indicators import guard, reading
from quetsach.indicators.guards import warninglists
from quetsach.indicators.indicator import Indicator, IndicatorSet, Kind, Scope
from quetsach.scanning import engine
from quetsach.scanning.engine import Engine, Matcher
from quetsach.text import canonical

CANARIES = ("canary.quetsach.invalid", "192.0.2.254", "2001:db8:ffff::fffe")
_WHO = "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p"
CONN = f"#separator \\x09\n#path\tconn\n{_WHO}\tproto\tconn_state\n"
DNS = f"#separator \\x09\n#path\tdns\n{_WHO}\tquery\trcode_name\tanswers\n"
SSL = f"#separator \\x09\n#path\tssl\n{_WHO}\tserver_name\testablished\n"
_AT = "1663300800.000000\t10.1.2.3\t50000"


def _name(item: Indicator) -> str:
    return f"a.{item.value}" if item.scope is Scope.SUBDOMAINS_ONLY else item.value


def _address(item: Indicator) -> tuple[str, int]:
    if item.kind is Kind.CIDR:
        return str(ip_network(item.value)[1]), 9
    if item.kind is Kind.IP_PORT:
        host, port = canonical.split_authority(item.value)
        return host, port or 0
    return item.value, 9


def _conn(item: Indicator) -> str:
    address, port = _address(item)
    return f"{_AT}\t{address}\t{port}\ttcp\tSF"


def _host(item: Indicator) -> str:
    address, port = _address(item)
    shown = canonical.endpoint(address, port)
    return f"1663300800.123 2 10.1.2.3 TCP_TUNNEL/200 5 CONNECT {shown} - HIER_DIRECT/- -"


def _bind(item: Indicator) -> str:
    name = _name(item)
    return f"16-Sep-2022 11:00:00.123 client @0x7f 10.1.2.3#50000 ({name}): query: {name} IN A + (10.0.0.1)"


def _answer(item: Indicator) -> str:
    shown = _name(item) if item.kind is Kind.DOMAIN else _address(item)[0]
    return f"{_AT}\t10.0.0.1\t53\tfine.test\tNOERROR\t{shown}"


def _flow(item: Indicator) -> str:
    address, port = _address(item)
    ends = {"src_ip": "10.1.2.3", "src_port": 50000, "dest_ip": address, "dest_port": port}
    return json.dumps({"timestamp": "2022-09-16T11:00:00+0700", "event_type": "flow", **ends})


ADDRESSES = (Kind.IPV4, Kind.IPV6, Kind.CIDR, Kind.IP_PORT)
PLACES: tuple[tuple[str, tuple[Kind, ...], str, Callable[[Indicator], str]], ...] = (
    (
        "dnsmasq",
        (Kind.DOMAIN,),
        "",
        lambda i: f"Sep 16 11:00:00 dnsmasq[1]: query[A] {_name(i)} from 10.1.2.3",
    ),
    (
        "unbound",
        (Kind.DOMAIN,),
        "",
        lambda i: f"[1663300800] unbound[1:0] info: 10.1.2.3 {_name(i)}. A IN",
    ),
    ("bind", (Kind.DOMAIN,), "", _bind),
    ("zeek.dns answer", (Kind.DOMAIN, *ADDRESSES[:3]), DNS, _answer),
    ("suricata.eve flow", ADDRESSES, "", _flow),
    ("zeek.ssl", (Kind.DOMAIN,), SSL, lambda i: f"{_AT}\t10.0.0.1\t443\t{_name(i)}\tT"),
    ("zeek.conn", ADDRESSES, CONN, _conn),
    ("squid connect", ADDRESSES, "", _host),
    (
        "squid",
        (Kind.URL,),
        "",
        lambda i: f"1663300800.123 2 10.1.2.3 TCP_MISS/200 5 GET http://{i.value} - HIER_DIRECT/- text/html",
    ),
)
"""Format, the kinds that it can show, its header, and a line with a place for the indicator."""


def _canaries(line: Callable[[Indicator], str], kinds: tuple[Kind, ...]) -> Iterator[str]:
    name, v4, v6 = CANARIES
    for item in (
        Indicator(name, Kind.DOMAIN),
        Indicator(v4, Kind.IPV4),
        Indicator(v6, Kind.IPV6),
        Indicator(f"{name}/x", Kind.URL),
    ):
        if item.kind in kinds:
            yield line(item)


def _found(matcher: Matcher, path: Path, progress: engine.Progress) -> set[str]:
    result = matcher.scan(path, engine.ScanOptions(), progress)
    return {sighting.indicator for sighting in result.sightings}


def _count(title: str, codes: Iterable[str]) -> None:
    counts = Counter(codes)
    print(f"{title}: {counts.total():,}")
    for code, count in counts.most_common():
        print(f"    {count:>9,}  {code}")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--warning-lists", type=click.Path(path_type=Path))
def main(files: tuple[Path, ...], warning_lists: Path | None) -> None:
    """Print the figures; exit 1 when an accepted entry is not found."""
    start = time.process_time()
    listed = reading.read_many(files)
    read = time.process_time()
    guarded = guard.apply(
        listed.indicators, lists=warninglists.read(warning_lists) if warning_lists else None
    )
    judged = time.process_time()
    _count("accepted", (item.kind.value for item in guarded.kept))
    _count("rejected", (remark.code for remark in listed.rejects))
    _count("changed", (remark.code for remark in listed.warnings))
    _count("stopped", (concern.code for concern in guarded.stopped))
    _count("warned", (f"{concern.code}: {concern.reason}" for concern in guarded.warned))
    print(f"CPU seconds: reading {read - start:.1f}, guard rails {judged - read:.1f}")
    is_whole = reach(guarded.kept, engine.choose())
    sys.exit(0 if is_whole else 1)


def reach(kept: IndicatorSet, by: Engine) -> bool:
    """Print the number found in each place; returns whether all were found, and no canary matched."""
    is_whole = True
    matcher = by.compile(kept)
    canaries = set(CANARIES) | {f"{CANARIES[0]}/x"}
    with tempfile.TemporaryDirectory() as folder:
        for place, kinds, header, line in PLACES:
            shown = [item for item in kept if item.kind in kinds]
            path = Path(folder, "log")
            with path.open("w", encoding="utf-8") as file:
                file.write(header)
                file.writelines(f"{one}\n" for one in _canaries(line, kinds))
                file.writelines(f"{line(item)}\n" for item in shown)
            found = _found(matcher, path, by.progress())
            wanted = {item.canonical for item in shown}
            missing, false = wanted - found, found & canaries
            print(f"{place}: {len(wanted) - len(missing):,} of {len(wanted):,} found; canaries: {len(false)}")
            for one in sorted(missing)[:20]:
                print(f"    missing: {one!r}")
            is_whole = is_whole and not missing and not false
    return is_whole


if __name__ == "__main__":
    main()
