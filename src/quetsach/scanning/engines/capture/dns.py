"""DNS messages (RFC 1035), also of mDNS, LLMNR and the NetBIOS name service (RFC 1002)."""

from __future__ import annotations

from dataclasses import dataclass, field

from quetsach.scanning.engines.capture.network import MAPPED

PORTS = (53, 853, 5353, 5355, 137)
"""Ports of name servers."""
DATAGRAMS = (53, 5353, 5355, 137)
"""Ports whose datagrams are read as messages."""
NETBIOS = 137
MOST_QUESTIONS = 32
MOST_ANSWERS = 256
LONGEST = 255
"""Octets of a name (RFC 1035 2.3.4)."""

_A, _AAAA = 1, 28
_NAME_AT = {2: 0, 5: 0, 12: 0, 39: 0, 15: 2, 33: 6}
"""Record types whose data ends with one name, and the place where the name starts."""
_TYPES = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    32: "NB",
    33: "SRV",
    39: "DNAME",
    64: "SVCB",
    65: "HTTPS",
    255: "ANY",
}
_CODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


def type_word(number: int) -> str:
    """Mnemonic of a record type."""
    return _TYPES.get(number, f"TYPE{number}")


def code_word(number: int) -> str:
    """Mnemonic of a response code."""
    return _CODES[number] if number < len(_CODES) else f"RCODE{number}"


@dataclass(slots=True)
class Message:
    """A DNS message: (name, type) of the questions; names, addresses (int) or types of the answers.

    `owners` are the names to which the answers belong.
    """

    is_reply: bool
    code: int
    questions: list[tuple[bytes, int]] = field(default_factory=list)
    owners: list[tuple[bytes, int]] = field(default_factory=list)
    answers: list[tuple[str, bytes | int]] = field(default_factory=list)


class _BrokenError(Exception):
    """The message ends here, or contradicts itself."""


def read(data: bytes, *, is_netbios: bool) -> Message | None:
    """A standard message, as far as it can be read; None for anything but a question or an answer."""
    if len(data) < 12:
        return None
    flags, questions, answers = (int.from_bytes(data[at : at + 2]) for at in (2, 4, 6))
    if flags & 0x7800 or questions > MOST_QUESTIONS:
        return None
    message = Message(bool(flags & 0x8000), flags & 15)
    at = 12
    try:
        for _ in range(questions):
            name, at = _name(data, at, is_netbios)
            if len(data) < at + 4:
                raise _BrokenError
            message.questions.append((name, int.from_bytes(data[at : at + 2])))
            at += 4
        if message.is_reply:
            for _ in range(min(answers, MOST_ANSWERS)):
                at = _answer(data, at, is_netbios, message)
    except _BrokenError:
        return message if message.questions or message.owners else None
    return message if questions or (answers and message.is_reply) else None


def _answer(data: bytes, at: int, is_netbios: bool, message: Message) -> int:
    owner, at = _name(data, at, is_netbios)
    if len(data) < at + 10:
        raise _BrokenError
    kind, size = int.from_bytes(data[at : at + 2]), int.from_bytes(data[at + 8 : at + 10])
    start, end = at + 10, at + 10 + size
    if len(data) < end:
        raise _BrokenError
    message.owners.append((owner, kind))
    if kind == _A and size == 4:
        message.answers.append(("address", MAPPED | int.from_bytes(data[start:end])))
    elif kind == _AAAA and size == 16:
        message.answers.append(("address", int.from_bytes(data[start:end])))
    elif (name := _whole_name(data, start, end, kind)) is not None:
        message.answers.append(("name", name))
    else:
        message.answers.append(("other", kind))
    return end


def _whole_name(data: bytes, start: int, end: int, kind: int) -> bytes | None:
    if kind not in _NAME_AT:
        return None
    try:
        name, behind = _name(data, start + _NAME_AT[kind], False)
    except _BrokenError:
        return None
    return name if behind == end else None


def _name(data: bytes, at: int, is_netbios: bool) -> tuple[bytes, int]:
    """The name at a place and the place behind it. Pointers lead backwards only, so there is an end."""
    out = bytearray()
    octets, low, behind = 0, at, None
    while True:
        if at >= len(data):
            raise _BrokenError
        size = data[at]
        if size == 0:
            return bytes(out), behind if behind is not None else at + 1
        if size >> 6 == 3 and at + 1 < len(data):
            target = (size & 0x3F) << 8 | data[at + 1]
            if target >= low:
                raise _BrokenError
            behind = behind if behind is not None else at + 2
            low = at = target
            continue
        label = data[at + 1 : at + 1 + size]
        octets += size + 1
        if size >> 6 or len(label) < size or octets >= LONGEST:
            raise _BrokenError
        if out:
            out += b"."
        out += _netbios(label) if is_netbios and not out and _is_netbios(label) else _label(label, b".")
        at += 1 + size


def _is_netbios(label: bytes) -> bool:
    return len(label) == 32 and all(0x41 <= b <= 0x50 for b in label)


def _netbios(label: bytes) -> bytes:
    """RFC 1001 14.1: half a byte a letter; the last of 16 bytes is the kind of service."""
    plain = bytes((a - 0x41) << 4 | (b - 0x41) for a, b in zip(label[::2], label[1::2], strict=True))
    return _label(plain[:15].rstrip(b" \0"), b"")


def _label(label: bytes, dots: bytes) -> bytes:
    """Backslashes, spaces, controls and the characters of `dots` as `\\DDD` (RFC 1035 5.1)."""
    unsafe = b"\\\x7f" + dots
    return b"".join(b"\\%03d" % b if b <= 0x20 or b in unsafe else bytes((b,)) for b in label)
