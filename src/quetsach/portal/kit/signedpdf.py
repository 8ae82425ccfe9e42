"""A PDF that an office signed in its own document system: checked as a whole before any of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from quetsach.documents import signature
from quetsach.errors import DocumentError, PortalError
from quetsach.portal.kit.strangers import refused

LARGEST = 20 * 1024 * 1024
REFUSALS: dict[str, str | Promise] = {
    "too_large": _("The file is larger than 20 MB. Save it with smaller pictures, then choose it again."),
    "no_pdf": _("This file cannot be opened as a PDF. Choose the signed file that your system gave you."),
    "locked": _(
        "This PDF is protected by a password or against changes, so it cannot be kept with the records. "
        "Have it signed again from an unprotected file, then choose that one."
    ),
}


class SignedPdfError(PortalError):
    """The file is not taken; `code` is one of REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def told(self) -> str:
        """The sentence for the person."""
        return str(REFUSALS[self.code])


@dataclass(frozen=True)
class SignedPdf:
    """`signatures` are their present results, as stored: wholeness, signer, organisation, ISO moment."""

    name: str
    content: bytes
    signatures: list[dict[str, str]]


def read(name: str, pdf: bytes) -> SignedPdf:
    """Check a file and its signatures. Raises SignedPdfError. Takes a second: never while a row is locked."""
    if len(pdf) > LARGEST:
        raise SignedPdfError("too_large")
    try:
        seen = signature.look(pdf)
    except signature.LockedPdfError as error:
        refused("reports", error)
        raise SignedPdfError("locked") from error
    except DocumentError as error:
        refused("reports", error)
        raise SignedPdfError("no_pdf") from error
    signatures = [
        {
            "wholeness": one.wholeness,
            "signer": one.signer,
            "organisation": one.organisation,
            "at": one.at.isoformat() if one.at else "",
        }
        for one in seen
    ]
    return SignedPdf(_plain(name), pdf, signatures)


def content(file: UploadedFile[Any]) -> bytes:
    """The file's bytes, at most one more than allowed, so that `read` notices a file that is too large."""
    return bytes(file.read(LARGEST + 1))


def _plain(name: str) -> str:
    """A file's name without control characters and without marks that change the direction of text."""
    return "".join(char for char in name if char.isprintable())[:200]
