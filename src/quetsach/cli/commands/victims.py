"""`quetsach victims`: read victims' reports, send them to the portal, and bring the table of types up to
date."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from quetsach import __version__
from quetsach.cli import FOUND, INCOMPLETE, NOTHING, PUSH_FAILED, answer, say
from quetsach.cli import root as _root
from quetsach.cli.commands import push as _push
from quetsach.errors import PortalError
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.victims import document, reading, types
from quetsach.victims import words as victims_words
from quetsach.victims.document import Head, Whole
from quetsach.victims.reading import ReportFile, ReportFileError, Told
from quetsach.victims.report import Leftover
from quetsach.victims.tally import Sum, Tally

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from quetsach.results.push_victims import Taken

_MOST = 20
"""Lines of each table on the screen; all stand in the file of -o."""


class _Victims(click.Group):
    """The command reads files; a first word `update` is its one subcommand."""

    allow_interspersed_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] == ["update"]:
            ctx._protected_args, ctx.args = args[:1], args[1:]
            return ctx.args
        left = click.Command.parse_args(self, ctx, args)
        ctx._protected_args = []
        return left


def command() -> click.Command:
    """The command in the language in use."""
    found = _root.command(
        "victims",
        _run,
        [
            click.Argument(
                ["files"], metavar="FILE...", nargs=-1, type=click.Path(path_type=Path, readable=False)
            ),
            click.Option(
                ["--type", "kind"],
                metavar="TYPE",
                help=_("Shadowserver's type of report, where the file's name does not tell it."),
            ),
            click.Option(
                ["--day"],
                metavar="YYYY-MM-DD",
                type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]),
                help=_("Day of a table that has no times."),
            ),
            click.Option(
                ["--tz"],
                metavar="ZONE",
                default="Asia/Ho_Chi_Minh",
                show_default=True,
                help=_("Time zone of an office's table. Shadowserver and n6 write UTC."),
            ),
            click.Option(
                ["-o", "--output", "out"],
                metavar="OUT.jsonl",
                type=click.Path(path_type=Path),
                help=_("Write all reports and leftover lines as JSON Lines; - for standard output."),
            ),
            *_push.options(is_required=False),
        ],
        _(
            "Read reports that others send about infected machines: Shadowserver (CSV), n6 (JSON), and tables"
            " of an office (CSV, XLSX) with address, time and malware. Infected machines, exposed services"
            " and attacks are listed apart, and every line that is left over with its reason. Exit code: 0"
            " nothing to say, 1 something is reported, 2 something could not be read, 3 the push failed."
        ),
        "quetsach victims 2026-03-01-event4_sinkhole-example.csv\n"
        "quetsach victims may-nhiem.xlsx --day 2026-10-05\n"
        "quetsach victims *.csv --push https://quetsach.example --token-file token.txt",
        kind=_Victims,
    )
    assert isinstance(found, click.Group)
    found.invoke_without_command = True
    found.add_command(_update_command())
    return found


def _update_command() -> click.Command:
    return _root.command(
        "update",
        _update,
        [
            click.Argument(["source"], metavar="FILE|URL"),
            click.Option(
                ["--table"],
                metavar="FILE",
                type=click.Path(path_type=Path),
                help=_(
                    "The table to write; otherwise the one of this account. A portal reads the table that"
                    " %(setting)s names."
                )
                % {"setting": types.TABLE_SETTING},
            ),
        ],
        _(
            "Replace the table of types of reports by that of reports.json, the schema that Shadowserver"
            " publishes. What a new type means follows its classification; a type without one is listed and"
            " opens no case. Only https is fetched."
        ),
        "quetsach victims update reports.json\n"
        "quetsach victims update https://raw.example/report_schema/reports.json",
    )


def _update(source: str, table: Path | None) -> int:
    from quetsach.results.fetching import FetchError, fetch

    try:
        is_url = "://" in source
        data = fetch(source, types.MOST_BYTES) if is_url else Path(source).read_bytes()
    except FetchError as error:
        say.error(
            f"{words.visible(source)}: {_fetch_problem(error.code)} {words.visible(error.detail)}".strip()
        )
        return INCOMPLETE
    try:
        before = types.types()
        known = types.from_schema(data)
    except types.TypesError as error:
        say.error(f"{words.visible(source)}: {_(victims_words.TYPES[error.code])}")
        return INCOMPLETE
    place = table or types.own_table()
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(place.name + ".new")
    partial.write_text(types.written(known), encoding="utf-8")
    partial.replace(place)
    after = types.judged(known)
    text = ngettext("%(n)s type in %(path)s.", "%(n)s types in %(path)s.", len(after))
    click.echo(text % {"n": words.number(len(after)), "path": words.visible(str(place))})
    for name in sorted(after.keys() - before.keys()):
        click.echo(_("New: %(name)s, %(meaning)s") % {"name": name, "meaning": _meaning(after[name])})
    for name in sorted(before.keys() - after.keys()):
        click.echo(_("Gone: %(name)s") % {"name": name})
    changed = [name for name in after.keys() & before.keys() if after[name][1:3] != before[name][1:3]]
    for name in sorted(changed):
        click.echo(_("Changed: %(name)s, %(meaning)s") % {"name": name, "meaning": _meaning(after[name])})
    return NOTHING


def _fetch_problem(code: str) -> str:
    return {
        "address": _("only https is fetched, without a user name."),
        "unreachable": _("cannot be reached. Check the network and the address."),
        "certificate": _("its certificate is not valid, so nothing was fetched."),
        "moved": _("has moved; name the new address if you trust it:"),
        "failed": _("the server refused:"),
        "too_large": _("is larger than any table of types."),
    }[code]


def _meaning(one: types.Type) -> str:
    told = _(victims_words.MEANINGS[one.meaning.value])
    return f"{told} ({_(victims_words.WHY[one.why])})" if one.why else told


def _run(files: tuple[Path, ...] = (), **given: Any) -> int:
    if click.get_current_context().invoked_subcommand:
        return NOTHING
    if not files:
        raise click.UsageError(_("Name the files to read."))
    url, token_file, out = given["url"], given["token_file"], given["out"]
    if (url is None) != (token_file is None):
        raise click.UsageError(_("--push and --token-file belong together."))
    told = _told(given)
    tally, unread, is_pushed = Tally(), 0, True
    answer.refuse_inputs([out] if out is not None and str(out) != "-" else [], files)
    with ExitStack() as stack:
        sink = _sink(out, stack)
        for path in files:
            try:
                read = _read(path, told, tally, sink, is_shown=str(out) != "-")
                if url is not None:
                    is_pushed = _send(path, told, read, url, token_file) and is_pushed
            except ReportFileError as error:
                unread += 1
                say.error(_file_problem(error))
            except PortalError as error:
                say.problem(error)
                return PUSH_FAILED
            except OSError as error:
                unread += 1
                say.problem(error)
    if str(out) != "-":
        _tell(tally, told)
    is_whole = not unread and not any(code in victims_words.UNREAD for code, _told_ in tally.left)
    if not is_whole:
        return INCOMPLETE
    return FOUND if tally.infections or tally.risks or not is_pushed else NOTHING


def _told(given: dict[str, Any]) -> Told:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo(given["tz"])
    except (ZoneInfoNotFoundError, ValueError):
        raise click.UsageError(_("%(tz)s is no time zone.") % {"tz": given["tz"]}) from None
    day = given["day"]
    return Told((given["kind"] or "").strip().casefold(), day.date() if day else None, zone)


def _sink(out: Path | None, stack: ExitStack) -> BinaryIO | None:
    if out is None:
        return None
    if str(out) == "-":
        return sys.stdout.buffer
    return stack.enter_context(out.open("wb"))


def _file_problem(error: ReportFileError) -> str:
    return f"{words.visible(error.name)}: {_(victims_words.REFUSED[error.code])}"


def _read(path: Path, told: Told, tally: Tally, sink: BinaryIO | None, *, is_shown: bool) -> Head:
    """Read one file into the tally and the sink; returns the header of its document."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        stream.seek(0)
        file = reading.opened(str(path), stream, told)
        head = Head(path.name, digest, file.publisher, file.kind.name if file.kind else "", _tool())
        before = tally.left.total()
        if sink is not None:
            sink.write(document.head_line(head))
        reports, left = 0, Counter[str]()
        for one in file.rows():
            tally.add(one)
            if isinstance(one, Leftover):
                left[one.code] += 1
            else:
                reports += 1
            if sink is not None:
                sink.write(document.row_line(one))
        if sink is not None:
            sink.write(document.end_line(reports, left.total(), Whole(file.lines, left)))
    if is_shown:
        _tell_file(file, file.lines, tally.left.total() - before)
    return head


