"""Checks FIELDS.json: its deviations, and the same fields with every repair that a program can make."""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from quetsach.documents import wording
from quetsach.documents.lint import Finding, found
from quetsach.text.marks import normalize

SAME_AS_ABOVE = "Như trên"
ARCHIVE = "Lưu: VT"
_TITLES = re.compile(
    r"^(?:(?:GS|PGS|TSKH|TS|ThS|BS|DS|KS|CN|LS|NGƯT|NGND"
    r"|Giáo sư|Phó Giáo sư|Tiến sĩ|Thạc sĩ|Bác sĩ|Kỹ sư|Cử nhân)(?:\.\s*|\s+))+",
    re.IGNORECASE,
)
_AS_ADDRESSED = re.compile(r"^như (?:kính gửi|trên kính gửi|nơi gửi)\b", re.IGNORECASE)
LENGTHS = {"symbol": 30, "subject": 500, "signer": 50}
"""The limits of the data sent with a document between offices (annex VI)."""
_LISTS = ("superior", "issuer", "to", "cc", "authority")


def lint(data: dict[str, Any]) -> tuple[list[Finding], dict[str, Any]]:
    """Findings in the order of the fields, and the repaired fields. `data` already has the right shape."""
    repaired = copy.deepcopy(data)
    findings: list[Finding] = []
    for rule, names, repair in _STEPS:
        for name in names:
            if name in repaired:
                repaired[name] = _repair(findings, rule, f"$.{name}", repaired[name], repair)
    body = repaired["body"]
    if body and body[-1].rstrip().endswith(wording.END):
        bare = body[-1].rstrip().removesuffix(wording.END)
        findings.append(
            found("typed-mark", f"$.body[{len(body) - 1}]", found=body[-1][-20:], should=bare[-20:])
        )
        body[-1] = bare
    if not any(item.lower().startswith("lưu") for item in repaired["cc"]):
        findings.append(found("no-archive", "$.cc", should=ARCHIVE))
        repaired["cc"].append(ARCHIVE)
    findings += _blanks(repaired)
    findings += deputies(repaired["authority"], "$.authority")
    findings += _lengths(repaired)
    order = list(data)
    findings.sort(key=lambda finding: order.index(re.split(r"[.\[]", finding.where)[1]))
    return findings, repaired


def without_titles(name: str) -> str:
    """A signer's name without academic titles."""
    return _TITLES.sub("", name)


def as_above(item: str) -> str:
    """`Như trên` for its other wordings."""
    return _AS_ADDRESSED.sub(SAME_AS_ABOVE, item)


def symbol(text: str) -> str:
    """Capitals, no spaces around the strokes (II.3)."""
    return "".join(part.strip() for part in re.split("([/-])", wording.capitals(text)))


def deputies(lines: list[str], where: str) -> Iterator[Finding]:
    """A deputy signs with `KT.` and the head's title above (article 13)."""
    for above, line in zip(["", *lines], lines, strict=False):
        bare = wording.authority(line)
        if bare.startswith("PHÓ ") and not wording.authority(above).startswith("KT."):
            yield found("deputy", where, found=line, should=f"KT. {bare.removeprefix('PHÓ ')}")


def composed(text: str) -> str:
    """NFC."""
    return normalize("NFC", text)


def visible(text: str) -> str:
    """The text without marks that print nothing."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def _single_spaces(text: str) -> str:
    return re.sub(r"(?<=\S)[ \t\u00a0]{2,}(?=\S)", " ", text)


def _dotted_form(line: str) -> str:
    """`TL CHỦ TỊCH` with its full stop; printing sets the capitals."""
    return re.sub(r"^(TM|KT|TL|TUQ|Q)(?:\.\s*|\s+)", lambda form: f"{form[1]}. ", line)


def _subject(text: str) -> str:
    bare = text.rstrip(" .;")
    return text if bare == text.rstrip() else bare


_ALL = (
    "superior", "issuer", "symbol", "place", "subject", "to", "basis", "body", "cc", "authority", "signer",
)  # fmt: skip
_STEPS: tuple[tuple[str, tuple[str, ...], Callable[[str], str]], ...] = (
    ("composed", _ALL, composed),
    ("invisible", _ALL, visible),
    ("spaces", _ALL, _single_spaces),
    ("symbol", ("symbol",), symbol),
    ("subject-end", ("subject",), _subject),
    ("typed-mark", (*_LISTS, "basis"), wording.bare),
    ("same-as-above", ("cc",), as_above),
    ("authority", ("authority",), _dotted_form),
    ("academic-title", ("signer",), without_titles),
)
"""Rule, its fields, and the repair; a text that the repair changes has deviated."""


def _repair(findings: list[Finding], rule: str, where: str, value: Any, repair: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_repair(findings, rule, f"{where}[{at}]", item, repair) for at, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    better = repair(value)
    if better == value or not better:
        return value
    findings.append(found(rule, where, found=value, should=better))
    return better


def _blanks(data: dict[str, Any]) -> Iterator[Finding]:
    for name, rule in (("number", "number-blank"), ("date", "date-blank"), ("signer", "signer-blank")):
        if not data[name]:
            yield found(rule, f"$.{name}")


def _lengths(data: dict[str, Any]) -> Iterator[Finding]:
    measured = {**{name: data[name] for name in LENGTHS}, "issuer": " ".join(data["issuer"])}
    for name, text in measured.items():
        most = LENGTHS.get(name, 200)
        if len(text) > most:
            yield found("too-long", f"$.{name}", found=str(len(text)), should=str(most))
