"""Acts on a campaign's lists: prepare, publish, publish an earlier list again, drop a draft."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from quetsach.errors import IndicatorError
from quetsach.files import bounded_process
from quetsach.indicators import guard, loading, reading
from quetsach.indicators.guards.files import without_harmless
from quetsach.indicators.indicator import IndicatorSet as Items
from quetsach.indicators.loading import Choice
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.indicators import store
from quetsach.portal.indicators.doubtful.actions import FAMILIES, copy
from quetsach.portal.indicators.doubtful.entries import lines_of
from quetsach.portal.indicators.doubtful.queries import blocking_groups
from quetsach.portal.indicators.downloads import forms_of, written
from quetsach.portal.indicators.models import IndicatorSet
from quetsach.portal.units.models import Network, subtree
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


class EmptyListError(IndicatorError):
    """The list is empty after the guard rails."""

    code = "empty"


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
        raise EmptyListError(_("Not a single address is left, so there is nothing to publish."))
    sha256, _length = store.keep(store.list_lines(indicators))
    notes, _length = store.keep(_notes(found, sorted_out, names, stopped_hashes))
    doubts, _length = store.keep(lines_of((*sorted_out.stopped, *sorted_out.warned)))
    hash_file = store.keep(store.hash_lines(hashes))[0] if hashes else ""
    return _keep_draft(
        IndicatorSet(
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
        ),
        ip,
    )


def _organisation(campaign: Campaign) -> guard.Organisation:
    """The networks of the issuer and of all units below, and the portal itself, which must never be on its
    own list."""
    networks = Network.rows.filter(subtree(campaign.issuer.path, "unit__path"))
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
        draft.created_by, "indicators.prepare", unit_path=draft.campaign.issuer.path, about=draft,
        data={
            "count": draft.count, "rejected": draft.rejected, "stopped": draft.stopped,
            "set_id": draft.set_id,
        },
        ip=ip,
    )  # fmt: skip
    return draft


def write_forms(draft: IndicatorSet, version: int) -> dict[str, dict[str, object]]:
    """Write the list in every download form; returns each file and the number of entries left out."""
    items = Items(store.read_list(draft.sha256))
    groups = (
        blocking_groups(draft)
        if draft.doubts
        else guard.grouped(items, organisation=_organisation(draft.campaign))
    )
    forms: dict[str, dict[str, object]] = {}
    for form in forms_of(len(items)):
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


def publish_set(draft: IndicatorSet, actor: User, ip: str | None = None) -> IndicatorSet:
    """Make the draft the list in force. A second call changes nothing."""
    forms = write_forms(draft, _next_version(draft))
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=draft.campaign_id)
        draft = (
            IndicatorSet.rows.select_for_update(no_key=True)
            .select_related("campaign__issuer")
            .get(pk=draft.pk)
        )
        if draft.status == IndicatorSet.Status.DRAFT:
            draft.forms = forms
            _publish(draft, actor, ip)
    return draft


@transaction.atomic
def publish_again(earlier: IndicatorSet, actor: User, ip: str | None = None) -> IndicatorSet:
    """Undo: the content of an earlier version becomes the newest version. The list in force is returned
    unchanged."""
    Campaign.objects.select_for_update(no_key=True).get(pk=earlier.campaign_id)
    published = IndicatorSet.rows.filter(campaign=earlier.campaign, status=IndicatorSet.Status.PUBLISHED)
    current = published.order_by("-version").first()
    if current is not None and current.sha256 == earlier.sha256:
        return current
    again = IndicatorSet.rows.select_related("campaign__issuer").get(pk=earlier.pk)
    again.pk = IndicatorSet._meta.pk.get_default()
    again._state.adding = True
    again.created_by, again.created_at = actor, timezone.now()
    _publish(again, actor, ip)
    copy(earlier, again)
    return again


def _next_version(row: IndicatorSet) -> int:
    latest = IndicatorSet.rows.filter(campaign=row.campaign).aggregate(n=Max("version"))["n"]
    return (latest or 0) + 1


def _publish(row: IndicatorSet, actor: User, ip: str | None) -> None:
    row.version = _next_version(row)
    row.status = IndicatorSet.Status.PUBLISHED
    row.published_at, row.published_by = timezone.now(), actor
    row.save()
    record(
        actor, "indicators.publish", unit_path=row.campaign.issuer.path, about=row,
        data={"version": row.version, "count": row.count, "set_id": row.set_id, "sha256": row.sha256}, ip=ip,
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
