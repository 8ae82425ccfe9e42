"""The Decree's demands on the form of a document, as a table of rules, and findings against them.

`lint_fields` checks FIELDS.json, whose marks and layout the program sets itself; `lint_printed` checks
finished files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

type Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Rule:
    """`article` is the place in Decree 30/2020/NĐ-CP; `text` is for `str.format` with found and should."""

    severity: Severity
    article: str
    text: str


RULES = {
    "country": Rule("error", "Phụ lục I, II.1", 'the country\'s name reads "{found}"; write "{should}"'),
    "motto": Rule("error", "Phụ lục I, II.1", 'the motto reads "{found}"; write "{should}"'),
    "no-country": Rule("error", "Phụ lục I, II.1", "the country's name and motto are not there"),
    "symbol": Rule("error", "Phụ lục I, II.3", 'the symbol "{found}" is written "{should}"'),
    "number-zero": Rule("error", "Phụ lục I, II.3", 'the number "{found}" is written "{should}"'),
    "number-blank": Rule("note", "Phụ lục I, II.3", "the number is blank; the office's registry gives it"),
    "no-number": Rule("error", "Phụ lục I, II.3", "the line with number and symbol is not there"),
    "date-zero": Rule("error", "Phụ lục I, II.4", 'the date "{found}" is written "{should}"'),
    "date-blank": Rule(
        "note", "Phụ lục I, II.4", "the date is blank; it is given when the document is issued"
    ),
    "no-date": Rule("error", "Phụ lục I, II.4", "the line with place and date is not there"),
    "subject-end": Rule(
        "error", "Phụ lục I, II.5", 'the subject has no end: "{found}" is written "{should}"'
    ),
    "subject-long": Rule("error", "Phụ lục VI", "the subject has {found} characters; at most {should} fit"),
    "addressee-mark": Rule("error", "Phụ lục I, II.9.a", 'the addressee "{found}" is written "{should}"'),
    "no-addressee": Rule("error", "Phụ lục I, II.9.a", 'the line "Kính gửi" is not there'),
    "end": Rule("error", "Phụ lục III", 'the text ends with "{found}"; it ends with "{should}"'),
    "same-as-above": Rule("error", "Phụ lục I, II.9.b", '"{found}" is written "{should}"'),
    "recipient-mark": Rule("error", "Phụ lục I, II.9.b", 'the recipient "{found}" is written "{should}"'),
    "no-archive": Rule(
        "error", "Phụ lục I, II.9.b", 'the recipients end with "{should}", the office\'s own copy'
    ),
    "no-recipients": Rule("error", "Phụ lục I, II.9.b", 'the list "Nơi nhận" is not there'),
    "authority": Rule("error", "Phụ lục I, II.7.a", 'the authority "{found}" is written "{should}"'),
    "deputy": Rule("warning", "Điều 13", '"{found}" signs for the head: a line "{should}" stands above it'),
    "academic-title": Rule("error", "Phụ lục I, II.7.b", 'the signer "{found}" is written "{should}"'),
    "signer-blank": Rule("note", "Phụ lục I, II.7.b", "the signer's name is blank"),
    "annex-word": Rule("error", "Phụ lục I, II.13", '"{found}" above the annex is written "{should}"'),
    "annex-cited": Rule("error", "Phụ lục I, II.13", 'under the annex\'s title "{should}" is missing'),
    "composed": Rule(
        "error", "TCVN 6909:2001", "letters and marks are stored apart; a search would not find them"
    ),
    "invisible": Rule("error", "TCVN 6909:2001", "there are invisible marks in the text"),
    "spaces": Rule("warning", "Phụ lục I", "there are doubled spaces in the text"),
    "typed-mark": Rule(
        "warning", "FIELDS.json", 'the program sets marks and ends: "{found}" becomes "{should}"'
    ),
    "too-long": Rule(
        "error", "Phụ lục VI", "{found} characters; at most {should} fit when sent between offices"
    ),
    "paper": Rule("error", "Phụ lục I, I.1", "the page measures {found} mm; A4 is {should} mm"),
    "margin": Rule("error", "Phụ lục I, I.2", "this margin is {found} mm; it is {should} mm"),
    "typeface": Rule("error", "Phụ lục I, I.3", "letters in {found}; the typeface is {should}"),
    "size": Rule("error", "Phụ lục I, V", '"{text}" is in {found} points; the size is {should}'),
    "bold": Rule("error", "Phụ lục I, V", '"{text}" is not bold'),
    "italic": Rule("error", "Phụ lục I, V", '"{text}" is not italic'),
    "page-number": Rule(
        "error",
        "Phụ lục I, I.4",
        "pages from the second on carry their number in the middle of the top margin",
    ),
}


@dataclass(frozen=True)
class Finding:
    """One deviation from a rule of RULES: its place, the text found and the text expected."""

    rule: str
    where: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def severity(self) -> Severity:
        """`error`, `warning`, or `note` for a blank that will be filled in later."""
        return RULES[self.rule].severity

    def told(self, translate: Callable[[str], str] = str) -> str:
        """The finding as a sentence, behind its place."""
        return f"{self.where}: {translate(RULES[self.rule].text).format(**dict(self.values))}"


def found(rule: str, where: str, **values: str) -> Finding:
    """A finding; long texts are cut, as they are shown only for recognition."""
    return Finding(rule, where, tuple((name, _short(value)) for name, value in values.items()))


def _short(text: str, most: int = 60) -> str:
    """Start and end of a long text: the deviation is often at its end."""
    return text if len(text) <= most else f"{text[: most - 21]}…{text[-20:]}"


LETTERS: dict[str, tuple[tuple[float, float], bool, bool]] = {
    "country": ((12, 13), True, False),
    "motto": ((13, 14), True, False),
    "issuer": ((12, 13), True, False),
    "number": ((13, 13), False, False),
    "date": ((13, 14), False, True),
    "subject": ((12, 14), False, False),
    "addressee": ((13, 14), False, False),
    "body": ((13, 14), False, False),
    "authority": ((13, 14), True, False),
    "signer": ((13, 14), True, False),
    "recipients": ((12, 12), True, True),
    "recipient": ((11, 11), False, False),
}
"""Element: sizes from and to, whether it must be bold, whether italic (annex I, V)."""
