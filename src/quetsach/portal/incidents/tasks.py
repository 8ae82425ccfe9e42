"""The tasks about incidents: the papers that law asks for, each with its hour, and those that are late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from django.db.models import OuterRef, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quetsach.portal.campaigns.open_work import number_of
from quetsach.portal.campaigns.seat import Seat
from quetsach.portal.campaigns.tasks import Rank, Task, facts_of
from quetsach.portal.incidents.clocks import Answer, Duty, Severity
from quetsach.portal.incidents.models import Incident
from quetsach.portal.incidents.queries import PAPERS, open_below


def _open() -> Combinable:
    """The number of open incidents of a node and of those below."""
    rows = Incident.rows.filter(
        node__campaign=OuterRef("campaign"),
        node__path__gte=OuterRef("path"),
        node__path__lt=Concat(OuterRef("path"), Value("~")),  # no letter of a path comes after "~"
        closed_at=None,
    )
    return number_of(rows, "node__campaign")


FACTS: dict[str, Callable[[], Combinable]] = {"incidents_open": _open}


def incidents_to_do(seat: Seat) -> Iterator[Task]:
    """What the unit's own incidents ask for, then how many units below are late."""
    if not seat.may("work_case") or not seat.once(facts_of)["incidents_open"]:
        return
    now, late = timezone.now(), set()
    for incident in open_below(seat.node):
        duties = incident.duties
        if incident.node_id != seat.node.pk:
            if any(duty.is_overdue(now) for duty in duties):
                late.add(incident.node_id)
            continue
        url = reverse("incident", args=[seat.campaign.slug, incident.pk])
        if task := _to_decide(incident, duties, url):
            yield task
        yield from (_to_send(duty, now, url) for duty in duties if duty.is_sure and duty.sent_at is None)
    if late:
        title = ngettext(
            "Ask %(n)d unit below for its notice of an incident",
            "Ask %(n)d units below for their notices of incidents",
            len(late),
        )
        yield Task(
            rank=Rank.OVERDUE + 1, title=title % {"n": len(late)},
            text=_("The hour that the law sets has passed, and no sending is recorded."),
            url=reverse("incidents", args=[seat.campaign.slug]) + f"?don-vi={seat.node.pk}",
            action=_("See the incidents"), shape="bad", word=_("Overdue"),
        )  # fmt: skip


def _to_decide(incident: Incident, duties: list[Duty], url: str) -> Task | None:
    if incident.severity != Severity.UNDECIDED and incident.personal_data != Answer.UNDECIDED:
        return None
    if incident.severity != Severity.UNDECIDED:
        return Task(
            rank=Rank.OVERDUE, title=_("Say whether personal data are affected"),
            text=_("If so, another notice is due within 72 hours, to another addressee."),
            url=f"{url}#du-lieu", action=_("Open the incident"), shape="busy", word=_("To decide"),
        )  # fmt: skip
    first = next((duty for duty in duties if duty.sent_at is None), None)
    text = _("It waits for a decision with a name. When in doubt, the higher level counts.")
    is_late = first is not None and first.is_overdue(timezone.now())
    if first is not None:
        text += " " + _("If it is serious, a notice is due by %(at)s.") % {"at": _told(first.due_at)}
    return Task(
        rank=Rank.URGENT if is_late else Rank.OVERDUE, title=_("Decide how serious the incident is"),
        text=text, url=f"{url}#muc-do", action=_("Open the incident"),
        shape="bad" if is_late else "busy", word=_("Overdue") if is_late else _("To decide"),
    )  # fmt: skip


def _to_send(duty: Duty, now: datetime, url: str) -> Task:
    is_late = duty.is_overdue(now)
    title = _("Send late: %(paper)s") if is_late else _("Send: %(paper)s")
    told = _("It was due at %(at)s. Send it now; the lateness stays in the record.")
    if not is_late:
        told = _("It is due by %(at)s. Draft, freeze, sign, send, then record the sending.")
    return Task(
        rank=Rank.URGENT if is_late else Rank.OVERDUE, title=title % {"paper": PAPERS[duty.kind]},
        text=told % {"at": _told(duty.due_at)}, url=f"{url}#van-ban", action=_("Open the incident"),
        shape="bad" if is_late else "busy", word=_("Overdue") if is_late else _("Waiting"),
    )  # fmt: skip


def _told(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M %d/%m/%Y}"
