"""Cracked software as flags of cases: found by a check of the machine, or removed by a later one."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from quetsach.portal.cases.flags import Flag
from quetsach.portal.checks.models import CrackedCopy


def found() -> Q:
    """The latest check still shows cracked software."""
    return Q(_copies(is_gone=False))


def removed() -> Q:
    """Checks showed cracked software, and none shows any now."""
    return Q(_copies(is_gone=True)) & ~Q(_copies(is_gone=False))


def _copies(*, is_gone: bool) -> Exists:
    return Exists(CrackedCopy.rows.filter(device=OuterRef("device"), gone_at__isnull=not is_gone))


BY_COPIES = {Flag.CRACKED: found, Flag.CRACKED_GONE: removed}
