"""Lists that resolvers on one machine or for a network read: hosts, AdBlock, dnsmasq, Unbound."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.indicators.forms_out.form import N_, Form, Job, Shape
from quetsach.indicators.indicator import Scope

_WITH = frozenset((Shape.DOMAIN,))
_EXACT = frozenset((Shape.EXACT,))


def _hosts(job: Job) -> Iterator[str]:
    """hosts(5) has whole names only."""
    yield from job.header("#")
    yield from (f"0.0.0.0 {one.value}\n" for one in job.items)


def _adblock(job: Job) -> Iterator[str]:
    """`||name^` with all names below; a hosts line for exactly one name. AdGuard and Pi-hole read both."""
    yield "[Adblock Plus 2.0]\n"
    yield from job.header("!")
    for one in job.items:
        yield f"0.0.0.0 {one.value}\n" if one.scope is Scope.EXACT else f"||{one.value}^\n"


def _dnsmasq(job: Job) -> Iterator[str]:
    """`local=`: answered locally, where no name is known: NXDOMAIN for every type (dnsmasq(8))."""
    yield from job.header("#")
    yield from (f"local=/{one.value}/\n" for one in job.items)


def _unbound(job: Job) -> Iterator[str]:
    """A zone covers all names below it; data of one name leave the names below it alone (unbound.conf(5))."""
    yield from job.header("#")
    yield "server:\n"
    for one in job.items:
        if one.scope is Scope.EXACT:
            yield f'local-data: "{one.value}. 3600 IN A 0.0.0.0"\n'
        else:
            yield f'local-zone: "{one.value}." always_nxdomain\n'


HOSTS = Form(
    "hosts",
    N_("hosts file, whole names only, for blocking on one machine"),
    _hosts,
    _EXACT,
    blocks=True,
    narrowed=_WITH,
    suffixes=(".hosts",),
)
ADBLOCK = Form(
    "adblock",
    N_("filter list of AdGuard Home and Pi-hole"),
    _adblock,
    _WITH | _EXACT,
    blocks=True,
    suffixes=(".adblock", ".abp"),
)
DNSMASQ = Form("dnsmasq", N_("settings of dnsmasq"), _dnsmasq, _WITH, blocks=True, suffixes=(".dnsmasq",))
UNBOUND = Form(
    "unbound", N_("settings of Unbound"), _unbound, _WITH | _EXACT, blocks=True, suffixes=(".unbound",)
)
