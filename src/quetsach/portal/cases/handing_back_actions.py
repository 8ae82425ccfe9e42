"""Takes back that a person gave a machine to another unit, or passed it up, while nothing has happened to it
there."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.cases.actions import CaseError
from quetsach.portal.cases.gaps.actions import follow_owner
from quetsach.portal.cases.models import Case, CaseEvent, Device, NotOurs
from quetsach.portal.cases.owning_actions import is_taken, locked_machine, moved_to
from quetsach.portal.cases.relapses import PORTALS
from quetsach.portal.cases.rules import FROM, MOVES_AWAY
from quetsach.portal.cases.transfer_actions import cases_of
from quetsach.portal.cases.undoing_actions import UNDO_WITHIN, undo
from quetsach.portal.cases.undone import that_hold
from quetsach.portal.cases.words import ACTS
from quetsach.portal.units.roles import Verb, may


def origin_of(case: Case, events: Sequence[CaseEvent], actor: User) -> UUID | None:
    """The node to which this person may give the machine back: the person gave it away, within the time in
    which acts are taken back, and nothing has happened to the case since. `events` are in their order."""
    last = _last_that_holds(events)
    if last is None or not case.is_current:
        return None
    is_own = last.act in MOVES_AWAY and last.by_id == actor.pk and FROM in last.data
    return UUID(last.data[FROM]["node"]) if is_own and last.at >= timezone.now() - UNDO_WITHIN else None


def _last_that_holds(events: Sequence[CaseEvent]) -> CaseEvent | None:
    """What people, or a log, brought about last. An act that was taken back has not happened."""
    story = that_hold(one for one in events if one.act not in PORTALS)
    return story[-1] if story else None


def _why_not(events: Sequence[CaseEvent], device: Device, actor: User) -> str:
    """Why it cannot be taken back; to a reader of the case with the latest act and its person."""
    told = [one for one in events if one.act not in PORTALS]
    if not told or not may(actor, Verb.READ, device.owner.path):
        return _("Something has happened to the case since.")
    last = told[-1]
    if last.act in MOVES_AWAY and last.by_id == actor.pk:
        return _("The day within which it could be taken back is over.")
    since = _("Something has happened to the case since: “%(act)s” (%(who)s, %(at)s).") % {
        "act": ACTS.get(last.act, last.act),
        "who": last.by.get_full_name() if last.by else _("the portal"),
        "at": f"{timezone.localtime(last.at):%d/%m/%Y %H:%M}",
    }
    return (
        f"{since} {_('If it is no machine of that unit, choose “It is not ours” on the page of the case.')}"
    )


def given_away(actor: User, case_id: UUID, slug: str) -> Case | None:
    """The present case of a machine that the person gave to another unit; that unit may be one whose pages
    the person does not see."""
    acts = [act.value for act in MOVES_AWAY]
    gave = CaseEvent.rows.filter(case=OuterRef("pk"), by=actor, act__in=acts, data__has_key=FROM)
    rows = Case.rows.select_related("device__owner").filter(device__campaign__slug=slug, is_current=True)
    return rows.filter(Exists(gave), pk=case_id).first()


@transaction.atomic
def hand_back(case: Case, actor: User, ip: str | None = None) -> Device:
    """Give the machine back to the unit that had it, with all its cases as they were.

    Raises:
        CaseError: something has happened to one of its cases since; that unit has a machine at the address;
            or the person may not act for that unit any more.
    """
    device = locked_machine(case.device)
    moved: list[tuple[Case, CaseEvent]] = []
    origins: set[UUID | None] = set()
    for one in cases_of(device).filter(is_current=True).order_by("pk"):
        events = list(one.events.select_related("by").order_by("at", "pk"))
        if not any(event.act in MOVES_AWAY and FROM in event.data for event in events) and one.pk != case.pk:
            continue  # a false alarm goes along without an event
        origins.add(origin_of(one, events, actor))
        last = _last_that_holds(events)
        if last is None or None in origins or last.data[FROM]["to"] != str(device.owner_id):
            raise CaseError(_why_not(events, device, actor))
        moved.append((one, last))
    if len(origins) != 1:
        raise CaseError(_("Something has happened to the case since."))
    was = moved[0][1].data[FROM]
    origin = CampaignNode.rows.get(pk=was["node"])
    if not may(actor, Verb.WORK_CASE, origin.path):
        raise CaseError(_("The machine was that of a unit for which you may not act any more."))
    NotOurs.rows.filter(pk=was.get("refusal"), device=device).delete()  # the unit has it after all
    given_to = device.owner
    if origin.pk != given_to.pk and is_taken(device, origin):
        raise CaseError(_("That unit already has a machine with this address. Handle it there."))
    device.is_owner_said = was["is_said"]
    moved_to(device, origin, is_assigned=was["is_assigned"], is_said=False)
    follow_owner(device, origin)
    told = {"device": device.key, "from": given_to.name, "to": origin.name}
    record(actor, "device.hand_back", unit_path=given_to.path, about=device, data=told, ip=ip)
    for one, event in moved:
        one.device = device
        undo(one, event, actor, ip)
    return device
