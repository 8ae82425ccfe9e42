"""Clocks and what is overdue, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quetsach.portal.cases.clocks import Clock, Rule
from quetsach.portal.cases.models import Case

STEPS: dict[Clock, str | Promise] = {
    Clock.ACKNOWLEDGE: gettext_lazy("the unit says that it knows of it"),
    Clock.LOCATE: gettext_lazy("the machine is found"),
    Clock.CLAIM: gettext_lazy("it is handled"),
    Clock.VERIFY: gettext_lazy("logs show it clean"),
}
"""What a clock waits for."""


WHOSE = gettext_lazy("somebody says which unit has it")
"""What the first two clocks wait for where no unit is known to have the machine."""


def step_of(case: Case, clock: Clock) -> str | Promise:
    """What the clock of a case waits for."""
    has_nobody = not case.device.is_assigned and clock in (Clock.ACKNOWLEDGE, Clock.LOCATE)
    return WHOSE if has_nobody else STEPS[clock]


@dataclass(frozen=True, slots=True)
class DueInWords:
    """The next step of a case, its last day, and the days since then; 0 while it is in time."""

    step: str | Promise
    day: datetime
    days_late: int

    @property
    def late(self) -> str:
        """How late it is; empty while in time."""
        if not self.days_late:
            return ""
        told = ngettext("%(n)d day late", "%(n)d days late", self.days_late)
        return told % {"n": self.days_late}


def due_in_words(case: Case, rule: Rule, now: datetime) -> DueInWords | None:
    """The clock of a case; None where none runs."""
    due = rule.due(case) if case.is_current else None
    if due is None:
        return None
    last = due.at - timedelta(microseconds=1)
    today, day = timezone.localdate(now), timezone.localdate(last)
    return DueInWords(step_of(case, due.clock), last, max(0, (today - day).days) if due.at <= now else 0)


def message(campaign: str, units: dict[str, list[tuple[str, str]]], address: str) -> tuple[str, str]:
    """Subject and text for a superior: by unit, the machines and what each waits for."""
    n = sum(map(len, units.values()))
    subject = ngettext(
        "%(n)d machine is overdue: %(campaign)s", "%(n)d machines are overdue: %(campaign)s", n
    )
    lines = [_("These machines wait longer than the campaign allows:"), ""]
    for unit, machines in units.items():
        lines.append(f"{unit}:")
        lines += [f"- {name}: {step}" for name, step in machines[:MOST]]
        if len(machines) > MOST:
            more = ngettext("- and %(n)d more", "- and %(n)d more", len(machines) - MOST)
            lines.append(more % {"n": len(machines) - MOST})
    lines += ["", _("See them, and whom to call: %(address)s") % {"address": address}]
    lines.append(_("You are told once of each; the page shows all that is overdue now."))
    flat = " ".join(campaign.split())
    return (subject % {"n": n, "campaign": flat})[:150], "\n".join(lines)


MOST = 20
"""Machines of a unit in one message."""
