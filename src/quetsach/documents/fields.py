"""FIELDS.json: a letter or report as plain fields, read into a document; every error with its JSON path.

All twelve elements of a document must be there; null or empty prints a blank. Only `basis`, `annex` and, in a
report, `figures` may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Literal

from quetsach.documents import wording
from quetsach.documents.document import (
    LONGEST_TEXT,
    Annex,
    AnnexRow,
    Heading,
    Letter,
    Report,
    Signature,
    clean_text,
    unprintable,
)
from quetsach.errors import DocumentError

type Kind = Literal["letter", "report"]

MOST_BYTES = 2_000_000
MOST_ITEMS = 1_000
LARGEST_NUMBER = 999_999
LARGEST_COUNT = 9_999_999
PROBLEMS = {
    "json": "not JSON: line {line}, column {column}; check the quotation marks and commas there",
    "encoding": "not UTF-8; save the file as UTF-8",
    "large": "larger than {most} bytes; move what is long into an annex of its own",
    "object": "must be an object with the fields of a document; `quetsach document example` prints one",
    "unknown": "there is no such field; known are {known}",
    "missing": "is missing; `quetsach document example` shows all fields",
    "twice": "stands there twice; keep one",
    "text": "must be a text in quotation marks",
    "list": "must be a list of texts",
    "rows": "must be a list of rows, each with content and count",
    "row": "must be an object with content, count and, if you like, note",
    "empty": "must not be empty",
    "many": "has more than {most} entries; shorten it",
    "long": "longer than {most} characters; shorten it or attach it as a file",
    "control": "the character {char} cannot be printed; delete it",
    "number": "must be a whole number from 1 to {most}, or null for a blank",
    "count": "must be a whole number from 0 to {most}, or null for a blank",
    "date": "must be a day such as 2026-09-05, or null for a blank",
}
"""Codes of errors; texts for `str.format`."""


@dataclass(frozen=True)
class FieldProblem:
    """One error: `path` as in `$.to[1]`, a code of PROBLEMS and the values for its text."""

    path: str
    code: str
    values: tuple[tuple[str, str | int], ...] = ()

    def told(self, translate: Callable[[str], str] = str) -> str:
        """The error as a sentence, behind its path."""
        return f"{self.path}: {translate(PROBLEMS[self.code]).format(**dict(self.values))}"


class FieldsError(DocumentError):
    """Fields cannot become a document; `problems` has every error."""

    code = "fields"

    def __init__(self, problems: list[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.told() for problem in problems))


def load(raw: bytes) -> dict[str, Any]:
    """The fields of a file, unchecked. Raises FieldsError for a file that is no JSON object in UTF-8."""
    if len(raw) > MOST_BYTES:
        raise _one("$", "large", most=MOST_BYTES)
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _value in pairs]
            twice.extend(name for name in found if names.count(name) > 1)
        return found

    try:
        data = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=once)
    except UnicodeDecodeError:
        raise _one("$", "encoding") from None
    except json.JSONDecodeError as error:
        raise _one("$", "json", line=error.lineno, column=error.colno) from None
    except (RecursionError, ValueError):
        raise _one("$", "object") from None
    if twice:
        raise FieldsError([FieldProblem(f"$.{_shown(name)}", "twice") for name in twice])
    if not isinstance(data, dict):
        raise _one("$", "object")
    return data


def example(kind: Kind) -> str:
    """A filled-in FIELDS.json to start from."""
    return (files("quetsach.documents") / "examples" / f"{kind}.json").read_text(encoding="utf-8")


def kind_of(data: dict[str, Any]) -> Kind:
    """Letter or report, by a mark that only a report has: figures, or BC in the symbol."""
    symbol = data.get("symbol")
    is_report = "figures" in data or (isinstance(symbol, str) and symbol.upper().startswith("BC"))
    return "report" if is_report else "letter"


def to_document(kind: Kind, data: dict[str, Any]) -> Letter | Report:
    """The document. Raises FieldsError with every unknown, missing or wrong field."""
    read = _Reader(data, kind)
    if read.problems:
        raise FieldsError(read.problems)
    values = read.values
    heading = Heading(
        issuer="\n".join(values["issuer"]),
        symbol=values["symbol"],
        place=values["place"],
        superior="\n".join(values["superior"]),
        number=str(values["number"] or ""),
        day=values["date"],
    )
    texts = {
        "heading": heading,
        "subject": wording.about(values["subject"]),
        "addressees": values["to"],
        "paragraphs": values["body"],
        "signature": Signature(values["authority"], values["signer"]),
        "cc": values["cc"],
        "basis": values["basis"],
        "annex": _annex(kind, heading, values["annex"]),
    }
    return Letter(**texts) if kind == "letter" else Report(**texts, figures=values["figures"])


def _annex(kind: Kind, heading: Heading, annex: Annex | None) -> Annex | None:
    if annex is None:
        return None
    from dataclasses import replace

    name = "Công văn" if kind == "letter" else "Báo cáo"
    issuer = heading.issuer.replace("\n", " ")
    cited = wording.attached(name, heading.number, heading.symbol, heading.day, issuer)
    return replace(annex, attached_to=cited)


def _one(path: str, code: str, **values: str | int) -> FieldsError:
    return FieldsError([FieldProblem(path, code, tuple(values.items()))])


def _shown(name: str) -> str:
    """A name of the file, made safe to show in a message."""
    return "".join(char if char.isprintable() else "?" for char in name[:60])


class _Reader:
    """Reads fields one by one and keeps every error; `values` is complete when there is no error."""

    def __init__(self, data: dict[str, Any], kind: Kind) -> None:
        self.problems: list[FieldProblem] = []
        table = _FIELDS if kind == "letter" else {**_FIELDS, "figures": (_Reader.rows, False)}
        self.values = dict(self._fields("$", data, table))
        self.values.setdefault("figures", ())
        for name, least in (("issuer", 1), ("body", 1), ("authority", 1), ("to", kind == "letter")):
            if name in data and self.values.get(name) == () and isinstance(data[name], list) and least:
                self.fault(f"$.{name}", "empty")

    def fault(self, path: str, code: str, **values: str | int) -> None:
        self.problems.append(FieldProblem(path, code, tuple(values.items())))

    def _fields(self, path: str, data: dict[str, Any], table: _Table) -> Iterator[tuple[str, Any]]:
        for name in data:
            if name not in table:
                self.fault(f"{path}.{_shown(name)}", "unknown", known=", ".join(table))
        for name, (read, is_needed) in table.items():
            if name in data:
                yield name, read(self, f"{path}.{name}", data[name])
            elif is_needed:
                self.fault(f"{path}.{name}", "missing")
            else:
                yield name, _LEFT_OUT[name]

    def text(self, path: str, value: Any, *, may_be_empty: bool = True, keeps_lines: bool = False) -> str:
        if not isinstance(value, str):
            self.fault(path, "text")
        elif len(value) > LONGEST_TEXT:
            self.fault(path, "long", most=LONGEST_TEXT)
        elif strange := unprintable(value):
            self.fault(path, "control", char=f"U+{ord(strange):04X}")
        else:
            cleaned = clean_text(value, path)
            cleaned = cleaned if keeps_lines else " ".join(cleaned.split())
            if not cleaned and not may_be_empty:
                self.fault(path, "empty")
            return cleaned
        return ""

    def words(self, path: str, value: Any) -> str:
        return self.text(path, value, may_be_empty=False)

    def passage(self, path: str, value: Any) -> str:
        return self.text(path, value, keeps_lines=True)

    def texts(self, path: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            self.fault(path, "list")
            return ()
        if len(value) > MOST_ITEMS:
            self.fault(path, "many", most=MOST_ITEMS)
            return ()
        keeps_lines = path == "$.body"
        return tuple(
            self.text(f"{path}[{index}]", item, may_be_empty=False, keeps_lines=keeps_lines)
            for index, item in enumerate(value)
        )

    def texts_or_null(self, path: str, value: Any) -> tuple[str, ...]:
        return () if value is None else self.texts(path, value)

    def number(self, path: str, value: Any) -> int | None:
        return self._whole(path, value, 1, LARGEST_NUMBER, "number")

    def count(self, path: str, value: Any) -> int | None:
        return self._whole(path, value, 0, LARGEST_COUNT, "count")

    def _whole(self, path: str, value: Any, least: int, most: int, code: str) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.fault(path, code, most=most)
            return None
        return value

    def day(self, path: str, value: Any) -> date | None:
        if value is None:
            return None
        try:
            if isinstance(value, str) and len(value) == len("2026-09-05"):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.fault(path, "date")
        return None

    def rows(self, path: str, value: Any) -> tuple[AnnexRow, ...]:
        if not isinstance(value, list):
            self.fault(path, "rows")
            return ()
        if len(value) > MOST_ITEMS:
            self.fault(path, "many", most=MOST_ITEMS)
            return ()
        read = []
        for index, row in enumerate(value):
            here = f"{path}[{index}]"
            if not isinstance(row, dict):
                self.fault(here, "row")
                continue
            read.append(AnnexRow(number=index + 1, **{"content": "", **dict(self._fields(here, row, _ROW))}))
        return tuple(read)

    def annex(self, path: str, value: Any) -> Annex | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(path, "object")
            return None
        found = dict(self._fields(path, value, _ANNEX))
        return Annex(**{"rows": (), **found, "title": found.get("title") or Annex.title})


type _Table = dict[str, tuple[Callable[[_Reader, str, Any], Any], bool]]

_FIELDS: _Table = {
    "superior": (_Reader.texts_or_null, True),
    "issuer": (_Reader.texts, True),
    "number": (_Reader.number, True),
    "symbol": (_Reader.words, True),
    "place": (_Reader.words, True),
    "date": (_Reader.day, True),
    "subject": (_Reader.words, True),
    "to": (_Reader.texts, True),
    "basis": (_Reader.texts, False),
    "body": (_Reader.texts, True),
    "cc": (_Reader.texts, True),
    "authority": (_Reader.texts, True),
    "signer": (_Reader.text, True),
    "annex": (_Reader.annex, False),
}
_ROW: _Table = {
    "content": (_Reader.words, True),
    "count": (_Reader.count, True),
    "note": (_Reader.text, False),
}
_ANNEX: _Table = {
    "title": (_Reader.text, False),
    "unit": (_Reader.text, False),
    "assessment": (_Reader.passage, False),
    "proposals": (_Reader.passage, False),
    "rows": (_Reader.rows, True),
    "footnote": (_Reader.text, False),
}
_LEFT_OUT: dict[str, Any] = {
    "basis": (), "annex": None, "figures": (), "note": "", "title": "", "unit": "", "assessment": "",
    "proposals": "", "footnote": "",
}  # fmt: skip
