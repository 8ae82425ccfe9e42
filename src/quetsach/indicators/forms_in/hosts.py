"""Hosts files (hosts(5)): an address, then names, each listed exactly.

A name is listed where its address leads nowhere, or where all names lead to one warning page. A name with
another address is the owner's: the hosts file of an office names its printers.
"""

from __future__ import annotations

from collections.abc import Iterator

from quetsach.indicators.forms_in import plain
from quetsach.indicators.lists.comment import is_comment, without_comment
from quetsach.indicators.lists.listing import Listing
from quetsach.indicators.lists.sinkhole import is_nowhere, is_safe_search, warning_page
from quetsach.indicators.lists.value import Note, Value
from quetsach.text.canonical import address

LOCAL_NAMES = frozenset(
    (
        "localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback",
        "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters", "ip6-allhosts",
    )
)  # fmt: skip
"""Names of the machine itself that stand at the top of published hosts files."""


def recognise(listing: Listing) -> bool:
    """Whether most lines are an address and names; behind an address that leads somewhere, a word is a
    note."""
    found = [_entry(line) for line in listing.head]
    named = [e for e in found if e and (is_nowhere(e[0]) or _is_local(e[1][0]) or "." in e[1][0])]
    return bool(found) and len(named) * 2 > len(found)


def _entry(line: str) -> tuple[str, list[str]] | None:
    words = without_comment(line).split()
    addr = address(words[0]) if len(words) > 1 else None
    if addr is None or address(words[1]) or words[1][0] == "-":
        return None
    return addr, words[1:]


def _is_local(word: str) -> bool:
    return word.lower() in LOCAL_NAMES


def page_of(listing: Listing) -> str:
    """The address of the list's warning page, or nothing."""
    entries = filter(None, map(_entry, listing.head))
    return warning_page(addr for addr, names in entries if not all(map(_is_local, names)))


def read(listing: Listing) -> Iterator[Value | Note]:
    """`address name name…`; the machine's own names are skipped."""
    page = page_of(listing)
    if page:
        yield Note(0, page, "warning-page")
    for number, line in enumerate(listing.lines, 1):
        if not line or not line.strip() or is_comment(line):
            continue
        words = without_comment(line).split()
        addr = address(words[0]) if len(words) > 1 else None
        if addr is None:
            yield from plain.lines([line], number)
        else:
            yield from entry(number, line, addr, words, page)


def entry(number: int, line: str, addr: str, words: list[str], page: str) -> Iterator[Value | Note]:
    """The names of one line, whose first word is `addr`."""
    names = [word for word in words[1:] if not _is_local(word) and word != words[0]]
    if not names or is_nowhere(addr) or addr == page:
        yield from (Value(number, name) for name in names)
    else:
        yield Note(number, " ".join(line.split()), "rewrite" if is_safe_search(addr) else "own-name")
