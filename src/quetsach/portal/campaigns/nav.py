"""The navigation of a campaign's inner pages, as one table: who sees which door."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.seat import Seat


@dataclass(frozen=True)
class Door:
    """`route` takes the campaign's slug, and the home node's id where `by_node`."""

    route: str
    label: str | Promise
    needs: str = "read"
    by_node: bool = False


DOORS = (
    Door("today", _("Today")),
    Door("letter", _("Letter")),
    Door("cases", _("Machines")),
    Door("scans", _("Logs"), needs="upload_scan"),
    Door("licences", _("Licences")),
    Door("report", _("Report"), needs="edit_report", by_node=True),
    Door("progress", _("Progress")),
    Door("rollup", _("Roll-up"), by_node=True),
    Door("indicators", _("Indicators"), needs="upload_indicators"),
    Door("tools_edit", _("Removal tools"), needs="publish"),
    Door("tokens", _("Connection codes"), needs="manage_tokens"),
    Door("audit", _("Who did what"), needs="read_audit"),
)


def doors(seat: Seat) -> list[dict[str, object]]:
    """The doors that the person may open at home, with their addresses."""
    return [
        {
            "route": door.route,
            "label": door.label,
            "url": reverse(door.route, args=[seat.campaign.slug, *([seat.home.pk] if door.by_node else [])]),
        }
        for door in DOORS
        if seat.can_home[door.needs]
    ]
