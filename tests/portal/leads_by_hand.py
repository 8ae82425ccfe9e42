"""What machines keep of their cases, worked out in Python from the cases: the stored values must be these."""

from __future__ import annotations

from collections import defaultdict

from quetsach.portal.cases.models import Case, Device

ORDER = ("new", "assigned", "cleaning", "claimed_clean", "rechecked", "verified_clean", "false_positive")
TO_DO = ORDER[:3]
FIELDS = (
    "lead_id", "lead_rank", "lead_relapses", "lead_seen", "lead_claimed_at", "current_cases", "open_cases",
)  # fmt: skip


def by_hand():
    """By machine the values of `FIELDS`."""
    current = defaultdict(list)
    for case in Case.rows.filter(is_current=True).order_by():
        current[case.device_id].append(case)
    found = {}
    for device in Device.rows.order_by().values_list("pk", flat=True):
        cases = current[device]
        if not cases:
            found[device] = (None, None, None, None, None, 0, 0)
            continue
        lead = min(cases, key=lambda case: (ORDER.index(case.state), case.pk))
        rank, open_cases = ORDER.index(lead.state), sum(case.state in TO_DO for case in cases)
        found[device] = (
            lead.pk, rank, lead.relapses, lead.last_seen, lead.claimed_at, len(cases), open_cases,
        )  # fmt: skip
    return found


def stored():
    """The same, as the machines keep it."""
    return {pk: tuple(values) for pk, *values in Device.rows.order_by().values_list("pk", *FIELDS)}
