"""Reading lists of indicators: plain, hosts, CSV and TSV, also as gzip (spec: indicators-and-logs 1).

Every line is an indicator, a comment, or a remark with its number and reason; nothing is dropped silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from quetsach import setfile
from quetsach.errors import IndicatorError
from quetsach.feeds import rows
from quetsach.feeds.item import parse
from quetsach.feeds.remark import REJECTS, WARNINGS, Reject, Remark
from quetsach.feeds.text import decode, read_bytes
from quetsach.indicator import Indicator, IndicatorSet, Scope


@dataclass(frozen=True, slots=True)
class FeedResult:
    """What lists gave: the merged set, and a remark for every line that is left out or was changed."""

    indicators: IndicatorSet
    rejects: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()


def read(
    path: Path | str, *, scope: Scope | None = None, columns: Mapping[str, str] | None = None
) -> FeedResult:
    """Read one list or compiled set.

    `scope` is that of domains that do not say their own (default: with subdomains, exact in hosts files);
    `columns` maps indicator, type and family to header names or numbers from 1.
    Raises IndicatorError when the file cannot be read to its end or a named column is missing.
    """
    return read_many([path], scope=scope, columns=columns)


def read_many(
    paths: Iterable[Path | str], *, scope: Scope | None = None, columns: Mapping[str, str] | None = None
) -> FeedResult:
    """Read several lists into one set; see `read`."""
    found: list[Indicator] = []
    rejects: list[Remark] = []
    warnings: list[Remark] = []
    for path in map(Path, paths):
        if str(path) != "-" and path.is_file() and setfile.is_set_file(path):
            found.extend(setfile.read(path))
            continue
        text, guess = decode(read_bytes(path))
        source = str(path)
        if guess is not None:
            warnings.append(Remark(source, 0, guess, "encoding", WARNINGS["encoding"]))
        _read_text(text, source, scope, columns, found, rejects, warnings)
    return FeedResult(IndicatorSet(found), tuple(rejects), tuple(warnings))


def read_text(
    text: str, source: str = "", *, scope: Scope | None = None, columns: Mapping[str, str] | None = None
) -> FeedResult:
    """Read a list that is already text; see `read`."""
    found: list[Indicator] = []
    rejects: list[Remark] = []
    warnings: list[Remark] = []
    _read_text(text, source, scope, columns, found, rejects, warnings)
    return FeedResult(IndicatorSet(found), tuple(rejects), tuple(warnings))


def _read_text(
    text: str,
    source: str,
    scope: Scope | None,
    columns: Mapping[str, str] | None,
    found: list[Indicator],
    rejects: list[Remark],
    warnings: list[Remark],
) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    values, default = _choose(lines, source, columns, warnings)
    scope = scope or default
    for value in values:
        try:
            if value.problem:
                raise Reject(value.problem)
            items, codes = parse(value.text, scope, value.kind)
        except Reject as reject:
            rejects.append(Remark(source, value.line, value.text, reject.code, REJECTS[reject.code]))
            continue
        if value.family:
            items = [replace(i, family=value.family) for i in items]
        found.extend(items)
        for code in (*codes, value.warning) if value.warning else codes:
            warnings.append(Remark(source, value.line, value.text, code, WARNINGS[code]))


def _choose(
    lines: list[str], source: str, columns: Mapping[str, str] | None, warnings: list[Remark]
) -> tuple[Iterator[rows.Value], Scope]:
    if not columns and rows.is_hosts(lines):
        return rows.hosts(lines), Scope.EXACT
    layout = rows.sniff(lines, columns)
    if layout is None or "indicator" not in layout.places:
        if columns and "indicator" in columns:
            raise IndicatorError(f"{source}: has no column '{columns['indicator']}'; look at its header line")
        return rows.plain(lines), Scope.WITH_SUBDOMAINS
    if layout.guessed:
        text = f"column {layout.places['indicator'] + 1}"
        warnings.append(Remark(source, 0, text, "columns-guessed", WARNINGS["columns-guessed"]))
    return rows.table(lines, layout), Scope.WITH_SUBDOMAINS
