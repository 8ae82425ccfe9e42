"""Indicator lists on the command line: options, reading, guard rails, and the engine that will use them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from quetsach import engine
from quetsach.endpoint import suffixes
from quetsach.engine import Engine, Matcher
from quetsach.errors import IndicatorError, ScanError
from quetsach.language import gettext as _
from quetsach.language import ngettext
from quetsach.output import ListNote
from quetsach.scanning.result import ScanResult
from quetsach.source import is_set_file

if TYPE_CHECKING:
    import click

    from quetsach.feed import FeedResult, Recognised
    from quetsach.guards.overrides import Override
    from quetsach.indicator import IndicatorSet

LIST_FORMATS = (
    "xlsx", "misp", "stix", "json", "zeek.intel", "urlhaus", "threatfox", "feodo", "suricata.rules",
    "maltrail", "rpz", "adblock", "dnsmasq", "unbound", "suricata.iprep", "suricata.dataset", "hosts", "csv",
    "plain",
)  # fmt: skip
"""The names of `quetsach.feeds.formats`, so that help needs no reader."""
_TEXT, _BINARY = "text", "binary"
_LIKE_LOGS = frozenset(("plain", "csv", "json", "hosts"))
"""Forms of lists that are so loose that a log is read as one."""
_NO_LOGS = frozenset(("", _TEXT, _BINARY))
_COLUMNS = ("indicator", "type", "family")
_START_BYTES = 1 << 16


class Loaded(NamedTuple):
    """A list ready to be matched, and what was odd about it."""

    engine: Engine
    matcher: Matcher
    notes: Sequence[ListNote] = ()


class Choice(NamedTuple):
    """What the command line says of lists: the values of `options`."""

    scope: str | None = None
    column: str | None = None
    list_format: str | None = None
    override: Path | None = None
    warning_lists: Path | None = None
    trust: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Choice:
        """The options for lists among all that were given."""
        return cls(*map(given.__getitem__, cls._fields))

    @property
    def judges(self) -> bool:
        """Whether the guard rails have more to say of a compiled set than when it was compiled."""
        return bool(self.own or self.override or self.warning_lists)


def options() -> list[click.Parameter]:
    """The options of every command that reads lists."""
    import click

    from quetsach.cli import root

    return [
        click.Option(
            ["--scope"],
            type=click.Choice(["exact", "subdomains"]),
            help=_("Whether a domain of the list covers its subdomains. Otherwise the kind of list decides."),
        ),
        click.Option(
            ["--column"],
            metavar="indicator=…,type=…,family=…",
            help=_("Names or numbers of the columns of a table, where they are not recognised."),
        ),
        click.Option(
            ["--list-format"],
            metavar="NAME",
            help=_("The form of the lists (%(names)s); otherwise it is recognised.")
            % {"names": ", ".join(LIST_FORMATS)},
        ),
        click.Option(
            ["--override"],
            metavar="FILE",
            type=click.Path(path_type=Path, readable=False),
            help=_(
                "CSV of entries to keep although a guard rail stops them: indicator, reason, who, date, and"
                " perhaps expires. *.example.org keeps what is below it."
            ),
        ),
        click.Option(
            ["--warning-lists"],
            metavar="PATH",
            type=click.Path(path_type=Path, readable=False),
            help=_("Folder or archive of misp-warninglists, in place of those that come with the program."),
        ),
        click.Option(
            ["--own"],
            metavar="NAME|NETWORK",
            multiple=True,
            help=_(
                "A domain name or network of your own organisation, which no list may name: example.vn,"
                " 203.0.113.0/24. Repeat it for each."
            ),
        ),
        root.trust_option(),
    ]


def formats() -> list[str]:
    """The names `--format` takes, without reading the formats themselves."""
    from importlib import resources

    files = resources.files("quetsach").joinpath("logformats").iterdir()
    return [*sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")), _TEXT]


def check_format(name: str | None) -> None:
    """Refuse a log format that does not exist.

    Raises:
        ScanError: with the names there are.
    """
    if name is not None and name not in formats():
        text = _("%(name)s is not a log format; there are %(names)s.")
        raise ScanError(text % {"name": name, "names": ", ".join(formats())})


def load(files: Sequence[Path], choice: Choice, extra_formats: Sequence[str] = ()) -> Loaded:
    """Read lists, apply the guard rails, compile. A single compiled set is opened as it is, unless options
    give the guard rails more to say of it.

    Raises:
        IndicatorError: a file cannot be read, or nothing usable is left.
    """
    chosen = engine.choose(extra_formats=extra_formats)
    if len(files) == 1 and not choice.judges and _is_compiled(files[0]):
        _refuse_shape(files, choice)
        return Loaded(chosen, chosen.load(files[0]))
    found = read(files, choice)
    if not len(found.indicators):
        raise unusable(files, found.notes)
    return Loaded(chosen, chosen.compile(found.indicators), found.notes)


def looked_for(files: Sequence[Path], choice: Choice) -> IndicatorSet:
    """What a scan with these lists looks for, entry by entry.

    Raises:
        IndicatorError: a file cannot be read.
    """
    if len(files) == 1 and not choice.judges and _is_compiled(files[0]):
        from quetsach import setfile

        _refuse_shape(files, choice)
        return setfile.read(files[0])
    return read(files, choice).indicators


def unusable(files: Sequence[Path], notes: Sequence[ListNote]) -> IndicatorError:
    """That no entry of the lists is left, and how to see why."""
    from quetsach.outputs import words

    left_out = sum(note.level != "warn" for note in notes)
    if not left_out:
        text = _("%(files)s: the list is empty; check that it was fetched whole")
        return IndicatorError(text % {"files": ", ".join(map(str, files))})
    text = ngettext(
        "no entry of the list can be used, %(n)s is left out; see why: quetsach indicators check %(files)s",
        "no entry of the list can be used, %(n)s are left out; see why: quetsach indicators check %(files)s",
        left_out,
    )
    named = words.command_line(map(str, files))
    return IndicatorError(text % {"n": words.number(left_out), "files": named})


def recognised(result: ScanResult, matcher: Matcher, forced: str | None) -> dict[str, int]:
    """How many of the logs looked at are of which format: by their sightings, else by how they begin."""
    found: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    for source, name, lines in _formats(result):
        by_source.setdefault(source, Counter())[name] += lines
    for seen in result.coverage:
        if not seen.lines:
            continue
        if forced is not None:
            found[forced] += 1
        elif seen.source in by_source:
            found[by_source[seen.source].most_common(1)[0][0]] += 1
        elif Path(seen.path).is_file() and (name := _detect(Path(seen.path), matcher)):
            # What lies in an archive is not unpacked again for this.
            found[name] += 1
    return dict(found)


def _formats(result: ScanResult) -> Iterable[tuple[str, str, int]]:
    """Source, log format and lines of sightings."""
    together = result.sightings.tally()
    if together is not None:
        return ((*key, lines) for key, lines in together.formats.items())
    return ((one.source, one.logformat, one.count) for one in result.sightings)


def _detect(path: Path, matcher: Matcher) -> str:
    """The format of a file of lines; "" for one that holds none as it lies there."""
    from quetsach import openers
    from quetsach.source import Source, is_capture

    start = b""
    for chunk in Source(path).chunks():
        start += chunk
        if len(start) >= _START_BYTES:
            break
    if is_capture(start) or any(kind.begins(start) for kind in openers.KINDS):
        return ""
    name = matcher.recognise(start)
    return _BINARY if name == _TEXT and b"\0" in start else name


def _is_compiled(path: Path) -> bool:
    try:
        # A pipe can be read once only.
        return path.is_file() and is_set_file(path)
    except OSError as error:
        raise IndicatorError(
            f"{path}: cannot be read: {error.strerror}; check that it exists and may be read"
        ) from error


def _refuse_shape(files: Sequence[Path], choice: Choice) -> None:
    """Refuse to be told how lists are to be read where all were read before.

    Raises:
        IndicatorError: naming the options.
    """
    given = {"--scope": choice.scope, "--column": choice.column, "--list-format": choice.list_format}
    named = [option for option, value in given.items() if value]
    if named and all(map(_is_compiled, files)):
        text = _("%(path)s is compiled, and %(options)s cannot change it; compile the list again with it.")
        raise IndicatorError(text % {"path": files[0], "options": ", ".join(named)})


def _is_pack(path: Path) -> bool:
    return path.suffix == suffixes.PACK and path.is_file()


class Read(NamedTuple):
    """What lists gave after the guard rails, what was left out or is doubtful, and the form of each list.

    `idle` are exceptions that none of it concerns.
    """

    indicators: IndicatorSet
    notes: list[ListNote]
    recognised: Sequence[Recognised]
    idle: Sequence[Override] = ()


def read(files: Sequence[Path], choice: Choice) -> Read:
    """Read lists and apply the guard rails; what a signed pack or a compiled set holds has passed them.

    Raises:
        IndicatorError: a list cannot be read, `--column`, `--own` or the override file is malformed.
        Refused: a pack must not be used.
    """
    from quetsach.indicator import IndicatorSet, Scope

    _refuse_shape(files, choice)
    passed = [file for file in files if _is_pack(file) or (not choice.judges and _is_compiled(file))]
    if passed:
        others = [file for file in files if file not in passed]
        parts = [_passed(file, choice) for file in passed] + ([read(others, choice)] if others else [])
        if len(parts) == 1:
            return parts[0]
        return Read(
            IndicatorSet(item for part in parts for item in part.indicators),
            [note for part in parts for note in part.notes],
            [one for part in parts for one in part.recognised],
            parts[-1].idle,
        )
    from quetsach import draft, feed, guard
    from quetsach.guards import warninglists
    from quetsach.outputs import listnotes

    scope = Scope(choice.scope) if choice.scope else None
    overrides = guard.read_overrides(choice.override) if choice.override else ()
    known = warninglists.read(choice.warning_lists) if choice.warning_lists else None
    found = feed.read_many(
        files,
        scope=scope,
        columns=_columns(choice.column),
        format=choice.list_format,
        draft=draft.available(),
    )
    if choice.list_format is None:
        _refuse_logs(found)
    own = guard.Organisation.of(choice.own)
    guarded = guard.apply(found.indicators, organisation=own, overrides=overrides, lists=known)
    notes = listnotes.of(guarded, found, choice.override)
    return Read(guarded.kept, notes, found.recognised, guarded.idle)


def _passed(file: Path, choice: Choice) -> Read:
    """A pack, or a compiled set as it is, as a scan takes it: what was kept by an exception stays in it."""
    if _is_pack(file):
        from quetsach.cli import packfile

        return Read(packfile.read(file, choice.trust).indicators, [], ())
    from quetsach import draft, feed, guard
    from quetsach.outputs import listnotes

    found = feed.read_many([file], draft=draft.available())
    guarded = guard.apply(found.indicators, is_judged=True)
    return Read(guarded.kept, listnotes.of_set(guarded, file), found.recognised)


def _refuse_logs(found: FeedResult) -> None:
    """Refuse a log in place of a list: its addresses are mostly those of everybody.

    Raises:
        IndicatorError: naming the file and its log format.
    """
    doubtful = {remark.source for remark in (*found.rejects, *found.warnings)}
    for one in found.recognised:
        path = Path(one.source)
        if one.format in _LIKE_LOGS and one.source in doubtful and path.is_file():
            name = _detect(path, _recogniser())
            if name not in _NO_LOGS:
                text = _("%(path)s: is a log (%(format)s), not a list; were the two swapped?")
                raise IndicatorError(text % {"path": path, "format": name})


@cache
def _recogniser() -> Matcher:
    """A matcher of which only the log formats matter."""
    from quetsach.indicator import Indicator, IndicatorSet, Kind

    return engine.choose().compile(IndicatorSet([Indicator("example.org", Kind.DOMAIN)]))


def write_set(path: Path, indicators: IndicatorSet) -> None:
    """Write a compiled set.

    Raises:
        IndicatorError: the set is empty.
    """
    # The native engine adds the index that lets a scan open the file without building anything.
    with_index = getattr(engine.choose(), "compile_to", None)
    if with_index is not None:
        with_index(indicators, path)
        return
    from quetsach import setfile

    setfile.write(path, indicators)


def _columns(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name in _COLUMNS and value for name, _equals, value in pairs):
        raise IndicatorError(_("--column is written like indicator=ioc,type=kind,family=malware."))
    return {name: value for name, _equals, value in pairs}
