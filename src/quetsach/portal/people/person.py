"""Replaces a person by a keyed hash of the work e-mail or staff code; the text itself is never stored.

The key is the portal's secret key, which is not in the database: nobody can learn the persons from a copy of
the database, even by trying all addresses of an office.
"""

from __future__ import annotations

import re
import secrets
from uuid import UUID

from django.utils.crypto import salted_hmac

from quetsach.text.marks import normalize

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
# A code needs a digit: a text without one is a name or a slip, and would count as one more person.
_CODE = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Z][0-9A-Z./_-]{0,38}[0-9A-Z]")
_MARKS = "./_-"
_DIVIDING = str.maketrans("", "", _MARKS)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2012\u2013\u2014\u2015\u2212", "-"))
"""Characters that telephones put in place of a hyphen."""
_CITIZEN = re.compile(r"\d{9}|\d{12}", re.ASCII)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MOST = 120


class PersonError(ValueError):
    """Neither an e-mail address nor a staff code: `blank`, `shape`, or `citizen` (an identity card)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def person_key(typed: str, campaign: UUID, office: UUID | None) -> str:
    """The key of a person: the same for every spelling of the same address or code, different in each
    campaign.

    An e-mail address is one person in the whole campaign. So is a staff code, if no two offices give the same
    code (`office` None); else a code is one person within its office, since each office has a number 01.
    Marks that only divide a code are ignored: NV-03, "nv 03" and NV03 are one. Raises PersonError.
    """
    spelt, where = _read(typed, office)
    return _hash(spelt.translate(_DIVIDING) if where is not None else spelt, campaign, where)


def former_keys(typed: str, campaign: UUID, office: UUID | None) -> list[str]:
    """Other keys of the same person, from the time when dividing marks still made a different code.

    For the code as typed now, and with a single mark at any place. The old text cannot be read back, so a
    code with two marks or more is recognised only if it is typed as before. Raises PersonError.
    """
    spelt, where = _read(typed, office)
    if where is None:
        return []
    plain = spelt.translate(_DIVIDING)
    divided = {f"{plain[:gap]}{mark}{plain[gap:]}" for gap in range(1, len(plain)) for mark in _MARKS}
    return [_hash(text, campaign, where) for text in sorted({*divided, spelt} - {plain})]


def _read(typed: str, office: UUID | None) -> tuple[str, str | None]:
    """The text in one case and form; for a code also the office in which it counts. Raises PersonError."""
    text = "".join(normalize("NFKC", typed).split())
    if not text:
        raise PersonError("blank")
    if len(text) > MOST:
        raise PersonError("shape")
    if "@" in text:
        text = normalize("NFKC", text.casefold())
        if not _EMAIL.fullmatch(text):
            raise PersonError("shape")
        return text, None
    text = text.translate(_DASHES).upper()
    if _CITIZEN.fullmatch(text.translate(_DIVIDING)):
        raise PersonError("citizen")
    if not _CODE.fullmatch(text):
        raise PersonError("shape")
    return text, str(office or "")


def _hash(text: str, campaign: UUID, where: str | None) -> str:
    return salted_hmac(f"people.mark:{campaign}:{where or ''}", text, algorithm="sha256").hexdigest()


def new_token() -> str:
    """The last part of a link: ten letters and digits, 50 random bits, short enough to type from a wall."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))
