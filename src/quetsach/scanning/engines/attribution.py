"""Which machine a line of no known format tells of (docs/log-formats.md 6): never its sender, a network, or
an address after translation; nobody rather than a guess. Of a record the message speaks first."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise

from quetsach.indicators.indicator import Kind
from quetsach.scanning.engines import directions, freetext, keys, moments, services
from quetsach.scanning.engines.directions import INTERFACE, PORT
from quetsach.scanning.engines.index import Hits
from quetsach.scanning.engines.keys import Key
from quetsach.scanning.engines.sides import (
    DESTINATION,
    OTHER,
    SOURCE,
    TRANSLATED,
    TRANSLATED_BEGINS,
    bare,
    near,
    side_of,
)
from quetsach.scanning.engines.tokens import Token
from quetsach.scanning.engines.wrappers import Reading
from quetsach.text.canonical import address, parse_port, split_authority

PRIVATE = tuple(ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
"""RFC 1918 and RFC 4193."""
NO_MACHINE = tuple(
    ip_network(n)
    for n in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
)
"""Addresses that no machine has to itself on a network."""
DNS_PORTS = (53, 137, 853, 5353, 5355)
ADDRESS_KINDS = (Kind.IPV4, Kind.IPV6, Kind.CIDR, Kind.IP_PORT)

AMBIGUOUS = (("source",), ("host",), ("hostname",), ("host", "name"))
"""Keys that name the sender where the line is a wrapper, else a machine."""
LOG_SOURCE = ((("source",), ("log",)), (("source",), ("syslog",)))
"""ECS: `log.source.address` is where a log was read from or who sent it."""
LOCAL = (("local",), ("localip",))
"""The first word of the key of the address of what wrote the line: the machine only where no other is a
source."""
WRAPPERS = ('"message"', '"short_message"', '"full_message"', '"_raw"', "sourcetype")

_PORT_AFTER = re.compile(PORT)
_ARROW_AFTER = re.compile(
    PORT
    + r"(?: ?\([^()]{0,48}\))?"
    + r"(?:(?:(?P<tight><?-{1,2}>)|[ \t]{1,2}(?:<?-{1,2}>|>[ \t]))[ \t]{0,2}(?P<path>/)?"
    + rf"| to {INTERFACE}\[?(?:[0-9]|[0-9A-Fa-f]{{1,4}}:[0-9A-Fa-f:]))"
)
_ARROW_BEFORE = re.compile(rf"(?:-{{1,2}}>|[ \t]>[ \t])[ \t]{{0,2}}{INTERFACE}\[?\Z")
_URL_BEFORE = re.compile(r":// *\[?\Z")
_NETWORK = re.compile(
    r"/([0-9]{1,3})(?:\Z|[^0-9A-Za-z_.:]|[.:](?:\Z|[^0-9A-Za-z_]))|(?:/| (?:net)?(?:mask )?)255\.[0-9]"
)
_PROGRAM = re.compile(r"[A-Za-z]/\Z")
_BEHIND_ENDPOINT = re.compile(r"(?:[.:/][0-9]{1,5}|:[0-9A-Fa-f]{0,4}|\]) ?\(\Z")
_AGENT = re.compile(r"\) \Z")
_ICMP = re.compile(r"icmp", re.IGNORECASE | re.ASCII)
_ICMP_ERROR = re.compile(
    r"unreach|time[ _-]?(?:to[ _-]live[ _-])?exceeded|ttl[ _-]?exceeded"
    r"|type[\"']?[=: ]{1,3}[\"']?(?:3|11)(?:\Z|[^0-9])|icmp[/ :](?:3|11)(?:\Z|[^0-9])",
    re.IGNORECASE | re.ASCII,
)
_SOURCE_PORT = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:spt|sport|src_?port|source_?port)[\"']?[=:] ?[\"']?([0-9]{1,5})",
    re.IGNORECASE | re.ASCII,
)
_SERVER_PORT = re.compile(
    r"(?:\A|[^0-9A-Za-z])(?:dpt|dport|dst_?port|dest_?port|destination_?port)[\"']?[=:] ?[\"']?([0-9]{1,5})",
    re.IGNORECASE | re.ASCII,
)
_NAMED_PORT = re.compile(r"\.([a-z][0-9a-z-]*)\Z")
"""tcpdump and netstat write the name of a port behind a dot; it stands within the place of its address."""
_COUNTS = re.compile(r" [0-9]{1,3}/[0-9]{1,3}/[0-9]{1,3} ")
"""tcpdump: the numbers of answers, name servers and additional records of a reply."""
_FLAGS = re.compile(r" Flags \[([A-Z.]{1,9})\]")
_PEERS = frozenset({"peer", "remote", "peerip", "remoteip", "raddr", "rip"})
_PROGRAMS = frozenset({"log", "syslog", "logger"})
"""Tags of programs that nobody gives a device."""
_BEFORE, _AFTER = 80, 160

_PRIORITY = re.compile(r"(?:[0-9]{1,6} )?<[0-9]{1,3}>(?:[0-9]{1,2} )? {0,2}(?:- )?")
_HEAD_WORD = re.compile(r"([^ \t=\"{]{1,255}) {1,3}")
_REQUEST = re.compile(
    r"(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|CONNECT|PATCH|TRACE) |\"|[^ ]{1,64} [^ ]{1,64} \[|-{1,2}>"
)
_TAG = re.compile(r"%|[A-Za-z][0-9A-Za-z_./-]{0,47}(?:\[[0-9]{1,10}\])?: ")
_MESSAGE = re.compile(r"%|<[0-9]|\{|(?:CEF|LEEF):|[A-Za-z_][0-9A-Za-z_.-]{0,47}(?:=|(?:\[[0-9]{1,10}\])?: )")
_HEAD_BYTES = 512
HEADS = 3


@dataclass(frozen=True, slots=True)
class Attribution:
    """The machine, if the line says it, and the hits that it may have called."""

    device: str | None
    hits: Hits


@dataclass(slots=True)
class _Sides:
    """What a line says of each address: on which sides it stands, and the ports there."""

    found: dict[str, set[str]] = field(default_factory=dict)
    """In the order of places."""
    ports: dict[str, int] = field(default_factory=dict)
    translated: set[str] = field(default_factory=set)
    """Addresses that a key or their place calls translated."""

    def add(self, addr: str, side: str | None, port: int | None) -> None:
        sides = self.found.setdefault(addr, set())
        if side is None:
            return
        sides.add(side)
        if port is not None:
            self.ports.setdefault(side, port)

    def are(self, addr: str, side: str) -> bool:
        return side in self.found.get(addr, ())

    def has_source(self, local: Set[str]) -> bool:
        """Whether any address but those of what wrote the line is a source."""
        return any(SOURCE in sides for addr, sides in self.found.items() if addr not in local)

    def both_ports(self, line: str) -> list[int | None]:
        """The port of the source and that of the destination, behind the address or under a key."""
        return [
            self.ports.get(side, _number(pattern.search(line)))
            for side, pattern in ((SOURCE, _SOURCE_PORT), (DESTINATION, _SERVER_PORT))
        ]

    def swap_replies(self, ports: Sequence[int | None], *, is_reply: bool) -> None:
        """A reply goes from the side with a port of DNS to the client; `is_reply`: the line shows one."""
        if ports[0] not in DNS_PORTS or (ports[1] in DNS_PORTS and not is_reply):
            return
        other = {SOURCE: DESTINATION, DESTINATION: SOURCE}
        self.found = {addr: {other.get(s, s) for s in sides} for addr, sides in self.found.items()}


def attribute(
    said: bytes, hits: Hits, readings: Sequence[Reading], find: Callable[[bytes], Hits]
) -> Attribution:
    """The machine of a line with these hits; `said` is the text of the line that holds them.

    What stands round a message was written by its collector. So the innermost message with these hits speaks
    first. Where it names no machine, what stands round it may, but only under a key that says so. A machine
    inside comes before a public one: a translation may have left that.
    """
    senders = [sender for r in readings for sender in heads(r.text.decode("latin-1")).senders]
    hosts = {address(r.wrapper.host.decode("latin-1")) for r in readings if r.wrapper and r.wrapper.host}
    inner = [r.text for r in reversed(readings) if r.is_message and r.text != said]
    texts = [text for text in inner if hits.keys() <= find(text).keys()]
    found = [_attribute(text, hits, senders, hosts) for text in texts]
    found.append(_attribute(said, hits, senders, hosts, is_held=bool(texts)))
    for one in found:
        if one.inside is not None:
            return Attribution(one.inside, one.hits)
    last = next((one for one in found if one.public is not None), found[-1])
    return Attribution(last.public, last.hits)


@dataclass(frozen=True, slots=True)
class _Said:
    """What one text says: a machine inside, else a public one; and the hits that it may have called."""

    inside: str | None
    public: str | None
    hits: Hits


def _attribute(
    line: bytes, hits: Hits, senders: Sequence[str], hosts: Set[str | None], *, is_held: bool = False
) -> _Said:
    """What one text says; `hosts` sent the line by the word of a collector, or are its first word; `is_held`:
    a message in the text holds the hits."""
    clear = freetext.cleared(line).clear
    head = heads(clear)
    listed = {_address_of(m) for i, (_, m) in hits.items() if i.kind in ADDRESS_KINDS}
    sides = _sides(clear, listed, head.starts)
    for sender in (*head.senders, *senders):
        if sender in sides.found:
            sides.add(sender, OTHER, None)
    ports = sides.both_ports(clear)
    sides.swap_replies(ports, is_reply=_COUNTS.search(clear) is not None)
    flags = _FLAGS.search(clear)
    is_opened = flags is not None and "S" in flags[1]
    is_accepted = flags is not None and is_opened and "." in flags[1]
    is_answer = services.is_answer(*ports) and not is_opened
    is_server = is_accepted or (is_answer and ports[0] not in DNS_PORTS and ports[1] is not None)
    is_error = _ICMP.search(clear) is not None and _ICMP_ERROR.search(clear) is not None
    kept = {
        item: hit
        for item, hit in hits.items()
        if item.kind not in ADDRESS_KINDS
        or not (is_error or is_server or _only_called(sides, _address_of(hit[1])))
    }
    may_be_public = all(i.kind in ADDRESS_KINDS for i in hits) and not is_answer
    if directions.is_setting(bare(clear)):
        return _Said(None, None, kept)
    public = _public_device(sides, listed, hosts) if may_be_public else None
    return _Said(_device(sides, listed, is_held=is_held), public, kept)


def _only_called(sides: _Sides, addr: str) -> bool:
    return sides.are(addr, SOURCE) and not sides.are(addr, DESTINATION)


def _device(sides: _Sides, listed: set[str], *, is_held: bool) -> str | None:
    private = [a for a in sides.found if a not in listed and is_private(a)]
    sources = [a for a in private if sides.are(a, SOURCE)]
    if sources or any(SOURCE in found for found in sides.found.values()):
        return sources[0] if len(sources) == 1 else None
    left = [] if is_held else [a for a in private if not sides.found[a]]
    return left[0] if len(left) == 1 else None


def _public_device(sides: _Sides, listed: set[str], hosts: Set[str | None]) -> str | None:
    """The only source of a line that calls every listed address a destination, and names nothing inside."""
    sources = [a for a in sides.found if sides.are(a, SOURCE)]
    if len(sources) != 1 or sides.found[sources[0]] != {SOURCE} or _in(sources[0], NO_MACHINE):
        return None
    for addr in sides.found:
        is_told = (addr in hosts or sides.are(addr, OTHER)) and addr not in sides.translated
        if is_private(addr) and not is_told:
            return None
    return sources[0] if all(sides.are(a, DESTINATION) for a in listed) else None


def _address_of(matched: str) -> str:
    return address(matched) or split_authority(matched)[0]


def is_private(addr: str) -> bool:
    return _in(addr, PRIVATE)


def _in(addr: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    parsed = ip_address(addr)
    return any(parsed.version == n.version and parsed in n for n in networks)


def _number(found: re.Match[str] | None) -> int | None:
    return parse_port(found[1]) if found else None


def _sides(line: str, listed: set[str], starts: frozenset[int]) -> _Sides:
    found = _Sides()
    local: set[str] = set()
    incoming: list[tuple[str, int | None]] = []
    peers: list[tuple[str, int | None]] = []
    has_own_server = False
    places = freetext.addresses(line)
    if len(places) > freetext.MOST_ADDRESSES:
        return found
    line = bare(line)
    is_inward = directions.is_inward(line) or directions.is_served(line)
    ways = directions.ways(line, places)
    paths = keys.around(line, [start for start, _, _ in places])
    for at, ((start, stop, token), path) in enumerate(zip(places, paths, strict=True)):
        key = keys.before(line, start)
        if key.start in starts and _is_tag(key, line[stop : stop + _AFTER]):
            key = keys.NONE
        place = _Place(line, start, stop, ways[at], is_listed=token.value in listed)
        side, port = _side(place, key, path)
        is_untold = side is None and place.is_listed
        if is_untold and (is_inward or _is_first(line, places, at)):
            incoming.append((token.value, port))
        found.add(token.value, side, port)
        if side == SOURCE and key.words[:1] in LOCAL:
            local.add(token.value)
        if is_untold and not _PEERS.isdisjoint(key.words):
            peers.append((token.value, port))
        has_key = bool(key.words) and not key.is_word
        if side == DESTINATION and has_key and is_private(token.value) and not place.is_listed:
            has_own_server = True
        if side == OTHER and (_translated(key, path) or _is_behind(line, start)):
            found.translated.add(token.value)
    if not found.has_source(local):
        # The peer of an own server came in.
        for addr, port in (*incoming, *(peers if has_own_server else ())):
            found.add(addr, SOURCE, port)
    if found.has_source(local):
        for addr in local:
            found.found[addr] -= {SOURCE}
            found.found[addr].add(OTHER)
    return found


def _is_tag(key: Key, behind: str) -> bool:
    """Whether the word where a tag of syslog may stand is one: it names no device, or a call follows."""
    if side_of(key.words) not in (OTHER, DESTINATION) or key.words[-1] in _PROGRAMS:
        return True
    shown = _PORT_AFTER.match(behind)
    return directions.asks(behind[_end_of(shown) :])


def _is_first(line: str, places: Sequence[tuple[int, int, Token]], at: int) -> bool:
    """Whether a source and its destination inside stand beside each other, as a filter writes them."""
    if at + 1 == len(places) or not is_private(places[at + 1][2].value):
        return False
    start, stop, _ = places[at]
    before = line[max(0, start - _BEFORE) : start]
    return directions.is_filtered(before) and directions.is_beside(line, stop, places[at + 1][0])


def _is_behind(line: str, start: int) -> bool:
    """Whether an address stands in brackets behind an endpoint: it is the endpoint after translation."""
    return _BEHIND_ENDPOINT.search(line[max(0, start - _BEFORE) : start]) is not None


@dataclass(frozen=True, slots=True)
class _Place:
    """An address in a line; `way` is what an arrow says of it."""

    line: str
    start: int
    stop: int
    way: str | None
    is_listed: bool


def _side(place: _Place, key: Key, path: tuple[tuple[str, ...], ...]) -> tuple[str | None, int | None]:
    """The side that an address stands on, and its port."""
    line, start, stop, is_listed = place.line, place.start, place.stop, place.is_listed
    before, after = line[max(0, start - _BEFORE) : start], line[stop : stop + _AFTER]
    network = _NETWORK.match(after)
    if network and (network[1] is None or _is_prefix(int(network[1]), ":" in line[start:stop])):
        return OTHER, None
    shown = _PORT_AFTER.match(after)
    is_whole = network is not None and network[1] in ("32", "128")
    port = parse_port(shown["port"] or shown["inner"] or "") if shown and not is_whole else None
    if named := _NAMED_PORT.search(line[start:stop]):
        port = services.PORTS.get(named[1], services.UNKNOWN)
    if _BEHIND_ENDPOINT.search(before):
        return OTHER, None
    if place.way == OTHER:
        return OTHER, port
    arrow = _ARROW_AFTER.match(after)
    # A10's `NAT-TCP-N: ADDRESS -> …`: a key that names the event, and a whole flow behind it.
    if _translated(key, path) and (arrow is None or key.start < 0):
        return OTHER, port
    if arrow is not None:
        is_origin = arrow["path"] is not None or (arrow["tight"] is not None and _AGENT.search(before))
        return (OTHER if is_origin else SOURCE), port
    if place.way is not None:
        return place.way, port
    if _ARROW_BEFORE.search(before) or _URL_BEFORE.search(before):
        return DESTINATION, port
    if _PROGRAM.search(before):
        return OTHER, port
    behind = after[_end_of(shown) :]
    if is_listed and directions.came_in(before, behind):
        return SOURCE, port
    if key.is_word:
        side = near(key.words)
        if side is not None:
            return (None if side == SOURCE and is_listed else side), port
    elif key.words in AMBIGUOUS:
        is_wrapper = any(w in line for w in WRAPPERS)
        is_sender = is_wrapper or (bool(path) and key.words != ("source",))
        return (OTHER if is_sender else SOURCE if key.words == ("source",) else None), port
    if any(pair in LOG_SOURCE for pair in pairwise(path)):
        return OTHER, port
    for words in (() if key.is_word else key.words, *path):
        side = side_of(words)
        if side is not None:
            return side, port
    side = OTHER if directions.tells(behind) else directions.told(key, before)
    if side is not None:
        return side, port
    return (DESTINATION if port is not None and services.is_server(port) else None), port


def _end_of(shown: re.Match[str] | None) -> int:
    return shown.end() if shown is not None else 0


def _is_prefix(length: int, is_v6: bool) -> bool:
    """Whether a number behind an address is the length of a network; else it is one address or a port."""
    return 7 <= length <= 127 if is_v6 else 8 <= length <= 31


def _translated(key: Key, path: tuple[tuple[str, ...], ...]) -> bool:
    words = (*key.words, *(word for part in path for word in part))
    return any(w in TRANSLATED or w.startswith(TRANSLATED_BEGINS) for w in words)


@dataclass(frozen=True, slots=True)
class Heads:
    """What stands before a message: the addresses that sent it, and where a tag may begin."""

    senders: tuple[str, ...]
    starts: frozenset[int]


def heads(text: str) -> Heads:
    """The heads of at most HEADS hosts that a message went through."""
    line = text[:_HEAD_BYTES]
    found: list[str] = []
    starts = [0]
    at = 0
    for number in range(HEADS):
        priority = _PRIORITY.match(line, at)
        begin = priority.end() if priority else at
        after_time = moments.head(line, begin)
        # RFC 3164 names the month, and its host follows; a row of columns has other times.
        is_syslog = priority is not None or _names_month(line[begin : after_time or begin])
        begin = after_time if after_time is not None else begin
        starts.append(begin)
        word = _HEAD_WORD.match(line, begin)
        if word is None:
            break
        addr, rest = _address_in(word[1]), word.end()
        if addr is None:
            if priority is None and after_time is None:
                break
        else:
            is_host_known = number > 0 and after_time is None
            is_sender = is_syslog or _is_message(line, rest, is_host_known=is_host_known)
            if not is_sender or (priority is None and _REQUEST.match(line, rest)):
                break
            found.append(addr)
        at = rest
        starts.append(at)
    return Heads(tuple(found), frozenset(starts))


def _names_month(time: str) -> bool:
    return any("a" <= c <= "z" for c in time)


def _is_message(line: str, at: int, *, is_host_known: bool) -> bool:
    """Whether a message begins here, so that the address before it is not its first word, nor a column."""
    if is_host_known:
        return _TAG.match(line, at) is not None
    return _MESSAGE.match(line, at) is not None or moments.head(line, at) is not None


def _address_in(word: str) -> str | None:
    """The address that is a whole word of a head, in brackets, behind a slash or before a colon too."""
    return address(word) or address(word.lstrip("[(/").removesuffix(":").rstrip("])"))
