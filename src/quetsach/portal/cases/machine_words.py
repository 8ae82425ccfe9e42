"""Why a sign is one of this machine, and why two machines are one, in words for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.machines.identity.forwarders import FORWARDER
from quetsach.portal.cases.joining import MERGE
from quetsach.portal.cases.models import Case, CaseEvent, CaseSighting, Device
from quetsach.portal.cases.named import Named, named
from quetsach.portal.cases.no_machine import LISTED, WHOLE
from quetsach.portal.cases.rules import State
from quetsach.portal.machines.words import spoken

UNTOLD = "no table"
"""The rule of an address of which no table speaks."""
WHYS: dict[str, str | Promise] = {
    "claimed together": gettext_lazy("one source names both on one machine"),
    "lease": gettext_lazy("it had this address by a lease (DHCP) at that time"),
    "neighbour": gettext_lazy("a table of neighbours shows it at this address at that time"),
    "register": gettext_lazy("the register of the unit gives it this address"),
    "translation": gettext_lazy("the table of translated addresses leads to it"),
    "named in the line": gettext_lazy("the log line itself names its card"),
    "name in the line": gettext_lazy("the log line itself names it"),
    "name of the lease": gettext_lazy("the lease of that time bears its name"),
    "within the address": gettext_lazy("its card stands in the IPv6 address"),
    "between its leases": gettext_lazy("it had this address shortly before and after"),
    "temporary address": gettext_lazy("it alone used this temporary address"),
    "no lease covers it": gettext_lazy("no lease covers that time"),
    "two at once": gettext_lazy("two machines had the address around that time"),
    "several offices": gettext_lazy("several units use this network"),
    "same network": gettext_lazy("only the network of the IPv6 address is known"),
    "register contradicted": gettext_lazy("the register says one machine, leases another one"),
    "two in the register": gettext_lazy("the register gives the address to two machines"),
    "two names": gettext_lazy("two names stand for it"),
    "two machines in one line": gettext_lazy("the log line names two machines"),
    "whole network": gettext_lazy("it is the address of a whole network, and of no machine"),
    "listed address": gettext_lazy(
        "the address itself is on the list: the line may have changed the caller and the called"
    ),
    "forwarder": gettext_lazy("the address asks for others, such as a resolver or a proxy"),
    "shared": gettext_lazy("many machines share the address"),
    "public address": gettext_lazy("a public address may stand for many machines"),
    UNTOLD: gettext_lazy("nobody has told which machine had the address"),
}
"""The rules of `quetsach.machines.identity`."""


@dataclass(frozen=True, slots=True)
class Stay:
    """An address under which logs saw the machine."""

    address: str
    first: datetime | None
    last: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A machine that turned out to be this one."""

    name: str
    at: datetime
    why: str
    case: str
    is_untold: bool = False
    """It did not turn out to be this one: nobody tells any more that it was at the address."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the machine of a case: `strength` in words, and the machines that it may be. `host` is
    its name, which `is_in_logs` if a line bears it; else leases or the register alone name it.
    `asks_for_others`: a person named one of its addresses as a resolver, a proxy or a gateway."""

    strength: str
    stays: list[Stay]
    candidates: list[str]
    joined: list[Joined]
    host: str
    is_in_logs: bool
    asks_for_others: bool = False
    named: Named | None = None
    """The machine by the word of a person."""


def why(rule: str) -> str:
    """A rule in words; a rule that is not in the table is left out."""
    if rule.startswith("in turn under one name"):
        return _("its cards bore one name in turn")
    return str(WHYS.get(rule, ""))


def known(
    case: Case,
    links: Iterable[CaseSighting],
    events: Sequence[CaseEvent],
    former: Iterable[CaseEvent],
    led: Mapping[UUID, Device],
) -> Known:
    """The machine behind a case. `links` are its evidence, `events` its history, `former` that of the cases
    which lead to it now; `led` are these, each with its machine."""
    host = str(case.device.identity.get("host", ""))
    is_in_logs = False
    links = list(links)
    stays: dict[str, tuple[datetime | None, datetime | None, str]] = {}
    candidates: dict[str, None] = {}
    for link in links:
        row = link.sighting
        is_in_logs |= host.casefold() in (
            str(row.identity.get("host", "")).casefold(),
            row.device.removeprefix("host:").casefold(),
        )
        first, last = (row.first_seen, row.last_seen) if link.count is None else (link.first, link.last)
        before = stays.get(row.called, (None, None, ""))
        stays[row.called] = (
            min((at for at in (before[0], first) if at), default=None),
            max((at for at in (before[1], last) if at), default=None),
            before[2] or why(link.why),
        )
        candidates |= dict.fromkeys(link.candidates)
    rules = {link.why for link in links}
    return Known(
        strength_in_words(case.device, len(candidates), rules, is_false=case.state == State.FALSE_POSITIVE),
        [Stay(address, *told) for address, told in sorted(stays.items(), key=lambda one: str(one[1][1]))],
        list(candidates),
        _joined(case, events, led),
        host,
        is_in_logs,
        FORWARDER in rules,
        named(case, sorted([*events, *former], key=lambda one: (one.at, one.pk))),
    )


def strength_in_words(
    device: Device, candidates: int, rules: Collection[str] = (), *, is_false: bool = False
) -> str:
    """How the machine is known, where it may be one of so many; `rules` are those that placed its signs.
    `is_false`: the signs were a false alarm, which names no machine as infected."""
    if is_false and device.strength == "shared":
        return _("an address of many machines")
    if device.strength == "unlocated" and FORWARDER in rules:
        return _("one of the machines for which this address asks, not known which")
    if device.strength == "unlocated" and rules and set(rules) <= {WHOLE, LISTED}:
        return _("the address of no machine; what its signs say stands below")
    if device.strength == "unlocated" and candidates == 1:
        return _("perhaps the machine below, perhaps another one that nobody has told of")
    return str(device.get_strength_display())


def _joined(case: Case, events: Iterable[CaseEvent], led: Mapping[UUID, Device]) -> list[Joined]:
    """The machines that lead here now, each once, with the latest time. Of a machine with
    the same name the key stands for it."""
    found: dict[str, Joined] = {}
    for event in events:
        data: dict[str, Any] = event.data
        device = led.get(_uuid(data.get("case")))
        if event.act != MERGE or device is None:
            continue
        name = device.key if device.key != case.device.key else spoken(device.id_kind, device.id_value)
        rule = str(data.get("why", ""))
        found[str(data["case"])] = Joined(name, event.at, why(rule), str(data["case"]), rule == UNTOLD)
    return list(found.values())


def _uuid(text: object) -> UUID:
    return UUID(str(text)) if text else UUID(int=0)
