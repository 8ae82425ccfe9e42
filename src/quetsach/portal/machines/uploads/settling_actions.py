"""Brings the rows of evidence in step with what people said of a file: taken in, taken back, put back.

The act marks the file first (`EvidenceFile.unfinished`). Its rows follow in slices, each a short transaction:
other writers wait for one slice. A slice asks under the lock of the unit whether the file still stands as
marked, so that the later of two acts holds. A process that was stopped leaves the mark, and `settle_all`
goes on.
"""

from __future__ import annotations

import gzip
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction

from quetsach.machines.evidence import Binding, Claim
from quetsach.machines.sources import document
from quetsach.portal.accounts.models import User
from quetsach.portal.audit.actions import record
from quetsach.portal.kit import draft_actions
from quetsach.portal.kit.draft_actions import StaleDraftError
from quetsach.portal.machines.actions import (
    CHUNK,
    GONE,
    NotCountingError,
    Stored,
    digest_of,
    lock,
    store_evidence,
)
from quetsach.portal.machines.models import EvidenceFile, StoredBinding, StoredClaim
from quetsach.portal.machines.uploads import queries

log = logging.getLogger(__name__)
WINDOW = 20_000
"""Rows of a file for which the documents of other files are read once: so many are held in memory."""
_AT_ONCE = 500
Act = EvidenceFile.Act
type _Tellers = Mapping[str, Mapping[UUID, int]]
"""By the digest of a row: the other files that tell it, in the order in which they came, each with the end
that it tells."""


def settle(file: EvidenceFile, seconds: float | None = None, ip: str | None = None) -> Stored:
    """Store the rows of a file that counts, or let those go of a file that was taken back. A taking back
    stops after about `seconds`; the mark stays then, and the rest follows with `settle_all`.

    Raises StaleDraftError where the document of the file is gone.
    """
    told = Stored()
    row = EvidenceFile.rows.select_related("unit").get(pk=file.pk)
    if row.unfinished == Act.TAKE_BACK:
        until = None if seconds is None else time.monotonic() + seconds
        if not _let_go(row, until) or not _lengthen(row, until):
            return told
    elif row.unfinished:
        try:
            told = _store(row)
        except NotCountingError:
            return told  # taken back meanwhile
    _finish(row, ip)
    return told


def settle_all() -> int:
    """Go on with all files whose rows do not follow yet; returns their number."""
    found = list(EvidenceFile.rows.exclude(unfinished="").order_by("pk"))
    for one in found:
        try:
            settle(one)
        except StaleDraftError:
            log.exception("the document of the file %s is gone", one.pk)
    return len(found)


def rows_of(file: EvidenceFile) -> Iterator[Claim | Binding]:
    """The rows of the file's document. Raises StaleDraftError."""
    with _lines_of(file) as lines:
        yield from document.read((line.rstrip(b"\n") for line in lines), file.unit.path)


def _lines_of(file: EvidenceFile) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=BytesIO(draft_actions.content(file.document)))


def record_file(actor: User | None, act: str, row: EvidenceFile, ip: str | None) -> None:
    """Write the audit entry of an act on a file. A file that a program sent bears the name of its token."""
    named = f"{row.token.prefix}… {row.token.name}" if actor is None and row.token is not None else ""
    data = {"file": row.name, "source": row.source, "rows": row.claims + row.bindings, "new": row.fresh,
            "reason": row.gone_why}  # fmt: skip
    record(actor, act, unit_path=row.unit.path, about=row, data=data, ip=ip, actor_name=named)


def _store(file: EvidenceFile) -> Stored:
    """Store the rows of the file's document. Claims stand before bindings in it, so it is read twice."""
    return store_evidence(
        file.unit,
        (one for one in rows_of(file) if isinstance(one, Claim)),
        (one for one in rows_of(file) if isinstance(one, Binding)),
        file=file,
    )


@transaction.atomic
def _finish(file: EvidenceFile, ip: str | None) -> None:
    """Take the mark away. Taking in writes its audit entry only now, because the entry tells how many rows
    were new."""
    row = EvidenceFile.rows.select_for_update(no_key=True, of=("self",)).get(pk=file.pk)
    if not file.unfinished or row.unfinished != file.unfinished:
        return
    if row.unfinished == Act.ACCEPT:
        record_file(row.by, "evidence.accept", row, ip)
    row.unfinished = ""
    row.save(update_fields=["unfinished"])


def _let_go(file: EvidenceFile, until: float | None) -> bool:
    """Let the rows go that no other file tells; those of others stand with the latest of them. False if time
    is up or the file counts again."""
    models: tuple[Any, ...] = (StoredClaim, StoredBinding)
    while True:
        own = {model: model.rows.filter(file=file, is_gone=False).order_by("pk") for model in models}
        fields = ("pk", "digest", "begin")
        windows = {model: list(rows.values_list(*fields)[:WINDOW]) for model, rows in own.items()}
        wanted = {digest: begin for rows in windows.values() for _pk, digest, begin in rows}
        if not wanted:
            return True
        tellers = _tellers(file, wanted, until)
        if tellers is None:
            return False
        for model, rows in windows.items():
            for some in batched((pk for pk, _digest, _begin in rows), CHUNK):
                if not _slice(file, model, some, tellers) or _is_over(until):
                    return False


