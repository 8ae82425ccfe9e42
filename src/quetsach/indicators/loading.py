"""Loads lists of indicators for a scan, a check or a campaign: reads them and applies the guard rails.

Command line, Python, stick and portal load lists here and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from quetsach.errors import IndicatorError
from quetsach.files.source import is_set_file
from quetsach.indicators import guard
from quetsach.indicators.guard import Group, GroupCount, GuardResult, Organisation
from quetsach.indicators.guards import warninglists
from quetsach.indicators.indicator import IndicatorSet, Kind, Scope
from quetsach.indicators.lists.item import spelled

if TYPE_CHECKING:
    from quetsach.indicators.draft import Draft
    from quetsach.indicators.guards.overrides import Override
    from quetsach.indicators.reading import FeedResult, Recognised

COLUMNS = ("indicator", "type", "family")
"""The roles of a table's columns."""
_LIKE_LOGS = frozenset(("plain", "csv", "json", "hosts"))
"""Forms of lists that would also accept a log."""


class CompiledError(IndicatorError):
    """Options say how to read a list, but the set was compiled before.

    `names` are fields of `Choice`: scope, columns, list_format.
    """

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        super().__init__(
            f"{path} is compiled, and {', '.join(names)} cannot change it; compile the list again with it."
        )
        self.path, self.names = path, tuple(names)


class NothingLeftError(IndicatorError):
    """No entry of the lists can be used. `left_out` counts the entries left out, 0 for empty lists."""

    def __init__(self, files: Sequence[Path], left_out: int) -> None:
        places = ", ".join(map(str, files))
        super().__init__(
            f"no entry of the list can be used, {left_out} left out: {places}"
            if left_out
            else f"{places}: the list is empty; check that it was fetched whole"
        )
        self.files, self.left_out = tuple(files), left_out


class Choice(NamedTuple):
    """How lists are read and judged.

    `scope` is that of names that do not say their own, otherwise the form of the list decides; `columns` map
    indicator, type and family to headings or numbers from 1; `list_format` is a name of `indicators.forms`.
    `organisation` must not be listed; `overrides` is a CSV of exceptions; `warning_lists` is a folder or
    archive in place of the packaged lists. `judges_sets` judges a compiled set like any list,
    where its maker is not trusted; `is_bounded` reads strangers' lists beside other work, so far as
    that allows. `open_pack` gives the set of a signed pack, None for
    a file that is no pack; without it a pack is read like any list, and refused.
    """

    scope: Scope | None = None
    columns: Mapping[str, str] | None = None
    list_format: str | None = None
    guard_rails: bool = True
    organisation: Organisation = Organisation()
    overrides: Path | None = None
    warning_lists: Path | None = None
    judges_sets: bool = False
    is_bounded: bool = False
    open_pack: Callable[[Path], IndicatorSet | None] | None = None

    @property
    def judges(self) -> bool:
        """Whether a compiled set must be judged again: it is not trusted, or the choice adds own rules."""
        is_given = self.overrides is not None or self.warning_lists is not None
        return self.judges_sets or any(self.organisation) or is_given

    def refuse_shape(self, path: Path) -> None:
        """Raises CompiledError where options say how to read a set that was compiled before."""
        given = {"scope": self.scope, "columns": self.columns, "list_format": self.list_format}
        if named := [name for name, value in given.items() if value]:
            raise CompiledError(path, named)


class Judged(NamedTuple):
    """The result of the guard rails for one group of lists or values.

    `found` is the result of reading lists, None for bare values; `compiled` is the compiled set file of which
    nothing was left out, because it was judged when it was compiled; `overrides` is the file of the
    exceptions.
    """

    guarded: GuardResult
    found: FeedResult | None = None
    compiled: Path | None = None
    overrides: Path | None = None


class Lists(NamedTuple):
    """The indicators of several lists together, and the judgement of each part."""

    indicators: IndicatorSet
    parts: tuple[Judged, ...] = ()

    @property
    def recognised(self) -> list[Recognised]:
        """Each list, its form, and how many entries it gave and lost."""
        return [one for part in self.parts if part.found is not None for one in part.found.recognised]

    @property
    def idle(self) -> Sequence[Override]:
        """Exceptions that name no entry."""
        return self.parts[-1].guarded.idle if self.parts else ()

    @property
    def groups(self) -> list[GroupCount]:
        """The groups of doubtful entries, over all parts. A compiled set was judged when it was compiled:
        what it holds is kept."""
        kept: Counter[Group] = Counter()
        left_out: Counter[Group] = Counter()
        for part in self.parts:
            for one in part.guarded.groups:
                is_set = part.compiled is not None
                kept[one.group] += one.kept + (one.left_out if is_set else 0)
                left_out[one.group] += 0 if is_set else one.left_out
        found = (GroupCount(group, kept[group], left_out[group]) for group in Group)
        return [one for one in found if one.kept or one.left_out]

    @property
    def left_out(self) -> int:
        """The number of entries left out, for their form or by a guard rail."""
        return sum(
            (len(part.found.rejects) if part.found is not None else 0) + len(part.guarded.stopped)
            for part in self.parts
            if part.compiled is None
        )


class _Rails(NamedTuple):
    """The files of a choice for the guard rails, read before the lists, which may be large."""

    overrides: Sequence[Override]
    lists: Sequence[warninglists.WarningList] | None

    @classmethod
    def of(cls, choice: Choice) -> _Rails:
        """Raises IndicatorError where the exceptions or the warning lists cannot be read."""
        return cls(
            guard.read_overrides(choice.overrides) if choice.overrides is not None else (),
            warninglists.read(choice.warning_lists) if choice.warning_lists is not None else None,
        )


