"""The open cases of machines in the register of a unit."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.rules import State
from quetsach.portal.machines.models import RegisterRow
from quetsach.portal.units.models import Unit

OVER = (State.VERIFIED_CLEAN, State.FALSE_POSITIVE)


def open_cases(unit: Unit, rows: Sequence[RegisterRow]) -> dict[int, str]:
    """The address of an open case of each machine in a running campaign, by the number of its row."""
    wanted = {(row.key_kind, row.key_value): row.pk for row in rows}
    found = Case.rows.filter(
        device__id_value__in=[value for _kind, value in wanted],
        device__owner__unit=unit,
        device__merged_into=None,
        device__campaign__status=Campaign.Status.PUBLISHED,
        is_current=True,
    ).exclude(state__in=OVER)
    told = found.order_by("last_seen").values_list(
        "device__id_kind", "device__id_value", "device__campaign__slug", "pk"
    )
    return {
        wanted[kind, value]: reverse("case", args=[slug, pk])
        for kind, value, slug, pk in told
        if (kind, value) in wanted
    }