def _tellers(file: EvidenceFile, wanted: Mapping[str, int], until: float | None) -> _Tellers | None:
    """The other files that tell some of these rows; None if time is up. No writer waits meanwhile. Each row
    is given by its digest with its beginning."""
    found: dict[str, dict[UUID, int]] = defaultdict(dict)
    begins = set(wanted.values())
    for other in list(queries.that_count(file.unit_id).exclude(document="").only("document", "unit__path")):
        if _is_over(until):
            return None
        try:
            with _lines_of(other) as lines:
                if not document.may_begin_at(lines, begins):
                    continue
            for one in rows_of(other):
                if (digest := digest_of(one)) in wanted:
                    found[digest][other.pk] = min(one.end, found[digest].get(other.pk, one.end))
        except StaleDraftError:
            log.exception("the document of the file %s is gone: its rows cannot be told anew", other.pk)
    return found


def _lengthen(file: EvidenceFile, until: float | None) -> bool:
    """Bindings of others whose early end this file told: they end as the files say that count. False if time
    is up or the file counts again."""
    if not file.document:
        return True
    bindings = (one for one in rows_of(file) if isinstance(one, Binding))
    for some in batched(bindings, WINDOW):
        ends: dict[str, int] = {}
        for one in some:
            digest = digest_of(one)
            ends[digest] = min(one.end, ends.get(digest, one.end))
        found: list[tuple[int, UUID | None]] = []
        wanted: dict[str, int] = {}
        for those in batched(ends, _AT_ONCE):
            rows = StoredBinding.rows.filter(unit=file.unit_id, digest__in=those, is_gone=False)
            fields = ("pk", "file", "digest", "begin", "end")
            for pk, other, digest, begin, end in rows.exclude(file=file).values_list(*fields):
                if end == ends[digest]:
                    found.append((pk, other))
                    wanted[digest] = begin
        tellers = _tellers(file, wanted, until) if wanted else {}
        if tellers is None:
            return False
        for these in batched(found, CHUNK):
            if not _slice_of_ends(file, dict(these), ends, tellers) or _is_over(until):
                return False
    return True


@transaction.atomic
def _slice_of_ends(
    file: EvidenceFile, some: Mapping[int, UUID | None], ends: Mapping[str, int], tellers: _Tellers
) -> bool:
    """Let these bindings end as other files say; False if the file counts again. A binding that another file
    has told since the documents were read stays as it is."""
    counting = _counting(file)
    if counting is None:
        return False
    changed: list[StoredBinding] = []
    rows = StoredBinding.rows.filter(pk__in=list(some), is_gone=False)
    for pk, other, digest, end in rows.values_list("pk", "file", "digest", "end"):
        told = [at for by, at in tellers.get(digest, {}).items() if by in counting]
        if told and other == some[pk] and end == ends[digest] < min(told):
            changed.append(StoredBinding(pk=pk, end=min(told), is_taken=False, is_listed=False))
    StoredBinding.rows.bulk_update(changed, ["end", "is_taken", "is_listed"])
    return True


def _counting(file: EvidenceFile) -> set[UUID] | None:
    """The files of the unit that count, which stays so until the end of the caller's transaction; None if the
    file is no longer to be taken back."""
    lock(file.unit)
    if not EvidenceFile.rows.filter(pk=file.pk, unfinished=Act.TAKE_BACK).exists():
        return None
    return set(queries.that_count(file.unit_id).values_list("pk", flat=True))


@transaction.atomic
def _slice(file: EvidenceFile, model: Any, some: Collection[int], tellers: _Tellers) -> bool:
    """Let these rows go, as far as they are still the file's; False if the file counts again."""
    counting = _counting(file)
    if counting is None:
        return False
    gone: list[int] = []
    moved: dict[UUID, list[int]] = defaultdict(list)
    changed: list[StoredBinding] = []
    rows = model.rows.filter(pk__in=some, file=file, is_gone=False)
    for pk, digest, end in rows.values_list("pk", "digest", "end"):
        # A file that began to count since its document was read stores its rows by itself.
        ends = {pk: end for pk, end in tellers.get(digest, {}).items() if pk in counting}
        if not ends:
            gone.append(pk)
            continue
        moved[list(ends)[-1]].append(pk)
        if (earliest := min(ends.values())) != end:
            changed.append(StoredBinding(pk=pk, end=earliest, is_taken=False, is_listed=False))
    model.rows.filter(pk__in=gone).update(**GONE)
    for other, those in moved.items():
        model.rows.filter(pk__in=those).update(file=other)
    StoredBinding.rows.bulk_update(changed, ["end", "is_taken", "is_listed"])
    return True


def _is_over(until: float | None) -> bool:
    return until is not None and time.monotonic() > until
