"""Acts on ranges of addresses: a unit asks, its superior decides, and each act can be taken back."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.units.models import Unit
from quetsach.portal.units.networks import Network
from quetsach.portal.units.range_queries import clashes, may_decide
from quetsach.text.vietnamese import nfc

type Address = ipaddress.IPv4Network | ipaddress.IPv6Network

WIDEST = {4: 8, 6: 19}
"""The shortest prefix of a range: 10.0.0.0/8 is the largest private range, and no office in the country has a
larger one; of IPv6 the largest allocation of a registry to a provider is /19."""
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
FOLLOWERS: list[Callable[[Network], int]] = []
"""Called with a range that a unit has from now on; each returns how many machines it gave to the unit."""


class RangeRefusedError(PortalError):
    """The range cannot be entered or decided so; `code` is the reason, `about` a detail for the sentence."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(f"{code}: {about}" if about else code)
        self.code = code
        self.about = about


def read_range(text: str) -> Address:
    """A network, or one address, as people write them: `10.1.2.0/24`, `10.1.2.5`, `2001:db8::/48`.

    Raises:
        RangeRefusedError: `not_a_range`, `host_bits` (with the network that was probably meant, also for IPv4
            written within IPv6), `too_wide`,
            or `special`: loopback, multicast, link-local and unspecified addresses belong to nobody.
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
        exact = ipaddress.ip_interface(text.strip())
    except ValueError as error:
        raise RangeRefusedError("not_a_range", text[:50]) from error
    if exact.ip != network.network_address:
        raise RangeRefusedError("host_bits", str(network))
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        plain = ipaddress.ip_network((int(network.network_address) & 0xFFFF_FFFF, network.prefixlen - 96))
        raise RangeRefusedError("host_bits", str(plain))
    if network.prefixlen < WIDEST[network.version]:
        raise RangeRefusedError("too_wide", f"/{WIDEST[network.version]}")
    if network.is_loopback or network.is_multicast or network.is_link_local or network.is_unspecified:
        raise RangeRefusedError("special")
    return network


@transaction.atomic
def ask_for(
    actor: User, unit: Unit, text: str, *, begin: date | None = None, note: str = "", ip: str | None = None
) -> Network:
    """Enter a range for the unit. Who may decide for the superior has decided by entering it, unless a unit
    elsewhere has these addresses.

    Raises:
        RangeRefusedError: those of `read_range`, and `twice`.
    """
    network = Network(
        unit=unit, cidr=str(read_range(text)), note=nfc(note), begin=begin,
        state=Network.State.ASKED, asked_by=actor, asked_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            network.save(force_insert=True)
    except IntegrityError as error:
        raise RangeRefusedError("twice", network.cidr) from error
    _record(actor, "range.ask", network, ip)
    if may_decide(actor, unit) and not of_others(actor, network):
        return decide(actor, network, approves=True, ip=ip)
    return network


@transaction.atomic
def decide(
    actor: User, network: Network, *, approves: bool, reason: str = "", ip: str | None = None
) -> Network:
    """Say whether a range that a unit asked for is the unit's own. A second call changes nothing.

    Raises:
        RangeRefusedError: `decided` by somebody else in between; `elsewhere`: a unit that the person is not
            responsible for has these public addresses, so that only the superior of both can say whose they
            are; `reason`: a refusal needs one.
    """
    network = _locked(network)
    wanted = Network.State.HELD if approves else Network.State.REFUSED
    if network.state == wanted:
        return network
    if network.state != Network.State.ASKED:
        raise RangeRefusedError("decided", network.cidr)
    if not approves and not reason.strip():
        raise RangeRefusedError("reason")
    if approves and (others := of_others(actor, network)):
        raise RangeRefusedError("elsewhere", others[0].cidr)
    network.state, network.reason = wanted, nfc(reason)
    network.decided_by, network.decided_at = actor, timezone.now()
    network.save()
    _record(actor, "range.approve" if approves else "range.refuse", network, ip)
    return network


@transaction.atomic
def take_back(actor: User, network: Network, ip: str | None = None) -> None:
    """The unit no longer asks for the range; nothing rested on it."""
    network = _locked(network)
    if network.state != Network.State.ASKED:
        raise RangeRefusedError("decided", network.cidr)
    _record(actor, "range.take_back", network, ip)
    network.delete()


@transaction.atomic
def end_on(actor: User, network: Network, day: date, reason: str, ip: str | None = None) -> Network:
    """From that day on the unit no longer has the range; what was seen before stays with the unit.

    Raises:
        RangeRefusedError: `not_held`; `backwards`, before the range began; `reason`.
    """
    network = _locked(network)
    if network.state != Network.State.HELD or network.end is not None:
        raise RangeRefusedError("not_held", network.cidr)
    if network.begin is not None and day <= network.begin:
        raise RangeRefusedError("backwards")
    if not reason.strip():
        raise RangeRefusedError("reason")
    network.end, network.reason = day, nfc(reason)
    network.save()
    _record(actor, "range.end", network, ip)
    return network


@transaction.atomic
def undo(actor: User, network: Network, ip: str | None = None) -> Network:
    """Take back an end or a refusal: the range is held, or asked for, again.

    Raises:
        RangeRefusedError: `nothing` to take back; `twice`: the unit has asked for the range again.
    """
    network = _locked(network)
    if network.state == Network.State.REFUSED:
        network.state, network.decided_by, network.decided_at = Network.State.ASKED, None, None
    elif network.state == Network.State.HELD and network.end is not None:
        network.end = None
    else:
        raise RangeRefusedError("nothing", network.cidr)
    network.reason = ""
    try:
        with transaction.atomic():
            network.save()
    except IntegrityError as error:
        raise RangeRefusedError("twice", network.cidr) from error
    _record(actor, "range.undo", network, ip)
    return network


def follow(network: Network) -> int:
    """Give machines that no unit was known for to the unit that has the range now; their number."""
    return sum(follower(network) for follower in FOLLOWERS)


def of_others(actor: User, network: Network) -> list[Network]:
    """Ranges of units on which the person does not decide: with the same public addresses, or private ones
    around the range, which would lose machines to it."""
    return [
        clash.network
        for clash in clashes(network)
        if (not clash.is_private or clash.relation == "around") and not may_decide(actor, clash.unit)
    ]


def _locked(network: Network) -> Network:
    return Network.rows.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=network.pk)


def _record(actor: User, act: str, network: Network, ip: str | None) -> None:
    told = {"range": network.cidr, "unit": network.unit.name, "reason": network.reason}
    record(actor, act, unit_path=network.unit.path, about=network.unit, data=told, ip=ip)
