"""Makes a bundle: paper by paper onto the disk, then the ZIP. After a kill it goes on with the next paper."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.utils import timezone

from quetsach.documents.document import render_pdf
from quetsach.errors import PortalError, QuetsachError
from quetsach.portal.bundles import actions
from quetsach.portal.bundles.models import Bundle, BundlePart
from quetsach.portal.bundles.queries import left_to_draw, signed_copy
from quetsach.portal.indicators import store
from quetsach.portal.reports.export import papers
from quetsach.portal.reports.signing.actions import SHELF
from quetsach.text.cells import guarded

KEPT_FOR = timedelta(days=7)
"""A finished ZIP is deleted after this time; the reports stay, and can be bundled again."""
_LIST = "000 Danh sách.csv"
_WORDS = {
    BundlePart.Paper.REPORT: "Báo cáo",
    BundlePart.Paper.ANNEX: "Phụ lục",
    BundlePart.Paper.SIGNED: "Bản đã ký",
}
_GONE = "Tệp đã ký không còn trong kho của cổng; hãy khôi phục từ bản sao lưu."
_at_work = threading.Lock()


def folder_of(bundle: Bundle) -> Path:
    """The folder of the bundle's files."""
    return Path(settings.MEDIA_ROOT) / "bundles" / str(bundle.pk)


def zip_of(bundle: Bundle) -> Path:
    """The path of the finished ZIP."""
    return folder_of(bundle) / "bundle.zip"


def begin(bundle: Bundle) -> None:
    """Work on the bundle in a thread, one bundle at a time; nothing if another worker holds it."""
    threading.Thread(target=_in_background, args=(bundle,), name="bundle", daemon=True).start()


def _in_background(bundle: Bundle) -> None:
    if _at_work.acquire(blocking=False):
        try:
            make(bundle)
        finally:
            _at_work.release()
            connection.close()


def make(bundle: Bundle) -> bool:
    """Draw the missing papers and write the ZIP; False if the bundle is finished or another worker holds it.

    A full disk stops the bundle; its drawn papers are kept.
    """
    if not actions.hold(bundle):
        return False
    try:
        folder_of(bundle).mkdir(parents=True, exist_ok=True)
        for part in left_to_draw(bundle).iterator(50):
            _draw(part)
        size = _pack(bundle)
    except OSError:
        actions.stop(bundle, Bundle.Trouble.DISK)
        return True
    actions.finish(bundle, size)
    for drawn in folder_of(bundle).glob("*.pdf"):
        drawn.unlink()
    return True


def clear_away(now: timedelta = timedelta()) -> int:
    """Delete bundles older than KEPT_FOR, files first; returns how many. `now` moves the clock on."""
    old = list(Bundle.rows.filter(at__lt=timezone.now() + now - KEPT_FOR))
    for bundle in old:
        shutil.rmtree(folder_of(bundle), ignore_errors=True)
    actions.forget(old)
    return len(old)


def _file(part: BundlePart) -> Path:
    return folder_of(part.bundle) / f"{part.number}.pdf"


def _draw(part: BundlePart) -> None:
    try:
        content = _content(part)
    except QuetsachError as error:
        actions.note_drawn(part, fault=str(error))
        return
    unfinished = _file(part).with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(_file(part))
    actions.note_drawn(part, sha256=hashlib.sha256(content).hexdigest())


def _content(part: BundlePart) -> bytes:
    if part.paper == BundlePart.Paper.SIGNED:
        copy = signed_copy(part.node)
        file = store.place(copy.sha256, SHELF) if copy else None
        if file is None or not file.is_file():
            raise PortalError(_GONE)
        return file.read_bytes()
    paper = papers.annex if part.paper == BundlePart.Paper.ANNEX else papers.official_report
    return render_pdf(paper(part.node), at=timezone.now())


def _pack(bundle: Bundle) -> int:
    unfinished = zip_of(bundle).with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as packed:
        listed = io.StringIO()
        writer = csv.writer(listed, lineterminator="\r\n")
        writer.writerow(["TT", "Đơn vị", "Giấy tờ", "Tệp", "SHA-256", "Lỗi"])
        for part in bundle.parts.select_related("node").iterator(200):
            name = "" if part.fault else _name(part)
            words = _WORDS[BundlePart.Paper(part.paper)]
            row = [part.number, part.node.name, words, name, part.sha256, part.fault]
            writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
            if part.fault:
                continue
            with packed.open(zipfile.ZipInfo(name, _now()), "w") as target, _file(part).open("rb") as source:
                _copy(source, target)
            if part.number % 50 == 0:
                actions.keep_hold(bundle)
        packed.writestr(zipfile.ZipInfo(_LIST, _now()), "\ufeff" + listed.getvalue())
    unfinished.replace(zip_of(bundle))
    return zip_of(bundle).stat().st_size


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    shutil.copyfileobj(source, target, 1 << 16)


def _now() -> tuple[int, int, int, int, int, int]:
    local = timezone.localtime()
    return local.year, local.month, local.day, local.hour, local.minute, local.second


def _name(part: BundlePart) -> str:
    """A file name that any system can store: numbers, letters, spaces and hyphens only."""
    plain = "".join(char if char.isalnum() or char in " -" else " " for char in part.node.name)
    words = _WORDS[BundlePart.Paper(part.paper)]
    return f"{part.number:03} {words} {' '.join(plain.split())[:80]}.pdf"
