"""One rule of Suricata or Snort taken apart (Suricata user guide: rules format, payload keywords)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_ACTIONS = frozenset(
    (
        "alert", "pass", "drop", "sdrop", "block", "log", "reject", "rejectsrc", "rejectdst", "rejectboth",
        "react", "rewrite",
    )
)  # fmt: skip
_ARROWS = frozenset(("->", "<>", "=>"))
_BREAK = re.compile(r"[\[\]\s]")
_OPTION = re.compile(r'\s*((?:[^;\\"]++|\\.|"(?:[^"\\]++|\\.)*+")*+)(?:;|\Z)', re.DOTALL)
_QUOTED = re.compile(r'(!?)\s*"((?:[^"\\]++|\\.)*+)"\s*(?:,(.*))?', re.DOTALL)
_PART = re.compile(r"\|([0-9A-Fa-f\s]*)\||\\(.)|([^|\\]+)", re.DOTALL)
_WORD = re.compile(r"\s*(!?)\s*(?:(\[)|(\])|(,)|([^\s,\[\]!]+))")
LONGEST = 65_536
"""Characters of one rule; publishers split their lists into shorter address groups."""


class Side(NamedTuple):
    """One end of the traffic: the members of its address and port groups, and whether it has exceptions."""

    addresses: tuple[str, ...]
    ports: tuple[str, ...]
    has_exceptions: bool


class Option(NamedTuple):
    """A keyword and the setting behind its colon, unchanged."""

    name: str
    setting: str


class Rule(NamedTuple):
    """`source` and `target` are None for rules of Snort 3 that name only a service."""

    action: str
    protocol: str
    source: Side | None
    target: Side | None
    is_both_ways: bool
    options: tuple[Option, ...]

    def first(self, name: str) -> str:
        """The setting of the first option with that name, without quotes; "" if there is none."""
        return next((o.setting.strip('"') for o in self.options if o.name == name), "")


def begins(line: str) -> bool:
    """Whether a line is the start of a rule, up to the bracket of its options."""
    head, bracket, _ = line.partition("(")
    return bracket != "" and len(head) <= LONGEST and _head(head) is not None


def _head(text: str) -> list[str] | None:
    """The words before the bracket (a group is one word): action, protocol, and mostly the two sides."""
    words, word, depth, at = [], "", 0, 0
    while at < len(text):
        found = _BREAK.search(text, at)
        end = found.start() if found else len(text)
        word += text[at:end]
        at = end + 1
        if found is None:
            break
        if found[0] in "[]":
            depth += 1 if found[0] == "[" else -1
            word += found[0]
        elif depth <= 0 and word not in ("", "!"):
            words.append(word)
            word = ""
    words += [word] if word else []
    is_whole = len(words) == 7 and words[4] in _ARROWS
    return words if words and words[0] in _ACTIONS and (is_whole or len(words) == 2) else None


def rules(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The rules of a file, with the number of their first line.

    Mostly one a line. A line that ends in a backslash goes on in the next line, and so does a rule of Snort 3
    whose bracket is still open.
    """
    parts: list[str] = []
    first = size = 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        goes_on = text.endswith("\\")
        if parts and not parts[-1].endswith("\\") and begins(text):
            yield first, _joined(parts)
            parts, size = [], 0
        if not parts:
            first = number
            if not text or text[0] == "#":
                continue
        parts.append(text)
        size += len(text)
        is_open = not text.endswith(")") and (len(parts) > 1 or text.partition(" ")[0] in _ACTIONS)
        if size > LONGEST or not (goes_on or is_open):
            yield first, _joined(parts)
            parts, size = [], 0
    if parts:
        yield first, _joined(parts)


def _joined(parts: list[str]) -> str:
    return " ".join(part.removesuffix("\\").strip() for part in parts)


def parse(text: str) -> Rule | None:
    """The rule, or None for a text that is no rule."""
    head, bracket, rest = text.strip().partition("(")
    words = _head(head) if bracket and len(text) <= LONGEST and rest.endswith(")") else None
    if words is None:
        return None
    options = tuple(_options(rest[:-1]))
    action, protocol = words[0], words[1].lower()
    if len(words) == 2:
        return Rule(action, protocol, None, None, False, options)
    source, target = _side(words[2], words[3]), _side(words[5], words[6])
    return Rule(action, protocol, source, target, words[4] == "<>", options)


def _side(addresses: str, ports: str) -> Side:
    named, excepted = _members(addresses)
    named_ports, excepted_ports = _members(ports)
    return Side(named, named_ports, excepted or excepted_ports)


def _members(group: str) -> tuple[tuple[str, ...], bool]:
    """The members of a group, also of nested groups, and whether it excepts any address or port.

    An excepted variable is no exception but a member: `!$HOME_NET`.
    """
    found: list[str] = []
    excepted = False
    negated = [False]
    for mark, opened, closed, comma, word in _WORD.findall(group):
        if opened:
            negated.append(negated[-1] or bool(mark))
        elif closed and len(negated) > 1:
            negated.pop()
        elif word and not comma:
            is_excepted = bool(mark) or negated[-1]
            if word[0] == "$":
                found.append(f"!{word}" if is_excepted else word)
            elif is_excepted:
                excepted = True
            else:
                found.append(word)
    return tuple(found), excepted


def _options(text: str) -> Iterator[Option]:
    at = 0
    while at < len(text):
        found = _OPTION.match(text, at)
        if found is None or found.end() == at:
            # A quotation mark without its partner: no known keyword has such a name.
            yield Option(text[at:].strip(), "")
            return
        name, _, setting = found[1].partition(":")
        if name.strip():
            yield Option(name.strip().lower(), setting.strip())
        at = found.end()


class Content(NamedTuple):
    """The bytes that a `content` compares, as characters up to U+00FF; `modifiers` are those of Snort 3."""

    text: str
    is_negated: bool
    modifiers: tuple[str, ...]


def content(setting: str) -> Content | None:
    """A content as bytes: `|0d 0a|` are bytes, a backslash escapes a character that would end the content."""
    found = _QUOTED.fullmatch(setting)
    if found is None:
        return None
    text, at = "", 0
    while at < len(found[2]):
        part = _PART.match(found[2], at)
        if part is None:
            return None
        try:
            text += bytes.fromhex(part[1]).decode("latin-1") if part[1] is not None else part[2] or part[3]
        except ValueError:
            return None
        at = part.end()
    modifiers = tuple(word.strip() for word in (found[3] or "").split(",") if word.strip())
    return Content(text, found[1] == "!", modifiers)
