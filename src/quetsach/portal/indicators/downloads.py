"""A list as other programs read it, with a count of what a form cannot say. Pure.

A canonical address has no character that a spreadsheet's formula needs; a family is free text and is guarded.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from quetsach.indicator import Indicator, Kind, Scope
from quetsach.listforms.form import spelled

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@dataclass(slots=True)
class Losses:
    """`left_out` entries have no form there at all; of `narrowed` names the subdomains are not covered."""

    left_out: int = 0
    narrowed: int = 0


def as_csv(indicators: Iterable[Indicator], _losses: Losses) -> Iterator[bytes]:
    """Columns indicator, type, family; `=x` is exact, `*.x` subdomains only. Reads back to the same set
    id."""
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(("indicator", "type", "family"))
    for one in indicators:
        rows.writerow((spelled(one), one.kind.value, guarded(one.family)))
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def as_plain(indicators: Iterable[Indicator], _losses: Losses) -> Iterator[bytes]:
    """One a line; `=x` is exact, `*.x` subdomains only. Reads back to the same set id."""
    for one in indicators:
        yield f"{spelled(one)}\n".encode()


def as_hosts(indicators: Iterable[Indicator], losses: Losses) -> Iterator[bytes]:
    """hosts(5) for blocking: whole names only."""
    for one in indicators:
        if one.kind is not Kind.DOMAIN or one.scope is Scope.SUBDOMAINS_ONLY:
            losses.left_out += 1
            continue
        losses.narrowed += one.scope is Scope.WITH_SUBDOMAINS
        yield f"0.0.0.0 {one.value}\n".encode()


@dataclass(frozen=True, slots=True)
class Form:
    """A download: how it is written, its file ending and media type."""

    write: Callable[[Iterable[Indicator], Losses], Iterator[bytes]]
    ending: str
    media_type: str


FORMS = {
    "csv": Form(as_csv, "csv", "text/csv; charset=utf-8"),
    "plain": Form(as_plain, "txt", "text/plain; charset=utf-8"),
    "hosts": Form(as_hosts, "hosts", "text/plain; charset=utf-8"),
}
