"""The audiences of reminders, in one table. The reports app adds units that have not reported."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Audience:
    """`wanted` selects CampaignNode rows; `todo` is the request to such a unit, after "please"."""

    label: str | Promise
    wanted: Q
    todo: str | Promise


AUDIENCES: dict[str, Audience] = {
    "not_received": Audience(
        _("who has not confirmed the letter"),
        Q(acknowledgement=None),
        _("confirm that the letter has arrived"),
    ),
    "not_started": Audience(
        _("who has not carried it out"),
        Q(participation=None),
        _("carry the campaign out and say so"),
    ),
}
"""In the order of the work; a unit is reminded as the first audience that it fits."""
