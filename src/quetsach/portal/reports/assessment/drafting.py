"""Drafts the assessment of a unit, and compares a text of an officer with the facts of now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.assessment.facts import Scope
from quetsach.portal.reports.assessment.sentences import SENTENCES, Said, said
from quetsach.portal.reports.facts import prefilled

_KINDS = {sentence.kind: sentence for sentence in SENTENCES}


@dataclass(frozen=True)
class Change:
    """A sentence of now, and the line of the text with the figures of before; empty if there is none."""

    now: Said
    before: str = ""


@dataclass(frozen=True)
class Assessed:
    """A text beside the facts of now: its changed sentences, the sentences that it lacks, and its drafted
    lines that say nothing any more. `before` is the text before the last change, None without one."""

    changed: list[Change]
    lacking: list[Change]
    outdated: list[str]
    before: str | None = None

    @property
    def is_up_to_date(self) -> bool:
        """Whether the text says every sentence of now, and no old one."""
        return not (self.changed or self.lacking or self.outdated)


def drafted(scope: Scope) -> tuple[Said, ...]:
    """The sentences about a unit and all below it. Each fact is read once."""

    @cache
    def known(fact: Callable[[Scope], Any]) -> Any:
        return fact(scope)

    return said(known)


def draft_text(node: CampaignNode) -> str:
    """The drafted assessment, one sentence a line."""
    return "\n".join(one.text for one in drafted(Scope(node)))


def first_entries(node: CampaignNode) -> dict[str, Any]:
    """The fields of a report that nobody has typed in: the known figures and the drafted assessment."""
    return {**prefilled(node), "narrative": draft_text(node)}


def changes(text: str, now: Sequence[Said]) -> list[Change]:
    """The sentences of now that the text does not hold."""
    there = _lines(text)
    found = []
    for one in now:
        if one.text not in there:
            sentence = _KINDS[one.kind]
            found.append(Change(one, next((line for line in there if sentence.is_said_by(line)), "")))
    return found


def assessed(text: str, now: Sequence[Said], before: str | None = None) -> Assessed:
    """Compare a text with the sentences of now."""
    found = changes(text, now)
    return Assessed(
        changed=[one for one in found if one.before],
        lacking=[one for one in found if not one.before],
        outdated=outdated(text, now),
        before=before,
    )


def outdated(text: str, now: Sequence[Said]) -> list[str]:
    """Drafted lines of the text whose kind says nothing any more."""
    kinds = {one.kind for one in now}
    gone = [sentence for sentence in SENTENCES if sentence.kind not in kinds]
    return [line for line in _lines(text) if any(sentence.is_said_by(line) for sentence in gone)]


def updated(text: str, now: Sequence[Said]) -> str:
    """The text with the figures of now in its drafted lines; every other line stays as it is."""
    into = {change.before: change.now.text for change in changes(text, now) if change.before}
    gone = set(outdated(text, now))
    kept = (line for line in text.split("\n") if line.strip() not in gone)
    return "\n".join(into.get(line.strip(), line) for line in kept)


def added_to(text: str, now: Sequence[Said]) -> str:
    """The text with the sentences at its end that it lacks; nothing in it changes."""
    lacking = [change.now.text for change in changes(text, now) if not change.before]
    return "\n".join([*([text.rstrip()] if text.strip() else []), *lacking])


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]
