"""What the units ask for: every line once, with all who ask it, and whether the own report holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.queries import report_of
from quetsach.portal.reports.rollup.queries import proposals_below
from quetsach.portal.reports.rollup.sums import Place
from quetsach.text.vietnamese import nfc

_BULLET = re.compile(r"^\s*(?:[-–—+*•]+|\d{1,2}[.)])\s*")
_NOTHING = {
    "",
    "không",
    "không có",
    "không có kiến nghị",
    "không có đề xuất kiến nghị",
    "không có đề xuất",
    "none",
}
_SOURCE = "(Nguồn: "
MOST_SOURCES = 6


@dataclass(frozen=True)
class Wish:
    """One wish in the words of the first unit that has it, and all who have it, in the order of the tree."""

    text: str
    places: tuple[Place, ...]
    is_included: bool = False

    @property
    def key(self) -> str:
        """The same for the same wish, whatever its case and punctuation."""
        return wish_key(self.text)

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(place.name for place in self.places)

    @property
    def source(self) -> str:
        """Who asks, for the line of a report: at most six names."""
        more = len(self.places) - MOST_SOURCES
        names = ", ".join(self.units[:MOST_SOURCES])
        return f"{names} và {more} đơn vị khác" if more > 0 else names


def wish_key(text: str) -> str:
    """A wish without case and punctuation."""
    return nfc(re.sub(r"[^\w]+", " ", nfc(text).casefold()))


def split_wishes(text: str) -> list[str]:
    """The wishes of one text: one a line, without bullet and source; lines that ask for nothing are none."""
    lines = (" ".join(_without_source(_BULLET.sub("", line)).split()) for line in text.splitlines())
    return [line for line in lines if wish_key(line) not in _NOTHING]


def _without_source(line: str) -> str:
    """Without the units in brackets at its end, as `include` writes them."""
    return line.partition(_SOURCE)[0] if line.rstrip().endswith(")") else line


def grouped(asked: Iterable[tuple[Place, str]], included: str = "") -> list[Wish]:
    """The wishes of many texts, those that most units have first. `included` is the own report's text."""
    texts: dict[str, str] = {}
    places: dict[str, dict[Place, None]] = {}
    for place, text in asked:
        for line in split_wishes(text):
            key = wish_key(line)
            texts.setdefault(key, line)
            places.setdefault(key, {})[place] = None
    own = {wish_key(line) for line in split_wishes(included)}
    found = [Wish(text, tuple(places[key]), key in own) for key, text in texts.items()]
    return sorted(found, key=lambda wish: -len(wish.places))


def wishes_of(node: CampaignNode) -> list[Wish]:
    """All wishes of a node and below, for its official report; what its own text took over is there once."""
    return grouped(proposals_below(node))


def wishes_below(node: CampaignNode) -> list[Wish]:
    """The wishes of the units strictly below, and which of them the node's own draft already holds."""
    report = report_of(node)
    own = str(report.draft.get("proposals") or "") if report else ""
    return grouped([(place, text) for place, text in proposals_below(node) if place.pk != node.pk], own)
