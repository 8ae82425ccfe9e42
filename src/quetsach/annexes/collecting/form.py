"""Recognises the words of the annex of 2022, also after people changed them. Texts must be folded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from quetsach.annexes.collecting.folding import folded, key

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
_PEOPLE = re.compile(
    r"\b(?:ca nhan|nguoi|can bo|cong chuc|vien chuc|nhan vien|giao vien|dang vien|cbcc\w*)\b"
)
_COUNTED = re.compile(
    r"^(?:\d )?(?:tong )?(?:so )?(?:luong )?(?:cac )?(?:don vi|co quan|to chuc|ca nhan|nguoi|can bo|cong chuc"
    r"|vien chuc|nhan vien|giao vien|dang vien|cbcc\w*)\b"
)
"""Words for things that a row of the form counts. People add rows for computers, posts or idle units."""
_NOT = re.compile(r"\b(?:chua|khong)\b")
_INFORMED = re.compile(r"\b(?:nhan duoc|tiep nhan|nhan thong tin|pho bien|duoc thong tin|nam thong tin)\b")
_DONE = re.compile(r"\b(?:trien khai|thuc hien)\b")
_NUMBER_HEAD = re.compile(
    r"^(?:(?:da )?thuc hien|dat duoc|tong so|tong cong|tong|(?:so luong|so lieu|ket qua|sl)(?: .{1,30})?)$"
)
_OTHER_NUMBER = re.compile(
    r"\b(?:giao|ke hoach|du kien|dang ky|(?:ky|lan|nam|thang|dot) truoc|cu(?! the)|may|nu"
    r"|trong do|ty le|phan tram)\b"
)
"""Words for figures other than the figure to count: planned, from the last time, shares."""
_NOTE_HEAD = re.compile(r"^(?:ghi chu|giai trinh|note)\b")
_OTHER_HEAD = re.compile(r"^(?:tt|stt|noi dung.{0,20}|chi tieu|tieu chi|dvt|don vi tinh)$")


def row_of(text: str) -> str:
    """`r1` to `r4` for the words of a row, also after changes; empty for any other text."""
    if not 10 <= len(text) <= 400 or _PART_OF.match(folded(text)):
        return ""
    words = key(text)
    if not _STARTS.match(words):
        return ""
    informed, done = _INFORMED.search(words), _DONE.search(words)
    first = min((one for one in (informed, done) if one), key=lambda one: one.start(), default=None)
    if first is None:
        return ""
    who = words[: first.start()]
    if not _COUNTED.match(who) or _NOT.search(who):
        return ""
    people = bool(_PEOPLE.search(who))
    return ("r2" if people else "r1") if first is informed else ("r4" if people else "r3")


def field_of(text: str) -> tuple[str, str] | None:
    """`unit`, `assessment` or `proposals`, and the text behind the label; None for any other text."""
    small = folded(text)
    for name, label in _LABELS.items():
        if found := label.match(small):
            return name, text[found.end() :].strip(" :")
    return None


def is_section(text: str) -> bool:
    """Whether it is the heading of a part of the form."""
    return bool(_SECTION.match(key(text)))


def is_title(text: str) -> bool:
    """Whether it is the title of an annex."""
    return len(text) < 200 and bool(_TITLE.match(key(text)))


def is_end(text: str) -> bool:
    """Whether it belongs below an annex: the form's remark, recipients, signatures."""
    return bool(_END.match(key(text)))


def columns(texts: list[str]) -> tuple[list[int], list[int]] | None:
    """The columns of figures and of notes in a table's head, from 0; None for a row that is no head."""
    keys = [key(text) for text in texts]
    notes = [at for at, one in enumerate(keys) if _NOTE_HEAD.match(one)]
    others = [at for at, one in enumerate(keys) if _OTHER_HEAD.match(one)]
    numbers = [at for at, one in enumerate(keys) if _NUMBER_HEAD.match(one)]
    if not numbers and notes and others:
        numbers = [at for at, one in enumerate(keys) if one and at not in notes and at not in others]
    if not numbers or not (notes or others):
        return None
    return counting(texts, numbers), notes


def counting(texts: list[str], numbers: list[int]) -> list[int]:
    """The columns whose heading names the figure that counts; all columns when no heading does."""
    kept = [at for at in numbers if at < len(texts) and not _OTHER_NUMBER.search(key(texts[at]))]
    return kept or numbers


_LOOSE = {
    "r1": r"tong (?:so )?don vi thuoc ?/? ?truc thuoc nhan duoc thong tin(?: ve chien dich)?",
    "r2": r"tong so ca nhan cua co quan,? don vi nhan duoc thong tin(?: ve chien dich)?",
    "r3": r"tong so don vi trien khai(?: chien dich)?",
    "r4": r"tong so ca nhan cua co quan,? don vi da trien khai(?: thuc hien)?"
    r"(?: cac noi dung)?(?: cua chien dich)?",
}
# Line breaks of a PDF fall anywhere.
_LOOSE_ROWS = {
    row: re.compile(pattern.replace(" ", r"\s+").replace(r"\s+?", r"\s*")) for row, pattern in _LOOSE.items()
}


def loose_rows(text: str) -> Iterator[tuple[str, int, int]]:
    """Each row's words in running text, with any line breaks: the row, and the two ends of its words."""
    small = folded(text)
    found = [
        (row, match.start(), match.end()) for row, one in _LOOSE_ROWS.items() if (match := one.search(small))
    ]
    yield from sorted(found, key=lambda one: one[1])
