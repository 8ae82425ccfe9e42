"""Photos and scans that prove acts entered for another unit: stored by content, served as a download.

Of a photo only the picture is kept: telephones write place, device and owner into the file.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.annexes.collecting import reading
from quetsach.annexes.collecting.paper import FileProblem
from quetsach.files import photo
from quetsach.portal.kit.strangers import refused
from quetsach.text.vietnamese import nfc

MOST_BYTES = 10 * 1024 * 1024
_PDF = b"%PDF-"
_BEGINNINGS = (_PDF, b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
ACCEPT = ".pdf,.jpg,.jpeg,.png"


class Proof(NamedTuple):
    """`path` lies below MEDIA_ROOT; `name` is the person's name for the file, without control characters."""

    path: str
    name: str
    sha256: str


class NotAProofError(ValueError):
    """The file is refused, with a code.

    `kind`: neither PDF nor JPEG nor PNG by its first bytes; `heic`: a telephone's own kind of picture;
    `size`: larger than MOST_BYTES; `damaged`: a picture that cannot be opened; `damaged_pdf`, `locked_pdf`: a
    PDF that nobody could open later.
    """

    def told(self) -> str:
        """The sentence for the person."""
        return str(_REFUSALS[str(self)])


_REFUSALS: dict[str, str | Promise] = {
    "size": _("The file is larger than 10 MB. Take a smaller photo."),
    "kind": _("The file is neither PDF nor JPEG nor PNG. Take a photo of the paper, or scan it as a PDF."),
    "heic": _(
        "A telephone's HEIC picture, which cannot be opened here. Send it as JPEG (Zalo converts it by"
        " itself), or take a screenshot of it and choose that."
    ),
    "damaged": _("This picture cannot be opened. Take the photo again, or choose another file."),
    "damaged_pdf": _(
        "This PDF is damaged or incomplete. Download or scan it again, or choose a photo of the paper."
    ),
    "locked_pdf": _("This PDF has a password. Save it without one, or choose a photo of the paper."),
}
_LEGIBLE = {"scan", "not_an_annex", "blank_form", "needs_pypdf"}
"""Problems that the reader of annexes reports for a legible PDF, or where pypdf is not installed."""


def _refused(door: str, code: str) -> NotAProofError:
    error = NotAProofError(code)
    refused(door, error)
    return error


def keep(upload: UploadedFile[Any], door: str) -> Proof:
    """Store the file, of a photo the picture, once by its SHA-256; `door` is one of `refusals.words`.

    Raises NotAProofError, which is counted at that door.
    """
    if (upload.size or 0) > MOST_BYTES:
        raise _refused(door, "size")
    content = upload.read()
    if content.startswith(_PDF):
        _check_pdf(content, door)
    elif content.startswith(_BEGINNINGS):
        try:
            content = photo.clean(content)
        except photo.PhotoError as error:
            refused(door, error)
            raise NotAProofError("damaged") from error
    else:
        raise _refused(door, _other_kind(content))
    sha256 = hashlib.sha256(content).hexdigest()
    path = f"proofs/{sha256[:2]}/{sha256}"
    target = Path(settings.MEDIA_ROOT) / path
    try:
        os.utime(target)  # touched: the nightly deletion spares young files that no row names
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_bytes(content)
        part.replace(target)
    name = "".join(char for char in nfc(upload.name or "") if char.isprintable())
    return Proof(path, name[-200:] or "file", sha256)


def _check_pdf(content: bytes, door: str) -> None:
    """Open the PDF as the intake does. Raises NotAProofError if it cannot be opened."""
    try:
        reading.told_by(content, "pdf")
    except FileProblem as error:
        if error.code not in _LEGIBLE:
            refused(door, error)
            raise NotAProofError("locked_pdf" if error.code == "encrypted" else "damaged_pdf") from error


def _other_kind(content: bytes) -> str:
    try:
        reading.kind_of(content)
    except FileProblem as error:
        return "heic" if error.code == "heic" else "kind"
    return "kind"


def download(path: str, name: str) -> FileResponse:
    """The file as a download, never as a page: a stranger made it. 404 when it is gone."""
    try:
        content = (Path(settings.MEDIA_ROOT) / path).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/octet-stream")
