"""Units with open work, one by one, with filters: the list for people who collect reports."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, QuerySet, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quetsach.portal.campaigns.contacts import Contact, contacts
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.campaigns.queries import active_nodes, trails
from quetsach.portal.reports import arrived_files
from quetsach.portal.reports.dashboard import audiences
from quetsach.portal.reports.dashboard.chase import REPORT_WORDS
from quetsach.portal.units.models import Unit
from quetsach.text.vietnamese import search_key

MISSING: dict[str, str | Promise] = {
    "": gettext_lazy("anything"),
    "tre": gettext_lazy("report overdue"),
    "nhan": gettext_lazy("not received"),
    "trien-khai": gettext_lazy("not carried out"),
    "bao-cao": gettext_lazy("no report"),
}
NAMES = {
    "": "units.owing",
    "tre": "units.overdue",
    "nhan": "units.not_received",
    "trien-khai": "units.not_carried_out",
    "bao-cao": "units.not_reported",
}
"""The name of each figure (`kit.figures`)."""
GROUPS: dict[str, str | Promise] = {
    "": gettext_lazy("what is missing"),
    "cap-tren": gettext_lazy("superior unit"),
    "loai": gettext_lazy("kind of unit"),
}


@dataclass(frozen=True)
class Sieve:
    """The reader's filters; their words are those in the address."""

    missing: str = ""
    kind: str = ""
    text: str = ""
    is_deep: bool = False
    group: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether any filter but the kind of open work is set."""
        return bool(self.kind or self.text or self.is_deep or self.group)

    @classmethod
    def read(cls, asked: Any) -> Sieve:
        """Read the filters from the query of an address; unknown words are dropped."""
        missing, kind, group = asked.get("thieu", ""), asked.get("loai", ""), asked.get("nhom", "")
        return cls(
            missing=missing if missing in MISSING else "",
            kind=kind if kind in Unit.Kind.values else "",
            text=asked.get("tim", "").replace("\0", "").strip()[:100],
            is_deep=asked.get("cap") == "moi-cap",
            group=group if group in GROUPS else "",
        )


@dataclass(frozen=True)
class LateUnit:
    """One unit: its open work in words (`todo` as an order), its urgency, and its contact."""

    node: CampaignNode
    shape: str
    word: str
    missing: tuple[str, ...]
    todo: tuple[str, ...]
    group: str
    trail: str
    contact: Contact | None
    is_by_file: bool = False
    """Whether the counting report was taken from a file on the unit's behalf."""
    has_file: bool = False
    """Whether its report came as a file that waits on the desk."""

    @property
    def says(self) -> tuple[str, ...]:
        """The open work in words, and whether the report came as a file."""
        if self.has_file:
            return (*self.missing, str(arrived_files.WORDS))
        return (*self.missing, _("has reported (by file)")) if self.is_by_file else self.missing

    @property
    def called(self) -> str:
        """The frozen name, with the unit's present name or its successors' names."""
        if self.contact is None or not self.contact.today:
            return self.node.name
        return _("%(name)s (today: %(today)s)") % {"name": self.node.name, "today": self.contact.today}

    @property
    def has_account(self) -> bool:
        return self.contact is not None and self.contact.has_account


def selected(node: CampaignNode, sieve: Sieve) -> QuerySet[CampaignNode]:
    """The active nodes below that fit the sieve; those whose report is overdue stand first."""
    now = timezone.now()
    wanted = {
        "": audiences.anything(),
        "tre": audiences.late(now),
        "nhan": audiences.not_received(),
        "trien-khai": audiences.not_started(),
        "bao-cao": audiences.not_reported(),
    }[sieve.missing]
    found = active_nodes(node.campaign, node.path).exclude(pk=node.pk).filter(wanted)
    if not sieve.is_deep:
        found = found.filter(parent=node)
    if sieve.kind:
        found = found.filter(kind=sieve.kind)
    if sieve.text:
        found = found.filter(unit__search_key__contains=search_key(sieve.text))
    found = found.annotate(is_by_file=F("report__accepted__on_behalf"), came=arrived_files.shown_state())
    overdue_first = Case(When(audiences.late(now), then=0), default=1)
    return found.select_related("acknowledgement", "participation", "report", "parent").order_by(
        overdue_first, "due_at", "depth", "parent__position", "position", "name"
    )


