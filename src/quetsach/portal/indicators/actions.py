"""Acts on a campaign's lists: prepare, publish, publish an earlier list again, withdraw, drop a draft."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.errors import IndicatorError, PortalError
from quetsach.files import bounded_process
from quetsach.indicators import guard, loading, reading
from quetsach.indicators.guards.files import without_harmless
from quetsach.indicators.indicator import IndicatorSet as Items
from quetsach.indicators.lists.origin import Origins
from quetsach.indicators.loading import Choice
from quetsach.indicators.writing import FORMS, Form
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import queries, store
from quetsach.portal.indicators.comparing import compare, loss_of
from quetsach.portal.indicators.doubtful.actions import FAMILIES, copy
from quetsach.portal.indicators.doubtful.entries import lines_of
from quetsach.portal.indicators.doubtful.queries import blocking_groups
from quetsach.portal.indicators.downloads import forms_of, written
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.units.models import subtree
from quetsach.portal.units.networks import Network, held_on
from quetsach.text.cells import guarded
from quetsach.text.words import visible

_LONGEST_NOTE = 2_000
"""Characters of a note's text; more helps nobody, and readers of CSV take no field of a megabyte."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on this machine's disk, with its original name."""

    name: str
    path: Path
    size: int


class NumberError(PortalError):
    """The list loses so much of the version in use that its number of entries must be typed to publish it."""

    code = "number"


class VersionChangedError(PortalError):
    """The version in use has changed since the list was compared with it. It is compared anew already."""

    code = "changed"


class ReasonError(PortalError):
    """The list was withdrawn before; it is published again only with a reason."""

    code = "reason"


class WaitingError(PortalError):
    """Another draft waits; it must be published or dropped first."""

    code = "waiting"


class LeftOut(NamedTuple):
    """An entry that was left out: its place in the file, "" where only its spelling tells, and the code."""

    place: str
    value: str
    code: str


MOST_TOLD = 20
"""Entries of an empty list that are told one by one."""


class EmptyListError(IndicatorError):
    """The list is empty after the guard rails; `left_out` says of its first entries why, and `count` how many
    were left out."""

    code = "empty"

    def __init__(self, text: str, left_out: Sequence[LeftOut] = (), count: int = 0) -> None:
        super().__init__(text)
        self.left_out, self.count = left_out, count


def prepare(campaign: Campaign, uploads: list[Upload], actor: User, ip: str | None = None) -> IndicatorSet:
    """Read the files, apply the guard rails, and keep the result as the campaign's draft in place of an
    older one.

    Raises:
        IndicatorError: a file cannot be read to its end, or nothing is left.
        BusyError: too many threads read files already.
    """
    names = {str(upload.path): upload.name for upload in uploads}
    try:
        with bounded_process.place():
            lists = loading.read(
                [upload.path for upload in uploads],
                Choice(organisation=_organisation(campaign), judges_sets=True, is_bounded=True),
            )
    except IndicatorError as error:
        text = str(error)
        for path, name in names.items():
            text = text.replace(path, name)
        raise IndicatorError(text) from error
    indicators = lists.indicators
    sorted_out, found = lists.parts[0].guarded, lists.parts[0].found
    assert found is not None
    hashes, stopped_hashes = without_harmless(found.hashes)
    if not len(indicators):
        if hashes:
            raise EmptyListError(
                _("There are only hashes of files in it. Bring them on the page “Hashes and rules”.")
            )
        left_out = _left_out(found, sorted_out, names)
        raise EmptyListError(
            _("Not a single address is left, so there is nothing to publish."),
            left_out[:MOST_TOLD],
            len(left_out),
        )
    sha256, _length = store.keep(store.list_lines(indicators, _files_of(found, indicators, uploads)))
    notes, _length = store.keep(_notes(found, sorted_out, names, stopped_hashes))
    doubtful = (*sorted_out.stopped, *sorted_out.warned)
    doubts, _length = store.keep(lines_of(doubtful, lambda items: _files_of(found, items, uploads)))
    hash_file = store.keep(store.hash_lines(hashes))[0] if hashes else ""
    draft = IndicatorSet(
        campaign=campaign,
        set_id=indicators.id,
        sha256=sha256,
        count=len(indicators),
        kinds=dict(Counter(i.kind.value for i in indicators).most_common()),
        families=_families(indicators),
        files=[{"name": upload.name, "bytes": upload.size} for upload in uploads],
        rejected=sum(one.code != "hash" for one in found.rejects),
        stopped=len(sorted_out.stopped) + len(stopped_hashes),
        warned=len(sorted_out.warned),
        notes=notes,
        hashes=hash_file,
        hash_count=len(hashes),
        doubts=doubts,
        groups={one.group.value: [one.kept, one.left_out] for one in sorted_out.groups},
        created_by=actor,
    )
    draft.difference = _difference(draft)
    return _keep_draft(draft, ip)


def _left_out(
    found: reading.FeedResult, sorted_out: guard.GuardResult, names: dict[str, str]
) -> list[LeftOut]:
    rejects = [
        LeftOut(f"{_shown(one.source, names)}:{one.line}", one.text, one.code)
        for one in found.rejects
        if one.code != "hash"
    ]
    every = [*(LeftOut("", one.indicator.canonical, one.code) for one in sorted_out.stopped), *rejects]
    # One entry of each reason comes first.
    firsts = list({one.code: one for one in reversed(every)}.values())[::-1]
    return [*firsts, *(one for one in every if one not in firsts)]


def _files_of(found: reading.FeedResult, items: Items, uploads: list[Upload]) -> Iterable[int | None]:
    """The number of the uploaded file that brought each entry first."""
    if len(uploads) == 1 or not isinstance(found.origins, Origins):
        return repeat(0 if len(uploads) == 1 else None)
    numbers = {str(upload.path): number for number, upload in enumerate(uploads)}
    return (numbers.get(source.partition("!/")[0]) for source in found.origins.sources_of(items))


def _difference(draft: IndicatorSet) -> dict[str, Any]:
    """The difference to the version in use; empty without one."""
    current = queries.current(draft.campaign)
    return compare(current, draft) if current is not None else {}


def compare_again(campaign: Campaign) -> None:
    """Compare the waiting draft with the version that is in use now."""
    draft = queries.draft_of(campaign)
    if draft is not None and not queries.is_compared(draft):
        IndicatorSet.rows.filter(pk=draft.pk, status=IndicatorSet.Status.DRAFT).update(
            difference=_difference(draft)
        )


def _organisation(campaign: Campaign) -> guard.Organisation:
    """The networks of the issuer and of all units below, and the portal itself, which must never be on its
    own list."""
    inside = subtree(campaign.issuer.path, "unit__path")
    networks = Network.rows.filter(held_on(timezone.localdate()), inside)
    host = urlsplit(settings.SITE_ADDRESS).hostname or ""
    portal = guard.Organisation.of([host] if "." in host or ":" in host else [])
    cidrs = (*networks.values_list("cidr", flat=True).distinct(), *portal.networks)
    return guard.Organisation(portal.names, cidrs)


def _families(items: Items) -> list[tuple[str, int]]:
    counted = Counter(i.family for i in items if i.family).most_common(FAMILIES)
    return [(visible(family), count) for family, count in counted]


NOTE_COLUMNS = ("what", "file", "line", "value", "code", "reason")


def _notes(
    found: reading.FeedResult,
    sorted_out: guard.GuardResult,
    names: dict[str, str],
    stopped_hashes: Iterable[str],
) -> Iterator[bytes]:
    """Addresses left out, doubted or changed, as CSV: rejected, stopped, warned, changed, in this order."""
    yield _line(NOTE_COLUMNS)
    for remark in found.rejects:
        if remark.code == "hash":
            continue
        place = _shown(remark.source, names)
        yield _line(("rejected", place, remark.line, remark.text, remark.code, remark.reason))
    for what, concerns in (("stopped", sorted_out.stopped), ("warned", sorted_out.warned)):
        for concern in concerns:
            yield _line((what, "", "", concern.indicator.canonical, concern.code, concern.reason))
    for value in stopped_hashes:
        yield _line(("stopped", "", "", value, "harmless-file", "is of an empty or well-known harmless file"))
    for remark in found.warnings:
        place = _shown(remark.source, names)
        yield _line(("changed", place, remark.line, remark.text, remark.code, remark.reason))


def _shown(source: str, names: dict[str, str]) -> str:
    """The original name of a list; for a list within an archive, with its place there."""
    path, inside, member = source.partition("!/")
    return f"{names[path]}{inside}{member}"


def _line(cells: Iterable[object]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow([guarded(_shortened(cell)) for cell in cells])
    return buffer.getvalue().encode("utf-8", "replace")


def _shortened(cell: object) -> str:
    text = str(cell)
    return visible(text if len(text) <= _LONGEST_NOTE else f"{text[:_LONGEST_NOTE]}…")


@transaction.atomic
def _keep_draft(draft: IndicatorSet, ip: str | None) -> IndicatorSet:
    IndicatorSet.rows.filter(campaign=draft.campaign, status=IndicatorSet.Status.DRAFT).delete()
    draft.save(force_insert=True)
    record(
        draft.created_by, "indicators.prepare_again" if draft.again_of else "indicators.prepare",
        unit_path=draft.campaign.issuer.path, about=draft,
        data={
            "count": draft.count, "rejected": draft.rejected, "stopped": draft.stopped,
            "set_id": draft.set_id, **({"of": draft.again_of} if draft.again_of else {}),
        },
        ip=ip,
    )  # fmt: skip
    return draft


def write_forms(
    row: IndicatorSet, version: int, wanted: Callable[[Form], bool] = lambda _form: True
) -> dict[str, dict[str, object]]:
    """Write the list in every download form that is `wanted`; returns each file and the number of entries
    left out."""
    forms: dict[str, dict[str, object]] = {}
    some = [form for form in forms_of(row.count) if wanted(form)]
    items = Items(store.read_list(row.sha256) if some else ())
    groups = blocking_groups(row) if row.doubts else {}
    if row.again_of or not row.doubts:
        # The guard rails may know more today than when that version was judged.
        groups |= guard.grouped(items, organisation=_organisation(row.campaign))
    for form in some:
        parts, losses = written(items, form, timezone.localdate(), version, groups)
        sha256, length = store.keep(parts)
        forms[form.name] = {
            "sha256": sha256,
            "bytes": length,
            "left_out": losses.left_out.total(),
            "narrowed": losses.narrowed.total(),
            "withheld": losses.withheld,
            "exactly": losses.exactly,
        }
    return forms


def publish_set(
    draft: IndicatorSet,
    actor: User,
    ip: str | None = None,
    typed: int | None = None,
    reason: str = "",
) -> IndicatorSet:
    """Make the draft the list in force. A second call changes nothing. `typed` is the number of entries that
    the person typed to confirm a large loss; `reason` says why a withdrawn list comes back.

    Raises:
        ReasonError: the list was withdrawn before, and no reason is given.
        NumberError: the list loses much, and the number is not the list's.
        VersionChangedError: the version in use is another than the draft was compared with.
    """
    compare_again(draft.campaign)
    # Asked before the forms are written, which takes long for a long list, and again under the lock.
    waiting = IndicatorSet.rows.get(pk=draft.pk)
    _ask_number(waiting, typed)
    _ask_reason(waiting, reason)
    forms = write_forms(draft, queries.next_version(draft.campaign_id))
    with transaction.atomic():
        _lock(draft.campaign_id)
        draft = (
            IndicatorSet.rows.select_for_update(no_key=True)
            .select_related("campaign__issuer")
            .get(pk=draft.pk)
        )
        if draft.status == IndicatorSet.Status.DRAFT:
            if not queries.is_compared(draft):
                raise VersionChangedError
            must_type = _ask_number(draft, typed)
            gone = _ask_reason(draft, reason)
            draft.forms = forms
            removed = draft.difference.get("removed", 0)
            more = {"removed": removed, "typed": draft.count if must_type else None}
            _publish(draft, actor, ip, more | ({"of": gone.version, "reason": reason} if gone else {}))
    return draft


def _ask_reason(draft: IndicatorSet, reason: str) -> IndicatorSet | None:
    """The withdrawn version that the draft brings back. Raises ReasonError where there is one, without a
    reason."""
    is_draft = draft.status == IndicatorSet.Status.DRAFT
    gone = queries.withdrawn_before(draft) if is_draft else None
    if gone is not None and not reason.strip():
        raise ReasonError
    return gone


def _ask_number(draft: IndicatorSet, typed: int | None) -> bool:
    """Whether the number of entries had to be typed. Raises NumberError where it had to and was not."""
    must_type = draft.status == IndicatorSet.Status.DRAFT and loss_of(draft).must_type
    if must_type and typed != draft.count:
        raise NumberError
    return must_type


def prepare_again(earlier: IndicatorSet, actor: User, ip: str | None = None) -> IndicatorSet:
    """Make the content of an earlier version, also of a withdrawn one, the campaign's draft: it is looked at
    and published like any list.

    Raises:
        WaitingError: another draft waits, which would be lost.
    """
    again = _copy(earlier, actor)
    again.status, again.version, again.forms = IndicatorSet.Status.DRAFT, None, {}
    again.published_at, again.published_by = None, None
    again.difference = _difference(again)
    with transaction.atomic():
        _lock(earlier.campaign_id)
        if queries.draft_of(earlier.campaign) is not None:
            raise WaitingError
        _keep_draft(again, ip)
        copy(earlier, again)
        return again


def dated_forms(earlier: IndicatorSet) -> dict[str, dict[str, object]]:
    """The files of an earlier version for the next one: those that carry a serial number are written anew,
    because a name server takes no zone whose serial number is lower than that of the last (RFC 1912, 2.2)."""
    forms = dict(earlier.forms)
    serials = {name for name in forms if "serial" in FORMS[name].takes}
    return forms | write_forms(
        earlier, queries.next_version(earlier.campaign_id), lambda form: form.name in serials
    )


def bring_back(
    earlier: IndicatorSet, actor: User, forms: dict[str, dict[str, object]], ip: str | None
) -> IndicatorSet:
    """Publish the content of an earlier version as the newest version; inside the caller's transaction, which
    holds the campaign's row."""
    again = _copy(earlier, actor)
    again.forms, again.difference = forms, {}
    _publish(again, actor, ip, {})
    copy(earlier, again)
    return again


