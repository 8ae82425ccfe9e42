"""Names and addresses that a DNS message answers (RFC 1035 4, RFC 3596, RFC 2782)."""

from __future__ import annotations

import ipaddress
import struct

_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_A, _NS, _CNAME, _PTR, _MX, _AAAA, _SRV = 1, 2, 5, 12, 15, 28, 33
_NAMES_AT = {_NS: 0, _CNAME: 0, _PTR: 0, _MX: 2, _SRV: 6}
_MOST_RECORDS = 256
_MOST_LABELS = 128


def read_answers(message: bytes) -> tuple[str, list[str]]:
    """The response code and, of the answer section, every address and name up to where the message "
    "is damaged."""
    found: list[str] = []
    if len(message) < 12:
        return "", found
    _id, flags, questions, answers = struct.unpack_from(">4H", message)
    code = flags & 15
    rcode = _RCODES[code] if code < len(_RCODES) else str(code)
    try:
        at = 12
        for _ in range(min(questions, _MOST_RECORDS)):
            at = _name(message, at)[1] + 4
        for _ in range(min(answers, _MOST_RECORDS)):
            at = _name(message, at)[1]
            kind, _class, _ttl, size = struct.unpack_from(">HHIH", message, at)
            at += 10
            data = message[at : at + size]
            if (kind == _A and size == 4) or (kind == _AAAA and size == 16):
                found.append(str(ipaddress.ip_address(data)))
            elif kind in _NAMES_AT:
                found.append(_name(message, at + _NAMES_AT[kind])[0])
            at += size
    except (struct.error, IndexError, ValueError):
        pass
    return rcode, [value for value in found if value]


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A name and the place behind it. Raises IndexError or ValueError where the name is damaged."""
    labels: list[str] = []
    after = 0
    for _ in range(_MOST_LABELS):
        size = message[at]
        if size == 0:
            return ".".join(labels), after or at + 1
        if size >= 0xC0:
            after = after or at + 2
            at = (size & 0x3F) << 8 | message[at + 1]
        elif size < 0x40:
            labels.append(message[at + 1 : at + 1 + size].decode("latin-1"))
            at += 1 + size
        else:
            break
    raise ValueError("no name")
