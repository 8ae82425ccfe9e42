"""Counts as people write them: "1.234", "12 đơn vị", "mười hai", "Không". Blank is not zero; nothing is
guessed silently.

Separators as in Vietnamese: a point or a space between thousands, a comma before decimals.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from quetsach.text.marks import normalize
from quetsach.text.vietnamese import nfc, search_key

MOST = 9_999_999
"""The greatest count that a row of the annex takes."""

_COUNT = r"(?:[1-9][0-9]{0,2}(?:[. ][0-9]{3})+|[0-9]+)(?![0-9])"
_PLAIN = re.compile(_COUNT)
_COMMA_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+")
_ZERO_DECIMALS = re.compile(r"([0-9]+)[.,]0{1,2}")
_DECIMAL = re.compile(r"[0-9]+(?:[.,][0-9]+)+")
_LEADING = re.compile(rf"({_COUNT})\s*[:.,;]?\s*(\D.*)?")
_IN_WORDS = re.compile(rf"({_COUNT})\s*\((.+?)\)\s*(.*)")
_NONE = {"khong", "khong co", "khong co don vi nao", "khong don vi", "khong nguoi", "chua co", "0 co"}
_RAISED = re.compile("[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]+")
_DASHES = set("-–—_/.…\u2212*x")
_SEVERAL_LINES = re.compile(r"[0-9][^\S\n]*\n\s*[0-9]")
_SCALED = re.compile(r"\s*(?:chuc|tram|nghin|ngan|van|trieu|ty|tr|k)\b")
_ABOUT = re.compile(r"^(?:khoang|gan|hon|tren|duoi|tam|uoc|it nhat|toi da|~|>|<|≥|≤|\+)")
_UNITS = ("don vi", "co quan", "dv", "xa", "phuong", "truong", "thon", "ban", "to chuc", "doanh nghiep")
_PEOPLE = (
    "nguoi",
    "ca nhan",
    "can bo",
    "cong chuc",
    "vien chuc",
    "cbcc",
    "cbccvc",
    "nhan vien",
    "ng",
    "dong chi",
)
_DIGITS = {
    "khong": 0, "mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "lam": 5, "nham": 5, "sau": 6,
    "bay": 7, "tam": 8, "chin": 9,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Count:
    """The count in a cell: `value` is None for no usable number; `doubt` is a code of `messages.toml`."""

    value: int | None
    doubt: str = ""


def read_count(typed: str, *, of: str = "") -> Count:
    """Read one cell. `of` is `units` or `people`: a number with the wrong word behind it is doubted."""
    # NFKC would read "12¹" as 121.
    plain = _RAISED.sub(_in_brackets, typed.replace("\u2212", "-"))
    text = nfc(normalize("NFKC", plain)).strip(" .:;\u200b\ufeff")
    if not text:
        return Count(None, "dash" if typed.strip() and set(typed.strip()) <= {".", ":"} else "blank")
    if _SEVERAL_LINES.search(typed):
        return Count(None, "several")
    key = search_key(text)
    if set(key) <= _DASHES:
        return Count(None, "dash")
    if key.strip(" ./-") in _NONE:
        return Count(0, "none_in_words")
    if _PLAIN.fullmatch(text):
        return _bounded(text)
    return _with_words(text, key, of)


def is_scaled(rest: str) -> bool:
    """Whether a number before this text counts dozens, hundreds or thousands."""
    return bool(_SCALED.match(search_key(rest)))


def _in_brackets(raised: re.Match[str]) -> str:
    return f" ({raised[0]})"


def _bounded(digits: str, doubt: str = "") -> Count:
    plain = re.sub(r"[., ]", "", digits).lstrip("0") or "0"
    if len(plain) > len(str(MOST)) or int(plain) > MOST:
        return Count(None, "too_big")
    return Count(int(plain), doubt)


def _with_words(text: str, key: str, of: str) -> Count:
    if key.startswith("-") and _DECIMAL.fullmatch(f"0.{key[1:].strip()}"):
        return Count(None, "negative")
    if zeros := _ZERO_DECIMALS.fullmatch(text):
        return _bounded(zeros[1], "decimal_zero")
    if _COMMA_GROUPED.fullmatch(text):
        return _bounded(text, "comma")
    if _DECIMAL.fullmatch(text):
        return Count(None, "decimal")
    if text.endswith("%"):
        return Count(None, "percent")
    if both := _IN_WORDS.fullmatch(text):
        return _twice(both[1], both[2], both[3], of)
    if (spelled := spelled_out(_without_unit(key))) is not None:
        return Count(spelled, "words")
    if _ABOUT.match(key):
        about = re.search(rf"({_COUNT})", text)
        rest = text.replace(about[1], " ", 1) if about else ""
        return (
            _bounded(about[1], "about") if about and not re.search("[0-9]", rest) else Count(None, "letters")
        )
    if led := _LEADING.fullmatch(text):
        count = _followed(led[1], led[2] or "", of)
        # "1O" is a ten with a letter, or a one; "12người" is twelve.
        is_glued = count.doubt == "more_text" and text[led.end(1)].isalpha()
        return Count(None, "letters") if is_glued else count
    numbers = re.findall(_COUNT, text)
    return Count(None, "several" if len(numbers) > 1 else "letters")


def _followed(digits: str, rest: str, of: str) -> Count:
    """A number and the text behind it: the right unit word is fine, the wrong one is refused, other text is
    doubted.
    """
    if re.search("[0-9]", rest):
        return Count(None, "several")
    if re.match(r"\s*[-+*/=,%]", rest) or is_scaled(rest):
        return Count(None, "letters")
    words = f"{search_key(rest).strip(' .,;()')} "
    is_units = any(words.startswith(f"{word} ") for word in _UNITS)
    is_people = any(words.startswith(f"{word} ") for word in _PEOPLE)
    if (is_units and of == "people") or (is_people and of == "units"):
        return _bounded(digits, "other_unit")
    return _bounded(digits, "" if is_units or is_people or not words.strip() else "more_text")


def _twice(digits: str, inside: str, rest: str, of: str) -> Count:
    """`12 (mười hai)`: both numbers must be equal."""
    counted = _followed(digits, rest, of)
    spelled = spelled_out(_without_unit(search_key(inside)))
    if spelled is None:
        return Count(counted.value, counted.doubt or "more_text")
    return counted if spelled == counted.value else Count(None, "contradiction")


def _without_unit(key: str) -> str:
    for word in (*_UNITS, *_PEOPLE):
        key = key.removesuffix(f" {word}")
    return key


def spelled_out(words: str) -> int | None:
    """A number below a million in words without marks ("mot tram linh hai"), None for other words."""
    parts = words.replace("-", " ").replace(",", " ").split()
    if not parts:
        return None
    if "nghin" in parts or "ngan" in parts:
        at = parts.index("nghin") if "nghin" in parts else parts.index("ngan")
        thousands = _below_thousand(parts[:at])
        rest = _below_thousand(parts[at + 1 :]) if parts[at + 1 :] else 0
        return None if not thousands or rest is None else thousands * 1000 + rest
    return _below_thousand(parts)


def _below_thousand(parts: list[str]) -> int | None:
    total = 0
    if len(parts) >= 2 and parts[1] == "tram":
        if parts[0] not in _DIGITS:
            return None
        total, parts = _DIGITS[parts[0]] * 100, parts[2:]
        if not parts:
            return total
        if parts[0] in {"linh", "le"}:
            return total + _DIGITS[parts[1]] if len(parts) == 2 and _DIGITS.get(parts[1]) else None
    match parts:
        case ["muoi"]:
            return total + 10
        case ["muoi", unit] if _DIGITS.get(unit):
            return total + 10 + _DIGITS[unit]
        case [ten, "muoi"] if _DIGITS.get(ten, 0) > 1:
            return total + _DIGITS[ten] * 10
        case [ten, "muoi", unit] if _DIGITS.get(ten, 0) > 1 and _DIGITS.get(unit):
            return total + _DIGITS[ten] * 10 + _DIGITS[unit]
        case [unit] if unit in _DIGITS and not total:
            return _DIGITS[unit]
    return None
