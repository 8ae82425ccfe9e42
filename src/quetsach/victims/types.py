"""Types of reports as data: where the address stands, and what the type means.

`types.tsv` holds the types of Shadowserver's report_schema (facts of March 2026), `decided.tsv` our decisions
where the schema's classification says too little, `categories.tsv` the categories of n6. A table that
`quetsach victims update` wrote takes the place of the first.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from quetsach.errors import QuetsachError
from quetsach.files import packaged
from quetsach.text.json_limits import TooManyError, few
from quetsach.victims.report import Meaning

TABLE_SETTING = "QUETSACH_VICTIM_TYPES"
"""The environment variable that names a table of types in place of this program's."""
MOST_BYTES = 8 << 20
"""A schema file; Shadowserver's has 160 KB."""
MOST_TYPES = 5_000
_ADDRESSES = frozenset(("ip", "src_ip", "dst_ip", "http_referer_ip"))
_NAME = re.compile(r"[a-z0-9_]{1,80}", re.ASCII)
_BY_CLASSIFICATION = {
    "infected-system": Meaning.INFECTION,
    "system-compromise": Meaning.COMPROMISE,
    "vulnerable-system": Meaning.EXPOSED,
    "weak-crypto": Meaning.EXPOSED,
    "potentially-unwanted-accessible": Meaning.EXPOSED,
    "scanner": Meaning.ATTACK,
    "brute-force": Meaning.ATTACK,
    "ddos": Meaning.ATTACK,
    "malware-distribution": Meaning.ATTACK,
    "spam": Meaning.ATTACK,
}
"""Reference Security Incident Taxonomy, as the schema uses it."""
_HEADS = ("type", "taxonomy", "classification", "address")


class TypesError(QuetsachError):
    """The table of types cannot be read; `code` is `large`, `not_schema`, `no_types`, `unreadable` or
    `line`; `value` says where."""

    code = "types"

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(f"{code}: {value}" if value else code)
        self.code, self.value = code, value


class Known(NamedTuple):
    """A type as the schema gives it: names of its taxonomy and classification ("" for none), and the column
    of its address ("" for none)."""

    name: str
    taxonomy: str
    classification: str
    address: str


class Type(NamedTuple):
    """A type, and what it means. `why` is the code of the reason of a type that means nothing
    (`words.WHY`)."""

    name: str
    address: str
    meaning: Meaning
    why: str = ""


def twin(name: str) -> str:
    """The IPv4 type whose meaning an IPv6 type inherits; "" for a type that is no IPv6 type.

    >>> twin("scan6_smb"), twin("event6_sinkhole"), twin("device_id6"), twin("scan_smb")
    ('scan_smb', 'event4_sinkhole', 'device_id', '')
    """
    head, sign, tail = name.partition("6_")
    if sign and head in ("scan", "population", "event"):
        return f"{'event4' if head == 'event' else head}_{tail}"
    return name[:-1] if name.endswith("6") else ""


def judged(types: Iterable[Known]) -> dict[str, Type]:
    """Each type with its meaning: by our decision, else by its classification, else as its IPv4 twin."""
    rows = {one.name: one for one in types}
    found = {}
    for one in rows.values():
        like = one
        for name in (one.name, twin(one.name)):
            if name in _decided() or (name in rows and rows[name].classification):
                like = rows.get(name, one)
                break
        decided = _decided().get(like.name)
        if decided is not None:
            meaning, why = decided
        else:
            meaning = _BY_CLASSIFICATION.get(like.classification, Meaning.NONE)
            why = "" if meaning is not Meaning.NONE else "unclassified"
        if meaning is not Meaning.NONE and not one.address:
            meaning, why = Meaning.NONE, "no_address"
        found[one.name] = Type(one.name, one.address, meaning, why)
    return found


def _own(name: str) -> str:
    """A table of this program, which may lie in an archive."""
    return packaged.read(f"victims/{name}").decode()


