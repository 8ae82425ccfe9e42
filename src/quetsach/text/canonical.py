"""The canonical spelling of names, addresses and the host of a URL, shared by indicators and log lines.

Text from bytes is a `str` decoded with `surrogateescape`, so that odd bytes survive comparison.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
"""Strict dotted decimal (RFC 6943 3.1.1): four numbers, no leading zeros."""
_IPV6 = re.compile(r"(?=.*:)[0-9A-Fa-f:.]{2,45}")
_NUMERIC = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
LONGEST_LABEL = 63
"""Octets of a label (RFC 1035 2.3.4); no longer U-label has an A-label."""
_CACHED = 256
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def address(text: str) -> str | None:
    """The canonical form of a whole IPv4 or IPv6 address, or None.

    IPv6 in any spelling of RFC 4291 2.2 becomes the spelling of RFC 5952; brackets and `%zone` are dropped;
    IPv4-mapped addresses (`::ffff:0:0/96`) and those of NAT64 (`64:ff9b::/96`, RFC 6052) become IPv4.
    """
    if ":" not in text:
        return text if IPV4.fullmatch(text) else None
    if text[0] == "[":
        if text[-1] != "]":
            return None
        text = text[1:-1]
    text, _, _ = text.partition("%")
    if not _IPV6.fullmatch(text):
        return None
    try:
        parsed = IPv6Address(text)
    except ValueError:
        return None
    return str(embedded(parsed) or parsed)


NAT64 = 0x0064_FF9B << 96
"""RFC 6052 2.1: a translator sends what goes to such an address to the IPv4 address in its last 32 bits."""
_MAPPED = 0xFFFF << 32


def embedded(addr: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv4-mapped address or one of NAT64 is."""
    number = int(addr)
    if number >> 32 in (NAT64 >> 32, _MAPPED >> 32):
        return IPv4Address(number & 0xFFFF_FFFF)
    return None


def site_of(addr: str) -> str | None:
    """The IPv4 address of the site that a canonical address of 6to4 lies in (`2002::/16`, RFC 3056)."""
    return str(IPv6Address(addr).sixtofour) if addr.startswith("2002:") else None


def endpoint(addr: str, port: int) -> str:
    """`address:port`, IPv6 in brackets (RFC 3986 3.2.2)."""
    return f"[{addr}]:{port}" if ":" in addr else f"{addr}:{port}"


def name(text: str) -> str:
    """A DNS name in lower case, one trailing dot dropped, U-labels as A-labels; never raises."""
    if text.isascii():
        return text.translate(_LOWER).removesuffix(".")
    encode = _to_ascii if len(text) <= _CACHED else _to_ascii.__wrapped__
    return encode(text).removesuffix(".")


def is_numeric_name(text: str) -> bool:
    """Whether it is four numbers joined by dots: a malformed address, never a name (`1.2.3.444`,
    `010.0.0.1`)."""
    return _NUMERIC.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _to_ascii(text: str) -> str:
    return ".".join(_label(part) for part in text.translate(_DOTS).split("."))


def _label(text: str) -> str:
    """One label by UTS-46 without transitional processing; a label that it refuses stays as it is."""
    if text.isascii() or len(text) > LONGEST_LABEL:
        return text.translate(_LOWER)
    import idna  # imported on demand: plain ASCII lists and logs do not need its tables

    try:
        mapped: str = idna.uts46_remap(text, std3_rules=False, transitional=False)
        if mapped.isascii():
            return mapped
        return "xn--" + mapped.encode("punycode").decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return text


def parse_port(text: str) -> int | None:
    """A decimal port 0 to 65535, or None."""
    if 1 <= len(text) <= 5 and text.isascii() and text.isdigit():
        port = int(text)
        return port if port <= 65535 else None
    return None


def split_authority(text: str) -> tuple[str, int | None]:
    """Host and port of `[user@]host[:port]` (RFC 3986 3.2); the host is an address or name in canonical form.

    An IPv6 address without brackets is taken whole, without a port.
    """
    text = text.rpartition("@")[2]
    if text.startswith("["):
        inside, closed, after = text[1:].partition("]")
        found = address(inside) if closed and ":" in inside else None
        if found is None:
            return name(text), None
        if not after:
            return found, None
        port = parse_port(after[1:]) if after[0] == ":" else None
        return (found, port) if port is not None else (name(text), None)
    if text.count(":") > 1:
        return address(text) or name(text), None
    host, colon, digits = text.partition(":")
    port = parse_port(digits) if colon else None
    if colon and port is None:
        host = text if digits else host
    return address(host) or name(host), port


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_AUTHORITY_END = re.compile(r"[/?#\\]")


def split_url(text: str) -> tuple[str, int | None, str] | None:
    """Host, port and rest of `scheme://authority rest`, or None if `text` is no absolute URL.

    The authority ends at the first of `/ ? # \\`: browsers take a backslash for a slash (WHATWG URL 4.4).
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    end = _AUTHORITY_END.search(text, scheme.end())
    cut = end.start() if end else len(text)
    host, port = split_authority(text[scheme.end() : cut])
    return host, port, path_of(text[cut:])


def path_of(rest: str) -> str:
    """The text behind an authority, with a `/` before it if it has none; an empty text stays empty."""
    if not rest or rest[0] == "/":
        return rest
    return "/" + (rest[1:] if rest[0] == "\\" else rest)


def url_covers(path: str, rest: str) -> bool:
    """Whether an item's path is a prefix of a URL's rest, up to the end of a path segment."""
    if not rest.startswith(path):
        return False
    return len(rest) == len(path) or rest[len(path)] in "/?#&" or path[-1] in "/?=&"
