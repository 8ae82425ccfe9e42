"""The key or the word before a place in a line of no known format, and the keys of the objects around it
(docs/log-formats.md 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_KEY = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_OPENING = frozenset("\"'[(<\\")
_QUOTES = frozenset("\"'\\")
_BLANK = frozenset(" \t")
_VALUE = _KEY | frozenset("=:\"'\\")
"""Before a word that is a value, or the end of one."""
LONGEST_KEY = 64
LONGEST_WORD = 16
MOST_WORDS = 3
MOST_SAID = 4
"""Of these words the last ones that count."""
MOST_NEAR = 6
"""Words that are looked at before a place without a key."""
DEEPEST = 32
"""Objects in objects; what lies deeper has no keys."""
FILLERS = frozenset({"ip", "ipv4", "ipv6", "address", "addr", "host", "dia", "chi", "co"})
"""Words that say nothing between a word and its address: `from IP`, `từ địa chỉ IP`."""
GENERAL = frozenset({"ip", "address", "addr", "date", "time"})
"""Keys before `=` that say nothing alone."""
RECORDS = ("_source",)
"""Keys of an object that is a whole record (Elastic's search hits): they call nothing a source."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", re.ASCII)
_STRING = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL)
_MARK = re.compile(r'["{}]')
_COLON = re.compile(r"[ \t]*:")


@dataclass(frozen=True, slots=True)
class Key:
    """The words of a key in lower case. `is_word` says that no `=` or `:` follows: only the last is
    nearest."""

    words: tuple[str, ...] = ()
    is_word: bool = False
    start: int = -1
    """Where a key without quotes begins that a colon and a space follow, as a tag of syslog does."""


NONE = Key()


def words_of(spelled: str) -> tuple[str, ...]:
    """`srcIpAddr`, `src_ip.addr` → src, ip, addr."""
    return tuple(part.lower() for part in _PART.findall(spelled))


def _back(text: str, at: int, members: frozenset[str], most: int) -> int:
    start = at
    while start > 0 and at - start < most and text[start - 1] in members:
        start -= 1
    return start


def before(text: str, start: int) -> Key:
    """The key of the value that begins at `start`, else the words before it."""
    opened = _back(text, start, _OPENING, 4)
    at = _back(text, opened, _BLANK, 3)
    if at == 0:
        return NONE
    sign = text[at - 1]
    if sign == ">" and at > 1 and text[at - 2] == "=":
        return _key(text, at - 2, "=", has_gap=False)
    if sign in "=:":
        return _key(text, at - 1, sign, has_gap=at < opened)
    if at == start:
        return NONE
    return _words(text, at)


def _key(text: str, end: int, sign: str, *, has_gap: bool) -> Key:
    end = _back(text, end, _BLANK, 2)
    at = _back(text, end, _QUOTES, 3)
    is_quoted = at < end
    first = _back(text, at, _KEY, LONGEST_KEY)
    if first == at:
        return NONE
    nearest = first
    parts = [text[first:at]]
    # `Server IP=`: a word that says nothing alone takes the word before it, unless that is a value.
    is_general = sign == "=" and parts[0].lower() in GENERAL
    while len(parts) < MOST_WORDS and first > 1 and text[first - 1] == " ":
        if not (sign == ":" or is_quoted or (is_general and len(parts) == 1)):
            break
        end = first - 1
        first = _back(text, end, _LETTERS, LONGEST_WORD)
        if first == end or (first > 0 and text[first - 1] in (_KEY if sign == ":" else _VALUE)):
            break
        parts.insert(0, text[first:end])
    words = tuple(word for part in parts for word in words_of(part))
    return Key(words, start=nearest if sign == ":" and has_gap and not is_quoted else -1)


def _words(text: str, end: int) -> Key:
    found: list[str] = []
    # BIND writes `client @0x7f6400 192.0.2.7#53000`.
    pointer = _back(text, end, _KEY, LONGEST_KEY)
    if text.startswith("@0x", pointer) and pointer > 0 and text[pointer - 1] == " ":
        end = pointer - 1
    while len(found) < MOST_NEAR:
        start = _back(text, end, _LETTERS, LONGEST_WORD)
        if start == end or (start > 0 and text[start - 1] in _KEY):
            break
        found.insert(0, text[start:end].lower())
        if start == 0 or text[start - 1] != " ":
            break
        end = start - 1
    last = next((n for n in range(len(found), 0, -1) if found[n - 1] not in FILLERS), len(found))
    return Key(tuple(found[max(0, last - MOST_SAID) : last]), is_word=True) if found else NONE


def around(text: str, places: Sequence[int]) -> list[tuple[tuple[str, ...], ...]]:
    """For each place, in rising order, the words of the keys of the objects around it, the inner first."""
    found: list[tuple[tuple[str, ...], ...]] = []
    at = text.find('{"')
    is_known = at >= 0
    stack: list[tuple[str, ...]] = []
    outer = before(text, at) if is_known else NONE
    key = () if outer.is_word else outer.words
    while is_known and len(found) < len(places):
        mark = _MARK.search(text, at)
        if mark is None:
            break
        at = mark.end()
        end = at
        if mark[0] == '"':
            closed = _STRING.match(text, at)
            end = at = closed.end() if closed else len(text)
        while len(found) < len(places) and places[len(found)] < end:
            found.append((key, *reversed(stack)))
        if mark[0] == '"':
            if closed and _COLON.match(text, end):
                spelled = text[mark.end() : end - 1][-LONGEST_KEY:]
                key = () if spelled in RECORDS else words_of(spelled)
        elif mark[0] == "{":
            if len(stack) == DEEPEST:
                is_known = False
                break
            stack.append(key)
            key = ()
        else:
            key = stack.pop() if stack else ()
            key = key if stack else ()
    rest = (key, *reversed(stack)) if is_known else ()
    found += [rest] * (len(places) - len(found))
    return [tuple(words for words in path if words) for path in found]
