"""The data of the annex page: rows with typed entries, sums of units below, messages of the rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from quetsach.annexes.form.definition import Form, Row
from quetsach.annexes.form.entry import Entry, adjust_key, fields_of, note_key
from quetsach.annexes.form.figures import Figures, written
from quetsach.annexes.form.rules import Problem, check, unanswered
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.people.queries import Known, known_of
from quetsach.portal.reports import queries
from quetsach.portal.reports.annexforms.versions import load_form
from quetsach.portal.reports.facts import ACTS, facts, known_rows
from quetsach.portal.reports.locks import Terms
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.rollup.queries import lines
from quetsach.portal.reports.rollup.sums import Line

ANCHORS = {
    "figures": "so-lieu",
    "narrative": "danh-gia",
    "proposals": "kien-nghi",
    "adjust_reason": "ly-do",
    "external": "don-vi-ngoai",
}
_MENDED_BY_NAMES = {"H04", "H05", "H09"}
"""Rules that compare figures with the named units without an account: the mistake may lie in their list."""


@dataclass(frozen=True)
class Said:
    """One message of a rule, in the reader's language, with the field that it links to."""

    key: str
    level: str
    row: str
    text: str
    near: str
    anchor: str
    label: str
    is_ticked: bool
    is_answered: bool
    is_about_names: bool = False
    """Whether it may be mended in the list of units without an account."""


@dataclass(frozen=True)
class RowView:
    """One row of the annex on the page."""

    row: Row
    short: str
    typed: str
    note: str
    own: int | None
    below: int
    adjust: int
    adjust_typed: str
    known: int | None
    problems: list[Said]

    @property
    def key(self) -> str:
        return self.row.key

    @property
    def known_row(self) -> str:
        """The row name for the page of the portal's own figure; empty if the portal has no such figure."""
        return ACTS.get(self.row.known, "")

    @property
    def note_key(self) -> str:
        return note_key(self.row.key)

    @property
    def adjust_key(self) -> str:
        return adjust_key(self.row.key)

    @property
    def total(self) -> int | None:
        """Own figure, adjustment and sum of the units below; None if the own figure cannot be read."""
        return None if self.own is None else self.own + self.adjust + self.below

    @property
    def has_error(self) -> bool:
        return any(said.level == "block" for said in self.problems)


class AnnexPage:
    """The variables of the annex template. `speaks` False silences the rules on an untouched form.

    `known`, `terms` and `children` may be given if they were just read; else they are read here.
    """

    def __init__(
        self,
        node: CampaignNode,
        report: Report | None,
        entry: Entry,
        lang: str,
        *,
        ticked: frozenset[str] = frozenset(),
        speaks: bool = True,
        known: Known | None = None,
        terms: Terms | None = None,
        children: tuple[Line, ...] | None = None,
    ) -> None:
        self.node, self.report, self.entry = node, report, entry
        self.lang = "en" if lang.startswith("en") else "vi"
        self.ticked, self.speaks = ticked, speaks
        self.form: Form = queries.form_of(node)
        self.children: tuple[Line, ...] = lines(node) if children is None else children
        self.below: Figures = sum((line.total for line in self.children), self.form.zero)
        known = known or known_of(node)
        self.known = known_rows(node, self.form, known)
        self.problems: list[Problem] = []
        if speaks:
            found = facts(node, report, entry, self.children, known=known, terms=terms)
            self.problems = check(self.form, entry, found)

    @cached_property
    def said(self) -> list[Said]:
        open_keys = {id(problem) for problem in unanswered(self.problems, self.entry, set(self.ticked))}
        order = ["narrative", "proposals", *fields_of(self.form.keys)]  # as on the page, from top to bottom
        problems = sorted(self.problems, key=lambda p: order.index(p.row) if p.row in order else -1)
        return [
            Said(
                key=problem.key,
                level=problem.level,
                row=problem.row,
                text=problem.text[self.lang],
                near=problem.near[self.lang],
                anchor=self._anchor(problem.row),
                label=self._label(problem.row),
                is_ticked=problem.key in self.ticked,
                is_answered=id(problem) not in open_keys,
                is_about_names=problem.rule in _MENDED_BY_NAMES,
            )
            for problem in problems
        ]

    @property
    def errors(self) -> list[Said]:
        return [said for said in self.said if said.level == "block"]

    @property
    def warnings(self) -> list[Said]:
        return [said for said in self.said if said.level == "warn"]

    @property
    def open_warnings(self) -> list[Said]:
        return [said for said in self.warnings if not said.is_answered]

    @property
    def infos(self) -> list[Said]:
        return [said for said in self.said if said.level == "info"]

    @cached_property
    def by_row(self) -> dict[str, list[Said]]:
        """Messages by text field, for the template."""
        found: dict[str, list[Said]] = {}
        for said in self.said:
            found.setdefault(said.row, []).append(said)
        return found

    @cached_property
    def rows(self) -> list[RowView]:
        return [
            RowView(
                row=row,
                short=row.short[self.lang],
                typed=self._shown(row.key),
                note=self.entry.typed[note_key(row.key)],
                own=self.entry.figures[row.key],
                below=self.below.row(row.key),
                adjust=self.entry.adjust[row.key],
                adjust_typed=self.entry.typed[adjust_key(row.key)],
                known=self.known[row.key],
                problems=[
                    said
                    for key in (row.key, note_key(row.key), adjust_key(row.key))
                    for said in self.by_row.get(key, [])
                ],
            )
            for row in self.form.rows
        ]

    @property
    def accepted_children(self) -> int:
        return sum(line.own is not None for line in self.children)

    @property
    def accepted(self) -> int:
        """Units on all levels below that count: those in the sums."""
        return sum(line.accepted for line in self.children)

    @property
    def expected(self) -> int:
        """Units on all levels below that must report."""
        return sum(line.expected for line in self.children)

    @property
    def on_time(self) -> int:
        """Units below whose first accepted report came before the deadline."""
        return sum(line.on_time for line in self.children)

    @property
    def missing_children(self) -> list[Line]:
        return [line for line in self.children if line.own is None and line.is_expected]

    @property
    def is_adjusted(self) -> bool:
        """Whether the section for adjustments is open."""
        return (
            bool(self.entry.typed["adjust_reason"])
            or any(row.adjust_typed for row in self.rows)
            or any(said.row == "adjust_reason" or said.row.startswith("a") for said in self.said)
        )

    @property
    def are_names_open(self) -> bool:
        """Whether the section for units without an account is open."""
        return bool(self.entry.external) or any(said.is_about_names for said in self.said)

    def _shown(self, key: str) -> str:
        """A readable figure with the language's thousands mark; any other text as typed."""
        value = self.entry.figures[key]
        if value is None:
            return self.entry.typed[key]
        return written(value, "vi") if self.lang == "vi" else str(value)

    def _anchor(self, row: str) -> str:
        """The id of the field on the page; fields of notes are named by the row's number."""
        notes = {note_key(one.key): f"g{one.number}" for one in self.form.rows}
        return ANCHORS.get(row) or notes.get(row, row)

    def _label(self, row: str) -> str:
        if row == "figures":
            return _("The figures")
        return field_label(self.form, row, self.lang)


