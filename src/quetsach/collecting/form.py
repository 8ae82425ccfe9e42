"""The words by which the annex of 2022 is known, also after people changed them. Texts come folded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.collecting.folding import folded, key

ROWS = ("r1", "r2", "r3", "r4")
OF = {"r1": "units", "r2": "people", "r3": "units", "r4": "people"}
"""What each row counts."""

_NUMBERING = r"^\W*(?:[0-9ivx]{1,3}(?:\.[0-9]{1,2})?\s*[.)/]\s*|[a-e]\s*[.)]\s*)?\W*"
_UNIT = (
    r"(?:ten\s+(?:don vi|co quan)(?:\s*[,/]\s*(?:don vi|dia phuong|co quan))*(?:\s+bao cao)?"
    r"|(?:don vi|co quan)\s+bao cao)"
)
_ASSESSMENT = (
    r"(?:danh gia\s+(?:chung|ket qua|viec)|ket qua thuc hien chien dich)"
    r"(?:[^:\n]{0,80}(?=:)|[^:\n]{0,60}pham vi trien khai|[^:\n]{0,60}$|)"
)
_PROPOSALS = (
    r"(?:(?:nhung )?(?:kho khan[^:\n]{0,20}, ?)?(?:de xuat|kien nghi)"
    r"(?:\s*(?:,|va|/|-)?\s*(?:kien nghi|de xuat))?)(?:\s*\(?\s*neu co\s*\)?)?"
)
_LABELS = {
    "unit": re.compile(rf"{_NUMBERING}{_UNIT}\s*(?:[:.]|$|(?=\s))"),
    "assessment": re.compile(rf"{_NUMBERING}{_ASSESSMENT}\s*[:.]?"),
    "proposals": re.compile(rf"{_NUMBERING}{_PROPOSALS}\s*(?:[:.]|$)"),
}
_SECTION = re.compile(r"^(?:[1-9i]{1,3} )?(?:thong tin (?:chung|so lieu)|so lieu(?: thong ke)?)$")
_TITLE = re.compile(r"^(?:phu luc\b.{0,20}|mau thong ke.{0,60}|thong ke bao cao ket qua.{0,60})$")
_END = re.compile(
    r"^(?:ghi chu (?:ubnd|uy ban)|noi nhan|tm |kt |tl |tuq |q chu tich|nguoi (?:lap|tong hop|bao cao)"
    r"|thu truong|chu tich|pho chu tich|chanh van phong|truong phong|hieu truong|giam doc|ngay thang nam"
    r"|.{0,30}ngay \d{0,2} ?thang \d{0,2} ?nam)"
)
_STARTS = re.compile(r"^(?:\d )?(?:tong|so|luong|don vi|co quan|ca nhan|can bo|nguoi)\b")
_PART_OF = re.compile(r"^\W*(?:trong do|[0-9]+\.[0-9]+|[+*]|[a-e]\s*[.)])")
_PEOPLE = re.compile(r"\b(?:ca nhan|nguoi|can bo|cbcc\w*)\b")
_NUMBER_HEAD = re.compile(
    r"^(?:so luong|so lieu|ket qua|tong so|tong cong|tong|sl|so luong .{1,30}|ket qua .{1,20})$"
)
_NOTE_HEAD = re.compile(r"^(?:ghi chu|giai trinh|note)\b")
_OTHER_HEAD = re.compile(r"^(?:tt|stt|noi dung.{0,20}|chi tieu|tieu chi|dvt|don vi tinh)$")


def row_of(text: str) -> str:
    """`r1` to `r4` for the words of a row, however they were changed; empty for anything else."""
    if not 10 <= len(text) <= 400 or _PART_OF.match(folded(text)):
        return ""
    words = key(text)
    if not _STARTS.match(words):
        return ""
    is_informed = "thong tin" in words or "tiep nhan" in words or "pho bien" in words
    is_done = "trien khai" in words or "thuc hien" in words
    if not (is_informed or is_done):
        return ""
    who = re.split(r"nhan duoc|tiep nhan|da trien khai|trien khai|thuc hien", words)[0]
    people = bool(_PEOPLE.search(who))
    if not people and not re.search(r"\bdon vi\b|\bco quan\b", who):
        return ""
    return ("r2" if people else "r1") if is_informed else ("r4" if people else "r3")


def field_of(text: str) -> tuple[str, str] | None:
    """`unit`, `assessment` or `proposals`, and what stands behind the label; None for anything else."""
    small = folded(text)
    for name, label in _LABELS.items():
        if found := label.match(small):
            return name, text[found.end() :].strip(" :")
    return None


def is_section(text: str) -> bool:
    """The heading of a part of the form."""
    return bool(_SECTION.match(key(text)))


def is_title(text: str) -> bool:
    """The head of an annex."""
    return len(text) < 200 and bool(_TITLE.match(key(text)))


def is_end(text: str) -> bool:
    """What stands below an annex: the form's remark, recipients, signatures."""
    return bool(_END.match(key(text)))


def columns(texts: list[str]) -> tuple[list[int], list[int]] | None:
    """The columns of figures and of notes in a table's head, from 0; None when it is no head."""
    keys = [key(text) for text in texts]
    numbers = [at for at, one in enumerate(keys) if one.startswith("so luong")]
    numbers = numbers or [at for at, one in enumerate(keys) if _NUMBER_HEAD.match(one)]
    notes = [at for at, one in enumerate(keys) if _NOTE_HEAD.match(one)]
    others = [at for at, one in enumerate(keys) if _OTHER_HEAD.match(one)]
    if not numbers or not (notes or others):
        return None
    return numbers, notes


_LOOSE = {
    "r1": r"tong (?:so )?don vi thuoc ?/? ?truc thuoc nhan duoc thong tin(?: ve chien dich)?",
    "r2": r"tong so ca nhan cua co quan,? don vi nhan duoc thong tin(?: ve chien dich)?",
    "r3": r"tong so don vi trien khai(?: chien dich)?",
    "r4": r"tong so ca nhan cua co quan,? don vi da trien khai(?: thuc hien)?"
    r"(?: cac noi dung)?(?: cua chien dich)?",
}
# Lines of a PDF break anywhere.
_LOOSE_ROWS = {
    row: re.compile(pattern.replace(" ", r"\s+").replace(r"\s+?", r"\s*")) for row, pattern in _LOOSE.items()
}


def loose_rows(text: str) -> Iterator[tuple[str, int, int]]:
    """Each row's words in running text, however lines are broken: the row, where its words begin and end."""
    small = folded(text)
    found = [
        (row, match.start(), match.end()) for row, one in _LOOSE_ROWS.items() if (match := one.search(small))
    ]
    yield from sorted(found, key=lambda one: one[1])
