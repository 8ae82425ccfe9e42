"""Codes of the readers and guard rails in plain words, for the preview."""

from __future__ import annotations

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CODES: dict[str, str | Promise] = {
    "no-host": _("a path without a server's name"),
    "bad-address": _("looks like an address but is none"),
    "bad-network": _("the network's length does not fit its address"),
    "bad-range": _("the two ends of the range are not in order"),
    "bad-port": _("the port is not between 1 and 65535"),
    "bad-name": _("not a domain name"),
    "single-label": _("a name without a dot would match too much"),
    "hash": _("file hashes do not stand in network logs"),
    "email": _("mail addresses are not searched"),
    "exception": _("an exception, not a malicious address"),
    "unknown-type": _("this type is not searched"),
    "no-value": _("the row is empty where the address should be"),
    "quotes": _("the row's quotation marks do not match up"),
    "host-bits": _("taken as the whole network"),
    "range": _("the range was turned into networks"),
    "port-dropped": _("searched on every port"),
    "fragment-dropped": _("the part after # was dropped"),
    "second-value": _("only the first value of the line was taken"),
    "encoding": _("the file is not UTF-8; its encoding was guessed"),
    "columns-guessed": _("the column was guessed"),
    "special-purpose": _("a range for private or special use"),
    "public-suffix": _("a public ending under which anybody has names"),
    "too-wide": _("the network is too wide"),
    "government": _("a name of the state (*.gov.vn)"),
    "own": _("belongs to a unit of this campaign"),
    "wide": _("a wide network: many innocent machines"),
    "well-known": _("a name that many people use"),
}
KINDS: dict[str, str | Promise] = {
    "domain": _("domain names"),
    "ipv4": _("IPv4 addresses"),
    "ipv6": _("IPv6 addresses"),
    "cidr": _("networks"),
    "ip-port": _("addresses with a port"),
    "url": _("web addresses"),
}

_REFUSALS: tuple[tuple[str, str | Promise], ...] = (
    (r"is a .+ archive", _("it is an archive; unpack it and send the list itself")),
    (r"cut off at", _("it is cut off; copy it again when it is complete")),
    (r"damaged at|follows at", _("it is damaged; copy it again from its origin")),
    (r"MB unpacked", _("it is too large when unpacked; split the list")),
    (r"not a text file|is a .+ file", _("it is not a text file; save the list as text, CSV or TSV")),
    (r"cannot be read", _("it cannot be read")),
)


def refusal(reason: str) -> str:
    """Why a whole list was not taken, in the language of the page; `reason` is the reader's English."""
    name, colon, sentence = reason.partition(": ")
    for pattern, text in _REFUSALS:
        if colon and re.search(pattern, sentence):
            return f"{name}: {text}"
    return reason
