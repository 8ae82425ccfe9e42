"""Addresses that stand for several machines: nobody cleans an address. The machine is found first."""

from __future__ import annotations

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from quetsach.portal.cases.models import Case, Device

UNFOUND = Q(id_kind__in=Device.SEVERAL, lead__located_at=None)
"""Rows of `Device` of which nobody has found the machine: `is_unfound` of their leading case."""

NOT_YET = gettext_lazy(
    "The address stands for several machines: find the machine with the signs first. Write under “Found it”, "
    "on the page of the case, which machine it is; or hand in the leases (DHCP) or the table of translated "
    "addresses (NAT) of those days."
)
"""Why nothing is started, taken off the network or recorded as handled there, and what to do instead."""
FIND: dict[str, str | Promise] = {
    "shared": gettext_lazy(
        "Many machines share the address: nothing is cleaned there. Find the machine with the signs: hand in "
        "the table of translated addresses (NAT) or the leases (DHCP) of those days, then the signs go to it "
        "by themselves."
    ),
    "unlocated": gettext_lazy(
        "It is not known which of several machines it was: nothing is cleaned there. Look at each that it "
        "may be, or hand in the leases (DHCP) of those days: the signs then go to the right machine by "
        "themselves."
    ),
}
"""What to do instead, by the kind of the address."""
BY_HAND = gettext_lazy(
    "Was it found by hand? Write under “Found it”, on the page of the case, which machine it is; then it can "
    "be handled there."
)
"""The other way to find it."""


def find_first(case: Case) -> str:
    """What to do before anything is cleaned, where `is_unfound`."""
    return f"{FIND[case.device.id_kind]} {BY_HAND}"


def is_unfound(case: Case) -> bool:
    """Whether the case is of an address of several machines, and nobody has written down which it was."""
    return case.device.id_kind in Device.SEVERAL and case.located_at is None
