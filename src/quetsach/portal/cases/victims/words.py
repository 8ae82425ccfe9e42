"""Words of the pure library for reports, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import get_language

from quetsach.portal.cases.models import VictimReport
from quetsach.text.language import translator
from quetsach.victims import types
from quetsach.victims import words as victims_words
from quetsach.victims.report import SHADOWSERVER, SHEET


def texts() -> Callable[[str], str]:
    """The texts of the pure library in the reader's language."""
    return translator("en" if (get_language() or "vi").startswith("en") else "vi")


def _types() -> dict[str, types.Type]:
    """The types in use; none where their table is damaged, so that a page still shows what is stored."""
    try:
        return types.types()
    except types.TypesError:
        return {}


def publisher_called(publisher: str) -> str:
    """The publisher's name; an office's table in words."""
    name = victims_words.PUBLISHERS.get(publisher, publisher)
    return texts()(name) if publisher == SHEET else name


def kind_called(publisher: str, kind: str) -> str:
    """Publisher and type of a report; the table of an office has no type."""
    name = publisher_called(publisher)
    return name if publisher == SHEET else f"{name}: {kind}"


def sign_called(sign: str) -> str:
    """Signs of a case, with commas between them: kinds of reports in words, all else as it is."""
    return ", ".join(map(_one_sign, sign.split(", ")))


def _one_sign(sign: str) -> str:
    publisher, _colon, kind = sign.partition(":")
    return kind_called(publisher, kind) if publisher in victims_words.PUBLISHERS else sign


def told_in_words(one: VictimReport) -> tuple[str, str]:
    """Publisher and severity of a report."""
    severity = victims_words.SEVERITIES.get(one.severity, one.severity)
    return publisher_called(one.publisher), texts()(severity)


def what_is(publisher: str, kind: str) -> tuple[str, str]:
    """The publisher and the meaning of a type, in words."""
    known = _types().get(kind) if publisher == SHADOWSERVER else None
    return publisher_called(publisher), texts()(victims_words.MEANINGS[known.meaning.value]) if known else ""


def reasons(rows: list[tuple[str, str, int]]) -> list[tuple[str, int]]:
    """Reasons of leftovers by code and type, each with its number."""
    tell, known, found = texts(), _types(), []
    for code, kind, n in rows:
        why = tell(victims_words.LEFT.get(code, code))
        a_type = known.get(kind) or types.categories().get(kind)
        if code == "kind" and a_type is not None and a_type.why:
            why = tell(victims_words.WHY[a_type.why])
        found.append((f"{kind}: {why}" if kind else why, n))
    return found


def unread(rows: list[list[object]]) -> list[tuple[object, object, str, object]]:
    """Leftover lines that were not read: line, what stood there, why, sheet."""
    tell = texts()
    return [
        (line, value, tell(victims_words.LEFT.get(str(code), str(code))), sheet)
        for line, code, value, sheet in rows
        if code in victims_words.UNREAD
    ]


def refusal(error: Exception) -> str:
    """Why a file as a whole was not taken."""
    table = victims_words.TYPES if isinstance(error, types.TypesError) else victims_words.REFUSED
    text = texts()(table[getattr(error, "code", "")])
    return f"{text[0].upper()}{text[1:]}."
