"""The right answer for a line, from the document that its authors expect: never from our own code.

**Lines.** A line counts where its document names a destination that a list may hold, and a machine, and where
both stand in the line. Lines about mail, and lines about accounts or settings alone, do not count. A source
with a port below 1024 beside a destination above it is a server that answers: such a line is left out, and in
DNS the two are swapped.

**Destination.** In DNS the name of the question, and not the resolver. Else the URL, its host, the server
name of TLS, and the name and address of the destination. Each is listed by itself and is one hit.
**Machine.** The addresses of `source` and `client`; where none stands in the line the host, else the user.
**Time.** `@timestamp`, and `event.start`, `created` or `end` beside it, where its clock stands in the line.
**Corrections.** `overrides.toml` holds the mistakes of documents, with reasons.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from bench.foreign.corpus import Document, Line

OVERRIDES = Path(__file__).with_name("overrides.toml")
_OTHER = frozenset(
    (
        *(
            "authentication",
            "configuration",
            "database",
            "email",
            "file",
            "iam",
            "package",
            "session",
            "user",
        ),
        "vulnerability",
    )
)
_ADDRESSES = ("source.ip", "client.ip", "source.address", "client.address")
_HOSTS = ("host.ip", "host.name", "host.hostname", "source.domain", "source.address", "client.domain")
_USERS = ("source.user.name", "user.name", "user.email", "source.user.email", "client.user.name")
_OBSERVERS = ("observer.ip", "observer.name", "observer.hostname", "log.syslog.hostname")
_SENDERS = (
    "observer.ip",
    "observer.name",
    "observer.hostname",
    "log.hostname",
    "log.syslog.hostname",
    "log.source.address",
    "agent.name",
    "agent.hostname",
    "host.ip",
    "host.name",
    "host.hostname",
    "syslog.hostname",
)
_TRANSLATED = ("source.nat.ip", "client.nat.ip", "destination.nat.ip")
_TIMES = ("@timestamp", "event.start", "event.created", "event.end")
_NOT_LISTED = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
    )
]
_NAME = re.compile(r"(?=.{4,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,62})\.)+[a-z][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True)
class Truth:
    """The right answer for a hit.

    `machines` are all spellings of the machine; `by` is address, host or user; `inside`: a private address.
    `moments` are times in UTC, none where the line shows none. `yearless`: the line shows no year;
    `other_zone`: the zone does not stand in the line."""

    machines: frozenset[str]
    by: str
    inside: bool
    senders: frozenset[str]
    translated: frozenset[str]
    moments: tuple[datetime, ...]
    yearless: bool
    other_zone: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A line, one listed destination of it, and the right answer."""

    line: Line
    kind: str
    indicator: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class Override:
    """A correction by hand for lines whose path fits `paths`; all other given conditions must hold."""

    why: str
    paths: tuple[str, ...]
    codes: frozenset[str] = frozenset()
    contains: re.Pattern[str] | None = None
    leave_out: bool = False
    without: tuple[str, ...] = ()
    machine: re.Pattern[str] | None = None

    def fits(self, line: Line) -> bool:
        """Whether the correction is about this line."""
        return (
            any(fnmatchcase(line.path, path) for path in self.paths)
            and (not self.codes or str(line.document.get("event.code")) in self.codes)
            and (self.contains is None or self.contains.search(line.text) is not None)
        )


def overrides() -> list[Override]:
    """The corrections of `overrides.toml`. Raises KeyError where one lacks its reason or its paths."""
    told = tomllib.loads(OVERRIDES.read_text(encoding="utf-8"))
    return [
        Override(
            entry["why"],
            tuple(entry["paths"]),
            frozenset(entry.get("codes", ())),
            re.compile(entry["contains"]) if "contains" in entry else None,
            entry.get("leave_out", False),
            tuple(entry.get("without", ())),
            re.compile(entry["machine"]) if "machine" in entry else None,
        )
        for entry in told["override"]
    ]


def hits_of(line: Line, corrections: Sequence[Override] = ()) -> Iterator[Hit]:
    """The hits of a line; none where it tells of no call."""
    fitting = [one for one in corrections if one.fits(line)]
    without = {field for one in fitting for field in one.without}
    document = {field: value for field, value in line.document.items() if field not in without}
    if any(one.leave_out for one in fitting) or not tells_of_a_call(document):
        return
    by, machines = machine(document, line.text)
    for one in fitting:
        if one.machine and (found := one.machine.search(line.text)):
            by, machines = "address", frozenset((_plain(found[1]) or found[1].lower(),))
    if not machines:
        return
    truth = Truth(
        machines,
        by,
        any(_plain(one) and not _address(one) for one in machines),
        _values(document, _SENDERS) - machines,
        _values(document, _TRANSLATED) - machines,
        *_time(document, line.text),
    )
    for kind, value in destinations(document):
        if value not in machines and stands_in(value.removeprefix("http://"), line.text):
            yield Hit(line, kind, value, truth)


def tells_of_a_call(document: Document) -> bool:
    """Whether the document is about traffic: not about accounts, settings or files alone, nor about mail."""
    categories = set(_texts(document, "event.category"))
    if "email" in categories or any(key.startswith("email.") for key in document):
        return False
    if answers(document) and "dns.question.name" not in document:
        return False
    return not categories or not categories <= _OTHER


def answers(document: Document) -> bool:
    """Whether the source is the server, by the ports: below 1024 on its side alone."""
    ports = [str(document.get(field)) for field in ("source.port", "destination.port")]
    source, destination = (int(port) if port.isdigit() else 0 for port in ports)
    return 0 < source < 1024 <= destination


