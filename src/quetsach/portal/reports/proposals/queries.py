"""The proposals of units: each once, with all units that have it, and whether the own report holds it."""

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
class SharedProposal:
    """One proposal in the words of its first unit, with all its units in the order of the tree."""

    text: str
    places: tuple[Place, ...]
    is_included: bool = False

    @property
    def key(self) -> str:
        """The same for the same proposal, with any case and punctuation."""
        return proposal_key(self.text)

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(place.name for place in self.places)

    @property
    def source(self) -> str:
        """The units that have it, for the line of a report: at most six names."""
        more = len(self.places) - MOST_SOURCES
        names = ", ".join(self.units[:MOST_SOURCES])
        return f"{names} và {more} đơn vị khác" if more > 0 else names


def proposal_key(text: str) -> str:
    """A proposal without case and punctuation."""
    return nfc(re.sub(r"[^\w]+", " ", nfc(text).casefold()))


def split_proposals(text: str) -> list[str]:
    """The proposals of one text: one a line, without bullet and source. Lines like "none" are left out."""
    lines = (" ".join(_without_source(_BULLET.sub("", line)).split()) for line in text.splitlines())
    return [line for line in lines if proposal_key(line) not in _NOTHING]


def _without_source(line: str) -> str:
    """The line without the units in brackets at its end, as `include` writes them."""
    return line.partition(_SOURCE)[0] if line.rstrip().endswith(")") else line


def grouped(asked: Iterable[tuple[Place, str]], included: str = "") -> list[SharedProposal]:
    """The proposals of many texts, those with most units first. `included` is the own report's text."""
    texts: dict[str, str] = {}
    places: dict[str, dict[Place, None]] = {}
    for place, text in asked:
        for line in split_proposals(text):
            key = proposal_key(line)
            texts.setdefault(key, line)
            places.setdefault(key, {})[place] = None
    own = {proposal_key(line) for line in split_proposals(included)}
    found = [SharedProposal(text, tuple(places[key]), key in own) for key, text in texts.items()]
    return sorted(found, key=lambda proposal: -len(proposal.places))


def shared_proposals(node: CampaignNode) -> list[SharedProposal]:
    """All proposals at the node and below, for its official report; each occurs once."""
    return grouped(proposals_below(node))


def shared_proposals_below(node: CampaignNode) -> list[SharedProposal]:
    """The proposals of the units strictly below, each marked if the node's own draft already holds it."""
    report = report_of(node)
    own = str(report.draft.get("proposals") or "") if report else ""
    return grouped([(place, text) for place, text in proposals_below(node) if place.pk != node.pk], own)
