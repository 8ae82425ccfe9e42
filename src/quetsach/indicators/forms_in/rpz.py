"""Response policy zones: a zone file of the names a resolver must not answer (draft-vixie-dnsop-dns-rpz)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.sinkhole import is_nowhere, is_own_domain, is_safe_search, warning_page
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;.*|[()]|(?:[^\s;()"\\]|\\.)+|["\\]')
# There is only one way to match a row of digits, so matching is linear: a hostile zone has thousands of
# digits.
_TTL = re.compile(r"[0-9]+(?:[smhdw][0-9]+)*[smhdw]?", re.IGNORECASE)
_CLASSES = frozenset(("IN", "CH", "HS", "ANY"))
_TYPES = frozenset(
    ("SOA", "NS", "CNAME", "DNAME", "A", "AAAA", "TXT", "PTR", "MX", "SRV", "CAA", "HINFO", "RRSIG", "NSEC",
     "NSEC3", "DNSKEY")
)  # fmt: skip
_OWN = frozenset(("MX", "SRV", "PTR"))
"""Types of records that only point to a zone owner's own servers."""
_HEAD = re.compile(r"\s*(?:\$(?:TTL|ORIGIN)\s|\S+\s.*?\bSOA\s)", re.IGNORECASE)
_RULE = re.compile(r"\S+\s+(?:[0-9]+[smhdw]?\s+)?(?:IN\s+)?CNAME\s+\S+\s*(?:;.*)?\Z", re.IGNORECASE)
_UNKNOWN = "\0"
"""Stands for the zone's name as long as no $ORIGIN shows it; no name in a file can end with it."""
_OTHER_TRIGGERS = ("rpz-nsdname", "rpz-nsip", "rpz-client-ip")


_FEWEST = 2
"""So many names with one address make it a warning page: a zone of policies has few names of its own
office."""


class _Record(NamedTuple):
    line: int
    origin: str
    owner: str
    type: str
    target: str


def recognise(listing: Listing) -> bool:
    """Whether it has a zone file's head, or most lines are CNAME records."""
    return any(_HEAD.match(line) for line in listing.head[:10]) or listing.most(_RULE)


def read(listing: Listing) -> Iterator[Value | Note]:
    """The triggers of the zone, record by record: a name exactly, `*.` all names below it.

    A name with an address is listed where the address leads nowhere, or is the same for all names.
    """
    page = warning_page(map(_given, _records(listing.head)), _FEWEST)
    if page:
        yield Note(0, page, "warning-page")
    apex: str | None = None
    for record in _records(listing.lines):
        if apex is None:
            apex = record.owner if record.type == "SOA" else record.origin
        if record.owner == apex or record.type in ("SOA", "NS", "RRSIG", "NSEC", "NSEC3", "DNSKEY"):
            continue
        name = record.owner.removesuffix(f".{apex}")
        if name == record.owner:
            yield Note(record.line, record.owner.removesuffix(f".{_UNKNOWN}"), "outside-zone")
            continue
        target, given = record.target.lower(), _given(record)
        if is_safe_search(given or target.removesuffix(".")):
            yield Note(record.line, f"{name} {record.type} {given or target}", "rewrite")
        elif record.type in _OWN or (given is not None and given != page and not is_nowhere(given)):
            yield Note(record.line, f"{name} {record.type} {given or target}", "own-name")
        elif target == "rpz-passthru." or (
            record.type == "CNAME" and target.removesuffix(".") in _itself(name)
        ):
            yield Note(record.line, name, "exception")
        elif record.type == "CNAME" and is_own_domain(name, target.removesuffix(".")):
            yield Note(record.line, f"{name} CNAME {target}", "rewrite")
        elif name.rpartition(".")[2] in _OTHER_TRIGGERS:
            yield Note(record.line, name, "trigger")
        elif name.endswith(".rpz-ip"):
            spelled = network_of(name.removesuffix(".rpz-ip"))
            yield Value(record.line, spelled) if spelled else Note(record.line, name, "bad-network")
        else:
            yield Value(record.line, name, scope=Scope.EXACT)


def _itself(name: str) -> tuple[str, str]:
    """The old spelling of an exception, from before rpz-passthru: a name or an address leads to itself."""
    return name, name.removesuffix(".rpz-ip")


def _given(record: _Record) -> str | None:
    """The address that the zone answers in place of the name's own address."""
    return address(record.target) if record.type in ("A", "AAAA") else None


def network_of(owner: str) -> str | None:
    """The network in an rpz-ip owner name: `24.0.2.0.192`, `128.1.zz.db8.2001`."""
    length, *groups = owner.split(".")
    groups.reverse()
    if len(groups) == 4 and "zz" not in groups and all(g.isdecimal() for g in groups):
        spelled = ".".join(groups)
    else:
        spelled = ":".join("" if g == "zz" else g for g in groups)
        spelled = f":{spelled}" if spelled.startswith(":") else spelled
        spelled = f"{spelled}:" if spelled.endswith(":") else spelled
        spelled = spelled or "::"
    return f"{spelled}/{length}" if address(spelled) and length.isdecimal() else None


def _records(lines: list[str]) -> Iterator[_Record]:
    """The records of a zone file (RFC 1035 5.1); a record in brackets has the number of its first line."""
    origin, owner = _UNKNOWN, _UNKNOWN
    pending: list[str] = []
    depth = first = 0
    has_owner = True
    for number, line in enumerate(lines, 1):
        if not depth:
            pending, first, has_owner = [], number, line[:1] not in (" ", "\t")
        for token in _TOKEN.findall(line):
            if token in ("(", ")"):
                depth = max(depth + (1 if token.startswith("(") else -1), 0)
            elif not token.startswith(";"):
                pending.append(token)
        if depth or not pending:
            continue
        if pending[0].startswith("$"):
            if pending[0].upper() == "$ORIGIN" and len(pending) > 1:
                origin = _absolute(pending[1], origin)
            continue
        if has_owner:
            owner = _absolute(pending.pop(0), origin)
        found = _typed(pending)
        if found is not None:
            yield _Record(first, origin, owner, *found)


def _typed(tokens: list[str]) -> tuple[str, str] | None:
    """Type and first datum behind the optional TTL and class."""
    for at, token in enumerate(tokens[:3]):
        word = token.upper()
        if word in _TYPES:
            return word, tokens[at + 1] if at + 1 < len(tokens) else ""
        if word not in _CLASSES and not _TTL.fullmatch(token):
            break
    return None


def _absolute(name: str, origin: str) -> str:
    name = name.replace("\\", "")
    if name == "@":
        return origin
    if name.endswith("."):
        return name[:-1].lower()
    return f"{name.lower()}.{origin}" if origin else name.lower()
