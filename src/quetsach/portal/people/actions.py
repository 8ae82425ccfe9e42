"""Acts on a unit's own people: headcounts with their sheet, links for marks, and the marks.

Every act that changes a node's count locks the node first, so that of two at once the second sees the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.cascade.actions import NotAllowedNowError, lock_active
from quetsach.portal.campaigns.models import CampaignNode, Headcount
from quetsach.portal.campaigns.proofs import Proof
from quetsach.portal.campaigns.queries import counted_by_marks, people_of
from quetsach.portal.people.models import DAYS_TO_PUT_BACK, Kind, Mark, MarkLink, SecondMark, SignSheet
from quetsach.portal.people.person import former_keys, new_token, person_key


@transaction.atomic
def enter_headcount(
    node: CampaignNode,
    counts: Mapping[str, int],
    actor: User,
    *,
    sheet: Proof | None = None,
    ip: str | None = None,
) -> None:
    """Set the number of people for some kinds, with the signed sheet if there is one; typed numbers replace
    marks.

    Raises NotAllowedNowError: `more_done_than_informed`, `closed`, `not_active`.
    """
    node = lock_active(node)
    before, running = people_of(node), counted_by_marks(node)
    after = before | dict(counts)
    informed, done = after.get(Kind.INFORMED, 0), after.get(Kind.DONE, 0)
    if done > informed and Kind.INFORMED in after:
        raise NotAllowedNowError("more_done_than_informed")
    now = timezone.now()
    changed = [k for k, count in counts.items() if before.get(k) != count or k in running]
    for kind in changed:
        Headcount.rows.create(node=node, kind=kind, count=counts[kind], at=now, by=actor)
    if sheet is not None:
        SignSheet.rows.create(
            node=node,
            informed=informed,
            done=done,
            file=sheet.path,
            file_name=sheet.name,
            sha256=sheet.sha256,
            at=now,
            by=actor,
        )
    if changed or sheet:
        data = {"informed": informed, "done": done, "sha256": sheet.sha256 if sheet else ""}
        record(actor, "people.headcount", unit_path=node.path, about=node, data=data, ip=ip)


@transaction.atomic
def remove_sheet(sheet: SignSheet, actor: User, *, ip: str | None = None) -> bool:
    """Remove a wrong photo, also after the campaign; its headcount stays.

    Nobody can open the photo any more, and after some days it is deleted. False if it was removed already.
    """
    wanted = SignSheet.rows.filter(pk=sheet.pk, removed_at=None)
    if not wanted.update(removed_at=timezone.now(), removed_by=actor):
        return False
    _about_sheet("people.remove_sheet", sheet, actor, ip)
    return True


@transaction.atomic
def put_sheet_back(sheet: SignSheet, actor: User, *, ip: str | None = None) -> bool:
    """Undo a removal while the file still exists; False if there is nothing to undo."""
    after = timezone.now() - timedelta(days=DAYS_TO_PUT_BACK)
    wanted = SignSheet.rows.filter(pk=sheet.pk, removed_at__gt=after)
    if not wanted.update(removed_at=None, removed_by=None):
        return False
    _about_sheet("people.put_sheet_back", sheet, actor, ip)
    return True


def _about_sheet(action: str, sheet: SignSheet, actor: User, ip: str | None) -> None:
    data = {"sha256": sheet.sha256}
    record(actor, action, unit_path=sheet.node.path, about=sheet, data=data, ip=ip)


@transaction.atomic
def count_by_marks(node: CampaignNode, kind: str, actor: User, *, ip: str | None = None) -> MarkLink:
    """Count the marks of the unit's people from now on, earlier marks too; makes the link if there is none.

    Twice changes nothing. Raises NotAllowedNowError: `closed`, `not_active`.
    """
    node = lock_active(node)
    now = timezone.now()
    link, _ = MarkLink.rows.get_or_create(
        node=node, kind=kind, defaults={"token": new_token(), "at": now, "by": actor}
    )
    if kind in counted_by_marks(node) and link.headcount_id is not None:
        return link
    count = Mark.rows.filter(node=node, kind=kind).count()
    link.headcount = Headcount.rows.create(node=node, kind=kind, count=count, at=now, by=None)
    link.save(update_fields=["headcount"])
    data = {"kind": kind, "count": count}
    record(actor, "people.count_by_marks", unit_path=node.path, about=node, data=data, ip=ip)
    return link


@transaction.atomic
def renew_link(node: CampaignNode, kind: str, actor: User, *, ip: str | None = None) -> None:
    """Give the same marks another address, for example if the old one got into the wrong hands."""
    node = lock_active(node)
    if MarkLink.rows.filter(node=node, kind=kind).update(token=new_token()):
        record(actor, "people.renew_link", unit_path=node.path, about=node, data={"kind": kind}, ip=ip)


@transaction.atomic
def mark(link: MarkLink, typed: str) -> None:
    """One person marks themselves by work e-mail or staff code; a second mark, at any unit, adds nothing.

    While a typed headcount holds, the mark is kept as evidence and the number stays. There is no audit entry:
    the marks are the trail, and nobody shall learn the person. Raises PersonError and NotAllowedNowError.
    """
    node = lock_active(link.node)
    office = None if node.campaign.unique_codes else node.pk
    key, former = (read(typed, node.campaign_id, office) for read in (person_key, former_keys))
    now = timezone.now()
    of_kind = Mark.rows.filter(campaign_id=node.campaign_id, kind=link.kind)
    row, is_new = of_kind.filter(person_key__in=former).order_by("pk").first(), False
    if row is None:
        row, is_new = of_kind.get_or_create(
            campaign_id=node.campaign_id, person_key=key, kind=link.kind, defaults={"node": node, "at": now}
        )
    if not is_new:
        if row.node_id != node.pk:
            SecondMark.rows.get_or_create(mark=row, node=node, defaults={"at": now})
        return
    running = MarkLink.rows.filter(pk=link.pk).values_list("headcount", flat=True).first()
    if running is not None and link.kind in counted_by_marks(node):
        Headcount.rows.filter(pk=running).update(count=F("count") + 1, at=now)
