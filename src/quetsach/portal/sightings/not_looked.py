"""Whether something was not looked at. The pages of logs and machines and the report all ask here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Aggregate, F, Max, QuerySet, Sum, Window
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.kit.templatetags.kit import num
from quetsach.portal.sightings.models import Scan


class Unseen(NamedTuple):
    """What a sensor could not look at. Of a log: it told last that something of it could not be read
    (`problem`), that lines are lost between two looks (`gaps`), or the log is silent since `silent_since`. Of
    a silent sensor: one row for each of its places, without a path, with the bytes that it had not looked at
    when it was heard last (`behind`). `place` is the name of the place, `token` the key that the sensor sends
    with."""

    sensor: UUID
    called: str
    token: UUID | None
    place: str
    path: str
    problem: str = ""
    gaps: int = 0
    silent_since: datetime | None = None
    behind: int = 0


UNSEEN: list[Callable[[CampaignNode], list[Unseen]]] = []
"""The app of sensors registers here what the sensors of a node's own unit could not see."""


def unseen(node: CampaignNode) -> list[Unseen]:
    """What the sensors of a node could not look at in whole. One query."""
    return [one for told in UNSEEN for one in told(node)]


TOLD: list[Callable[[CampaignNode, bool], dict[str, Combinable]]] = []
"""The app of sensors registers here how many sensors are silent (`silent`) and how many logs they could not
read (`logs`), as columns of any query."""


@dataclass(frozen=True, slots=True)
class NotLooked:
    """How many sensors are silent or have a silent log, how many logs a sensor could not look at in whole,
    and how many problems the scans had while reading."""

    silent: int = 0
    logs: int = 0
    errors: int = 0

    def __bool__(self) -> bool:
        return bool(self.silent or self.logs or self.errors)

    @property
    def words(self) -> str:
        """One sentence; empty where everything was looked at."""
        told = []
        if n := self.silent:
            told.append(ngettext("%(n)s sensor is silent", "%(n)s sensors are silent", n) % {"n": num(n)})
        if n := self.logs:
            told.append(
                ngettext(
                    "a sensor could not read %(n)s log in whole",
                    "sensors could not read %(n)s logs in whole",
                    n,
                )
                % {"n": num(n)}
            )
        if n := self.errors:
            told.append(
                ngettext("%(n)s problem while reading", "%(n)s problems while reading", n) % {"n": num(n)}
            )
        return _("Not everything could be looked at: %(what)s.") % {"what": "; ".join(told)} if told else ""


def columns(node: CampaignNode, *, below: bool = False) -> dict[str, Combinable]:
    """What a query of the scans of a node, or also of the nodes below, is annotated with for `SUMS`."""
    return {f"left_{name}": column for told in TOLD for name, column in told(node, below).items()}


SUMS: dict[str, Aggregate] = {
    "all_silent": Max("left_silent"),
    "all_logs": Max("left_logs"),
    "all_errors": Sum("errors"),
}
"""The sums of a query of scans that has the `columns`."""


def of_sums(row: Mapping[str, Any]) -> NotLooked:
    """What such a query tells. Without any scan nothing was looked at, and pages say that instead."""
    return NotLooked(*(row[name] or 0 for name in SUMS))


def with_left(scans: QuerySet[Scan], node: CampaignNode) -> QuerySet[Scan]:
    """The scans of a node itself, each with the sums of them all."""
    rows = scans.annotate(**columns(node))
    return rows.annotate(
        all_silent=F("left_silent"), all_logs=F("left_logs"), all_errors=Window(Sum("errors"))
    )


def of_scans(scans: Sequence[Scan]) -> NotLooked:
    """What scans of `with_left` tell."""
    return of_sums(vars(scans[0])) if scans else NotLooked()
