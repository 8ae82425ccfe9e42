"""Plain words for codes of the readers and guard rails, in the preview."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from quetsach.errors import IndicatorError
from quetsach.files import bounded_process
from quetsach.indicators.writing import FORMS
from quetsach.text.words import visible

CODES: dict[str, str | Promise] = {
    "no-host": _("a path without a server's name"),
    "bad-address": _("looks like an address but is none"),
    "bad-network": _("the network's length does not fit its address"),
    "bad-range": _("the two ends of the range are not in order"),
    "wide-range": _("the range is wider than a /16 (IPv6: /32); list its networks one by one"),
    "bad-port": _("the port is not between 1 and 65535"),
    "bad-name": _("not a domain name"),
    "single-label": _("a name without a dot would match too much"),
    "hash": _("the hash of a file: goes into the packs, not into the comparison of logs"),
    "email": _("mail addresses are not searched"),
    "exception": _("an exception, not a malicious address"),
    "unknown-type": _("this type is not searched"),
    "no-value": _("the row is empty where the address should be"),
    "quotes": _("the row's quotation marks do not match up"),
    "expired": _("expired by the list's own date"),
    "revoked": _("revoked by its publisher"),
    "same-file": _("a further hash of a file that is searched by a stronger one"),
    "not-for-detection": _("context, not meant for detection"),
    "pattern": _("a pattern that cannot be searched"),
    "modifier": _("a rule under conditions that logs do not show"),
    "cosmetic": _("a rule for the look of web pages"),
    "directive": _("a setting, not a listed name"),
    "trigger": _("names a name server or a client, not what is looked up"),
    "outside-zone": _("the name lies outside the zone"),
    "mangled": _("does not look like the other entries of its list"),
    "host-bits": _("taken as the whole network"),
    "range": _("the range was turned into networks"),
    "port-dropped": _("searched on every port"),
    "fragment-dropped": _("the part after # was dropped"),
    "second-value": _("only the first value of the line was taken"),
    "encoding": _("the file is not UTF-8; its encoding was guessed"),
    "columns-guessed": _("the column was guessed"),
    "other-columns": _("further columns with addresses, which count only where the first is empty"),
    "nothing": _("the list holds no entry at all; check that it was fetched whole"),
    "no-column": _("a sheet without addresses, passed over"),
    "unquoted": _("the quotation marks around it were dropped"),
    "special-purpose": _("a range for private or special use"),
    "special-name": _("a name for local use"),
    "public-suffix": _("a public ending under which anybody has names"),
    "too-wide": _("the network is too wide"),
    "government": _("a name of the state"),
    "own": _("belongs to a unit of this campaign"),
    "wide": _("a wide network: many innocent machines"),
    "well-known": _("a name that many people use"),
    "shared": _("an address that many people share"),
    "placeholder": _("a placeholder, written where the real address is not known"),
    "hosted": _("the name of one customer at a hosting platform"),
    "rented": _("the address of a server for rent: one customer has it at a time"),
    "harmless-file": _("the hash of an empty or well-known harmless file"),
    "sinkhole": _("a known sinkhole: a machine that still calls it is infected"),
}
KINDS: dict[str, str | Promise] = {
    "domain": _("domain names"),
    "ipv4": _("IPv4 addresses"),
    "ipv6": _("IPv6 addresses"),
    "cidr": _("networks"),
    "ip-port": _("addresses with a port"),
    "url": _("web addresses"),
}

KIND_OF_ONE: dict[str, str | Promise] = {
    "domain": _("domain name"),
    "ipv4": _("IPv4 address"),
    "ipv6": _("IPv6 address"),
    "cidr": _("network"),
    "ip-port": _("address with a port"),
    "url": _("web address"),
}

_REFUSALS: tuple[tuple[str, str, str | Promise], ...] = (
    (
        r"files inside",
        "too_many",
        _("it is an archive; unpack it and send the list itself"),
    ),
    (
        r"is a .+ archive|archives in archives|is encrypted|zip method|as a stream|without end",
        "unknown_kind",
        _("it is an archive; unpack it and send the list itself"),
    ),
    (
        r"damaged workbook",
        "damaged",
        _("the workbook is damaged or incomplete; open it in Excel, save it again and send that"),
    ),
    (r"is a PDF document", "unknown_kind", _("it is a PDF document; ask for its table as .xlsx or CSV")),
    (r"cut off at|is JSON that", "damaged", _("it is cut off; copy it again when it is complete")),
    (
        r"that names victims beside",
        "content",
        _(
            "it is a report that names victims beside malicious addresses, so it is no list; add it"
            " on the page of machines under “Reports of others”, and take the list from its publisher"
        ),
    ),
    (
        r"is a report of",
        "content",
        _(
            "it is a report about infected machines, not a list of malicious addresses; add it on"
            " the page of machines under “Reports of others”"
        ),
    ),
    (
        r"are both sides of connections",
        "content",
        _(
            "two of its columns are both sides of connections, as in a report of infected machines; add it"
            " on the page of machines under “Reports of others”, or head the malicious column “malicious IP”"
        ),
    ),
    (
        r"both hold addresses or names",
        "content",
        _(
            "two of its columns hold addresses or names, and nothing says which are malicious; head that"
            " column “malicious IP”, or leave the other out"
        ),
    ),
    (
        r"are infected machines, not a list",
        "content",
        _(
            "it holds infected machines, not malicious addresses; add it on the page of machines"
            " under “Reports of others”"
        ),
    ),
    (
        r"is the result of a scan",
        "content",
        _("it is the result of a scan, not a list of malicious addresses; send it on the page of scans"),
    ),
    (
        r"holds addresses inside a network",
        "content",
        _(
            "its addresses lie inside a network, as in a table of infected machines; take the addresses that"
            " they called, or head the column “malicious IP”"
        ),
    ),
    (
        r"may be a table of infected machines",
        "content",
        _(
            "it has no headings and may be a table of infected machines; if it is the list, head it with a"
            " row that names a column “malicious IP”"
        ),
    ),
    (
        r"is locked with a password",
        "unknown_kind",
        _("it is locked with a password; save it without one"),
    ),
    (
        r"may be the infected machines",
        "content",
        _("its column of addresses may hold infected machines; if it is the list, head it “malicious IP”"),
    ),
    (
        r"is a web page",
        "unknown_kind",
        _("it is a web page, not a list; its address may have changed or ask for a key"),
    ),
    (
        r"is the answer of a server",
        "unknown_kind",
        _("it is the answer of a server, not a list; its address may have changed or ask for a key"),
    ),
    (
        r"within the limits",
        "too_large",
        _("it needs too much memory or time to be opened; save its table as CSV, or split the list"),
    ),
    (r"\.xlsb\)", "unknown_kind", _("it is a binary workbook (.xlsb); save it as .xlsx or CSV")),
    (
        r"where no sheet reaches",
        "damaged",
        _("a cell says that it stands where no sheet reaches; save the list as CSV"),
    ),
    (r"spans more than", "too_large", _("a sheet is too large; clear its far ends")),
    (r"damaged|follows at", "damaged", _("it is damaged; copy it again from its origin")),
    (r"takes too long", "too_long", _("it takes too long to be read; split the list")),
    (r"^more than \d+ lines", "too_large", _("it has too many lines; split the list")),
    (r"is longer than \d+ char", "content", _("one of its lines is far too long; write one entry a line")),
    (
        r"cannot be used and",
        "content",
        _("hardly any of its lines is an address or a name; look whether it is the right file"),
    ),
    (r"MB unpacked", "too_large", _("it is too large when unpacked; split the list")),
    (
        r"not a text file|is a .+ file|office document|MISP feed",
        "unknown_kind",
        _("it is not a text file; save the list as .xlsx, CSV or text"),
    ),
    (r"", "damaged", _("it cannot be read as a list; save its table as .xlsx or CSV and send that")),
)
"""Pattern of the reader's English, the reason that is counted, and the sentence for the person."""


