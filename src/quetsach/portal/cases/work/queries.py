"""Reads for the work list: open cases of a unit, each with its strongest piece of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.advice import Advice, advice_for
from quetsach.portal.cases.models import Case, CaseSighting
from quetsach.portal.cases.rules import OPEN
from quetsach.portal.sightings.models import Sighting
from quetsach.portal.units.models import subtree


@dataclass(frozen=True, slots=True)
class Row:
    """A case of the list. `sign` is the row of evidence with most log lines, None where no log saw it."""

    case: Case
    sign: Sighting | None
    advice: Advice


def open_cases(node: CampaignNode, *, below: bool = False) -> QuerySet[Case]:
    """Current cases on which a person must act, of the node or also of those below it. Machines whose signs
    came back are first, then those with the latest sign."""
    where = subtree(node.path, "device__owner__path") if below else Q(device__owner=node)
    states = [state.value for state in OPEN]
    rows = Case.rows.filter(where, device__campaign=node.campaign_id, is_current=True, state__in=states)
    return rows.select_related("device__owner").order_by("-relapses", "-last_seen", "device", "pk")


def rows_of(cases: Iterable[Case], language: str) -> list[Row]:
    """The cases with evidence and advice. Two queries."""
    some = list(cases)
    signs = _signs(some)
    return [Row(case, signs.get(case.pk), advice_for(case.family, language)) for case in some]


def _signs(cases: Sequence[Case]) -> dict[UUID, Sighting]:
    links = CaseSighting.rows.filter(case=OuterRef("pk")).order_by(
        Coalesce("count", "sighting__count").desc(), "sighting"
    )
    strongest = (
        Case.rows.filter(pk__in=[case.pk for case in cases])
        .annotate(strongest=Subquery(links.values("sighting")[:1]))
        .values_list("pk", "strongest")
    )
    pairs = dict(strongest)
    rows = Sighting.rows.in_bulk([one for one in pairs.values() if one is not None])
    return {case: rows[sign] for case, sign in pairs.items() if sign in rows}
