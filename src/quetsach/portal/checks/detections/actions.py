"""Adds hashes and rules to a campaign's packs, takes them out, and puts them back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from quetsach.endpoint.files.rules import Problem
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.checks.detections.contents import (
    MOST_HASHES,
    MOST_RULES,
    SHELF,
    BringError,
    Brought,
    read,
)
from quetsach.portal.checks.models import DetectionFile
from quetsach.portal.indicators import store
from quetsach.portal.indicators.actions import Upload
from quetsach.text.vietnamese import nfc


def bring(
    campaign: Campaign, uploads: list[Upload], source: str, actor: User, ip: str | None = None
) -> list[DetectionFile]:
    """Read the files, judge them and put them into the next packs; a content that is already in is returned
    unchanged. One bad file keeps all out.

    Raises:
        BringError: with the problems by file and line.
    """
    judged = [(upload, read(upload)) for upload in uploads]
    shelved = [(upload, one, store.keep([one.content], SHELF)[0]) for upload, one in judged]
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        brought = [
            _keep(campaign, upload.name, one, sha256, source, actor, ip) for upload, one, sha256 in shelved
        ]
        _check_room(campaign, uploads[-1].name)
    return brought


def _keep(
    campaign: Campaign, name: str, one: Brought, sha256: str, source: str, actor: User, ip: str | None
) -> DetectionFile:
    known = DetectionFile.rows.filter(campaign=campaign, sha256=sha256, removed_at=None).first()
    if known is not None:
        return known
    row = DetectionFile(
        campaign=campaign, kind=one.kind, name=nfc(name)[:200], source=nfc(source), sha256=sha256,
        count=one.count, left_out=one.left_out, by=actor,
    )  # fmt: skip
    row.save(force_insert=True)
    data = {"name": row.name, "kind": row.kind, "count": row.count, "sha256": sha256, "source": row.source}
    record(actor, "detection.bring", unit_path=campaign.issuer.path, about=row, data=data, ip=ip)
    return row


def _check_room(campaign: Campaign, name: str) -> None:
    counts = {DetectionFile.Kind.HASHES: 0, DetectionFile.Kind.RULES: 0}
    for row in DetectionFile.rows.filter(campaign=campaign, removed_at=None):
        counts[DetectionFile.Kind(row.kind)] += row.count
    if counts[DetectionFile.Kind.HASHES] > MOST_HASHES:
        raise BringError(name, [Problem("many_hashes", 0, "")])
    if counts[DetectionFile.Kind.RULES] > MOST_RULES:
        raise BringError(name, [Problem("many_rules", 0, "")])


@transaction.atomic
def take_out(row: DetectionFile, reason: str, actor: User, ip: str | None = None) -> None:
    """Leave the file out of the next packs. A second call changes nothing."""
    row = (
        DetectionFile.rows.select_for_update(of=("self",), no_key=True)
        .select_related("campaign__issuer")
        .get(pk=row.pk)
    )
    if row.removed_at is not None:
        return
    row.removed_at, row.removed_by, row.reason = timezone.now(), actor, nfc(reason)
    row.save(update_fields=["removed_at", "removed_by", "reason"])
    data = {"name": row.name, "sha256": row.sha256, "reason": row.reason}
    record(actor, "detection.take_out", unit_path=row.campaign.issuer.path, about=row, data=data, ip=ip)


@transaction.atomic
def put_back(row: DetectionFile, actor: User, ip: str | None = None) -> None:
    """Put the file into the next packs again. If the same content is in already, or the file was not taken
    out, nothing changes.

    Raises:
        BringError: the packs have no room any more.
    """
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=row.campaign_id)
    row = DetectionFile.rows.get(pk=row.pk)
    same = DetectionFile.rows.filter(campaign=campaign, sha256=row.sha256, removed_at=None)
    if row.removed_at is None or same.exists():
        return
    row.removed_at, row.removed_by, row.reason = None, None, ""
    row.save(update_fields=["removed_at", "removed_by", "reason"])
    _check_room(campaign, row.name)
    data = {"name": row.name, "sha256": row.sha256}
    record(actor, "detection.put_back", unit_path=campaign.issuer.path, about=row, data=data, ip=ip)