def _found(reason: str) -> tuple[str, str | Promise] | None:
    _name, colon, sentence = reason.partition(": ")
    for pattern, counted_as, text in _REFUSALS:
        if colon and re.search(pattern, sentence):
            return counted_as, text
    return None


def refusal(reason: str) -> str:
    """The reason that a whole list was refused, in the page's language; `reason` is the reader's English."""
    found = _found(reason)
    return visible(reason if found is None else f"{reason.partition(': ')[0]}: {found[1]}")


def why_empty(left_out: Sequence[tuple[str, str, str]], count: int) -> Iterator[str]:
    """Why each of these entries was left out, with its place in the file, its spelling and the code's words;
    then how many more there are."""
    for place, value, code in left_out:
        shown = f"{place}: {value}" if place else value
        yield visible(f"{shown[:200]}: {CODES.get(code, code)}")
    if count > len(left_out):
        yield gettext("and %(n)d more entries were left out") % {"n": count - len(left_out)}


def counted_as(error: IndicatorError) -> str:
    """The reason of `refusals.words` under which the error is counted; `content` if no pattern fits."""
    if isinstance(error.__cause__, bounded_process.NotReadError):
        return error.__cause__.reason
    found = _found(str(error))
    return "content" if found is None else found[0]


FORM_USES: dict[str, tuple[str | Promise, str | Promise]] = {
    "csv": (_("CSV"), _("the scanner, Excel")),
    "plain": (_("Plain list"), _("the scanner")),
    "hosts": (_("Hosts file"), _("blocking on one machine")),
    "mikrotik": ("MikroTik", _("/import on the router: addresses only")),
    "ip-list": (_("Address list"), _("external list of FortiGate and Palo Alto")),
    "domain-list": (_("Name list"), _("external list of FortiGate and Palo Alto")),
    "url-list": (_("Web address list"), _("external list of FortiGate and Palo Alto")),
    "rpz": ("RPZ", _("BIND, Unbound, Knot, PowerDNS, Windows behind them")),
    "unbound": ("Unbound", _("include: in its settings (pfSense, OPNsense)")),
    "dnsmasq": ("dnsmasq", _("conf-file= in its settings (OpenWrt, routers)")),
    "adblock": ("AdBlock", _("AdGuard Home, Pi-hole")),
    "nft": ("nftables", _("nft -f on a Linux firewall")),
    "ipset": ("ipset", _("ipset restore on a Linux firewall")),
    "suricata.rules": (_("Suricata rules"), _("names and addresses")),
    "suricata.dataset": (_("Suricata dataset"), _("names")),
    "suricata.ips": (_("Suricata dataset"), _("addresses")),
    "suricata.iprep": (_("Suricata IP reputation"), _("addresses")),
    "zeek.intel": ("Zeek", _("Intelligence Framework")),
    "maltrail": ("Maltrail", _("custom trails")),
    "stix": ("STIX 2.1", _("exchange with other centres")),
    "misp": ("MISP", _("exchange with other centres")),
    "json": ("JSON", _("own programs")),
}
"""Each form of `quetsach.indicators.writing`: its name, and its uses. In the order of the page."""


def uses(name: str) -> str:
    """The uses of a form. A form that only searches also holds entries that many use: it is not for
    blocking."""
    said = str(FORM_USES[name][1])
    return said if FORMS[name].blocks else gettext("%(uses)s; not for blocking") % {"uses": said}
