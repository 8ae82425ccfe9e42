"""The audiences of reminders, in one table. The reports app adds units that have not reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Audience:
    """`wanted` makes the selection of CampaignNode rows; `todo` is the request to such a unit, after
    "please"."""

    label: str | Promise
    wanted: Callable[[], Q]
    todo: str | Promise


AUDIENCES: dict[str, Audience] = {
    "not_received": Audience(
        _("who has not confirmed the letter"),
        lambda: Q(acknowledgement=None),
        _("confirm that the letter has arrived"),
    ),
    "not_started": Audience(
        _("who has not carried it out"),
        lambda: Q(participation=None),
        _("carry the campaign out and say so"),
    ),
}
"""In the order of the work; a unit is reminded as the first audience that it fits."""
