"""The task about sensors: those that are silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Rank, Task, facts_of
from quetsach.portal.kit.figures import OWN
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sensors.queries import silent_of
from quetsach.portal.units.roles import Verb


def _first_silent() -> Combinable:
    """The first moment from which a sensor of a node's own unit is silent; the caller compares it with now,
    since the fact is read by a kept query."""
    rows = Sensor.rows.filter(unit=OuterRef("unit"), locked_at=None, silent_after__isnull=False)
    return Subquery(rows.order_by("silent_after").values("silent_after")[:1])


FACTS: dict[str, Callable[[], Combinable]] = {"sensors_silent_after": _first_silent}


def sensors_to_look_at(seat: Seat) -> Iterator[Task]:
    """What is silent proves nothing, so somebody must look at it."""
    if not seat.may(Verb.MANAGE_TOKENS):
        return
    after, now = seat.once(facts_of)["sensors_silent_after"], timezone.now()
    if after is None or after >= now:
        return
    silent = silent_of(seat.node.unit, now).count()
    title = ngettext("Look at %(n)d silent sensor", "Look at %(n)d silent sensors", silent)
    yield Task(
        rank=Rank.OVERDUE + 1, title=title % {"n": silent},
        text=_("What it does not see is not proven: the hours without it are gaps."),
        url=reverse("sensors", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}",
        action=_("See the sensors"), shape="bad", word=_("Silent"),
        counts=Counted("sensors.silent", silent, OWN),
    )  # fmt: skip
