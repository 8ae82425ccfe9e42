"""One value of a list becomes indicators in canonical form."""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range

from quetsach.errors import IndicatorError
from quetsach.indicators.indicator import Indicator, Kind, Scope
from quetsach.indicators.lists.refang import refang
from quetsach.indicators.lists.remark import Reject
from quetsach.text.canonical import IPV4, address, endpoint, name, parse_port, split_authority, split_url
from quetsach.text.marks import is_piled, normalize
from quetsach.text.reasons import REJECTS

_PLAIN_DOMAIN = re.compile(
    r"(?=[a-z0-9_.-]{4,253}\Z)(?:[a-z0-9_-]{1,63}\.)+(?=[a-z0-9_-]*[a-z])(?!0x[0-9a-f]*\Z)[a-z0-9_-]{1,63}",
    re.ASCII,
)
_PLAIN_ENDPOINT = re.compile(rf"({IPV4.pattern}):([1-9][0-9]{{0,4}})", re.ASCII)
_HASH = re.compile(r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})")
_ODD = re.compile(r"[^\x21-\x7e]")
_NUMBERS = re.compile(r"[0-9.]+|0[xX][0-9A-Fa-f.xX]*")
_PREFIX = re.compile(r"[0-9]{1,3}")
_WORDS = re.compile(r"[\s/,;()]+")
"""Separators of words in a type: "IP C2", "IP/domain"."""
_WRAPPED = re.compile(r"""[“”„‟‘’«‹"'`<]{1,3}([^“”„‟‘’«»‹›"'`<>]+)[“”‟‘’»›"'`>]{1,3}[,;]?""")
"""Values in the quotes of word processors, programs and mails: `“evil.example”`, `"evil.example",`."""
_DASHED = re.compile(r"\A([0-9A-Fa-f.:]+)\s*[\u2010-\u2015\u2212]\s*([0-9A-Fa-f.:]+)\Z")
"""A range with the dash that word processors put in the place of a hyphen."""
_LAST_OCTET = re.compile(r"[0-9]{1,3}")
"""The end of a range that gives only its last octet: `192.0.2.10-20`."""
_PROTOCOLS = frozenset(("tcp", "udp"))
_ENDS = re.compile(r"[/?#\\]")

LONGEST = 1 << 16
"""Characters of a value; no URL that is asked for is longer."""
_LONGEST_ODD = 1 << 12
"""Of one with other letters than ASCII's or with spaces, which are looked at one by one."""
KINDS = frozenset(
    (
        "domain", "hostname", "host", "fqdn", "domain-name", "ipv4", "ipv6", "ip", "ipv4-addr", "ipv6-addr",
        "ip-dst", "ip-src", "addr", "address", "cidr", "subnet", "network", "netblock", "ip-port", "ip:port",
        "ipv4-port", "ipv6-port", "ip-dst|port", "ip-src|port", "hostname|port", "domain|ip", "url", "uri",
        "link", "c2", "c&c", "tên miền", "địa chỉ", "địa chỉ ip", "dải mạng", "đường dẫn", "liên kết",
    )
)  # fmt: skip
"""Words of a type column that are searched for. The value shows its kind; the word only excludes others."""
HASHES = frozenset(
    (
        "md5", "sha1", "sha256", "sha-1", "sha-256", "md5_hash", "sha1_hash", "sha256_hash", "hash",
        "file hash", "filename|md5", "filename|sha1", "filename|sha256", "filehash-md5", "filehash-sha1",
        "filehash-sha256", "mã băm",
    )
)  # fmt: skip
"""Words of a type column for hashes of files; a check of one machine compares these."""