@dataclass(frozen=True)
class SentRow:
    """One row of a sent revision, with its sum at that moment."""

    row: Row
    own: int
    adjust: int
    below: int
    total: int
    note: str
    known: int | None


def revision_rows(revision: Revision) -> list[SentRow]:
    """The rows of a revision; `below` is the sum of the reports accepted when it was sent."""
    own, below = revision.figures, revision.totals["children"]
    return [
        SentRow(
            row=row,
            own=own.row(row.key),
            adjust=revision.adjust.get(row.key, 0),
            below=below.get(row.key, 0),
            total=revision.counted.row(row.key) + below.get(row.key, 0),
            note=revision.notes.get(row.key, ""),
            known=revision.known.get(row.key),
        )
        for row in load_form(revision.form).rows
    ]


@dataclass(frozen=True)
class Difference:
    """One field in which two versions differ."""

    label: str
    before: str
    after: str


def field_label(form: Form, key: str, lang: str) -> str:
    """The name of a field of the annex."""
    lang = "en" if lang.startswith("en") else "vi"
    named = {
        "external": _("Units without an account"),
        "adjust_reason": _("Reason of the adjustment"),
        **{text: str(form.words(lang)[text]) for text in ("narrative", "proposals")},
    }
    if key in named:
        return named[key]
    row = form.row(f"r{key[1:]}")
    name = f"{row.number}. {row.short[lang]}"
    suffixes = {"r": "%(row)s", "n": _("%(row)s: note"), "a": _("%(row)s: adjustment")}
    return suffixes[key[0]] % {"row": name}


def compare(form: Form, before: dict[str, Any], after: dict[str, Any], lang: str) -> list[Difference]:
    """The fields that differ, in the order of the form."""
    return [
        Difference(field_label(form, key, lang), str(before.get(key, "")), str(after.get(key, "")))
        for key in fields_of(form.keys)
        if str(before.get(key, "")) != str(after.get(key, ""))
    ]


def as_typed(revision: Revision | None) -> dict[str, str]:
    """A revision as fields of the form, for comparing."""
    if revision is None:
        return {}
    typed = {key: str(value) for key, value in revision.figures.as_dict().items()}
    typed |= {note_key(row): note for row, note in revision.notes.items()}
    typed |= {adjust_key(row): str(change) for row, change in revision.adjust.items() if change}
    typed |= {"narrative": revision.narrative, "proposals": revision.proposals}
    typed |= {"adjust_reason": revision.adjust_reason}
    return typed | {"external": "\n".join(revision.external)}
