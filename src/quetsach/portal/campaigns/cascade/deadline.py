"""Converts the deadline words of a letter to the first moment that is late, and back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.portal.campaigns.models import Campaign
from quetsach.text.vietnamese import short_date

DAYS = ["%d/%m/%Y", "%Y-%m-%d"]
"""Formats in which people write a day."""

_WORDS = {Campaign.DueRule.BEFORE: "trước ngày", Campaign.DueRule.BY_END_OF: "hết ngày"}


def first_late_moment(day: date, rule: str) -> datetime:
    """Midnight in Vietnam: at the start of `day` for "trước ngày", at its end for "hết ngày"."""
    after = day if rule == Campaign.DueRule.BEFORE else day + timedelta(days=1)
    return timezone.make_aware(datetime.combine(after, time.min))


def written_day(due_at: datetime, rule: str) -> date:
    """The day that the letter names for a deadline of that rule."""
    after = timezone.localdate(due_at)
    return after if rule == Campaign.DueRule.BEFORE else after - timedelta(days=1)


def letter_words(day: date, rule: str) -> str:
    """The deadline as the letter words it: "trước ngày 05/9/2022"; official documents are Vietnamese."""
    return f"{_WORDS[Campaign.DueRule(rule)]} {short_date(day)}"


def words_for_reader(due_at: datetime, rule: str) -> str:
    """The deadline in the reader's language, by the day that the letter names."""
    day = f"{written_day(due_at, rule):%d/%m/%Y}"
    if rule == Campaign.DueRule.BEFORE:
        return _("before %(day)s") % {"day": day}
    return _("by the end of %(day)s") % {"day": day}