def _tool() -> str:
    return f"quetsach {__version__}"


def _tell_file(file: ReportFile, lines: int, left: int) -> None:
    kind = file.kind
    what = victims_words.PUBLISHERS[file.publisher]
    name = _(what) if file.publisher == "sheet" else what
    if kind is not None and file.publisher != "sheet":
        name = f"{name}, {words.visible(kind.name)} ({_meaning(kind)})"
    text = ngettext(
        "%(file)s: %(what)s; %(n)s line, %(left)s left over.",
        "%(file)s: %(what)s; %(n)s lines, %(left)s left over.",
        lines,
    )
    fill = {"file": words.visible(file.name), "what": name, "n": words.number(lines)}
    click.echo(text % {**fill, "left": words.number(left)})


def _send(path: Path, told: Told, head: Head, url: str, token_file: Path) -> bool:
    """Push one file; whether the portal took every line."""
    from quetsach.results import push
    from quetsach.results.push_victims import push_victims

    if push.is_in_the_clear(url):
        say.warning(_("This address has no https: anyone on the way can read the token and the result."))
    with path.open("rb") as stream:
        rows = reading.opened(path.name, stream, told).rows()
        taken = push_victims(document.chunks(head, rows), url, push.read_token(token_file))
    _tell_taken(taken)
    return not taken.rejected