def parse(text: str, scope: Scope, kind: str = "", family: str = "") -> tuple[list[Indicator], list[str]]:
    """The indicators of one value and the codes of warnings.

    `scope` is the list's scope for domains; `*.` or a leading dot means subdomains only, in any list.
    Raises Reject with a code when the value is not an indicator.
    """
    if (kind == "" or kind == "domain" or kind == "url") and _PLAIN_DOMAIN.fullmatch(text):
        return [Indicator(text, Kind.DOMAIN, scope, family)], []
    found = _PLAIN_ENDPOINT.fullmatch(text)
    if found is not None and int(found[2]) <= 65535:
        return [Indicator(text, Kind.IP_PORT, Scope.WITH_SUBDOMAINS, family)], []
    if len(text) > LONGEST:
        raise Reject("mangled")
    if kind:
        kind = normalize("NFC", kind.lower().strip())
    if kind and kind not in KINDS and not KINDS.issuperset(filter(None, _WORDS.split(kind))):
        raise Reject("hash" if kind in HASHES and hash_in(text) else "unknown-type")
    text = refang(_visible(text))
    if not text:
        raise Reject("no-value")
    if text.endswith("…"):
        raise Reject("cut-off")
    wrapped = _WRAPPED.fullmatch(text)
    text = _DASHED.sub(r"\1-\2", wrapped[1] if wrapped else text)
    if not text.isascii() and _is_no_name(_ENDS.split(text.rpartition("://")[2], maxsplit=1)[0]):
        raise Reject("bad-name")
    items, codes = _pair(text, scope, kind) if "|" in kind and "|" in text else _classify(text, scope)
    if wrapped:
        codes = [*codes, "unquoted"]
    if family:
        items = [Indicator(i.value, i.kind, i.scope, family) for i in items]
    return items, codes


def spelled(text: str, scope: Scope) -> list[Indicator]:
    """The indicators of one value that is in no list.

    Raises IndicatorError, naming the value, where it is no indicator.
    """
    try:
        return parse(text, scope)[0]
    except Reject as reject:
        raise IndicatorError(f"{text}: {REJECTS[reject.code]}") from reject


def is_value(text: str) -> bool:
    """Whether a text is an indicator as it stands."""
    try:
        parse(text, Scope.WITH_SUBDOMAINS)
    except Reject:
        return False
    return True


def hash_in(text: str) -> str:
    """The MD5, SHA-1 or SHA-256 in a value, in lower case; also behind a file's name (`name|hash`)."""
    value = text.strip().rpartition("|")[2]
    return value.lower() if _HASH.fullmatch(value) else ""


def _pair(text: str, scope: Scope, kind: str) -> tuple[list[Indicator], list[str]]:
    """The two-part values of MISP: `address|port`, `name|port`, `name|address`."""
    first, _, second = text.rpartition("|")
    if kind == "domain|ip":
        (one, codes), (other, more) = _classify(first, scope), _classify(second, scope)
        return one + other, codes + more
    port = parse_port(second)
    if not port:
        raise Reject("bad-port")
    return _classify(endpoint(address(first) or first, port), scope)


def _visible(text: str) -> str:
    if _ODD.search(text) is None:
        return text
    if len(text) > _LONGEST_ODD:
        raise Reject("mangled")
    if is_piled(text):
        raise Reject("bad-name")
    kept = (c for c in text if unicodedata.category(c)[0] != "C" and c != "\u00a0")
    return normalize("NFC", "".join(kept)).strip()


def _classify(text: str, scope: Scope) -> tuple[list[Indicator], list[str]]:
    if text.startswith("@@"):
        raise Reject("exception")
    if _HASH.fullmatch(text):
        raise Reject("hash")
    if text.startswith(("*.", ".")):
        return [_domain(text.lstrip("*")[1:], Scope.SUBDOMAINS_ONLY)], []
    if text.startswith("="):
        return [_domain(text[1:], Scope.EXACT)], []
    if "://" in text:
        return _url(text, scope)
    whole = address(text)
    if whole is not None:
        return [_address(whole)], []
    if "-" in text and "/" not in text:
        low, _, high = text.partition("-")
        if _LAST_OCTET.fullmatch(high) and IPV4.fullmatch(low):
            high = f"{low.rpartition('.')[0]}.{high}"
        if address(low.strip()) and ("." in high or ":" in high) and address(high.strip()):
            return _range(address(low.strip()) or "", address(high.strip()) or ""), ["range"]
        if address(low.strip()):
            raise Reject("bad-range")
    if _ENDS.search(text):
        return _slashed(text, scope)
    if "@" in text:
        raise Reject("email")
    return _authority(text, scope)


def _slashed(text: str, scope: Scope) -> tuple[list[Indicator], list[str]]:
    """A network, or a URL without its scheme."""
    before, slash, after = text.partition("/")
    whole = address(before)
    if whole is not None and slash and (_PREFIX.fullmatch(after) or IPV4.fullmatch(after)):
        return _network(before, whole, after)
    if not before or _ENDS.match(text):
        raise Reject("no-host")
    if after.lower() in _PROTOCOLS and split_authority(before)[1] is not None:
        return _authority(before, scope)
    return _url(f"http://{text}", scope)


