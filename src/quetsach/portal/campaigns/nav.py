"""The navigation of a campaign's inner pages, as one table: who sees which door."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.units.roles import Verb, fits


@dataclass(frozen=True)
class Door:
    """`route` takes the campaign's slug unless `is_global`, and the home node's id where `by_node`.

    `is_below`: what `needs` names is done to units below, and the door stands only where there are some.
    `is_sector`: only for a unit that guides others in their line of work.
    """

    route: str
    label: str | Promise
    needs: str = "read"
    by_node: bool = False
    is_more: bool = False
    is_global: bool = False
    is_below: bool = False
    is_sector: bool = False


DOORS = (
    Door("today", _("Today")),
    Door("letter", _("Letter")),
    Door("cases", _("Machines")),
    Door("report", _("Report"), needs="edit_report", by_node=True),
    Door("progress", _("Progress")),
    Door("rollup", _("Roll-up"), by_node=True),
    Door("sector", _("Line of work"), by_node=True, is_more=True, is_sector=True),
    Door("licences", _("Licences"), is_more=True),
    Door("intake", _("Files received"), needs="review_report", by_node=True, is_more=True, is_below=True),
    Door("scans", _("Logs"), needs="upload_scan", is_more=True),
    Door("people", _("People"), by_node=True, is_more=True),
    Door("bodies", _("Enterprises"), by_node=True, is_more=True),
    Door("join_codes", _("Codes to join"), needs="invite", is_more=True),
    Door("indicators", _("Indicators"), needs="upload_indicators", is_more=True),
    Door("tools_edit", _("Removal tools"), needs="publish", is_more=True),
    Door("units", _("Units"), is_more=True, is_global=True),
    Door("tokens", _("Connection codes"), needs="manage_tokens", is_more=True),
    Door("campaign_list", _("Campaigns"), needs="publish", is_more=True, is_global=True),
    Door("staff", _("Administration"), needs="read_audit", is_more=True, is_global=True),
    Door("audit", _("Who did what"), needs="read_audit", is_more=True),
)
"""The doors of every day first; those that `is_more` are folded away on a phone."""


def doors(seat: Seat) -> list[dict[str, object]]:
    """The doors that the person may open at home, with their addresses."""
    return [
        {
            "route": door.route,
            "label": door.label,
            "is_more": door.is_more,
            "url": reverse(door.route, args=_arguments(door, seat)),
        }
        for door in DOORS
        if _may_open(door, seat)
    ]


def _may_open(door: Door, seat: Seat) -> bool:
    if door.is_sector and not getattr(seat.home, "guides", False):
        return False
    if not door.is_below:
        return seat.can_home[door.needs]
    has_below = getattr(seat.home, "has_below", False)
    return has_below and fits(seat.places, Verb(door.needs), f"{seat.home.path}_")


def _arguments(door: Door, seat: Seat) -> list[object]:
    if door.is_global:
        return []
    return [seat.campaign.slug, seat.home.pk] if door.by_node else [seat.campaign.slug]
