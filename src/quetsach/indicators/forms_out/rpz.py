"""Response policy zones, which BIND, Unbound, Knot and PowerDNS read (draft-vixie-dnsop-dns-rpz)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from quetsach.indicators.forms_out.form import ADDRESSES, N_, NAMES, Form, Job
from quetsach.indicators.indicator import Indicator, Kind, Scope

LONGEST = 220
"""A name's octets: RFC 1035 allows 253, with `*.` before it and the zone's name behind it."""
_TRIGGERS = ("rpz-ip", "rpz-client-ip", "rpz-nsdname", "rpz-nsip")
FIRST_SERIAL = 1
LAST_SERIAL = 0xFFFFFFFF
_SERIALS = LAST_SERIAL + 1


def serial_of(zone: str) -> int | None:
    """The serial number in the SOA record of a zone that this module wrote."""
    for line in zone.splitlines():
        words = line.split()
        if words[:3] == ["@", "IN", "SOA"] and len(words) > 5 and words[5].isdecimal():
            return int(words[5])
    return None


def _serial(job: Job) -> int:
    """Year, month, day and 00 (RFC 1912 2.2), or the requested serial number, whichever is greater.

    Where that is not later than the serial of the replaced zone (RFC 1982 3.2), the number after that serial.
    """
    day, before = job.settings.day, job.settings.replaces
    wanted = min(max(FIRST_SERIAL, job.settings.serial, int(f"{day:%Y%m%d}00") if day else 0), LAST_SERIAL)
    if before is None or 0 < (wanted - before) % _SERIALS < _SERIALS // 2:
        return wanted
    return before % LAST_SERIAL + 1


def owner_of(network: str) -> str:
    """The owner name of an address or network: prefix length, then its groups reversed, `zz` for `::`."""
    net = ip_network(network)
    if net.version == 4:
        groups = str(net.network_address).split(".")
    else:
        text = str(net.network_address)
        # A `::` at an end gives two empty groups; one of them stands for the zeros.
        groups = text.replace("::", ":zz:").strip(":").split(":")
    return ".".join((str(net.prefixlen), *reversed(groups), "rpz-ip"))


def _write(job: Job) -> Iterator[str]:
    yield from job.header(";")
    yield "$TTL 300\n"
    yield f"@ IN SOA localhost. hostmaster.localhost. {_serial(job)} 3600 600 86400 300\n"
    yield "@ IN NS localhost.\n"
    target = f"{job.settings.redirect.removesuffix('.')}."
    for one in job.items:
        if one.kind is not Kind.DOMAIN:
            yield f"{owner_of(one.value)} CNAME {target}\n"
            continue
        if one.scope is not Scope.SUBDOMAINS_ONLY:
            yield f"{one.value} CNAME {target}\n"
        if one.scope is not Scope.EXACT:
            yield f"*.{one.value} CNAME {target}\n"


def _refuse(one: Indicator) -> str:
    if one.kind is not Kind.DOMAIN:
        return ""
    if one.value.rpartition(".")[2] in _TRIGGERS:
        return "reserved-name"
    return "long-name" if len(one.value) > LONGEST else ""


RPZ = Form(
    "rpz",
    N_("response policy zone of BIND, Unbound, Knot or PowerDNS: NXDOMAIN, or a page of yours (--redirect)"),
    _write,
    NAMES | ADDRESSES,
    blocks=True,
    refuse=_refuse,
    # A wildcard does not reach past a name that exists (RFC 4592 2.2.1): with `a.x` in the zone, `*.x` would
    # not cover `b.a.x`.
    merges=True,
    suffixes=(".rpz", ".zone"),
    takes=frozenset(("redirect", "serial")),
)
