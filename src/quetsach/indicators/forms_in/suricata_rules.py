"""Rules of Suricata and Snort as a list: names and addresses of rules that have no other condition.

A rule counts where it alerts on a name (DNS query, TLS server name, HTTP host), on a host with a path, or on
an address in its head, for any machine of our own that calls it. A rule with a further condition is left out,
because no log shows whether the condition held. A text that may stand anywhere in a name is left out, too: it
is no complete name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from itertools import product
from typing import NamedTuple

from quetsach.indicators.forms_in.signature import Content, Option, Rule, Side, begins, content, parse, rules
from quetsach.indicators.indicator import Scope
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.remark import Reject
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import LONGEST_LABEL, address

_NEUTRAL = frozenset(
    (
        "msg", "sid", "rev", "gid", "classtype", "reference", "priority", "metadata", "target", "flow",
        "flags", "noalert", "alert", "fast_pattern", "nocase", "tag", "rem", "service", "rawbytes",
        "to_lowercase", "requires",
    )
)  # fmt: skip
"""Keywords that leave a rule's traffic the same; letters of a name have no case."""
_STICKY = {
    "dns.query": "name", "dns_query": "name", "dns.queries.rrname": "name", "tls.sni": "name",
    "tls_sni": "name", "quic.sni": "name", "http.host": "name", "http.host.raw": "name", "http.uri": "path",
    "http.uri.raw": "path", "http.method": "method",
}  # fmt: skip
"""Buffers named before their contents."""
_LOOKING_BACK = {
    "http_host": "name", "http_raw_host": "name", "http_uri": "path", "http_raw_uri": "path",
    "http_method": "method",
}  # fmt: skip
"""Modifiers of Snort 2 and older Suricata, behind their contents."""
_MARKING = frozenset(("flowbits", "xbits", "hostbits"))
_RATES = frozenset(("threshold", "detection_filter"))
_OUTSIDE = frozenset(("$EXTERNAL_NET", "!$HOME_NET"))
_PRIVATE = tuple(
    ip_network(spelled)
    for spelled in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
"""Networks that a rule may spell out in place of $HOME_NET."""
_ONES_OWN = frozenset(("$HOME_NET", "$HTTP_SERVERS", "$SMTP_SERVERS", "$SQL_SERVERS", "$DC_SERVERS"))
_ADDRESS_PROTOCOLS = frozenset(
    ("ip", "tcp", "udp", "tcp-pkt", "tcp-stream", "pkthdr", "http", "http1", "tls", "ssl")
)
_PLACES = frozenset(("depth", "offset", "distance", "within"))
_QUESTION = re.compile(r"[\x00\x01]\0\0\x01(?:\0{6})?")
"""Flags and counts of a packet that asks one question (RFC 1035 4.1.1)."""
_MOST_PORTS = 64
"""Ports of a range that become single endpoints, at most."""


class _Match(NamedTuple):
    """A content, the buffer that it is compared with, and its anchors there."""

    buffer: str
    text: str
    is_start: bool
    is_end: bool
    is_dotted: bool


def recognise(listing: Listing) -> bool:
    """Whether one of the first entries is a rule."""
    return any(map(begins, listing.head[:10]))


def read(listing: Listing) -> Iterator[Value | Note]:
    """The names and addresses of every rule in force; rules that are commented out are left out."""
    for number, text in rules(listing.lines):
        rule = parse(text)
        if rule is None:
            yield Note(number, text, "mangled")
            continue
        try:
            found = [value._replace(line=number) for value in _values(rule)]
        except Reject as reject:
            yield Note(number, _title(rule), reject.code)
            continue
        yield from found


def _title(rule: Rule) -> str:
    """The title of a rule, for people."""
    return f"sid {rule.first('sid') or '?'} {rule.first('msg')}".strip()


def _values(rule: Rule) -> list[Value]:
    """Raises Reject with the reason why the rule is left out."""
    if rule.action == "pass":
        raise Reject("exception")
    family = _family(rule)
    matches = _matches(rule)
    listed = _listed(rule)
    if matches and listed:
        raise Reject("condition")
    if not matches:
        if not listed:
            raise Reject("condition")
        return [Value(0, text, family=family) for text in listed]
    if rule.target and rule.protocol not in ("dns", "udp") and _ONES_OWN & set(rule.target.addresses):
        raise Reject("inbound")
    return [_named(matches)._replace(family=family)]


def _family(rule: Rule) -> str:
    """The malware in the rule's metadata, in the form of Emerging Threats."""
    for option in rule.options:
        if option.name == "metadata" and (found := re.search(r"\bmalware_family\s+([^,;]+)", option.setting)):
            return found[1].strip().replace("_", " ")
    return ""


def _named(matches: list[_Match]) -> Value:
    """The name, or the host and path, in a rule's contents."""
    names = [m for m in matches if m.buffer == "name"]
    paths = [m for m in matches if m.buffer == "path"]
    methods = [m for m in matches if m.buffer == "method"]
    if len(names) != 1 or len(paths) > 1 or any(m.text.strip() not in ("GET", "POST") for m in methods):
        raise Reject("condition")
    host = names[0]
    if not host.is_end:
        raise Reject("unanchored")
    if paths:
        path = paths[0]
        if not (path.is_start and host.is_start and path.text.startswith("/")) or host.is_dotted:
            raise Reject("condition")
        return Value(0, f"http://{host.text}{path.text}")
    if methods:
        raise Reject("condition")
    bare = host.text.removeprefix(".")
    has_dot = bare != host.text
    if host.is_start:
        if has_dot != host.is_dotted:
            # Without `dotprefix` no name starts with a dot; with it every name does.
            raise Reject("condition")
        return Value(0, bare, scope=Scope.EXACT)
    is_below = has_dot and not host.is_dotted
    return Value(0, bare, scope=Scope.SUBDOMAINS_ONLY if is_below else Scope.WITH_SUBDOMAINS)


def _matches(rule: Rule) -> list[_Match]:
    """Every content of the rule. Raises Reject for any other condition."""
    found: list[_Match] = []
    buffer, is_dotted = "", False
    options = list(rule.options)
    at = 0
    while at < len(options):
        option = options[at]
        at += 1
        if option.name in _STICKY and not option.setting:
            buffer, is_dotted = _STICKY[option.name], False
        elif option.name == "dotprefix":
            is_dotted = True
        elif option.name == "content":
            end = at
            while end < len(options) and options[end].name != "content" and options[end].name not in _STICKY:
                end += 1
            found.append(_match(content(option.setting), options[at:end], buffer, is_dotted))
            at = end
        elif not _is_neutral(option):
            raise Reject("condition")
    if any(not m.buffer for m in found):
        return _wire_name(rule, found)
    return found


def _is_neutral(option: Option) -> bool:
    """Whether an option leaves the rule's set of matching traffic as it is."""
    if option.name in _MARKING:
        return not option.setting.partition(",")[0].strip().startswith("is")
    if option.name in _RATES:
        return "limit" in option.setting or re.search(r"\bcount\s+1\b", option.setting) is not None
    return option.name in _NEUTRAL


def _match(found: Content | None, behind: list[Option], buffer: str, is_dotted: bool) -> _Match:
    """A content with the options behind it, up to the next content."""
    if found is None or found.is_negated:
        raise Reject("condition")
    length = str(len(found.text))
    is_start = is_end = is_whole = is_placed = False
    for name, setting in [(o.name, o.setting) for o in behind] + [_spread(word) for word in found.modifiers]:
        setting = setting.replace(" ", "")
        if name in _LOOKING_BACK and not buffer:
            buffer = _LOOKING_BACK[name]
        elif name == "startswith" or (name == "depth" and setting == length):
            is_start = True
        elif name == "endswith" or (name == "isdataat" and setting == "!1,relative"):
            is_end = True
        elif name == "bsize" and setting.removeprefix("=") == length:
            is_whole = True
        elif name in _PLACES:
            is_placed |= setting != "0"
        elif not _is_neutral(Option(name, setting)):
            raise Reject("condition")
    if is_placed and buffer:
        raise Reject("condition")
    return _Match(buffer, found.text, is_start or is_whole, is_end or is_whole, is_dotted)


def _spread(word: str) -> tuple[str, str]:
    name, _, setting = word.partition(" ")
    return name, setting


def _wire_name(rule: Rule, found: list[_Match]) -> list[_Match]:
    """The name in a packet to a DNS server, its labels behind their lengths (RFC 1035 3.1).

    Rules of Snort 2 compare the name so; they may also compare the flags and counts of a plain question.
    """
    ports = rule.target.ports if rule.target else ()
    names = [m.text for m in found if not _QUESTION.fullmatch(m.text)]
    if ports != ("53",) or len(names) != 1 or any(m.buffer for m in found):
        raise Reject("condition")
    labels, rest = [], names[0]
    while rest not in ("", "\0"):
        length = ord(rest[0])
        if not 0 < length <= min(LONGEST_LABEL, len(rest) - 1):
            raise Reject("condition")
        labels.append(rest[1 : length + 1])
        rest = rest[length + 1 :]
    return [_Match("name", f".{'.'.join(labels)}", False, bool(rest), True)]


def _listed(rule: Rule) -> list[str]:
    """The addresses, networks and endpoints that a rule's head names. Raises Reject."""
    if rule.source is None or rule.target is None:
        return []
    called = _literals(rule.target)
    calling = [one for one in _literals(rule.source) if not _is_private(one)]
    if called and calling:
        raise Reject("condition")
    if not called and not calling:
        return []
    if rule.protocol not in _ADDRESS_PROTOCOLS:
        raise Reject("condition")
    is_inbound = _OUTSIDE & set(rule.source.addresses) if called else _only_opens(rule)
    if is_inbound and not rule.is_both_ways:
        raise Reject("inbound")
    side = rule.target if called else rule.source
    if side.has_exceptions:
        raise Reject("condition")
    return list(_endpoints(called or calling, side.ports))


def _literals(side: Side) -> list[str]:
    """The members of a side that are no variables."""
    return [one for one in side.addresses if one != "any" and one[0] not in "$!"]


def _is_private(spelled: str) -> bool:
    try:
        found = ip_network(spelled, strict=False)
    except ValueError:
        return False
    return any(found.version == net.version and found.subnet_of(net) for net in _PRIVATE)  # type: ignore[arg-type]


def _only_opens(rule: Rule) -> bool:
    """Whether a rule matches only packets that open a connection, and no answers to calls from within."""
    flow = ",".join(o.setting for o in rule.options if o.name == "flow").replace(" ", "").split(",")
    return "to_server" in flow or "from_client" in flow or rule.first("flags") != ""


def _endpoints(addresses: list[str], ports: tuple[str, ...]) -> Iterator[str]:
    if "any" in ports or not ports:
        yield from addresses
        return
    numbers = [number for port in ports for number in _range(port)]
    if any("/" in one for one in addresses):
        raise Reject("condition")
    for one, number in product(addresses, numbers):
        yield f"[{address(one)}]:{number}" if ":" in one else f"{one}:{number}"


def _range(port: str) -> range:
    low, colon, high = port.partition(":")
    if not low.isdecimal() or not (high or low).isdecimal() or (colon and not high):
        raise Reject("condition")
    found = range(int(low), int(high or low) + 1)
    if len(found) > _MOST_PORTS:
        raise Reject("condition")
    return found
