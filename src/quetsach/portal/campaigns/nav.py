"""The navigation of a campaign's inner pages, as one table, with the right that each link needs."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.campaigns.open_work import waiting
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.units.roles import Place, Verb, fits


@dataclass(frozen=True)
class Door:
    """A link. `route` takes the campaign's slug unless `is_global`, and the home node's id if `by_node`.

    `is_below`: the right in `needs` is used on units below, so the link is shown only where such units exist.
    `is_sector`: only for a unit that guides others in their line of work. `is_issuer`: only for the unit that
    issued the campaign. `family` begins the names of the routes of the pages behind this link.
    """

    route: str
    label: str | Promise
    needs: str = "read"
    by_node: bool = False
    is_global: bool = False
    is_below: bool = False
    is_sector: bool = False
    is_issuer: bool = False
    family: str = ""


EVERY_DAY = (
    Door("today", _("Today")),
    Door("letter", _("Letter")),
    Door("cases", _("Machines")),
    Door("report", _("Report"), needs="edit_report", by_node=True),
    Door("progress", _("Progress")),
    Door("rollup", _("Roll-up"), by_node=True),
)

GROUPS: tuple[tuple[str | Promise, tuple[Door, ...]], ...] = (
    (
        _("For the report"),
        (
            Door("people", _("People"), by_node=True),
            Door("bodies", _("Enterprises"), by_node=True),
            Door("intake", _("Files received"), needs="review_report", by_node=True, is_below=True),
            Door("sector", _("Line of work"), by_node=True, is_sector=True),
        ),
    ),
    (
        _("Looking for malware"),
        (
            Door("indicators", _("Indicators"), needs="upload_indicators"),
            Door("scans", _("Logs"), needs="upload_scan"),
            Door(
                "registers",
                _("Register of machines"),
                needs="keep_register",
                is_global=True,
                family="register",
            ),
            Door("licences", _("Licences")),
            Door("tools_edit", _("Removal tools"), needs="publish", is_issuer=True),
            Door("tokens", _("Connection codes"), needs="manage_tokens"),
            Door("self_check_visits", _("Self-check"), needs="publish", is_issuer=True),
        ),
    ),
    (
        _("Units and accounts"),
        (
            Door("join_codes", _("Codes to join"), needs="invite"),
            Door("units", _("Units"), is_global=True, family="unit"),
            Door("staff", _("Administration"), needs="read_audit", is_global=True, family="staff"),
            Door("audit", _("Who did what"), needs="read_audit"),
            Door("campaign_list", _("Campaigns"), needs="publish", is_global=True, family="campaign_"),
        ),
    ),
)
"""The less frequent links, grouped by purpose; on a phone they are folded away."""


def every_day(seat: Seat) -> list[dict[str, object]]:
    """The everyday links that the person may open at home, with their addresses and open work."""
    return _open(EVERY_DAY, seat)


def groups(seat: Seat) -> list[tuple[str | Promise, list[dict[str, object]]]]:
    """The less frequent links that the person may open at home, by heading; empty headings are left out."""
    found = ((heading, _open(doors, seat)) for heading, doors in GROUPS)
    return [(heading, doors) for heading, doors in found if doors]


def outside(places: list[Place]) -> list[dict[str, object]]:
    """The links of a person who has no seat in a campaign yet."""
    doors = (door for _heading, doors in GROUPS for door in doors if door.is_global)
    return [
        {"route": door.route, "family": door.family, "label": door.label, "url": reverse(door.route)}
        for door in doors
        if any(fits(places, Verb(door.needs), path) for _role, path in places)
    ]


def _open(doors: tuple[Door, ...], seat: Seat) -> list[dict[str, object]]:
    is_running = seat.campaign.status == Campaign.Status.PUBLISHED
    return [
        {
            "route": door.route,
            "family": door.family,
            "label": door.label,
            "url": reverse(door.route, args=_arguments(door, seat)),
            "open": waiting(seat, door.route) if is_running else None,
        }
        for door in doors
        if _may_open(door, seat)
    ]


def _may_open(door: Door, seat: Seat) -> bool:
    if door.is_sector and not getattr(seat.home, "guides", False):
        return False
    if door.is_issuer and seat.home.unit_id != seat.campaign.issuer_id:
        return False
    if not door.is_below:
        return seat.can_home[door.needs]
    return seat.home.has_below and fits(seat.places, Verb(door.needs), f"{seat.home.path}_")


def _arguments(door: Door, seat: Seat) -> list[object]:
    if door.is_global:
        return []
    return [seat.campaign.slug, seat.home.pk] if door.by_node else [seat.campaign.slug]
