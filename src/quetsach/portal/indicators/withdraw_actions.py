"""Withdraws a published version: the content of the version before comes back as a new version.

A version number only rises, because offices, name servers and programs take the higher one for the newer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import queries
from quetsach.portal.indicators.actions import VersionChangedError, bring_back, compare_again, dated_forms
from quetsach.portal.indicators.models import IndicatorSet

_log = logging.getLogger(__name__)


def withdraw(row: IndicatorSet, actor: User, why: str, ip: str | None = None) -> IndicatorSet | None:
    """Withdraw a published version and every other version with the same content; returns the list in force
    afterwards, None if there is none. A second call changes nothing.

    Raises:
        VersionChangedError: somebody published or withdrew a version at the same moment.
    """
    earlier = queries.before(row)
    forms = _forms(earlier) if earlier is not None else {}
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=row.campaign_id)
        rows = list(queries.alike(row).select_for_update(of=("self",), no_key=True))
        current = queries.current(row.campaign_id)
        if row.pk not in {one.pk for one in rows}:
            return current
        if queries.before(row) != earlier:
            raise VersionChangedError
        now = timezone.now()
        for one in rows:
            one.withdrawn_at, one.withdrawn_by, one.withdrawn_why = now, actor, why
            one.is_followed = False
            one.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_why", "is_followed"])
            record(
                actor, "indicators.withdraw", unit_path=row.campaign.issuer.path, about=one,
                data={"version": one.version, "count": one.count, "set_id": one.set_id, "reason": why}, ip=ip,
            )  # fmt: skip
        if current in rows:
            current = bring_back(earlier, actor, forms, ip) if earlier is not None else None
    compare_again(row.campaign)
    return current


def _forms(earlier: IndicatorSet) -> dict[str, dict[str, object]]:
    """The files of the version that comes back. A full disk must not keep a dangerous list in force: then the
    forms with a serial number are left out."""
    try:
        return dated_forms(earlier)
    except OSError as error:
        _log.error("forms of a list cannot be stored: %s", error)
        return {name: about for name, about in earlier.forms.items() if name != "rpz"}


@transaction.atomic
def mark_followed(rows: Iterable[IndicatorSet]) -> None:
    """Mark versions whose change has reached sightings and cases; a row that changed meanwhile stays marked
    as waiting."""
    for row in rows:
        IndicatorSet.rows.filter(pk=row.pk, withdrawn_at=row.withdrawn_at).update(is_followed=True)
