"""Password rules: Django's, in our words, and what people here choose and attackers try first.

Django asks all rules, so the others pass over what is too long: comparing takes the square of a length.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from quetsach.text.vietnamese import search_key

_WORDS = Path(__file__).with_name("common_words.txt")
_LOOKALIKES = str.maketrans("@4031!5$7", "aaoeiisst")
_MOST_WORDS = 3
LONGEST = 200
_FEWEST_CHARACTERS = 5
_LONGEST_PERIOD = 4
_MOST_LIKE = 0.7
"""Django's own measure of `UserAttributeSimilarityValidator`."""


class LongEnough(password_validation.MinimumLengthValidator):
    """At least `min_length` characters."""

    def get_error_message(self) -> str:
        return _("Too short: at least %(count)d characters.") % {"count": self.min_length}


class ShortEnough:
    """At most 200 characters."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Raises ValidationError."""
        if len(password) > LONGEST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("Too long: at most %(count)d characters.") % {"count": LONGEST}


class NotCommon(password_validation.CommonPasswordValidator):
    """Refuses the passwords that attackers try first, here or elsewhere: digits alone, and one to three words
    of `common_words.txt` with digits and signs, however written (capitals, marks, `@` for `a`)."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST or is_like_oneself(password, user):
            return  # which is the true reason, and told by its own rule
        super().validate(password, user)
        folded = search_key(password)
        spelled = re.sub(r"[^a-z]+$", "", folded).translate(_LOOKALIKES)
        if any(_words().fullmatch(_letters(text)) for text in (folded, spelled)):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _("Too common: attackers try this one first.")


class NotRepeated:
    """Refuses a few characters repeated over and over."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ARG002
        """Raises ValidationError."""
        text = password[:LONGEST].casefold()
        # A text that is found in itself doubled, before its own end, is one piece over and over.
        period = f"{text}{text}".find(text, 1) if text else 0
        if len(set(text)) < _FEWEST_CHARACTERS or period <= _LONGEST_PERIOD:
            raise ValidationError(self.get_help_text(), code="password_repeated")

    def get_help_text(self) -> str:
        return _("Too repetitive: mix different letters, or use four plain words.")


class NotLikeOneself:
    """Refuses the owner's name, user name or phone, also without marks and spaces."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        if is_like_oneself(password, user):
            raise ValidationError(self.get_help_text(), code="password_too_similar")

    def get_help_text(self) -> str:
        return _("Too similar to your name, user name or phone number: anybody would try that.")


def is_like_oneself(password: str, user: Any) -> bool:
    """Whether it holds, or is much like, what others know of its owner; never without an owner.

    Of a text that is too long only the beginning is looked at.
    """
    typed = _letters(password[:LONGEST])
    return any(
        SequenceMatcher(a=typed, b=own).ratio() >= _MOST_LIKE or (len(own) >= len(typed) / 2 and own in typed)
        for own in (_own_words(user) if user is not None else ())
    )


def _own_words(user: Any) -> list[str]:
    texts = [str(getattr(user, name, "") or "") for name in ("username", "full_name", "phone")]
    words = [_letters(text) for text in texts] + [_letters(part) for text in texts for part in text.split()]
    return [word for word in words if len(word) > 3]


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", search_key(text))


@cache
def _words() -> re.Pattern[str]:
    lines = _WORDS.read_text("utf-8").splitlines()
    words = {_letters(line) for line in lines if line.strip() and not line.startswith("#")}
    # The longest first, so that the pattern needs few steps back.
    choice = "|".join(sorted((word for word in words if word), key=lambda word: (-len(word), word)))
    return re.compile(f"[0-9]*(?:(?:{choice})[0-9]*){{0,{_MOST_WORDS}}}")