def counts(node: CampaignNode, *, is_deep: bool) -> dict[str, int]:
    """The number of units below by kind of open work, by the words of MISSING, and as "tep" the units of
    which a file waits; one query."""
    below = active_nodes(node.campaign, node.path).exclude(pk=node.pk)
    if not is_deep:
        below = below.filter(parent=node)
    return below.aggregate(
        **{
            "": Count("pk", filter=audiences.anything()),
            "tre": Count("pk", filter=audiences.late(timezone.now())),
            "nhan": Count("pk", filter=audiences.not_received()),
            "trien-khai": Count("pk", filter=audiences.not_started()),
            "bao-cao": Count("pk", filter=audiences.not_reported()),
            "tep": Count("pk", filter=arrived_files.waits()),
        }
    )


def kinds_below(node: CampaignNode) -> list[tuple[str, str]]:
    """The kinds of units below."""
    names = dict(Unit.Kind.choices)
    below = active_nodes(node.campaign, node.path).exclude(pk=node.pk)
    kinds = below.order_by().values_list("kind", flat=True).distinct()
    return sorted(((kind, str(names[kind])) for kind in kinds), key=lambda pair: pair[1])


def described(nodes: Iterable[CampaignNode], sieve: Sieve) -> list[LateUnit]:
    """Words, group and contact for each node, grouped as the filters ask, the most urgent first."""
    nodes = list(nodes)
    if not nodes:
        return []
    whom, where, now = contacts(nodes), trails(nodes, nodes[0].campaign), timezone.now()
    rows = [_describe(node, whom.get(node.pk), where[node.pk], sieve, now) for node in nodes]
    order = {"bad": 0, "none": 1, "back": 2}
    if sieve.group == "":
        rows.sort(key=lambda row: order.get(row.shape, 3))
    places = {group: n for n, group in enumerate(dict.fromkeys(row.group for row in rows))}
    return sorted(rows, key=lambda row: (places[row.group], order.get(row.shape, 3)))


def _describe(node: Any, contact: Contact | None, trail: str, sieve: Sieve, now: datetime) -> LateUnit:
    missing, todo = [], []
    if not hasattr(node, "acknowledgement"):
        missing.append(_("not received"))
        todo.append(_("confirm that the letter has arrived"))
    if not hasattr(node, "participation"):
        missing.append(_("not carried out"))
        todo.append(_("carry the campaign out and say so"))
    report = getattr(node, "report", None)
    state: str = node.came
    owes_report = node.expected and state in REPORT_WORDS and (report is None or report.accepted_id is None)
    if owes_report:
        if state != "none" or not node.is_late(now):  # the chip shows it already
            missing.append(str(REPORT_WORDS[state][1]))
        todo.append(str(REPORT_WORDS[state][2]))
    shape, word = _chip(node, missing, owes_report, state, now)
    by = {"": word, "cap-tren": trail, "loai": node.get_kind_display()}[sieve.group]
    if sieve.group == "" and shape == "bad":
        by = _("Report overdue")
    is_by_file = bool(getattr(node, "is_by_file", False))
    has_file = state == arrived_files.FILE
    return LateUnit(node, shape, word, tuple(missing), tuple(todo), by, trail, contact, is_by_file, has_file)


def _chip(
    node: CampaignNode, missing: Sequence[str], owes_report: bool, state: str, now: datetime
) -> tuple[str, str]:
    if owes_report and node.is_late(now):
        days = (timezone.localdate(now) - timezone.localdate(node.due_at)).days + 1
        return "bad", ngettext("%(n)s day overdue", "%(n)s days overdue", days) % {"n": days}
    if owes_report and state == "returned":
        return "back", missing[-1]
    return "none", missing[0] if missing else ""
