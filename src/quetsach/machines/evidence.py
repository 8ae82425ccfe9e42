"""What sources say about machines: keys, claims, bindings, and the decisions of people.

Nothing here is ever changed or merged in place: devices are computed from the whole set. Times are whole
microseconds since 1970 in UTC; a span is [begin, end).
"""

from __future__ import annotations

from typing import NamedTuple

# Kinds of keys. The first group identifies a machine; the second only suggests that two are one. A third
# kind, `address`, stands in bindings of kind nat (other bindings lead on from this inner address) and in
# decisions on an address.
IDENTIFYING = ("hardware", "adsid", "duid", "domainhost", "mac", "serial", "agent")
SUGGESTING = ("host", "randommac", "user")


class Key(NamedTuple):
    """A name of a machine: `kind` is one of the two groups, `value` is in canonical form.

    hardware: the UUID of SMBIOS; adsid: the SID in Active Directory; duid: RFC 8415 section 11; domainhost: a
    host name with its domain; mac: a universally administered address (IEEE 802, U/L bit clear), `aa-bb-…`;
    serial: the maker's number; agent: the id of an antivirus agent. host: a DHCP client's or a NetBIOS name.
    A third kind, `address`, stands in a binding of kind nat: the inner address behind a translated one,
    which a lease of that second leads on from; and in a decision on an address.
    """

    kind: str
    value: str


class Claim(NamedTuple):
    """`source` says that these keys were on one machine at some time within the span.

    `scope` is the path of the unit that the source belongs to, with a slash at its end ("" for the top): what
    is private counts there and below. All paths come from the tree of today: after a reorganisation
    the caller fills them in anew. `about` holds further words of a register, such as asset number, model,
    kind (`pc`, `server`, `phone`, `printer`, `guest` or `other`), or room; a claim with such words was
    written by a person and shows no machine alive.
    """

    keys: tuple[Key, ...]
    begin: int
    end: int
    source: str
    scope: str = ""
    about: tuple[tuple[str, str], ...] = ()


class Binding(NamedTuple):
    """An address stood for a key during the span.

    `kind` is lease, neighbour, nat, or fixed (a register's own address). For nat, `protocol` and `port` are
    those of the translated endpoint ("" and 0 where the whole address is translated); else "" and 0. Each
    renewal of a lease is a binding of its own, from that second on. Of bindings with one source, address,
    key and beginning the earliest end is the true one: a file that was read later knows more.
    """

    address: str
    key: Key
    begin: int
    end: int
    source: str
    kind: str
    scope: str = ""
    protocol: str = ""
    port: int = 0


class Decision(NamedTuple):
    """A person's word on keys: same, different, replaced (`left` by `right`), retired or confirmed (`left`
    alone; confirmed tells the kind of `machine`), or withdrawn: it takes back the decision with the id
    `withdraws`.

    forwarder and single are words on an address, `left` of kind `address` with the unit's path before it: it
    asks for others (`machine`: resolver, proxy or gateway), or one machine alone has it. They hold from
    `begin` until `end`; None: without an end.

    `rank` is the level of the person's unit: 0 is the top, and the lower number wins. A decision can be
    withdrawn by its own level or a higher one. A withdrawal can be withdrawn as well.
    """

    verdict: str
    left: Key
    right: Key | None
    at: int
    by: str
    rank: int
    reason: str = ""
    id: str = ""
    withdraws: str = ""
    machine: str = ""
    begin: int = 0
    end: int | None = None


class Sign(NamedTuple):
    """Something that a machine did, as a log tells it: an address and the keys that the line itself names.

    `protocol` and `port` belong to a translated address; a log may tell the port without the protocol.
    """

    address: str
    keys: tuple[Key, ...]
    first: int
    last: int
    source: str
    scope: str = ""
    protocol: str = ""
    port: int = 0
