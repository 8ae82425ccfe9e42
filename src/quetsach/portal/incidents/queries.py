"""Reads about incidents."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, StartsWith
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.rules import State
from quetsach.portal.incidents.clocks import HOURS
from quetsach.portal.incidents.models import Incident
from quetsach.portal.units.models import subtree

PAPERS: dict[str, str | Promise] = {
    "notice": _("Notice within 24 hours"),
    "report": _("Report within 72 hours"),
    "update": _("Update"),
    "final": _("Final report"),
    "personal": _("Notice about personal data, within 72 hours"),
}


def incidents_of(node: CampaignNode) -> QuerySet[Incident]:
    """The incidents of the unit and of those below, the open ones first, with what their clocks need."""
    into = "cases__merged_into"  # a case of a machine that turned out to be another one
    is_false = Exact(Coalesce(f"{into}__state", "cases__state"), Value(State.FALSE_POSITIVE.value))
    owner: Any = Coalesce(f"{into}__device__owner__path", "cases__device__owner__path")
    went = ~Q(StartsWith(owner, F("node__path")))  # nobody here knows more of it: it counts (`CaseFacts`)
    machine = Coalesce(f"{into}__device", "cases__device")
    machines = Count(machine, distinct=True, filter=~Q(is_false) | went)
    rows: Any = open_below(node, every=True).annotate(machines=machines)
    return rows.order_by(F("closed_at").asc(nulls_first=True), "-opened_at", "-pk")  # type: ignore[no-any-return]


def open_below(node: CampaignNode, *, every: bool = False) -> QuerySet[Incident]:
    """The open incidents of the unit and of those below; with `every` also those that ended."""
    rows = Incident.rows.filter(subtree(node.path, "node__path"), node__campaign=node.campaign_id)
    if not every:
        rows = rows.filter(closed_at=None)
    return with_sendings(rows.select_related("node"))


def with_sendings(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    """The incidents, each with the first sending of each paper that has an hour."""
    firsts: Any = {
        f"sent_{kind}": Min("notices__sent_at", filter=Q(notices__kind=kind.value)) for kind in HOURS
    }
    return rows.annotate(**firsts)
