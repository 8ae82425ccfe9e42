"""What people write down about a case without moving it: seen, found, tried, off the network, put aside."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.accounts.models import User
from quetsach.portal.cases import keeping
from quetsach.portal.cases.actions import CaseError, locked, note, refuse_unfound
from quetsach.portal.cases.models import Case
from quetsach.portal.cases.named import named_now
from quetsach.portal.cases.rules import MOST_DAYS_ASIDE, TRIES, Note


@transaction.atomic
def acknowledge(case: Case, actor: User, ip: str | None = None, batch: str = "") -> Case:
    """Record that the unit knows of the case. A second time changes nothing."""
    case = locked(case, actor)
    if case.acknowledged_at is None:
        note(case, Note.SEEN, by=actor, data=_of(batch), ip=ip)
    return case


@transaction.atomic
def locate(case: Case, actor: User, *, place: str, ip: str | None = None) -> Case:
    """Record that the machine was found: its room, its user."""
    case = locked(case, actor)
    note(case, Note.LOCATE, by=actor, reason=place, ip=ip)
    return case


@transaction.atomic
def say_mistaken(case: Case, actor: User, reason: str, ip: str | None = None) -> Case:
    """Record that the machine which was found is another one. Which machine it is must be found anew, within
    the same term; work that had begun was on the other one, and is over.

    Raises:
        CaseError: no word of a person says which machine it is.
    """
    case = locked(case, actor)
    if named_now(case) is None:
        raise CaseError(_("Nobody has written down which machine it is."))
    before = keeping.kept(case)
    case.located_at = None
    note(case, Note.MISTAKEN, by=actor, reason=reason, ip=ip, before=before)
    return case


@transaction.atomic
def try_to_reach(case: Case, actor: User, *, tried_at: datetime, how: str, ip: str | None = None) -> Case:
    """Record a try to reach the machine that failed. After three (`rules.TRIES`) it is unreachable, which the
    superior sees; the case stays open.

    Raises:
        CaseError: the try lies in the future.
    """
    case = locked(case, actor)
    if tried_at > timezone.now():
        raise CaseError(_("The time of the try lies in the future."))
    before = keeping.kept(case)
    case.tries += 1
    if case.tries >= TRIES and case.unreachable_at is None:
        case.unreachable_at = timezone.now()
    data = {"tried_at": tried_at.isoformat(), "n": case.tries}
    note(case, Note.TRY, by=actor, reason=how, data=data, ip=ip, before=before)
    return case


@transaction.atomic
def isolate(case: Case, actor: User, *, since: datetime, reason: str, ip: str | None = None) -> Case:
    """Record that the machine is off the network since then. It is no cleaning.

    Raises:
        CaseError: it is isolated already, or the time lies in the future; or the address stands for several
            machines, and nobody has found the machine yet.
    """
    case = locked(case, actor)
    refuse_unfound(case)
    if case.device.isolated_at is not None:
        raise CaseError(_("It is recorded as off the network already."))
    if since > timezone.now():
        raise CaseError(_("The time lies in the future."))
    before = keeping.kept(case)
    case.device.isolated_at = since
    case.device.save(update_fields=["isolated_at"])
    note(
        case, Note.ISOLATE, by=actor, reason=reason, data={"since": since.isoformat()}, ip=ip, before=before
    )  # fmt: skip
    return case


@transaction.atomic
def lift(case: Case, actor: User, reason: str, ip: str | None = None) -> Case:
    """Record that the machine is on the network again.

    Raises:
        CaseError: it is not isolated.
    """
    case = locked(case, actor, may_be_earlier=True)
    if case.device.isolated_at is None:
        raise CaseError(_("It is not recorded as off the network."))
    before = keeping.kept(case)
    case.device.isolated_at, case.device.released_at = None, timezone.now()
    case.device.save(update_fields=["isolated_at", "released_at"])
    note(case, Note.LIFT, by=actor, reason=reason, ip=ip, before=before)
    return case


@transaction.atomic
def put_aside(case: Case, actor: User, *, until: date, reason: str, ip: str | None = None) -> Case:
    """Take the case from the work list until the end of a day. It stays open, is counted, and its clocks run.

    Raises:
        CaseError: the day is past, or too far away.
    """
    case = locked(case, actor)
    end = datetime.combine(until + timedelta(days=1), time(), timezone.get_current_timezone())
    now = timezone.now()
    if not now < end <= now + timedelta(days=MOST_DAYS_ASIDE + 1):
        raise CaseError(_("Choose a day from today on, in at most %(n)d days.") % {"n": MOST_DAYS_ASIDE})
    before = keeping.kept(case)
    case.aside_until = end
    note(
        case, Note.ASIDE, by=actor, reason=reason, data={"until": end.isoformat()}, ip=ip, before=before
    )  # fmt: skip
    return case


@transaction.atomic
def take_up(case: Case, actor: User, ip: str | None = None) -> Case:
    """Bring a case back to the work list before its day."""
    case = locked(case, actor)
    before = keeping.kept(case)
    case.aside_until = None
    note(case, Note.TAKE_UP, by=actor, ip=ip, before=before)
    return case


def _of(batch: str) -> dict[str, Any]:
    return {"batch": batch} if batch else {}
