"""Sets of addresses for packet filters: nftables, ipset, MikroTik. They are destinations: an infected machine
calls a listed address, and rules on a packet's source would not stop the call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from quetsach.indicators.forms_out.form import ADDRESSES, N_, Form, Job, Shape, endpoint_parts
from quetsach.indicators.indicator import Indicator, Kind

_ENDPOINTS = ADDRESSES | {Shape.IP_PORT}
_MOST = 1 << 22
"""maxelem, the same for every list: `create -exist` refuses a value that differs from the set in use."""


def _is_6(one: Indicator) -> bool:
    return ":" in (endpoint_parts(one.value)[0] if one.kind is Kind.IP_PORT else one.value)


def _split(items: Iterable[Indicator], ports: bool, six: bool) -> list[Indicator]:
    return [one for one in items if (one.kind is Kind.IP_PORT) is ports and _is_6(one) is six]


def _nft_set(name: str, type_: str, flags: str, values: list[str]) -> Iterator[str]:
    yield f"  set {name} {{\n    type {type_}\n{flags}    elements = {{\n"
    yield from (f"      {value},\n" for value in values)
    yield "    }\n  }\n"


def _nft_endpoint(one: Indicator) -> str:
    return " . ".join(endpoint_parts(one.value))


def _nft(job: Job) -> Iterator[str]:
    """A table of its own, replaced as a whole by `nft -f` (nft(8)). Sets without elements are left
    out."""
    yield from job.header("#")
    yield "table inet quetsach\ndelete table inet quetsach\ntable inet quetsach {\n"
    rules = []
    for six, family in ((False, "ip"), (True, "ip6")):
        end = "6" if six else "4"
        whole, ports = (_split(job.items, wanted, six) for wanted in (False, True))
        if whole:
            flags = "    flags interval\n    auto-merge\n"
            yield from _nft_set(f"addresses{end}", f"ipv{end}_addr", flags, [one.value for one in whole])
            rules.append(f"{family} daddr @addresses{end} counter reject")
        if ports:
            values = [_nft_endpoint(one) for one in ports]
            yield from _nft_set(f"endpoints{end}", f"ipv{end}_addr . inet_service", "", values)
            rules += [
                f"{family} daddr . {transport} dport @endpoints{end} counter reject"
                for transport in ("tcp", "udp")
            ]
    for hook in ("forward", "output"):
        yield f"  chain {hook} {{\n    type filter hook {hook} priority filter; policy accept;\n"
        yield from (f"    {rule}\n" for rule in rules)
        yield "  }\n"
    yield "}\n"


def _ipset(job: Job) -> Iterator[str]:
    """For `ipset restore`: a second set is filled and swapped in, so nothing is open meanwhile (ipset(8))."""
    yield from job.header("#")
    yield "# use: ip[6]tables -I FORWARD -m set --match-set quetsach4|6 dst -j REJECT\n"
    yield "# use: ip[6]tables -I FORWARD -m set --match-set quetsach-port4|6 dst,dst -j REJECT\n"
    for six, family in ((False, "inet"), (True, "inet6")):
        for ports, stem, type_ in ((False, "quetsach", "hash:net"), (True, "quetsach-port", "hash:ip,port")):
            name = f"{stem}{'6' if six else '4'}"
            found = _split(job.items, ports, six)
            lines = _ports(found) if ports else [one.value for one in found]
            about = f"{type_} family {family} maxelem {max(_MOST, len(lines))}"
            yield f"create {name} {about} -exist\ncreate {name}-new {about}\n"
            yield from (f"add {name}-new {line}\n" for line in lines)
            yield f"swap {name} {name}-new\ndestroy {name}-new\n"


def _ports(items: Iterable[Indicator]) -> list[str]:
    pairs = (endpoint_parts(one.value) for one in items)
    return [f"{host},{transport}:{port}" for host, port in pairs for transport in ("tcp", "udp")]


def _mikrotik(job: Job) -> Iterator[str]:
    """For `/import`: the list is emptied and filled (RouterOS scripting). Names are left out: RouterOS
    would resolve them and block an address that others share."""
    yield from job.header("#")
    yield "# use: /ip firewall filter add chain=forward dst-address-list=quetsach action=reject\n"
    for six, menu in ((False, "/ip"), (True, "/ipv6")):
        yield f"{menu} firewall address-list\nremove [find list=quetsach]\n"
        yield from (f"add list=quetsach address={one.value}\n" for one in _split(job.items, False, six))


def _form(
    name: str, about: str, write: Callable[[Job], Iterator[str]], whole: frozenset[Shape], suffix: str
) -> Form:
    return Form(name, about, write, whole, blocks=True, suffixes=(suffix,))


NFT = _form(
    "nft", N_("table of nftables that rejects what goes to a listed address"), _nft, _ENDPOINTS, ".nft"
)
IPSET = _form("ipset", N_("sets for ipset restore, to be used as destination"), _ipset, _ENDPOINTS, ".ipset")
MIKROTIK = _form("mikrotik", N_("address-list script of MikroTik RouterOS"), _mikrotik, ADDRESSES, ".rsc")
