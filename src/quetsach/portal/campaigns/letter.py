"""The letter of a campaign as data, as stored in `Campaign.letter`: one field for each element of an official
letter.

Blanks stay blank; a letter that deviates from Decree 30/2020 is shown as its office issued it.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from quetsach.errors import QuetsachError
from quetsach.text.marks import normalize

ParagraphKind = Literal["text", "bullet"]


class LetterError(QuetsachError):
    """The stored letter does not have the shape of a letter; the message names the field."""

    code = "letter"


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of the body: running text, or one item of a list."""

    text: str
    kind: ParagraphKind = "text"


@dataclass(frozen=True)
class Letter:
    """Elements in the order of Decree 30/2020, annex I; every text in NFC.

    `superior_lines`: the body above the issuer, where the head names it; `issuer_lines`: the issuing body, in
    older letters with its superior before it. `number` without `symbol` ("05"
    and "UBND-VP"). `date` is ISO (2022-09-14) or empty. `basis` are the lines of the legal basis,
    `paragraphs` the body with bullets where the letter lists its purposes, `report_line` the order to report,
    `closing` the last sentence. `signature_lines` are TL., KT. and title, a line each. `annex` is the annex's
    title or empty.
    """

    superior_lines: tuple[str, ...] = ()
    issuer_lines: tuple[str, ...] = ()
    number: str = ""
    symbol: str = ""
    place: str = ""
    date: str = ""
    subject: str = ""
    recipients: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    report_line: str = ""
    closing: str = ""
    cc: tuple[str, ...] = ()
    signature_lines: tuple[str, ...] = ()
    signer: str = ""
    annex: str = ""

    def __post_init__(self) -> None:
        try:
            _ = self.issued_on
        except ValueError as error:
            raise LetterError(f"letter.date: {self.date!r} is not a date such as 2022-09-14") from error

    @property
    def issued_on(self) -> datetime.date | None:
        """The date of the letter; None while it is blank."""
        return datetime.date.fromisoformat(self.date) if self.date else None

    @property
    def is_written(self) -> bool:
        """Whether it has a text; a campaign may be published before its letter is written."""
        return bool(self.paragraphs)

    @property
    def is_draft(self) -> bool:
        """Whether the office has not numbered and dated it yet."""
        return not self.number or not self.date

    @property
    def dateline(self) -> str:
        """Place and date as the letter prints them; days below 10 and the months 1 and 2 with a zero."""
        day = self.issued_on
        if day is None:
            return f"{self.place}, ngày …… tháng …… năm ……"
        month = f"{day.month:02}" if day.month < 3 else str(day.month)
        return f"{self.place}, ngày {day.day:02} tháng {month} năm {day.year}"

    @property
    def purposes(self) -> tuple[str, ...]:
        """The aims of the letter: the bullets of its body."""
        return tuple(p.text for p in self.paragraphs if p.kind == "bullet")

    def to_json(self) -> dict[str, Any]:
        """The letter as `Campaign.letter` stores it."""
        data = asdict(self)
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in data.items() if value
        }


def read_letter(data: dict[str, Any]) -> Letter:
    """Read `Campaign.letter`.

    Raises LetterError for unknown fields, a text in place of a list, and a list in place of a text.
    """
    known = {f.name: f for f in fields(Letter)}
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise LetterError(f"letter.{unknown[0]}: no such field; known are {', '.join(known)}")
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name == "paragraphs":
            values[name] = tuple(_paragraph(item, i) for i, item in enumerate(_list(name, value)))
        elif known[name].type == "str":
            values[name] = _text(name, value)
        else:
            values[name] = tuple(_text(f"{name}[{i}]", item) for i, item in enumerate(_list(name, value)))
    return Letter(**values)


def _paragraph(item: Any, i: int) -> Paragraph:
    if isinstance(item, str):
        return Paragraph(_text(f"paragraphs[{i}]", item))
    if not isinstance(item, dict):
        raise LetterError(f"letter.paragraphs[{i}]: expected a text, or kind and text")
    kind = item.get("kind", "text")
    if kind not in get_args(ParagraphKind):
        raise LetterError(f"letter.paragraphs[{i}].kind: {kind!r} is neither text nor bullet")
    return Paragraph(_text(f"paragraphs[{i}].text", item.get("text")), kind)


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise LetterError(f"letter.{name}: expected a list")
    return list(value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise LetterError(f"letter.{name}: expected a text")
    return normalize("NFC", value).strip()
