"""Decides which doubtful entries of a draft stay.

The draft's list is written anew with each decision, so its number of entries and its set number are always
true.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from quetsach.errors import PortalError
from quetsach.indicators.guard import Group
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.indicators import store
from quetsach.portal.indicators.doubtful.entries import Entry, entries
from quetsach.portal.indicators.doubtful.queries import Decisions, groups_of
from quetsach.portal.indicators.models import Decision, IndicatorSet
from quetsach.text.words import visible

FAMILIES = 20
"""The number of most frequent families that the page shows."""


class DraftChangedError(PortalError):
    """The draft was published, dropped or decided upon meanwhile."""

    code = "changed"


class SinglyError(PortalError):
    """One reason may not hold for this whole group."""

    code = "singly"


class Answer(NamedTuple):
    """A person's decision: whether the entry, or with None the whole group, stays, and why.

    Without a reason an earlier decision is taken back.
    """

    group: Group
    entry: Entry | None
    keeps: bool = False
    reason: str = ""


def decide(draft: IndicatorSet, answer: Answer, actor: User, ip: str | None = None) -> IndicatorSet:
    """Keep or leave out a doubtful entry or a large group, or take a decision back.

    Raises:
        SinglyError: the group's entries are decided one by one.
        DraftChangedError: the draft is no draft any more, or somebody decided at the same moment.
        OSError: the new list cannot be stored.
    """
    whole = {one.group: one.is_decided_whole for one in groups_of(draft)}
    if answer.entry is None and not whole.get(answer.group, False):
        raise SinglyError
    key = answer.entry.key if answer.entry is not None else ""
    earlier = Decision.rows.filter(of=draft).exclude(group=answer.group, key=key)
    decision = Decision(
        of=draft,
        group=answer.group,
        entry=answer.entry.spelling if answer.entry is not None else "",
        key=key,
        keeps=answer.keeps,
        reason=answer.reason,
        decided_at=timezone.now(),
        decided_by=actor,
    )
    fresh = _rewritten(draft, Decisions([*earlier, *([decision] if answer.reason else [])]))
    with transaction.atomic():
        row = (
            IndicatorSet.rows.select_for_update(no_key=True, of=("self",))
            .select_related("campaign__issuer")
            .filter(pk=draft.pk, status=IndicatorSet.Status.DRAFT, decided=draft.decided)
            .first()
        )
        if row is None:
            raise DraftChangedError
        Decision.rows.filter(of=row, group=answer.group, key=key).delete()
        if answer.reason:
            decision.save(force_insert=True)
        for name, value in fresh.items():
            setattr(row, name, value)
        row.decided += 1
        row.save(update_fields=[*fresh, "decided"])
        record(
            actor, _verb(answer), unit_path=row.campaign.issuer.path, about=row,
            data={
                "entry": visible(decision.entry or answer.group.value), "group": answer.group.value,
                "reason": answer.reason, "count": row.count, "set_id": row.set_id,
            },
            ip=ip,
        )  # fmt: skip
        transaction.on_commit(lambda: _forget(draft))
    return row


def _verb(answer: Answer) -> str:
    if not answer.reason:
        return "indicators.undecide"
    return "indicators.keep" if answer.keeps else "indicators.leave_out"


def _rewritten(draft: IndicatorSet, decisions: Decisions) -> dict[str, object]:
    """The draft's fields with the list as it is after the decisions; the list is stored already."""
    doubtful = entries(draft)
    known = {one.line + b"\n" for one in doubtful}
    with store.place(draft.sha256).open("rb") as file:
        lines = [line for line in file if line not in known]
    lines += (one.line + b"\n" for one in doubtful if decisions.keeps(one))
    lines.sort(key=lambda line: line.partition(b"\t")[0])
    kinds: Counter[bytes] = Counter()
    families: Counter[bytes] = Counter()
    digest, joint = hashlib.sha256(), b""
    for line in lines:
        spelling, kind, family, *_more = line.rstrip(b"\n").split(b"\t")
        digest.update(joint + spelling)
        joint = b"\n"
        kinds[kind] += 1
        families[family] += bool(family)
    groups = decisions.counts(doubtful)
    before = sum(left_out for _kept, left_out in draft.groups.values())
    return {
        "sha256": store.keep(lines)[0],
        "set_id": digest.hexdigest(),
        "count": len(lines),
        "kinds": {kind.decode(): count for kind, count in kinds.most_common()},
        "families": [
            (visible(family.decode()), count) for family, count in families.most_common(FAMILIES) if count
        ],
        "groups": groups,
        "stopped": draft.stopped - before + sum(left_out for _kept, left_out in groups.values()),
        "warned": sum(kept for kept, _left_out in groups.values()),
        "difference": {},  # it was that of the list before
    }


def _forget(before: IndicatorSet) -> None:
    """Delete the list that the last decision wrote, if no row has it: each decision about a list of a million
    entries would leave fifty megabytes."""
    was_written_here = before.decided > 0
    if was_written_here and not IndicatorSet.rows.filter(sha256=before.sha256).exists():
        store.place(before.sha256).unlink(missing_ok=True)


def copy(earlier: IndicatorSet, later: IndicatorSet) -> None:
    """Carry the decisions over to a row with the same content; inside the caller's transaction."""
    Decision.rows.bulk_create(
        Decision(
            of=later,
            **{
                name: getattr(one, name)
                for name in ("group", "entry", "key", "keeps", "reason", "decided_at", "decided_by_id")
            },
        )
        for one in Decision.rows.filter(of=earlier)
    )
