"""The figures of machines and the reasons of restatements in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.machines.counting import reasons as why
from quetsach.portal.cases.histories import FIGURE_WORDS
from quetsach.portal.reports.frozen.queries import Chain
from quetsach.portal.reports.models import MachineFigures

NAMES = {
    **{name: f"machines.{name}" for name in FIGURE_WORDS},
    "verified": "machines.clean",
    "false": "machines.dismissed",
}
"""Names of figures as stored, and their names on pages."""
OFFICIAL = {
    "infected": "Máy từng có dấu hiệu, phân biệt được từng máy",
    "located": "Trong đó: đã xác định được máy",
    "shared": "Địa chỉ dùng chung, có ít nhất một máy có dấu hiệu",
    "unlocated": "Dấu hiệu của một trong nhiều máy, chưa rõ máy nào",
    "seen": "Tổng số từng có dấu hiệu",
    "claimed": "Trong tổng số: đã xử lý",
    "rechecked": "Trong tổng số: đã xử lý, kiểm tra lại chưa thấy dấu hiệu",
    "verified": "Trong tổng số: đã xác minh sạch",
    "relapsed": "Có dấu hiệu trở lại sau khi xử lý",
    "reinfected": "Nhiễm lại sau khi đã sạch",
    "unreachable": "Chưa liên hệ được sau ba lần",
    "false": "Báo nhầm, không tính vào các số trên",
}
"""The same in official papers, always in Vietnamese."""


def value_of(figures: dict[str, Any], name: str) -> int:
    """A figure as stored; `seen` is the sum of machines and addresses."""
    if name == "seen":
        return sum(figures.get(part, 0) for part in ("infected", "shared", "unlocated"))
    found: int = figures.get(name, 0)
    return found


def reasons(pairs: Iterable[Sequence[Any]]) -> list[str]:
    """The reasons of a restatement, a sentence each, in the language in use."""
    return [_reason(name, n) for name, n in pairs]


def _reason(name: str, n: int) -> str:
    said = {
        why.MERGED: ngettext("%(n)s machine turned out to be another one of these",
                             "%(n)s machines turned out to be others of these", n),
        why.SPLIT: ngettext("%(n)s machine came out of another one: they were two",
                            "%(n)s machines came out of others: they were several", n),
        why.LATE: ngettext("%(n)s machine had signs before that moment, in logs or reports of others that "
                           "came later",
                           "%(n)s machines had signs before that moment, in logs or reports of others that "
                           "came later", n),
        why.RECALLED: ngettext(
            "%(n)s machine had signs, or had them again, only by addresses of a list that was withdrawn",
            "%(n)s machines had signs, or had them again, only by addresses of a list that was withdrawn", n),
        why.RETRACTED: ngettext(
            "%(n)s machine had signs, or had them again, only in a file of reports that was taken back",
            "%(n)s machines had signs, or had them again, only in a file of reports that was taken back", n),
        why.FALSE: ngettext("%(n)s machine was a false alarm", "%(n)s machines were false alarms", n),
        why.TRUE: ngettext("%(n)s machine was no false alarm after all",
                           "%(n)s machines were no false alarms after all", n),
        why.RETURNED: ngettext(
            "%(n)s machine counts again: the list or file of reports behind its signs holds again, or a new "
            "sign came",
            "%(n)s machines count again: the lists or files of reports behind their signs hold again, or new "
            "signs came", n),
        why.BACK: ngettext("%(n)s machine was not as far as was counted: it showed signs after it was "
                           "handled, or it is one and the same with a machine that was not handled yet",
                           "%(n)s machines were not as far as was counted: they showed signs after they were "
                           "handled, or are one and the same with machines that were not handled yet", n),
        why.FURTHER: ngettext("%(n)s machine was already further than was counted",
                              "%(n)s machines were already further than was counted", n),
        why.NAMED: ngettext("of %(n)s machine it is known better which one it is",
                            "of %(n)s machines it is known better which ones they are", n),
        why.RENAMED: ngettext(
            "%(n)s machine is known by another name or address now, because a file or a decision about "
            "machines came or went; it is the same machine",
            "%(n)s machines are known by other names or addresses now, because files or decisions about "
            "machines came or went; they are the same machines", n),
        why.CAME: ngettext("%(n)s machine came from another unit", "%(n)s machines came from other units", n),
        why.LEFT: ngettext("%(n)s machine belongs to another unit",
                           "%(n)s machines belong to other units", n),
        why.MOVED: ngettext("%(n)s machine belongs to another of these units",
                            "%(n)s machines belong to others of these units", n),
    }.get(name)  # fmt: skip
    if said is None:
        said = ngettext("the signs of %(n)s machine were signs of another one",
                        "the signs of %(n)s machines were signs of others", n)  # fmt: skip
    return said % {"n": n}


@dataclass(frozen=True)
class Line:
    """One figure: its names and words, now alone and with all below, as frozen, and as it holds today."""

    name: str
    figure: str
    words: str | Promise
    own: int
    whole: int
    frozen: int | None
    holds: int | None


def table(own: dict[str, Any], whole: dict[str, Any], chain: Chain | None) -> list[Line]:
    """The figures of now beside those of the report last sent."""
    return [
        Line(
            name, NAMES[name], words, value_of(own, name), value_of(whole, name),
            value_of(chain.frozen.whole, name) if chain else None,
            value_of(chain.holds.whole, name) if chain and chain.is_restated else None,
        )
        for name, words in FIGURE_WORDS.items()
    ]  # fmt: skip


@dataclass(frozen=True)
class Change:
    """A figure that moves: its words, the number that holds before, and the number after."""

    words: str | Promise
    before: int
    after: int


def changes(chain: Chain, one: MachineFigures) -> list[Change]:
    """The figures of a restatement that are not those of the number that held before it."""
    return _changes(chain.before(one), one)


def changes_back(chain: Chain) -> list[Change]:
    """The figures that move where the restatement that holds is taken back."""
    return _changes(chain.holds, chain.under) if chain.under else []


def _changes(old: MachineFigures, new: MachineFigures) -> list[Change]:
    pairs = [
        (words, value_of(old.whole, name), value_of(new.whole, name)) for name, words in FIGURE_WORDS.items()
    ]
    return [Change(words, before, after) for words, before, after in pairs if before != after]


def hours(value: float | None) -> str:
    """A median in words, such as "3 days" or "5 hours"; None is no zero."""
    if value is None:
        return _("not yet for half of them")
    if value < 48:
        n = round(value)
        return ngettext("%(n)s hour", "%(n)s hours", n) % {"n": n}
    n = round(value / 24)
    return ngettext("%(n)s day", "%(n)s days", n) % {"n": n}
