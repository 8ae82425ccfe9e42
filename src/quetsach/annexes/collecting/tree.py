"""The list of units that should report: a table with a column of names, and perhaps of codes, short names and
superiors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from quetsach.annexes.collecting.files import xlsx
from quetsach.annexes.collecting.folding import key
from quetsach.annexes.collecting.names import Unit
from quetsach.annexes.collecting.paper import MOST_ROWS, FileProblem
from quetsach.files import bounded_process, workbook
from quetsach.text import delimited
from quetsach.text.vietnamese import nfc

_COLUMNS = {
    "name": ("ten don vi", "don vi", "ten", "ten co quan", "name", "unit"),
    "above": (
        "cap tren",
        "don vi cap tren",
        "co quan cap tren",
        "truc thuoc",
        "don vi cha",
        "parent",
        "superior",
    ),
    "alias": (
        "ten khac",
        "ten ngan",
        "ten viet tat",
        "viet tat",
        "ten goi khac",
        "short name",
        "alias",
        "aliases",
    ),
    "code": ("ma", "ma don vi", "ma so", "code"),
}


def read(name: str, data: bytes) -> tuple[Unit, ...]:
    """The units that should report, in the order of the file. A unit that others name as their superior,
    without a superior itself, is the collecting office and is left out.

    Raises FileProblem: `tree_empty`, `tree_encoding`, `tree_quotes`, `tree_twice`, and the problems of a
    workbook.
    """
    table = _csv(data) if name.lower().endswith((".csv", ".txt", ".tsv")) else _workbook(data)
    columns, rows = _headed(table)
    found: list[tuple[int, dict[str, str]]] = []
    for at, cells in rows:
        row = {what: nfc(cells[column]) for what, column in columns.items() if column < len(cells)}
        if row.get("name"):
            found.append((at, row))
    if not found:
        raise FileProblem("tree_empty")
    above = {key(row["name"]): row.get("above", "") for _at, row in found}
    superiors = {key(one) for one in above.values() if one}
    units: dict[str, Unit] = {}
    for at, row in found:
        if key(row["name"]) in superiors and not row.get("above"):
            continue
        path = _path(row.get("above", ""), above)
        aliases = tuple(filter(None, (nfc(one) for one in row.get("alias", "").replace(";", ",").split(","))))
        unit = Unit(row.get("code") or " / ".join((*path, row["name"])), row["name"], path, aliases)
        if unit.key in units:
            raise FileProblem("tree_twice", name=unit.name, line=at)
        units[unit.key] = unit
    return tuple(units.values())


def _path(name: str, above: dict[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    while name and name not in found and len(found) < 20:
        found.append(name)
        name = above.get(key(name), "")
    return tuple(reversed(found))


def _headed(table: Sequence[Sequence[str]]) -> tuple[dict[str, int], list[tuple[int, Sequence[str]]]]:
    numbered = [(at, cells) for at, cells in enumerate(table, 1) if any(cells)]
    for index, (_at, cells) in enumerate(numbered[:20]):
        keys = [key(cell) for cell in cells]
        columns = {
            what: keys.index(word)
            for what, words in _COLUMNS.items()
            for word in reversed(words)
            if word in keys
        }
        if "name" in columns and (len(columns) > 1 or len([one for one in keys if one]) <= 4):
            return columns, numbered[index + 1 :]
    return {"name": 0}, numbered


@bounded_process.bounded(
    seconds=20,
    raises=(FileProblem,),
    refused=lambda _error: FileProblem("limits"),
    imports=workbook.READING,
)
def _workbook(data: bytes) -> list[list[str]]:
    rows = xlsx.read(data).rows
    return [[cell.text for cell in row.cells] for row in rows if row.table == rows[0].table]


def _csv(data: bytes) -> list[list[str]]:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
        delimiter = max(",;\t", key=text[:4096].count)
        return list(islice(delimited.grid(text, delimiter), MOST_ROWS * 10))
    except UnicodeError as error:
        raise FileProblem("tree_encoding") from error
    except delimited.QuotesError as error:
        raise FileProblem("tree_quotes", line=error.line) from error
