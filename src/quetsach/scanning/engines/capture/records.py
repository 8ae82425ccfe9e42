"""Records of a capture: their hits, and one line of text for each record that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from quetsach.logs import times
from quetsach.logs.times import Moment
from quetsach.scanning.engines.around import Around, names_machine, rows_of
from quetsach.scanning.engines.capture import dns, http
from quetsach.scanning.engines.capture.flows import NO_DAY, Flow
from quetsach.scanning.engines.capture.network import MAPPED, text_of
from quetsach.scanning.engines.capture.origin import End, Origin
from quetsach.scanning.engines.index import Hits, Index, hits_of
from quetsach.scanning.engines.rows import Rows
from quetsach.scanning.engines.tokens import Token, classify, request_tokens, split_host
from quetsach.text.canonical import endpoint

TCP, UDP = 6, 17
_NOWHERE = ("0.0.0.0", "::")  # noqa: S104
MOST_CLIENTS = 65_536
"""Clients whose hardware address is remembered; one more, and all are forgotten."""
_PROTOCOLS = {1: "ICMP", TCP: "TCP", UDP: "UDP", 58: "ICMPv6"}


class Found(NamedTuple):
    """What was found in a record: hits of indicators, else ways around."""

    hits: Hits
    ways: Hits

    def __bool__(self) -> bool:
        return bool(self.hits or self.ways)


class Contact(NamedTuple):
    """A flow with a hit whose outcome is not known yet."""

    hits: Found
    origin: Origin


def is_device(address: int) -> bool:
    """Whether an address can belong to one machine."""
    if address >> 32 == MAPPED >> 32:
        bits = address & 0xFFFF_FFFF
        return bits not in (0, 0xFFFF_FFFF) and bits >> 28 != 0xE
    return address != 0 and address >> 120 != 0xFF


def _with_port(end: End) -> str:
    return endpoint(text_of(end.address), end.port)


def _heading(origin: Origin, sender: str, target: str) -> bytes:
    """The start of a record's text: the time, the sender and the target."""
    when = times.iso(origin.time) if origin.time is not None else "-"
    return f"{when} pcap {sender} > {target} ".encode()


