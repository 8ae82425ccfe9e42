"""Decoders that a variant names for a field: `decode = { field = "name" }` (docs/log-formats.md 3).

A decoder gets one value and gives any number of values.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

_LABELS = re.compile(rb"((?:\((?!00?\))\d{1,2}\)[^()\s]+)*)\(0\)")
_THREAT = re.compile(rb".*:([A-Za-z0-9._-]+)\)?\(\d+\)", re.DOTALL)
_TYPE = re.compile(rb"^type: *\d+ +")
TRIGGER = b".rpz-ip"
"""The mark of a line with an address in reverse spelling."""
_TRIGGER = re.compile(
    rb"(?:32((?:\.\d{1,3}){4})|128((?:\.(?:[0-9A-Fa-f]{1,4}|zz)){1,8}))" + re.escape(TRIGGER) + rb"(?:\..*)?",
    re.DOTALL,
)
_BETWEEN = re.compile(rb"[\s\"'<>]|\\[rn]")
"""What parts the words of a text: also line ends that a sender wrote as an escape."""
_SCHEME = re.compile(rb"[A-Za-z0-9+.-]*://")
_HOSTLIKE = re.compile(rb"[.:]")
_NO_HOST = re.compile(rb"[\\@=]")
_WITH_PORT = re.compile(rb"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}|\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?")
_LENGTH = re.compile(rb"\(\d{1,2}\)")


def _labels(value: bytes) -> tuple[bytes, ...]:
    """`(3)www(7)example(3)org(0)` as `www.example.org`; the root has no value, any other value stays."""
    found = _LABELS.fullmatch(value)
    if found is None:
        return (value,)
    return (b".".join(_LENGTH.split(found[1])[1:]),) if found[1] else ()


def _records(value: bytes) -> tuple[bytes, ...]:
    """The data of resource records `NAME TTL CLASS TYPE DATA` parted by `;`, where the data is one word."""
    records = (record.split() for record in value.split(b";"))
    return tuple(r[4] for r in records if len(r) == 5)


def _listed(value: bytes) -> tuple[bytes, ...]:
    """Values parted by commas, semicolons or white space."""
    return tuple(v for v in re.split(rb"[,;\s]+", value) if v)


def _target(value: bytes) -> tuple[bytes, ...]:
    """`host/path` as a URL, without quotes around it; a value with a scheme, or with `/` first, stays."""
    value = value.removeprefix(b'"').removesuffix(b'"')
    return (value if b"://" in value or value.startswith(b"/") else b"http://" + value,)


def _trigger(value: bytes) -> tuple[bytes, ...]:
    """The address in `32.9.113.0.203.rpz-ip.ZONE` or `128.1.zz.db8.2001.rpz-ip.ZONE`; no value for
    networks."""
    found = _TRIGGER.fullmatch(value)
    if found is None:
        return ()
    parts = [part.decode() for part in reversed((found[1] or found[2])[1:].split(b"."))]
    spelled = ".".join(parts) if found[1] else _groups(parts)
    try:
        return (str(ipaddress.ip_address(spelled)).encode(),)
    except ValueError:
        return ()


def _groups(parts: list[str]) -> str:
    """An IPv6 address from its groups; `zz` stands for the zeros that are left out."""
    if "zz" not in parts:
        return ":".join(parts)
    at = parts.index("zz")
    return ":".join(parts[:at]) + "::" + ":".join(parts[at + 1 :])


def _unquoted(value: bytes) -> tuple[bytes, ...]:
    """Without the quotes around it; an empty value counts as none."""
    bare = value[1:-1] if len(value) > 1 and value.startswith(b'"') and value.endswith(b'"') else value
    return (bare,) if bare else ()


def _threat(value: bytes) -> tuple[bytes, ...]:
    """The name in a PAN-OS threat name: `generic:www.example.org(4000001)`, in brackets or not."""
    found = _THREAT.fullmatch(value)
    return (found[1],) if found else ()


def _windows_results(value: bytes) -> tuple[bytes, ...]:
    """`type:  5 www.example.org;192.0.2.1;`: the form in which Windows writes the answers for a name."""
    parts = (_TYPE.sub(b"", part.strip(b" ")) for part in value.split(b";"))
    return tuple(part for part in parts if part and part != b"-")


def _mentioned(value: bytes) -> tuple[bytes, ...]:
    """The URLs, names and addresses among the words of a text, each as a URL."""
    found = []
    for word in _BETWEEN.split(value):
        bare = word.lstrip(b"([{").rstrip(b".,;:)]}")
        scheme = _SCHEME.search(bare)
        if scheme is not None:
            found.append(bare[scheme.start() :])
        elif _HOSTLIKE.search(bare) and not _NO_HOST.search(bare):
            found.append(b"http://" + bare)
    return tuple(found)


def _address(value: bytes) -> tuple[bytes, ...]:
    """An address without its port and brackets; any other value stays."""
    found = _WITH_PORT.fullmatch(value)
    return (found[1] or found[2],) if found else (value,)


DECODERS: Mapping[str, Callable[[bytes], tuple[bytes, ...]]] = {
    "labels": _labels,
    "records": _records,
    "listed": _listed,
    "target": _target,
    "trigger": _trigger,
    "unquoted": _unquoted,
    "threat": _threat,
    "windows_results": _windows_results,
    "mentioned": _mentioned,
    "address": _address,
}