def _network(spelled: str, whole: str, length: str) -> tuple[list[Indicator], list[str]]:
    try:
        if ":" in spelled and ":" not in whole:
            length = str(int(length) - 96)
        network = ip_network(f"{whole}/{length}", strict=False)
    except ValueError:
        raise Reject("bad-network") from None
    warnings = ["host-bits"] if str(network.network_address) != whole and network.num_addresses > 1 else []
    return [_from_network(network)], warnings


def _from_network(network: IPv4Network | IPv6Network) -> Indicator:
    if network.num_addresses == 1:
        return _address(str(network.network_address))
    return Indicator(str(network), Kind.CIDR)


def _range(low: str, high: str) -> list[Indicator]:
    first, last = ip_address(low), ip_address(high)
    try:
        networks: list[IPv4Network | IPv6Network] = [*summarize_address_range(first, last)]
    except (TypeError, ValueError):
        raise Reject("bad-range") from None
    # Cut into pieces, it would slip past the guard rail against wide networks.
    if len(networks) > 1 and int(last) - int(first) >= 1 << (16 if first.version == 4 else 96):
        raise Reject("wide-range")
    return [_from_network(n) for n in networks]


def _address(whole: str) -> Indicator:
    return Indicator(whole, Kind.IPV6 if ":" in whole else Kind.IPV4)


def _url(text: str, scope: Scope) -> tuple[list[Indicator], list[str]]:
    text, fragment, _ = text.partition("#")
    warnings = ["fragment-dropped"] if fragment else []
    parts = split_url(text)
    if parts is None:
        raise Reject("bad-name")
    host, port, rest = parts
    if not host:
        raise Reject("no-host")
    if port == 0:
        raise Reject("bad-port")
    if rest in ("", "/"):
        spelled = host if port is None else endpoint(host, port)
        found, more = _authority(spelled, scope)
        return found, warnings + more
    if address(host) is None:
        host = _domain(host, scope).value
    spelled = f"[{host}]" if ":" in host else host
    if port is not None:
        spelled = f"{spelled}:{port}"
    return [Indicator(spelled + rest, Kind.URL)], warnings


def _authority(text: str, scope: Scope) -> tuple[list[Indicator], list[str]]:
    """A name, a name with a port, an address with a port."""
    host, port = split_authority(text)
    if port is None:
        whole = address(host)
        head, colon, tail = host.rpartition(":")
        if whole is None and colon and head and tail.isdecimal():
            raise Reject("bad-port" if parse_port(tail) is None else "bad-address")
        return [_address(whole) if whole else _domain(host, scope)], []
    if port == 0:
        raise Reject("bad-port")
    if address(host) is not None:
        return [Indicator(endpoint(host, port), Kind.IP_PORT)], []
    return [_domain(host, scope)], ["port-dropped"]


_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_LETTER = re.compile(r"[a-z]")
_HEXADECIMAL = re.compile(r"0x[0-9a-f]*")
"""The last part of an address as browsers also take it: `0x5d.0xb8.0xdc.0x1d`. No top-level domain is one."""
_IN_NAMES = frozenset("\u00b7\u05f3\u05f4\u0f0b\u30fb\u3002")
"""Punctuation allowed between letters of a name (RFC 5892, appendix A), and the ideographic full stop."""


def _is_no_name(text: str) -> bool:
    """Whether it holds quotation marks and the like, which another script's rules would turn into a name."""
    signs = normalize("NFKC", text)
    return any(
        unicodedata.category(sign)[0] in "PZ"
        for sign in signs
        if not sign.isascii() and sign not in _IN_NAMES
    )


def _domain(text: str, scope: Scope) -> Indicator:
    value = name(text)
    if _NUMBERS.fullmatch(value):
        raise Reject("bad-address")
    labels = value.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(value) > 253:
        raise Reject("bad-name")
    if _HEXADECIMAL.fullmatch(labels[-1]):
        raise Reject("bad-address")
    if not _LETTER.search(labels[-1]):
        raise Reject("bad-address" if len(labels) == 4 and labels[-1].isdecimal() else "bad-name")
    if len(labels) == 1:
        raise Reject("single-label")
    return Indicator(value, Kind.DOMAIN, scope)