def _copy(earlier: IndicatorSet, actor: User) -> IndicatorSet:
    """An unsaved row with the content of a version."""
    again = IndicatorSet.rows.select_related("campaign__issuer").get(pk=earlier.pk)
    again.pk = IndicatorSet._meta.pk.get_default()
    again._state.adding = True
    again.created_by, again.created_at = actor, timezone.now()
    again.decided = 0  # its list belongs to the earlier version
    again.withdrawn_at, again.withdrawn_by, again.withdrawn_why = None, None, ""
    again.again_of = earlier.again_of or earlier.version
    return again


def _lock(campaign_id: UUID) -> None:
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def _publish(row: IndicatorSet, actor: User, ip: str | None, more: dict[str, Any]) -> None:
    row.version = queries.next_version(row.campaign_id)
    row.status = IndicatorSet.Status.PUBLISHED
    row.published_at, row.published_by = timezone.now(), actor
    row.is_followed = False
    row.save()
    how = (
        "publish_withdrawn"
        if "reason" in more
        else "publish_again"
        if row.again_of
        else "publish_smaller"
        if more.get("typed")
        else "publish"
    )
    record(
        actor, f"indicators.{how}", unit_path=row.campaign.issuer.path, about=row,
        data={
            "version": row.version, "count": row.count, "set_id": row.set_id, "sha256": row.sha256,
            **({"of": row.again_of} if row.again_of else {}), **more,
        },
        ip=ip,
    )  # fmt: skip


@transaction.atomic
def discard(draft: IndicatorSet, actor: User, ip: str | None = None) -> None:
    """Drop a draft. A published list is never dropped."""
    row = (
        IndicatorSet.rows.select_for_update(no_key=True)
        .filter(pk=draft.pk, status=IndicatorSet.Status.DRAFT)
        .first()
    )
    if row is not None:
        record(actor, "indicators.discard", unit_path=draft.campaign.issuer.path, about=row,
               data={"count": row.count}, ip=ip)  # fmt: skip
        row.delete()
