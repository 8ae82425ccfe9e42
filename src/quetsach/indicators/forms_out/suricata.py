"""Suricata: rules, datasets of names and of addresses, IP reputation (Suricata user guide)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

from quetsach.indicators.forms_out.form import ADDRESSES, N_, NAMES, Form, Job, Shape, endpoint_parts
from quetsach.indicators.indicator import Indicator, Kind, Scope

FIRST_SID = 1_100_000_001
"""Outside the ranges that sidallocation.org gives to publishers."""
_CATEGORY, _SCORE = 1, 100
_ONCE = "threshold:type limit, track by_src, seconds 3600, count 1;"
_BUFFERS = (("dns", "dns.query", " nocase;"), ("tls", "tls.sni", " nocase;"), ("http", "http.host", ""))


def _name(one: Indicator, case: str) -> str:
    if one.scope is Scope.EXACT:
        return f'content:"{one.value}";{case} startswith; endswith;'
    # With `dotprefix` a dot comes before the name itself, too.
    prefix = "dotprefix; " if one.scope is Scope.WITH_SUBDOMAINS else ""
    return f'{prefix}content:".{one.value}";{case} endswith;'


def _conditions(one: Indicator) -> Iterator[tuple[str, str]]:
    """Head and match of each rule for one entry, from the inside out."""
    if one.kind is Kind.DOMAIN:
        for protocol, buffer, case in _BUFFERS:
            yield f"{protocol} $HOME_NET any -> any any", f"{buffer}; {_name(one, case)} "
    elif one.kind is Kind.IP_PORT:
        host, port = endpoint_parts(one.value)
        for protocol in ("tcp", "udp"):
            yield f"{protocol} $HOME_NET any -> {host} {port}", ""
    else:
        yield f"ip $HOME_NET any -> {one.value} any", ""


def _rules(job: Job) -> Iterator[str]:
    yield from job.header("#")
    sid = FIRST_SID
    for one in job.items:
        note = job.note(one)
        note = f", {note}" if note else ""
        for head, match in _conditions(one):
            said = f'msg:"quetsach {one.kind.value} {one.canonical}{note}"; {match}'.replace("*.", "below ")
            yield f"alert {head} ({said}{_ONCE} sid:{sid}; rev:1;)\n"
            sid += 1


def _dataset(job: Job) -> Iterator[str]:
    """One base64 a line and nothing else; a rule's `isset` compares whole names."""
    return (f"{b64encode(one.value.encode()).decode()}\n" for one in job.items)


def _addresses(job: Job) -> Iterator[str]:
    return (f"{one.value}\n" for one in job.items)


def _iprep(job: Job) -> Iterator[str]:
    yield from job.header("#")
    yield f"# category file: {_CATEGORY},quetsach,Listed addresses\n"
    yield from (f"{one.value},{_CATEGORY},{_SCORE}\n" for one in job.items)


RULES = Form(
    "suricata.rules",
    N_("rules of Suricata for names and addresses"),
    _rules,
    NAMES | ADDRESSES | {Shape.IP_PORT},
    blocks=False,
    suffixes=(".rules",),
)
DATASET = Form(
    "suricata.dataset",
    N_("names as a dataset of Suricata (type string)"),
    _dataset,
    frozenset((Shape.EXACT,)),
    blocks=True,
    narrowed=frozenset((Shape.DOMAIN,)),
    suffixes=(".b64",),
)
IPS = Form(
    "suricata.ips",
    N_("addresses as a dataset of Suricata (type ip)"),
    _addresses,
    frozenset((Shape.IPV4, Shape.IPV6)),
    blocks=True,
)
IPREP = Form(
    "suricata.iprep", N_("IP reputation of Suricata"), _iprep, ADDRESSES, blocks=True, suffixes=(".iprep",)
)
