"""Spellings of Decree 30/2020/NĐ-CP (annex I, II) for every document: numbers, dates, lists, ends.

Fields hold plain words; list marks, capitals and end punctuation are set here, once for every output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from quetsach.text.vietnamese import letter_date

COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
END = "./."
_BLANK = " " * 6
_MARK = re.compile(r"^(?:[-–—•*+]\s+)+")
_STOPS = " ;.,"
_ABOUT = re.compile(r"^(?:v/v|về việc)\s*:?\s+", re.IGNORECASE)
_FORM = re.compile(r"^(TM|KT|TL|TUQ|Q)(?:\.\s*|\s+)", re.IGNORECASE)
_CLOSED = re.compile(r"[.;:,!?…][”\"')]*$")
_PART = re.compile(r"^[IVXLC]+\.\s+\S")
LONGEST_PART = 150
"""Characters up to which a paragraph that begins with a Roman number is the title of a part."""


def number_line(number: str, symbol: str) -> str:
    """`Số: 05/UBND-VP`; without a number a blank (II.3)."""
    given = f" {number.zfill(2)}" if number else _BLANK
    return f"Số:{given}/{capitals(symbol)}"


def dateline(place: str, day: date | None, year: int | None = None) -> str:
    """`Phong Thổ, ngày 05 tháng 9 năm 2022`; without a day blanks, with `year` where it is known (II.4)."""
    if day is not None:
        return f"{place}, {letter_date(day)}"
    return (
        f"{place}, ngày{_BLANK}tháng{_BLANK}năm {year}"
        if year
        else f"{place}, ngày{_BLANK}tháng{_BLANK}năm{_BLANK}"
    )


def attached(kind: str, number: str, symbol: str, day: date | None, issuer: str) -> str:
    """`Kèm theo Công văn số 05/UBND-VP ngày … của …`, the line under an annex's title (II.13)."""
    given = f" {number.zfill(2)}" if number else _BLANK
    when = letter_date(day) if day else f"ngày{_BLANK}tháng{_BLANK}năm{_BLANK}"
    return f"Kèm theo {kind} số{given}/{capitals(symbol)} {when} của {issuer}"


def about(subject: str) -> str:
    """The subject without `V/v` before it and without its end punctuation."""
    return _ABOUT.sub("", subject).rstrip(_STOPS)


def capitals(line: str) -> str:
    """A line in capitals, with `HOÀ` as in the Decree's forms."""
    return line.upper().replace("HOÀ", "HÒA").replace("HUỶ", "HỦY")


def authority(line: str) -> str:
    """A line of the signer's authority: `tl chủ tịch` as `TL. CHỦ TỊCH` (II.7.a)."""
    return capitals(_FORM.sub(lambda form: f"{form[1]}. ", line))


def bare(item: str) -> str:
    """A list's item without its mark and its end punctuation."""
    return _MARK.sub("", item.strip()).rstrip(_STOPS)


def listed(items: Sequence[str]) -> tuple[str, ...]:
    """Items with a dash before them, `;` behind each and `.` behind the last (II.9)."""
    return tuple(f"- {item}" for item in ended(items))


def ended(items: Sequence[str]) -> tuple[str, ...]:
    """Lines of a list without dashes: `;` behind each and `.` behind the last, as for legal bases."""
    last = len(items) - 1
    return tuple(bare(item) + ("." if index == last else ";") for index, item in enumerate(items))


def is_part(paragraph: str) -> bool:
    """Whether it is the title of a part, `I. KẾT QUẢ`, which is bold and without end punctuation."""
    return bool(_PART.match(paragraph)) and len(paragraph) <= LONGEST_PART and paragraph[-1] not in ".;:"


def paragraphs(texts: Sequence[str]) -> tuple[str, ...]:
    """Running text, a line each: missing end punctuation is added, and the last line ends with `./.` (II.6).

    A line with a dash is an item: `;` behind it when another follows.
    """
    lines = [line.strip() for text in texts for line in text.split("\n") if line.strip()]
    done = []
    for line, after in zip(lines, [*lines, ""][1:], strict=True):
        if is_part(line) or _CLOSED.search(line):
            done.append(line)
        else:
            both = bool(_MARK.match(line)) and bool(_MARK.match(after))
            done.append(line + (";" if both else "."))
    if done:
        done[-1] = done[-1].rstrip("./; ") + END
    return tuple(done)
