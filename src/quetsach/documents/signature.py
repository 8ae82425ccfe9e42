"""Checks the signatures of a PDF: signer, and whether the content was changed. Nothing is fetched.

A stranger's file is opened in a process of its own, with limits of memory and processor time.

Without the lists of a certification authority, nobody can know here whether a certificate was revoked or
comes from an authority of the state; that stays unknown, never "valid".
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from quetsach.errors import DocumentError
from quetsach.files import bounded_process

type Wholeness = Literal["intact", "added_to", "changed", "unreadable"]
MOST_SIGNATURES = 20


class LockedPdfError(DocumentError):
    """The PDF is encrypted, whether or not it opens without a password: no archive keeps such a file."""


@dataclass(frozen=True)
class Seen:
    """One signature. `signer` and `organisation` are the certificate's own words; `at` is the signer's clock.

    `intact`: all signed content is unchanged, and only signatures and form fields were added later;
    `added_to`: other content was added later; `changed`: signed content was changed, or the signature is not
    genuine.
    """

    wholeness: Wholeness
    signer: str = ""
    organisation: str = ""
    at: datetime | None = None


@bounded_process.bounded(
    seconds=20,
    raises=(LockedPdfError,),
    refused=lambda _error: DocumentError("cannot be opened as a PDF"),
    imports=("pyhanko.pdf_utils.reader", "pyhanko.sign.validation", "pyhanko_certvalidator"),
)
def look(pdf: bytes) -> tuple[Seen, ...]:
    """The signatures in their order; empty for a PDF without any.

    Raises LockedPdfError for an encrypted PDF, DocumentError for a file that is no PDF or takes too much to
    read.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(io.BytesIO(pdf), strict=False)
    if reader.encrypted:
        raise LockedPdfError("is protected by a password or against changes")
    if int(reader.root["/Pages"]["/Count"]) < 1:
        raise ValueError("no page")
    found = list(reader.embedded_regular_signatures)[:MOST_SIGNATURES]
    return tuple(_seen(signature) for signature in found)


def _seen(signature: Any) -> Seen:
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    # The library reports every certificate that it cannot trace; we trace none.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        name = signature.signer_cert.subject.native
        told = {
            "signer": _text(name.get("common_name")),
            "organisation": _text(name.get("organization_name")),
            "at": signature.self_reported_timestamp,
        }
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=[], allow_fetching=False))
    except Exception:  # as above
        return Seen("unreadable")
    if not (status.intact and status.valid):
        return Seen("changed", **told)
    level = status.modification_level
    is_whole = level is not None and level <= ModificationLevel.FORM_FILLING
    return Seen("intact" if is_whole else "added_to", **told)


def _text(value: object) -> str:
    """A name of the certificate in one short line: a stranger wrote it."""
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:200]
