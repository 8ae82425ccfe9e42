"""Signatures of a PDF, made here with a certificate of our own."""

from __future__ import annotations

import io
import json
import zlib
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader, PdfWriter

from quetsach.documents import fields, signature
from quetsach.documents.document import render_pdf
from quetsach.errors import DocumentError
from tests.signing import sign

AT = datetime(2026, 9, 5, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def plain() -> bytes:
    return render_pdf(fields.to_document("letter", json.loads(fields.example("letter"))), at=AT)


def test_a_pdf_without_signature_has_none(plain: bytes) -> None:
    assert signature.look(plain) == ()


def test_a_signature_is_intact_and_says_whose(plain: bytes) -> None:
    (seen,) = signature.look(sign(plain, "Nguyễn Văn Mẫu"))
    assert (seen.wholeness, seen.signer, seen.organisation) == ("intact", "Nguyễn Văn Mẫu", "UBND huyện Mẫu")
    assert seen.at is not None and abs(seen.at - datetime.now(UTC)) < timedelta(hours=1)


def test_a_second_signature_leaves_the_first_intact(plain: bytes) -> None:
    both = sign(sign(plain, "Lãnh đạo"), "Văn thư", "Signature2")
    assert [(s.wholeness, s.signer) for s in signature.look(both)] == [
        ("intact", "Lãnh đạo"),
        ("intact", "Văn thư"),
    ]


def test_a_changed_byte_is_seen(plain: bytes) -> None:
    signed = bytearray(sign(plain, "Nguyễn Văn Mẫu"))
    at = signed.index(b"/MediaBox")
    signed[at + 1 : at + 9] = b"mediabox"
    assert [s.wholeness for s in signature.look(bytes(signed))] == ["changed"]


def test_a_page_added_after_signing_is_seen(plain: bytes) -> None:
    writer = PdfWriter(io.BytesIO(sign(plain, "Nguyễn Văn Mẫu")), incremental=True)
    writer.add_blank_page(200, 200)
    out = io.BytesIO()
    writer.write(out)
    assert len(PdfReader(out).pages) == 3
    (seen,) = signature.look(out.getvalue())
    assert seen.wholeness in {"added_to", "changed"}


def test_a_name_in_the_certificate_cannot_break_a_line(plain: bytes) -> None:
    (seen,) = signature.look(sign(plain, "A\n\u202eB"))
    assert seen.signer == "A B"


@pytest.mark.parametrize("raw", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"x" * 500, b"PK\x03\x04", b"<html>"])
def test_what_is_no_pdf_is_refused(raw: bytes) -> None:
    with pytest.raises(DocumentError):
        signature.look(raw)


def test_an_encrypted_pdf_is_refused_as_such(plain: bytes) -> None:
    """Also a PDF that anybody can open, protected only against changes."""
    for password in ("", "1234"):
        writer = PdfWriter(io.BytesIO(plain))
        writer.encrypt(password, owner_password="x", algorithm="AES-256")
        out = io.BytesIO()
        writer.write(out)
        with pytest.raises(signature.LockedPdfError):
            signature.look(out.getvalue())


def test_a_pdf_that_unpacks_to_gigabytes_is_refused_within_the_limits() -> None:
    squeeze = zlib.compressobj(9)
    block = squeeze.compress(bytes(1 << 24)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    bomb = block + block[2:] * 300  # the two bytes are the head of the stream
    head = b"%PDF-1.7\n"
    table = b"<</Type/XRef/Size 2/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length %d>>" % len(bomb)
    pdf = b"%s1 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % (
        head, table, bomb, len(head),
    )  # fmt: skip
    assert len(pdf) < 20 << 20
    with pytest.raises(DocumentError):
        signature.look(pdf)
