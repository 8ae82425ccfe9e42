"""A table or JSON Lines of any origin, with its columns named on the command line (`--fields`).

The map becomes log formats in the words of docs/log-formats.md, so that both engines read them like all
others.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from quetsach.errors import ScanError, SourceError
from quetsach.logs.roles import IDENTITY, ROLE_NAMES, ROLES, SINGLE_ROLES

_SEPARATORS = (",", ";", "\t", "|")
_TIMES = ("iso8601", "epoch_auto", "slash", "clf", "bind", "ctime", "syslog", "windows")
_ACTIONS = {
    "blocked": ("block", "blocked", "deny", "denied", "drop", "dropped", "reject", "rejected", "refused"),
    "allowed": ("allow", "allowed", "accept", "accepted", "pass", "passed", "permit", "permitted", "forward"),
    "attempt": ("attempt", "timeout", "failed", "nxdomain", "servfail"),
}
_MOST_SHOWN = 40
_PATH = re.compile(r"[^\[\].]+(?:\[\])?(?:\.[^\[\].]+(?:\[\])?)*")


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The role of each column. `optional` columns may be missing."""

    columns: Mapping[str, tuple[str, ...]]
    optional: frozenset[str] = field(default_factory=frozenset)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column once."""
        return tuple(dict.fromkeys(name for names in self.columns.values() for name in names))

    def formats(self) -> list[str]:
        """The log formats, as text of their files."""
        needed = [name for name in self.names if name not in self.optional]
        # If all columns are optional, any one of them marks a header.
        named = [needed] if needed else [[name] for name in self.names]
        shapes: list[Mapping[str, str | list[str]]] = [
            {"type": "delimited", "header": "csv", "separator": one, "named": names}
            for one in _SEPARATORS
            for names in named
        ]
        formats = [
            self._format("fields.csv", shapes),
            self._format("fields.flat", [{"type": "json", "keys": "flat"}]),
        ]
        if self._are_paths:
            formats.append(self._format("fields.nested", [{"type": "json", "keys": "nested"}]))
        return formats

    @property
    def _are_paths(self) -> bool:
        return all(_PATH.fullmatch(name) for name in self.names)

    def choose(self, head: bytes) -> str | None:
        """The format of a file by its first bytes; None for an empty file.

        Raises:
            SourceError: a column is missing; names the columns that are there.
        """
        lines = [line for line in head.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
        if not lines:
            return None
        objects = list(_objects(lines))
        if objects:
            keys = dict.fromkeys(key for one in objects for key in one)
            is_flat = not self._are_paths or any(name in keys for name in self.names if "." in name)
            there = (
                keys
                if is_flat
                else {name for name in self.names if any(_has(one, name) for one in objects)} | set(keys)
            )
            self._check(set(there), keys)
            return "fields.flat" if is_flat else "fields.nested"
        text = lines[0].decode("utf-8", "surrogateescape")
        readings = [next(csv.reader([text], delimiter=separator)) for separator in _SEPARATORS]
        best = max(readings, key=lambda cells: (sum(name in cells for name in self.names), len(cells)))
        self._check(set(best), best)
        return "fields.csv"

    def _check(self, there: set[str], shown: Iterable[str]) -> None:
        missing = [name for name in self.names if name not in there and name not in self.optional]
        if missing:
            columns = [name.strip() for name in shown]
            more = f" and {len(columns) - _MOST_SHOWN} more" if len(columns) > _MOST_SHOWN else ""
            raise SourceError(
                f"has no column {', '.join(missing)}; it has: {', '.join(columns[:_MOST_SHOWN])[:2000]}{more}"
            )

    def _format(self, name: str, shapes: Sequence[Mapping[str, str | list[str]]]) -> str:
        lines = [f"name = {_quoted(name)}", "[recognise]"]
        for shape in shapes:
            lines.append("[[shape]]")
            for key, value in shape.items():
                lines.append(f"{key} = {_quoted(value) if isinstance(value, str) else _list(value)}")
        lines += (
            "[[variant]]",
            'name = "row"',
            f"when = [{{ fields = {_list(self.names)}, present = true }}]",
        )
        lines += (
            f"{role} = {_list(names)}"
            for role, names in self.columns.items()
            if role in ROLES or role in SINGLE_ROLES
        )
        if "time" in self.columns:
            lines.append(f"time = {{ fields = {_list(self.columns['time'])}, as = {_list(_TIMES)} }}")
        identity = {
            key: self.columns[f"identity.{key}"] for key in IDENTITY if f"identity.{key}" in self.columns
        }
        if identity:
            pairs = ", ".join(f"{key} = {_list(names)}" for key, names in identity.items())
            lines.append(f"identity = {{ {pairs} }}")
        if "action" in self.columns:
            lines.append("actions = [")
            for action, words in _ACTIONS.items():
                spelled = [spelling for word in words for spelling in (word, word.capitalize(), word.upper())]
                test = f"{{ fields = {_list(self.columns['action'])}, in = {_list(spelled)} }}"
                lines.append(f"  {{ action = {_quoted(action)}, when = [{test}] }},")
            lines.append("]")
        return "\n".join(lines) + "\n"


def parse(text: str) -> FieldMap:
    """`client=src_ip,query=qname,time=ts`; a role may stand more than once, `name?` may be missing.

    Raises:
        ScanError: names the unknown role, or the malformed entry.
    """
    columns: dict[str, tuple[str, ...]] = {}
    optional: set[str] = set()
    for part in next(csv.reader([text])):
        role, _equals, name = (piece.strip() for piece in part.partition("="))
        if role not in ROLE_NAMES or not name.rstrip("?"):
            roles = ", ".join(ROLE_NAMES)
            raise ScanError(
                f"--fields: '{part.strip()}' is not written like client=COLUMN; there are {roles}"
            )
        if name.endswith("?"):
            name = name[:-1]
            optional.add(name)
        columns[role] = (*columns.get(role, ()), name)
    if not columns.keys() & {"server", "query", "answers", "host", "url", "server_name"}:
        raise ScanError(
            "--fields names no column that could show a listed address: server, query, host, url, …"
        )
    return FieldMap(columns, frozenset(optional))


def _objects(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for line in lines[:1000]:
        if not line.lstrip().startswith(b"{"):
            return
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def _has(value: Any, path: str) -> bool:
    for key in path.split("."):
        name = key.partition("[")[0]
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True


def _quoted(text: str) -> str:
    """A TOML basic string: a JSON string, except for DEL."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, values))}]"
