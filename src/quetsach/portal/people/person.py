"""What stands for a person: a keyed hash of the work e-mail or staff code, never the text itself.

The key is the portal's secret key, which is not in the database: from a copy of the database nobody learns
who marked, not even by trying all addresses of an office.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from uuid import UUID

from django.utils.crypto import salted_hmac

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
# With a digit: what has none is a name or a slip of the finger, which would be counted as one more person.
_CODE = re.compile(r"(?=[^0-9]*[0-9])[0-9A-Z][0-9A-Z./_-]{0,38}[0-9A-Z]")
_CITIZEN = re.compile(r"\d{9}|\d{12}", re.ASCII)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
MOST = 120


class PersonError(ValueError):
    """Neither an e-mail address nor a staff code: `blank`, `shape`, or `citizen` (an identity card)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def person_key(typed: str, campaign: UUID, office: UUID | None) -> str:
    """The same for every way of typing the same; another in every campaign.

    An e-mail address is one person in the whole campaign. So is a staff code where no two offices give the
    same one (`office` None); else it is one within its office: each has a number 01. Raises PersonError.
    """
    text = "".join(unicodedata.normalize("NFKC", typed).split())
    if not text:
        raise PersonError("blank")
    if len(text) > MOST:
        raise PersonError("shape")
    if "@" in text:
        text, where = text.casefold(), ""
        if not _EMAIL.fullmatch(text):
            raise PersonError("shape")
    else:
        text, where = text.upper(), str(office or "")
        if _CITIZEN.fullmatch(text):
            raise PersonError("citizen")
        if not _CODE.fullmatch(text):
            raise PersonError("shape")
    return salted_hmac(f"people.mark:{campaign}:{where}", text, algorithm="sha256").hexdigest()


def new_token() -> str:
    """The end of a link: ten letters and digits, 50 random bits, short enough to be typed from a wall."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))