def destinations(document: Document) -> list[tuple[str, str]]:
    """Pairs of kind and value that a list may hold, most specific first, each once."""
    found: dict[str, str] = {}
    names = [name for text in _texts(document, "dns.question.name") if (name := _name(text))]
    if names:
        return [("query", name) for name in dict.fromkeys(names)]
    for field in ("url.full", "url.original"):
        for text in _texts(document, field):
            if url := _url(text):
                found.setdefault(url, "url")
    for kind, fields in (
        ("host", ("url.domain",)),
        ("server_name", ("tls.client.server_name",)),
        ("name", ("destination.domain", "server.domain")),
        ("address", ("destination.ip", "server.ip", "destination.address")),
    ):
        for field in fields:
            for text in _texts(document, field):
                if value := _address(text) or _name(text):
                    found.setdefault(value, kind)
    return [(kind, value) for value, kind in found.items()]


def machine(document: Document, text: str) -> tuple[str, frozenset[str]]:
    """By what the machine is named (address, host, user), and all its spellings that stand in the line."""
    fields = ("destination.ip", "destination.address") if answers(document) else _ADDRESSES
    addresses = {one for value in _values(document, fields) if (one := _plain(value)) and _is_a_machine(one)}
    hosts = frozenset(filter(_is_a_machine, _values(document, _HOSTS) - _values(document, _OBSERVERS)))
    if here := frozenset(value for value in addresses if stands_in(value, text)):
        # A sensor on the machine itself names it, too.
        is_own = any(field.startswith(("process.", "host.os.")) for field in document)
        return "address", here | (hosts if is_own else frozenset())
    for by, named in (("host", hosts), ("user", _values(document, _USERS))):
        if here := frozenset(value for value in named if stands_in(value, text)):
            return by, here
    return "", frozenset()


def stands_in(value: str, text: str) -> bool:
    """Whether the value stands in the line as a whole: no letter, digit or dot touches it."""
    lowered = text.lower()
    if ":" in value and _plain(value):
        return any(_plain(one.rstrip(":.")) == value for one in re.findall(r"[0-9a-f:.]{2,}", lowered))
    start = 0
    while (at := lowered.find(value, start)) >= 0:
        end = at + len(value)
        before = lowered[at - 1] if at else " "
        behind = lowered[end : end + 2]
        opens = not (before.isalnum() or before in ".-_") or lowered[max(at - 2, 0) : at] in ("\\n", "\\t")
        if opens and not re.match(r"[a-z0-9_-]|\.[a-z0-9]", behind):
            return True
        start = at + 1
    return "(" in value and value in lowered


def _time(document: Document, text: str) -> tuple[tuple[datetime, ...], bool, bool]:
    moments = [moment for field in _TIMES for one in _texts(document, field) if (moment := _moment(one))]
    if not _texts(document, "@timestamp") or not moments or not _shows(moments[0], text):
        return (), False, False
    shown = str(moments[0].year) in text or str(int(moments[0].timestamp()))[:8] in text
    short = re.search(
        rf"(?<!\d){moments[0]:%y}[/-]?{moments[0]:%m}|{moments[0]:%m}/{moments[0]:%d}/{moments[0]:%y}", text
    )
    zones = _texts(document, "event.timezone")
    outside = bool(zones) and not any(zone.replace(":", "") in text.replace(":", "") for zone in zones)
    return tuple(moments), not shown and not short, outside


def _shows(moment: datetime, text: str) -> bool:
    """Whether the clock of this moment stands in the line in any zone."""
    seconds = str(int(moment.timestamp()))
    if seconds in text:
        return True
    for minutes in range(-14 * 60, 14 * 60 + 1, 30):
        local = moment + timedelta(minutes=minutes)
        clocks = {f"{local:%H:%M:%S}", f"{local:%H%M%S}", f"{local.hour}:{local:%M:%S}", f"{local:%I:%M:%S}"}
        clocks.add(f"{int(f'{local:%I}')}:{local:%M:%S}")
        if any(clock in text for clock in clocks):
            return True
    return False


def _moment(text: str) -> datetime | None:
    tidy = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("Z", "+00:00"))
    try:
        found = datetime.fromisoformat(tidy)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _texts(document: Document, field: str) -> Sequence[str]:
    value = document.get(field)
    values = value if isinstance(value, list) else [value]
    return [str(one).strip() for one in values if one not in (None, "", "-")]


def _values(document: Document, fields: Sequence[str]) -> frozenset[str]:
    return frozenset(
        _plain(text) or text.lower().rstrip(".") for field in fields for text in _texts(document, field)
    )


def _plain(text: str) -> str:
    """An address in its one spelling, else nothing."""
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    if found.version == 6 and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.compressed


def _is_a_machine(value: str) -> bool:
    """Whether this may name a machine: a name, or an address that one machine on the network can have."""
    if not (plain := _plain(value)):
        return True
    found = ipaddress.ip_address(plain)
    return not (found.is_unspecified or found.is_multicast or plain.startswith("255."))


def _address(text: str) -> str:
    """An address that a list may hold."""
    plain = _plain(text)
    if not plain:
        return ""
    found = ipaddress.ip_address(plain)
    return "" if any(found in net for net in _NOT_LISTED if net.version == found.version) else plain


def _name(text: str) -> str:
    name = text.lower().rstrip(".")
    return (
        name if _NAME.fullmatch(name) and not name.endswith((".local", ".lan", ".arpa", ".internal")) else ""
    )


def _url(text: str) -> str:
    """An absolute URL without its query, where it has a path."""
    if not text.lower().startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if len(text) > 400 or not re.fullmatch(r"/[A-Za-z0-9/_~%.+-]*[A-Za-z0-9/_~-]", parts.path):
        return ""
    return (
        f"http://{parts.netloc.rpartition('@')[2].lower()}{parts.path}"
        if _name(host) or _address(host)
        else ""
    )