def _tell_taken(taken: Taken) -> None:
    cases = ngettext("%(n)s new case", "%(n)s new cases", taken.cases)
    risks = ngettext("%(n)s risk", "%(n)s risks", taken.risks)
    text = _(
        "The portal has received it: %(new)s new, %(known)s known already; %(cases)s, %(risks)s, %(not_ours)s"
        " of no unit."
    )
    told = {
        "new": words.number(taken.new),
        "known": words.number(taken.unchanged),
        "cases": cases % {"n": words.number(taken.cases)},
        "risks": risks % {"n": words.number(taken.risks)},
        "not_ours": words.number(taken.not_ours),
    }
    click.echo(text % told, err=True)
    if taken.address:
        click.echo(words.visible(taken.address), err=True)
    if taken.rejected:
        count = len(taken.rejected)
        said = ngettext("The portal left out %(n)s line:", "The portal left out %(n)s lines:", count)
        say.warning(said % {"n": words.number(count)})
        for line, code, reason in taken.rejected[:10]:
            click.echo(words.visible(f"  {line}: {reason} ({code})"), err=True)


# --- the answer on the screen ---


def _tell(tally: Tally, told: Told) -> None:
    for line in _answer(tally, told):
        click.echo(line)


def _answer(tally: Tally, told: Told) -> Iterator[str]:
    n = tally.addresses
    if n:
        text = ngettext(
            "%(n)s address with an infected machine.", "%(n)s addresses with an infected machine.", n
        )
        yield text % {"n": words.number(n)}
        worst = sorted(tally.infections.items(), key=lambda one: (one[1].last, one[0]), reverse=True)
        for (address, family), sum_ in worst[:_MOST]:
            yield _row(address, family or _("malware not named"), sum_, told)
        yield from _more(len(worst))
    else:
        yield _("No infected machine is reported.")
    if tally.risks:
        text = ngettext(
            "Risks, which are no infection: %(n)s.",
            "Risks, which are no infections: %(n)s.",
            len(tally.risks),
        )
        yield text % {"n": words.number(len(tally.risks))}
        for (address, kind, port), sum_ in sorted(tally.risks.items(), key=lambda one: one[0][:2])[:_MOST]:
            yield _row(address if port is None else f"{address} :{port}", kind, sum_, told)
        yield from _more(len(tally.risks))
    if not tally.left:
        return
    left = tally.left.total()
    text = ngettext("%(n)s line is left over:", "%(n)s lines are left over:", left)
    yield text % {"n": words.number(left)}
    known = types.types()
    for (code, kind), count in tally.left.most_common(_MOST):
        why = _(victims_words.LEFT[code])
        a_type = known.get(kind) or types.categories().get(kind)
        if code == "kind" and a_type is not None and a_type.why:
            why = _(victims_words.WHY[a_type.why])
        yield f"  {words.number(count)}: {words.visible(kind) + ': ' if kind else ''}{why}"
    shown = [one for one in tally.leftovers if one.code in victims_words.UNREAD]
    for one in shown[:_MOST]:
        value = f" “{one.value}”" if one.value else ""
        yield words.visible(f"  {one.file}:{one.line}:{value} {_(victims_words.LEFT[one.code])}")
    yield from _more(len(shown))


def _more(count: int) -> Iterator[str]:
    if count > _MOST:
        yield "  " + _("and %(n)s more") % {"n": words.number(count - _MOST)}


def _row(what: str, name: str, sum_: Sum, told: Told) -> str:
    severity = f", {_(victims_words.SEVERITIES[sum_.severity])}" if sum_.severity else ""
    times = f"{_clock(sum_.first, told.zone)} – {_clock(sum_.last, told.zone)}"
    return words.visible(f"  {what}  {name}  {times}  ×{words.number(sum_.events)}{severity}")


def _clock(moment: datetime, zone: Any) -> str:
    local: ZoneInfo = zone
    return f"{moment.astimezone(local):%d/%m/%Y %H:%M}"