def is_compiled(path: Path) -> bool:
    """Whether the file is a compiled set. Raises IndicatorError where it cannot be read."""
    try:
        # A pipe can be read only once.
        return path.is_file() and is_set_file(path)
    except OSError as error:
        raise IndicatorError(
            f"{path}: cannot be read: {error.strerror}; check that it exists and may be read"
        ) from error


def lone_set(files: Sequence[Path], choice: Choice) -> Path | None:
    """The compiled set that is used as it is: it is the only file, and the guard rails need not judge it
    again.

    Raises CompiledError for a choice of how to read it, IndicatorError where it cannot be read.
    """
    if len(files) != 1 or choice.judges or not is_compiled(files[0]):
        return None
    choice.refuse_shape(files[0])
    return files[0]


def read(
    files: Sequence[Path],
    choice: Choice,
    *,
    draft: Callable[[], Draft | None] = lambda: None,
    log_format: Callable[[Path], str] | None = None,
) -> Lists:
    """Read lists and apply the guard rails; entries of a signed pack or a compiled set have passed them
    before.

    `draft` gives an empty draft where the native engine is present (`draft.available`). `log_format` names
    the format of a file of log lines, "" for any other file; with it a log in place of a list is refused.

    Raises:
        IndicatorError: a list cannot be read, or the choice names columns without a role.
        Refused: a pack must not be used.
    """
    if unknown := (choice.columns or {}).keys() - set(COLUMNS):
        raise IndicatorError(f"columns: {', '.join(sorted(unknown))}: there are {', '.join(COLUMNS)}")
    if all(map(is_compiled, files)) and files:
        choice.refuse_shape(files[0])
    parts: list[tuple[IndicatorSet, Judged | None]] = []
    others: list[Path] = []
    for file in files:
        packed = choice.open_pack(file) if choice.open_pack is not None else None
        if packed is not None:
            parts.append((packed, None))
        elif not choice.judges and is_compiled(file):
            from quetsach.indicators import reading

            found = reading.read_many([file], draft=draft())
            guarded = guard.apply(found.indicators, is_judged=True)
            parts.append((guarded.kept, Judged(guarded, found, compiled=file)))
        else:
            others.append(file)
    if others or not files:
        judged = _read(others, choice, draft, log_format)
        parts.append((judged.guarded.kept, judged))
    told = tuple(judged for _items, judged in parts if judged is not None)
    if len(parts) == 1:
        return Lists(parts[0][0], told)
    return Lists(IndicatorSet(item for items, _judged in parts for item in items), told)


def _read(
    files: Sequence[Path],
    choice: Choice,
    draft: Callable[[], Draft | None],
    log_format: Callable[[Path], str] | None,
) -> Judged:
    # A compiled set needs no reader of lists, and they take long to import.
    from quetsach.indicators import reading

    rails = _Rails.of(choice)
    if choice.list_format is not None:
        log_format = None
    try:
        found = reading.read_many(
            files,
            scope=choice.scope,
            columns=choice.columns,
            format=choice.list_format,
            draft=draft(),
            is_bounded=choice.is_bounded,
        )
    except reading.NoListError as error:
        if log_format is not None:
            _refuse_log(Path(error.source), log_format)
        raise
    if log_format is not None:
        _refuse_logs(found, log_format)
    return _judged(found.indicators, choice, rails, found)


def judge(items: IndicatorSet, choice: Choice) -> Lists:
    """Apply the guard rails to indicators that are in no list.

    Raises IndicatorError where the exceptions or the warning lists cannot be read.
    """
    judged = _judged(items, choice, _Rails.of(choice))
    return Lists(judged.guarded.kept, (judged,))


def _judged(
    items: IndicatorSet,
    choice: Choice,
    rails: _Rails,
    found: FeedResult | None = None,
) -> Judged:
    if not choice.guard_rails:
        return Judged(GuardResult(items, (), ()), found)
    guarded = guard.apply(
        items, organisation=choice.organisation, overrides=rails.overrides, lists=rails.lists
    )
    return Judged(guarded, found, overrides=choice.overrides)


def grouped(items: IndicatorSet, choice: Choice) -> dict[tuple[Kind, str], Group]:
    """The groups of the doubtful entries of a set, for `writing.write`, whatever was decided about them.

    Raises IndicatorError where the warning lists cannot be read.
    """
    return guard.grouped(items, organisation=choice.organisation, lists=_Rails.of(choice).lists)


def of_values(values: Iterable[str], scope: Scope = Scope.WITH_SUBDOMAINS) -> IndicatorSet:
    """Values in a list's spelling, as indicators; `scope` is for names whose own spelling shows no scope.

    Raises IndicatorError, naming the value, where it is no indicator.
    """
    return IndicatorSet(item for value in values for item in spelled(value, scope))


def _refuse_logs(found: FeedResult, log_format: Callable[[Path], str]) -> None:
    """Refuse a log given as a list: most of its addresses are harmless.

    Raises:
        IndicatorError: names the file and its log format.
    """
    doubtful = {remark.source for remark in (*found.rejects, *found.warnings)}
    for one in found.recognised:
        if one.format in _LIKE_LOGS and one.source in doubtful:
            _refuse_log(Path(one.source), log_format)


def _refuse_log(path: Path, log_format: Callable[[Path], str]) -> None:
    if path.is_file() and (name := log_format(path)):
        raise IndicatorError(f"{path}: is a log ({name}), not a list; were the two swapped?")
