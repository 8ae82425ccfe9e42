"""One version of a form: its words, rows and rules. Read from a mapping, checked, and written back.

The key of an authored version ends with a hash of its content: the content of a key can never change.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from quetsach.annexes.form.entry import TEXTS, adjust_key, note_key
from quetsach.annexes.form.expression import ExpressionError, kind_of, names_in, write_expression
from quetsach.annexes.form.figures import Figures
from quetsach.errors import QuetsachError

LEVELS = ("block", "warn", "info")
STAGES = ("report", "deadline")
KNOWN_FROM = ("", "received", "deployed", "informed", "done")
"""The portal's own counts for a row: units below that acknowledged or deployed, people informed or done."""
HEAD = ("mark", "title", "part1", "unit", "narrative", "proposals", "part2", "note")
COLUMNS = 4
MOST_ROWS = 40
FACTS = (
    "children", "external", "staff", "missing", "changed", "late_hours", "late_days",
    "self_counted", "sibling_ratio", "twin",
    "as_before", "raw", "adjusted", "own_unit", "form_current", "locked", "stale", "claimed",
    "hours_after_superior",
)  # fmt: skip
"""Facts that every form has; those of its rows are in `Form.facts`."""
_OF_IT = {"known_it", "total_it", "paper_it"}


class FormError(QuetsachError):
    """A definition is not consistent; `problems` are codes, each with its place."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{code} {about}" for code, about in problems))
        self.problems = problems


@dataclass(frozen=True)
class Row:
    """One row; `text` is the exact wording, `text_en` its English on the screen, where there is one.

    `short` by language. `counts_self`: a campaign may count the reporting unit itself in it.
    """

    key: str
    number: int
    text: str
    short: dict[str, str]
    known: str = ""
    counts_self: bool = False
    text_en: str = ""

    def said(self, lang: str) -> str:
        """The row's question, in `vi` or `en`; in English its short name where there is no `text_en`."""
        return self.text if lang == "vi" else self.text_en or self.short["en"]


@dataclass(frozen=True)
class Form:
    """One version of the annex. `ratio` names two rows whose ratio is compared with that of sibling units.

    `head` is the exact printed wording; `head_en` gives some or all of it in English for the screen.
    """

    version: str
    title: dict[str, str]
    head: dict[str, Any]
    rows: tuple[Row, ...]
    rules: tuple[dict[str, Any], ...]
    ratio: tuple[str, ...] = ()
    head_en: dict[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple(row.key for row in self.rows))

    def row(self, key: str) -> Row:
        """The row with that key. Raises KeyError."""
        return {row.key: row for row in self.rows}[key]

    def words(self, lang: str) -> dict[str, Any]:
        """The head in `vi` or `en`; words without an English text stay as printed."""
        return self.head if lang == "vi" else {**self.head, **self.head_en}

    @property
    def zero(self) -> Figures:
        """Zero in every row."""
        return Figures(dict.fromkeys(self.keys, 0))

    @property
    def facts(self) -> frozenset[str]:
        """Every name that a rule may use."""
        made = (f"{kind}_{key}" for kind in ("known", "total", "paper") for key in self.keys)
        texts = (*TEXTS, *map(note_key, self.keys))
        return frozenset((*FACTS, *self.keys, *made, *texts, "it"))

    def as_dict(self) -> dict[str, Any]:
        """The definition as stored; `read_form` reads it back."""
        stored: dict[str, Any] = {
            "version": self.version,
            "title": self.title,
            "head": self.head,
            "ratio": list(self.ratio),
            "row": [_stored(row) for row in self.rows],
            "rule": [dict(rule) for rule in self.rules],
        }
        # A definition without English texts keeps its content, and so its key, from before they existed.
        return stored | ({"head_en": self.head_en} if self.head_en else {})


def _stored(row: Row) -> dict[str, Any]:
    return {key: value for key, value in asdict(row).items() if key != "text_en" or value}


def content_key(name: str, definition: Mapping[str, Any]) -> str:
    """The key of an authored version: its name and the first ten digits of its content's SHA-256."""
    content = {key: value for key, value in definition.items() if key != "version"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{name[:28].strip('-')}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def read_form(data: Mapping[str, Any]) -> Form:
    """The form that a mapping defines. Raises FormError with all problems."""
    try:
        form = Form(
            version=data["version"],
            title=dict(data["title"]),
            head=dict(data["head"]),
            rows=tuple(Row(**row) for row in data["row"]),
            rules=tuple(data["rule"]),
            ratio=tuple(data.get("ratio") or ()),
            head_en=dict(data.get("head_en") or {}),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormError([("shape", str(error))]) from error
    problems = list(_problems(form))
    if problems:
        raise FormError(problems)
    return form


def _problems(form: Form) -> Iterator[tuple[str, str]]:
    if not 1 <= len(form.rows) <= MOST_ROWS:
        yield "rows", str(len(form.rows))
    for n, row in enumerate(form.rows, start=1):
        if (row.number, row.key) != (n, f"r{n}"):
            yield "number", str(row.number)
        if not row.text.strip() or not all(row.short.get(lang, "").strip() for lang in ("vi", "en")):
            yield "row_text", row.key
        if row.known not in KNOWN_FROM:
            yield "known", row.known
    for key in HEAD:
        if not str(form.head.get(key) or "").strip():
            yield "head", key
    if len(form.head.get("columns") or ()) != COLUMNS:
        yield "head", "columns"
    for key in form.head_en.keys() - set(HEAD):
        yield "head", key
    if form.ratio and (len(form.ratio) != 2 or not set(form.ratio) <= set(form.keys)):
        yield "ratio", "/".join(form.ratio)
    targets = {*form.keys, *TEXTS, *map(note_key, form.keys), *map(adjust_key, form.keys), "it", "figures"}
    facts = form.facts
    for rule in form.rules:
        name = str(rule.get("id", ""))
        if rule.get("level") not in LEVELS or rule.get("stage", "report") not in STAGES or not name:
            yield "level", name
        if rule.get("row") not in targets or not set(rule.get("each", ())) <= targets:
            yield "rule_row", name
        if not all(str(rule.get(lang, "")).strip() for lang in ("vi", "en")):
            yield "rule_text", name
        unknown = [asked for asked in names_in(rule.get("when")) if asked not in facts | _OF_IT]
        for asked in unknown:
            yield "fact", f"{name}: {asked}"
        if not unknown and not _is_condition(form, rule):
            yield "condition", f"{name}: {write_expression(rule.get('when'))}"


def _is_condition(form: Form, rule: Mapping[str, Any]) -> bool:
    """Whether a rule's condition is true or false, with numbers and texts each in their place."""
    texts = {*TEXTS, *map(note_key, form.keys)}
    for it in rule.get("each") or [rule.get("row")]:
        try:
            if kind_of(rule.get("when"), texts | ({"it"} if it in texts else set())) != "truth":
                return False
        except (ExpressionError, KeyError):
            return False
    return True


def _data(name: str) -> dict[str, Any]:
    file = files("quetsach.annexes.form") / "forms" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def refusals() -> dict[str, dict[str, str]]:
    """Why a figure cannot be read: code, then text by language, with {typed} for the typed text."""
    return _data("refusals")


BUILT_IN = ("annex-2022",)


@cache
def built_in(version: str) -> Form:
    """A packaged form. Raises KeyError for any other."""
    if version not in BUILT_IN:
        raise KeyError(version)
    return read_form(_data(version))