@dataclass(slots=True)
class Recorder:
    """Looks up the records in the index and keeps the hits."""

    index: Index
    around: Around
    most_alive: int | None
    rows: Rows
    bypasses: Rows
    alive: set[tuple[str, str]] = field(default_factory=set)
    inbound: int = 0
    hits: int = 0
    _records: int = 0
    _waiting: dict[int, Contact] = field(default_factory=dict)
    _contacts: int = 0
    _macs: dict[int, bytes] = field(default_factory=dict)

    def _find(self, tokens: list[Token]) -> Found:
        hits = hits_of(self.index, tokens)
        return Found(hits, {} if hits else self.around.hits(tokens, endpoints=True))

    def _keep(
        self, found: Found, log_format: str, client: int, action: str, origin: Origin, text: bytes
    ) -> None:
        self.hits += len(found.hits)
        self._records += 1
        device = text_of(client) if is_device(client) else None
        if not found.hits and not names_machine(device, "mac:" if origin.mac is not None else ""):
            return
        (self.rows if found.hits else self.bypasses).add(
            found.hits or rows_of(found.ways),
            offset=self._records,
            device=device,
            moment=Moment(origin.time, False) if origin.time is not None else None,
            action=action,
            identity={"mac": origin.mac.hex(":")} if origin.mac is not None else {},
            log_format=log_format,
            line=text,
        )

    def _of_client(self, client: int, origin: Origin, *, is_sender: bool) -> Origin:
        """The packet's origin with the hardware address of the client.

        A packet that the client sent shows it. One that it was sent counts where its frame goes to the
        hardware address with which the client sent last: else a router stands between."""
        if is_sender:
            if origin.mac is not None:
                if len(self._macs) >= MOST_CLIENTS and client not in self._macs:
                    self._macs.clear()
                self._macs[client] = origin.mac
            return origin
        is_known = origin.to is not None and self._macs.get(client) == origin.to
        return origin._replace(mac=origin.to if is_known else None)

    def dns(self, sender: End, target: End, origin: Origin, data: bytes) -> None:
        """A DNS message."""
        message = dns.read(data, is_netbios=dns.NETBIOS in (sender.port, target.port))
        if message is None:
            return
        known = (sender.port in dns.PORTS, target.port in dns.PORTS)
        sender_serves = message.is_reply if known[0] == known[1] else known[0]
        client = target if sender_serves else sender
        origin = self._of_client(client.address, origin, is_sender=not sender_serves)
        # mDNS answers without a question: its names are the owners of the answers.
        names = message.questions or message.owners
        tokens = [Token("query", *classify(name)) for name, _ in names if name]
        answers = [_answer(kind, value) for kind, value in message.answers if kind != "other"]
        hits = self._find(tokens + answers)
        if not hits:
            return
        text = _heading(origin, _with_port(sender), _with_port(target)) + _told(message, names)
        self._keep(hits, "pcap.dns", client.address, _dns_action(message, answers), origin, text)

    def tls(self, sender: End, target: End, origin: Origin, name: bytes) -> None:
        """A ClientHello with its server name, over TCP."""
        self._server_name("tls", sender, target, origin, name)

    def quic(self, sender: End, target: End, origin: Origin, name: bytes) -> None:
        """A ClientHello with its server name, over QUIC."""
        self._server_name("quic", sender, target, origin, name)

    def _server_name(self, word: str, sender: End, target: End, origin: Origin, name: bytes) -> None:
        hits = self._find([Token("server_name", *classify(name))])
        self._asked(hits, f"pcap.{word}", sender, target, origin, word.upper().encode() + b" " + name)

    def request(self, sender: End, target: End, origin: Origin, head: http.Head) -> None:
        """The head of an HTTP request."""
        hosts = [split_host(head.host)] if head.host is not None else []
        tokens = request_tokens(hosts, [head.target], text_of(target.address), target.port)
        tokens.sort(key=lambda t: t.kind == "url")
        words = (b"HTTP", head.method, head.host or b"-", head.target)
        self._asked(self._find(tokens), "pcap.http", sender, target, origin, b" ".join(words))

    def _asked(
        self, hits: Found, log_format: str, sender: End, target: End, origin: Origin, what: bytes
    ) -> None:
        if hits:
            text = _heading(origin, _with_port(sender), _with_port(target)) + what
            self._keep(hits, log_format, sender.address, "allowed", origin, text)

    def contact(self, flow: Flow, is_from_high: bool, origin: Origin) -> None:
        """A flow starts, or goes on into another day: look up both its ends."""
        flow.day = day_number(origin.time)
        flow.watch = 0
        initiator, responder = flow.end(flow.is_initiator_high), flow.end(not flow.is_initiator_high)
        is_sender = flow.is_initiator_high == is_from_high
        origin = self._of_client(initiator.address, origin, is_sender=is_sender)
        has_ports = flow.protocol in (TCP, UDP)
        has_room = self.most_alive is not None and len(self.alive) <= self.most_alive
        if has_room and origin.time is not None and is_device(initiator.address):
            self.alive.add((times.day(origin.time), text_of(initiator.address)))
        self.inbound += self.index.inbound(text_of(initiator.address), initiator.port if has_ports else None)
        port = responder.port if has_ports else None
        hits = self._find([Token("destination", "address", text_of(responder.address), port)])
        if hits:
            self._contacts += 1
            self._waiting[self._contacts] = Contact(hits, origin)
            flow.watch = self._contacts

    def settle(self, flow: Flow) -> None:
        """The outcome of a flow is known, or will never be known."""
        contact = self._waiting.pop(flow.watch, None)
        if contact is None:
            return
        flow.watch = 0
        action, outcome = _outcome(flow)
        shown = _with_port if flow.protocol in (TCP, UDP) else lambda end: text_of(end.address)
        initiator, responder = flow.end(flow.is_initiator_high), flow.end(not flow.is_initiator_high)
        word = _PROTOCOLS.get(flow.protocol, f"IP-{flow.protocol}")
        text = _heading(contact.origin, shown(initiator), shown(responder)) + f"{word} {outcome}".encode()
        self._keep(contact.hits, "pcap.flow", initiator.address, action, contact.origin, text)


def day_number(time: int | None) -> int:
    """Days since 1970 UTC."""
    return time // times.DAY if time is not None else NO_DAY


def _outcome(flow: Flow) -> tuple[str, str]:
    if flow.is_established:
        return "allowed", "established" if flow.protocol == TCP else "answered"
    if flow.protocol != TCP:
        return "attempt", "no answer"
    if flow.has_reset:
        return "attempt", "reset"
    return ("attempt", "no answer") if flow.first is not None else ("unknown", "seen")


def _answer(kind: str, value: bytes | int) -> Token:
    if isinstance(value, int):
        return Token("answer", kind, text_of(value))
    return Token("answer", *classify(value))


def _dns_action(message: dns.Message, answers: list[Token]) -> str:
    if not message.is_reply:
        return "unknown"
    if any(token.value in _NOWHERE for token in answers):
        return "blocked"
    return "attempt" if message.code or not message.answers else "allowed"


def _told(message: dns.Message, names: list[tuple[bytes, int]]) -> bytes:
    text = b"DNS " + b", ".join(dns.type_word(kind).encode() + b" " + (name or b".") for name, kind in names)
    if not message.is_reply:
        return text
    shown = [_shown(kind, value) for kind, value in message.answers]
    answers = b" -> " + b", ".join(shown) if shown else b""
    return text + answers + b" " + dns.code_word(message.code).encode()


def _shown(kind: str, value: bytes | int) -> bytes:
    if isinstance(value, bytes):
        return value
    return (text_of(value) if kind == "address" else f"<{dns.type_word(value)}>").encode()
