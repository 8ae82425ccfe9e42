"""The answer for a person whose role has ended, or begins later: when, why, and whom to ask."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quetsach.portal.accounts.models import User
from quetsach.portal.kit.errors import PAGES, Page
from quetsach.portal.kit.templatetags.kit import day
from quetsach.portal.units.models import SEGMENT, Membership, Role, Unit, places_of


@dataclass(frozen=True)
class NoRole:
    """A role that is not in force, and the nearest unit at or above whose coordinator can be asked."""

    role: Membership
    ask: Unit | None

    @property
    def says(self) -> str:
        """One sentence, or two where a reason is known."""
        names = {"unit": self.role.unit, "day": day(self.role.over_on), "reason": self.role.end_reason}
        if self.role.is_coming:
            return _("Your role at %(unit)s begins on %(day)s.") % {**names, "day": day(self.role.since)}
        if self.role.ended_on is None:
            return _("Your role at %(unit)s ended; its last day was %(day)s.") % names
        if self.role.end_reason:
            return _("Your role at %(unit)s ended on %(day)s. Reason: “%(reason)s”.") % names
        return _("Your role at %(unit)s ended on %(day)s.") % names

    @property
    def whom_to_ask(self) -> str:
        """One sentence."""
        if self.ask is None:
            return _("If you still need it, ask a coordinator of the unit above yours.")
        return _("If you have a question about it, ask a coordinator of %(unit)s.") % {"unit": self.ask}


def no_role_of(user: User) -> NoRole | None:
    """The role that begins next, else the role that ended last; None where the person has no such role."""
    today = timezone.localdate()
    rows = Membership.ever.filter(user=user).select_related("unit")
    coming = [row for row in rows.filter(since__gt=today).order_by("since", "unit__path") if row.is_coming]
    role = coming[0] if coming else rows.filter(until__lt=today).order_by("-until", "unit__path").first()
    return NoRole(role, _to_ask(role)) if role is not None else None


def _to_ask(role: Membership) -> Unit | None:
    path = role.unit.path
    paths = [path[:end] for end in range(SEGMENT, len(path) + 1, SEGMENT)]
    led = Membership.in_force.filter(role=Role.COORDINATOR, unit__path__in=paths, user__is_active=True)
    nearest = led.exclude(user=role.user_id).select_related("unit").order_by("-unit__path").first()
    return nearest.unit if nearest is not None else None


def page_for(request: HttpRequest) -> Page | None:
    """The page "not found" of a person none of whose roles is in force; else None."""
    user = request.user
    if not isinstance(user, User) or places_of(user) or (told := no_role_of(user)) is None:
        return None
    known = PAGES[404]
    text = f"{told.says} {told.whom_to_ask}"
    return Page(known.title, text, gettext_lazy("To my account"), "my_account")
