"""Hosts files (hosts(5)): an address, then names, each meant exactly."""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.canonical import address
from quetsach.feeds import plain
from quetsach.feeds.comment import is_comment, without_comment
from quetsach.feeds.listing import Listing
from quetsach.feeds.value import Note, Value

LOCAL_NAMES = frozenset(
    (
        "localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
        "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
    )
)  # fmt: skip
"""Names of the machine itself that stand at the top of published hosts files."""


def recognise(listing: Listing) -> bool:
    """Whether most lines are an address and names after it."""
    words = [line.split(None, 2) for line in listing.head]
    named = [w for w in words if len(w) > 1 and address(w[0]) and not address(w[1]) and w[1][0] not in "#-"]
    return bool(words) and len(named) * 2 > len(words)


def read(listing: Listing) -> Iterator[Value | Note]:
    """`address name name…`; the machine's own names are skipped."""
    for number, line in enumerate(listing.lines, 1):
        if not line or not line.strip() or is_comment(line):
            continue
        words = without_comment(line).split()
        if len(words) < 2 or address(words[0]) is None:
            yield from plain.lines([line], number)
            continue
        for word in words[1:]:
            if word.lower() not in LOCAL_NAMES and word != words[0]:
                yield Value(number, word)
