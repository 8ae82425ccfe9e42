"""The tasks about sensors: those that are silent, and those that cannot read a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import OuterRef, Subquery
from django.db.models.expressions import Combinable
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Counted, Rank, Task, facts_of
from quetsach.portal.kit.figures import OWN
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.sensors.queries import blind_of, silent_of
from quetsach.portal.units.roles import Verb


def _first_silent() -> Combinable:
    """The first moment from which a sensor of a node's own unit is silent; the caller compares it with now,
    since the fact is read by a kept query."""
    rows = Sensor.rows.filter(unit=OuterRef("unit"), locked_at=None, silent_after__isnull=False)
    return Subquery(rows.order_by("silent_after").values("silent_after")[:1])


def _unread() -> Combinable:
    """The number of sensors of a node's own unit that could not read something."""
    return number_of(Sensor.rows.filter(unit=OuterRef("unit"), locked_at=None, unread__gt=0), "unit")


FACTS: dict[str, Callable[[], Combinable]] = {
    "sensors_silent_after": _first_silent,
    "sensors_unread": _unread,
}


def sensors_to_look_at(seat: Seat) -> Iterator[Task]:
    """What is silent, or could not be read, proves nothing, so somebody must look at it."""
    if not seat.may(Verb.MANAGE_TOKENS):
        return
    facts, now = seat.once(facts_of), timezone.now()
    after = facts["sensors_silent_after"]
    url = reverse("sensors", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}"
    if after is not None and after < now:
        silent = silent_of(seat.node.unit, now).count()
        title = ngettext("Look at %(n)d silent sensor", "Look at %(n)d silent sensors", silent)
        yield Task(
            rank=Rank.OVERDUE + 1, title=title % {"n": silent},
            text=_("What it does not see is not proven: the hours without it are gaps."),
            url=url, action=_("See the sensors"), shape="bad", word=_("Silent"),
            counts=Counted("sensors.silent", silent, OWN),
        )  # fmt: skip
    if facts["sensors_unread"] and (blind := blind_of(seat.node.unit).count()):
        title = ngettext(
            "Look at %(n)d sensor that cannot read a log",
            "Look at %(n)d sensors that cannot read a log",
            blind,
        )
        yield Task(
            rank=Rank.OVERDUE + 1, title=title % {"n": blind},
            text=_("Nobody knows what such a log holds. No sign in it is seen, no machine is proven by it."),
            url=url, action=_("See the sensors"), shape="bad", word=_("Could not look"),
            counts=Counted("sensors.blind", blind, OWN),
        )  # fmt: skip
