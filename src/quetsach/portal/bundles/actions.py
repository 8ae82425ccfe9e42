"""Starts a bundle, and records its progress."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.bundles.models import Bundle, BundlePart
from quetsach.portal.bundles.queries import reported, signed
from quetsach.portal.campaigns.models import CampaignNode

HELD = timedelta(seconds=20)
"""How long a worker keeps a bundle after its last sign of life."""
AT_ONCE = 2_000
Paper, State = BundlePart.Paper, Bundle.State


@transaction.atomic
def ask_for(actor: User, node: CampaignNode, *, ip: str | None = None) -> Bundle:
    """A new bundle of all reports at the node and below; or the node's unfinished bundle, if it has one."""
    CampaignNode.rows.select_for_update(of=("self",), no_key=True).get(pk=node.pk)  # one after the other
    going_on = Bundle.rows.filter(node=node, state=State.MAKING).first()
    if going_on is not None:
        return going_on
    bundle = Bundle.rows.create(node=node, by=actor, at=timezone.now())
    papers = [(node, Paper.REPORT)] if node.children.exists() else []
    with_signed = signed(node)
    for unit in reported(node):
        papers.append((unit, Paper.ANNEX))
        if unit.pk in with_signed:
            papers.append((unit, Paper.SIGNED))
    parts = [BundlePart(bundle=bundle, number=n, node=unit, paper=paper)
             for n, (unit, paper) in enumerate(papers, start=1)]  # fmt: skip
    BundlePart.rows.bulk_create(parts, batch_size=AT_ONCE)
    record(actor, "report.export", unit_path=node.path, about=node, data={"file": "Báo cáo.zip"}, ip=ip)
    return bundle


@transaction.atomic
def try_again(bundle: Bundle) -> None:
    """Let a stopped bundle go on with its missing papers."""
    Bundle.rows.filter(pk=bundle.pk, state=State.STOPPED).update(state=State.MAKING, trouble="")


@transaction.atomic
def hold(bundle: Bundle) -> bool:
    """Take the bundle to work on it; False if it is finished or another worker holds it."""
    now = timezone.now()
    free = Q(held_until=None) | Q(held_until__lt=now)
    return bool(Bundle.rows.filter(free, pk=bundle.pk, state=State.MAKING).update(held_until=now + HELD))


@transaction.atomic
def keep_hold(bundle: Bundle) -> None:
    """Record a sign of life: the worker keeps the bundle."""
    Bundle.rows.filter(pk=bundle.pk, state=State.MAKING).update(held_until=timezone.now() + HELD)


@transaction.atomic
def note_drawn(part: BundlePart, *, sha256: str = "", fault: str = "") -> None:
    """Record that the paper is drawn, or its fault; also a sign of life."""
    BundlePart.rows.filter(pk=part.pk).update(sha256=sha256, fault=fault[:300])
    Bundle.rows.filter(pk=part.bundle_id).update(held_until=timezone.now() + HELD)


@transaction.atomic
def finish(bundle: Bundle, size: int) -> None:
    """Record that the ZIP is finished; `size` in bytes."""
    done = {"state": State.DONE, "size": size, "finished_at": timezone.now(), "held_until": None}
    Bundle.rows.filter(pk=bundle.pk).update(**done)


@transaction.atomic
def stop(bundle: Bundle, trouble: Bundle.Trouble) -> None:
    """Stop the bundle until somebody has mended the trouble; papers drawn so far stay."""
    Bundle.rows.filter(pk=bundle.pk).update(state=State.STOPPED, trouble=trouble, held_until=None)


@transaction.atomic
def forget(bundles: list[Bundle]) -> None:
    """Delete the rows of these bundles; the caller has deleted their files."""
    Bundle.rows.filter(pk__in=[bundle.pk for bundle in bundles]).delete()
