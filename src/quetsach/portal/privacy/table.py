"""The table of stored personal data, from kept.toml: one source for page, deletion and test."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from quetsach.portal.env import env_int, env_str
from quetsach.portal.kit.language import language

OWN = Path(__file__).with_name("kept.toml")
OUTSIDE = ("machines.StoredClaim", "machines.StoredBinding")
"""Models whose rows end only where no case and no coverage needs them."""
TEXTS = ("what", "why", "basis", "seen_by", "until")


@dataclass(frozen=True)
class Ends:
    """When rows of one model end, and how: deleted, or emptied (`clear`), with new meaningless names in the
    fields of `rename`, which has a space between two.

    `outside`: only those that lie outside every case and every coverage (`privacy.outside`).
    """

    model: type[models.Model]
    when: tuple[str, ...]
    days: int
    act: str
    only: dict[str, Any]
    clear: dict[str, Any]
    rename: str = ""
    outside: bool = False


@dataclass(frozen=True)
class TableRow:
    """One row of the table: `texts` by language and column, its database fields, and its terms."""

    id: str
    texts: dict[str, dict[str, str]]
    fields: tuple[str, ...]
    ends: tuple[Ends, ...]

    def __getattr__(self, name: str) -> str:
        """`row.what`, `row.why`, … in the reader's language, with the number of days filled in."""
        if name not in TEXTS:
            raise AttributeError(name)
        days = str(max((end.days for end in self.ends), default=0))
        return self.texts[name][language()].replace("{days}", days)


@dataclass(frozen=True)
class Stored:
    """A folder below MEDIA_ROOT, and the columns (model, field) that hold the paths of its files."""

    folder: str
    columns: tuple[tuple[type[models.Model], str], ...]


@dataclass(frozen=True)
class Table:
    """All rows; the fields without personal data (`app.Model.field`, `app.Model.*`); folders of files."""

    rows: tuple[TableRow, ...]
    nobody: frozenset[str]
    stored: tuple[Stored, ...] = ()


def table() -> Table:
    """The table in force. Raises ImproperlyConfigured if an installation's own table cannot be used."""
    file = Path(env_str("QUETSACH_PRIVACY_TABLE") or OWN)
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = tuple(_row(row) for row in read["kept"])
        stored = tuple(_stored(each) for each in read.get("stored", ()))
        return Table(rows, frozenset(read["nobody"]["fields"]), stored)
    except (OSError, KeyError, TypeError, ValueError, LookupError, FieldDoesNotExist) as error:
        raise ImproperlyConfigured(f"{file}: {error!r}") from error


def _row(row: dict[str, Any]) -> TableRow:
    texts = {name: {language: str(row[name][language]) for language in ("vi", "en")} for name in TEXTS}
    return TableRow(row["id"], texts, tuple(row["fields"]), tuple(_ends(end) for end in row.get("ends", ())))


def _stored(read: dict[str, Any]) -> Stored:
    folder = str(read["folder"])
    if not folder.isalnum():
        raise ValueError(f"{folder!r}: the name of a folder below MEDIA_ROOT")
    columns = []
    for name in read["fields"]:
        model, _, field = name.rpartition(".")
        found = apps.get_model(model)
        found._meta.get_field(field)
        columns.append((found, field))
    if not columns:
        raise ValueError(f"{folder}: without a column that names its files all would go")
    return Stored(folder, tuple(columns))


def _ends(end: dict[str, Any]) -> Ends:
    days = env_int(end["setting"], end["days"]) if "setting" in end else end["days"]
    if end["act"] not in {"delete", "clear"} or not isinstance(days, int) or days < 1:
        raise ValueError(f"{end['model']}: act is delete or clear, days a whole number from 1 on")
    model = apps.get_model(end["model"])
    clear, rename = dict(end.get("clear", {})), end.get("rename", "")
    for name in [*clear, *rename.split()]:
        model._meta.get_field(name)
    outside = end.get("outside", False)
    if outside and (end["act"] != "delete" or model._meta.label not in OUTSIDE):
        raise ValueError(f"{end['model']}: only rows of {', '.join(OUTSIDE)} can lie outside, to be deleted")
    if model._meta.label in OUTSIDE and not outside:
        raise ValueError(f"{end['model']}: outside must be true, or cases would lose what they rest on")
    only = dict(end.get("only", {}))
    return Ends(model, tuple(end["when"]), days, end["act"], only, clear, rename, outside)
