"""Looks at the signatures of a PDF: whole or changed, and whose. Nothing is fetched.

Without the lists of a certification authority nobody can say here whether a certificate was revoked or comes
from an authority of the state; that stays unknown, never "valid".
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from quetsach.errors import DocumentError

type Wholeness = Literal["intact", "added_to", "changed", "unreadable"]
MOST_SIGNATURES = 20


@dataclass(frozen=True)
class Seen:
    """One signature. `signer` and `organisation` are the certificate's own words; `at` is the signer's clock.

    `intact`: everything that it covers is as signed, and nothing but signatures and form fields came after;
    `added_to`: other content came after it; `changed`: what it covers was changed, or it is not genuine.
    """

    wholeness: Wholeness
    signer: str = ""
    organisation: str = ""
    at: datetime | None = None


def look(pdf: bytes) -> tuple[Seen, ...]:
    """The signatures in their order; empty for a PDF without any. Raises DocumentError for what is no PDF."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        pages = int(reader.root["/Pages"]["/Count"])
        found = list(reader.embedded_regular_signatures)[:MOST_SIGNATURES]
    except Exception as error:  # damaged files break the reader in every way there is
        raise DocumentError("cannot be opened as a PDF") from error
    if pages < 1:
        raise DocumentError("cannot be opened as a PDF")
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
    """A name of the certificate in one short line: it is what a stranger wrote."""
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:200]