@cache
def _decided() -> dict[str, tuple[Meaning, str]]:
    rows = _rows(_own("decided.tsv"))
    return {row[0]: (Meaning(row[1]), row[2]) for row in rows[1:]}


@cache
def categories() -> dict[str, Type]:
    """The categories of n6's events."""
    rows = _rows(_own("categories.tsv"))
    return {row[0]: Type(row[0], "address", Meaning(row[1]), row[2]) for row in rows[1:]}


def types() -> dict[str, Type]:
    """The types in use: those of the table that the setting names, of the person's own table, else of this
    program.

    Raises:
        TypesError: another table than this program's cannot be read.
    """
    named = os.environ.get(TABLE_SETTING, "")
    path = Path(named) if named else own_table()
    if not named and not path.is_file():
        return _built_in()
    try:
        state = path.stat()
        return _read(path, state.st_mtime_ns, state.st_size)
    except (OSError, UnicodeDecodeError) as error:
        raise TypesError("unreadable", f"{path}: {error}") from error


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> dict[str, Type]:
    return table(path.read_text(encoding="utf-8"), str(path))


@cache
def _built_in() -> dict[str, Type]:
    return table(_own("types.tsv"), "types.tsv")


def own_table() -> Path:
    """Where `quetsach victims update` keeps the table of this person (XDG Base Directory; %LOCALAPPDATA%)."""
    folder = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_DATA_HOME")
    return Path(folder or Path.home() / ".local/share") / "quetsach" / "victim-types.tsv"


def table(text: str, name: str) -> dict[str, Type]:
    """The types of a table that `written` made. Raises TypesError."""
    rows = _rows(text)
    if not rows or tuple(rows[0]) != _HEADS:
        raise TypesError("line", f"{name}: 1")
    known = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(_HEADS) or not _is_sane(Known(*row)):
            raise TypesError("line", f"{name}: {number}")
        known.append(Known(*row))
    return judged(known)


def _is_sane(one: Known) -> bool:
    words = (one.taxonomy, one.classification)
    return (
        _NAME.fullmatch(one.name) is not None
        and (one.address in _ADDRESSES or not one.address)
        and all(not word or re.fullmatch(r"[a-z0-9-]{1,80}", word) for word in words)
    )


def _rows(text: str) -> list[list[str]]:
    return [row for row in csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE) if row]


def from_schema(data: bytes) -> list[Known]:
    """The types of Shadowserver's `reports.json`: an object whose keys are types, each with `fields` and,
    where the publisher classified it, `classification.taxonomy` and `classification.type`.

    Raises:
        TypesError: it is another file.
    """
    if len(data) > MOST_BYTES:
        raise TypesError("large", str(MOST_BYTES >> 20))
    try:
        document = json.loads(few(data, groups=4 * MOST_TYPES, items=200 * MOST_TYPES))
    except (TooManyError, ValueError, RecursionError) as error:
        raise TypesError("not_schema", str(error)[:100]) from None
    if not isinstance(document, Mapping):
        raise TypesError("not_schema")
    found = [one for name, entry in document.items() if (one := _of_schema(name, entry)) is not None]
    if not found or len(found) < len(document):
        raise TypesError("no_types" if not found else "not_schema")
    return sorted(found)


def _of_schema(name: str, entry: Any) -> Known | None:
    fields = entry.get("fields") if isinstance(entry, Mapping) else None
    if not isinstance(fields, list) or not all(isinstance(one, str) for one in fields):
        return None
    address = next((one for one in fields if one in _ADDRESSES), "")
    taxonomy, kind = (str(entry.get(f"classification.{key}") or "") for key in ("taxonomy", "type"))
    known = Known(name, taxonomy, kind, address)
    return known if _is_sane(known) else None


def written(known: Iterable[Known]) -> str:
    """The table that `table` reads."""
    return "".join("\t".join(row) + "\n" for row in (_HEADS, *sorted(known)))
