"""`quetsach explain`: explains how one log line is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from quetsach.cli import FOUND, NOTHING, list_options
from quetsach.cli import root as _root
from quetsach.logs import logformat as formats
from quetsach.scanning import engine, request
from quetsach.scanning.engines.explain import REASONS, Explanation, TokenNote, Way
from quetsach.text import words
from quetsach.text.language import gettext as _

_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def command() -> click.Command:
    """The command in the language in use."""
    return _root.command(
        "explain",
        _run,
        [
            click.Argument(["line"], metavar="LINE"),
            click.Option(
                ["-i", "--indicators"],
                metavar="FILE",
                multiple=True,
                required=True,
                type=click.Path(path_type=Path),
                help=_("List of malicious addresses (text, hosts, CSV, also .gz) or a compiled set."),
            ),
            click.Option(
                ["--format", "logformat"],
                metavar="NAME",
                help=_("Read the line as this log format; `quetsach formats` lists the names."),
            ),
            click.Option(
                ["--header", "header_file"],
                metavar="FILE",
                type=click.Path(path_type=Path),
                help=_("The log that the line stands in: its # lines name the columns (Zeek)."),
            ),
            *list_options.options(),
        ],
        _(
            "Tell how one log line is read: its format, its fields, the names and addresses in them, and for"
            " each what it matches or why not. LINE may be - to read it from standard input. Guard rails are"
            " applied as in a scan. Exit code: 1 the line is a hit, 0 it is not."
        ),
        "quetsach explain 'query[A] a.evil.example from 10.0.0.7' -i indicators.csv\n"
        "grep -m1 evil dns.log | quetsach explain - -i indicators.csv --header dns.log",
    )


def _run(
    line: str,
    indicators: tuple[Path, ...],
    logformat: str | None,
    header_file: Path | None,
    **given: Any,
) -> int:
    if logformat is not None:
        formats.check(logformat)
    raw = sys.stdin.buffer.readline() if line == "-" else line.encode("utf-8", "surrogateescape")
    chosen = request.looked_for(indicators, list_options.choice_of(given))
    header = _header(header_file) if header_file else ()
    explanation = engine.explain(raw, chosen, header=header, format=logformat)
    for text in _sentences(explanation):
        click.echo(words.visible(text))
    return FOUND if explanation.hits else NOTHING


def _header(path: Path) -> list[bytes]:
    """The lines that start with `#` at the top of a log."""
    from quetsach.files.source import Source

    start = b""
    for chunk in Source(path).chunks():
        start += chunk
        if b"\n" in start.lstrip(b"#") and len(start) >= 1 << 16:
            break
    found = []
    for line in start.split(b"\n"):
        if not line.startswith(b"#"):
            break
        found.append(line)
    return found


def _sentences(told: Explanation) -> list[str]:
    variant = f" ({told.variant})" if told.variant else ""
    said = [_("Format: %(name)s") % {"name": words.logformat(told.format) + variant}]
    if told.time:
        said.append(_("Time: %(time)s") % {"time": _when(told.time)})
    identity = "".join(f", {words.identity(name)}: {value}" for name, value in told.identity.items())
    said.append(_("Machine: %(name)s") % {"name": (told.device or _("machine unknown")) + identity})
    if told.who:
        said.append(_("Told apart from others with this address by: %(who)s") % {"who": told.who})
    said.append(_("Outcome: %(action)s") % {"action": words.action(told.action)})
    if told.roles:
        said += ["", _("Fields:"), *(f"  {role} = {', '.join(values)}" for role, values in told.roles)]
    said += ["", _("Names and addresses:")]
    said += [f"  {_mark(note)} {_place(note)}{_reason(note)}" for note in told.notes] or ["  " + _("none")]
    said += [_way(way) for way in told.ways]
    said += ["", _verdict(told)]
    return said


def _when(time: str) -> str:
    """The time of an explanation in words; a line without a year has `--MM-DDThh:mm:ss`."""
    if shown := words.moment(time, _ZONE, seconds=True):
        return f"{shown} ({words.zone_name(_ZONE)})"
    if not time.startswith("--"):
        return time
    return _("%(time)s, the line tells no year") % {"time": f"{time[5:7]}/{time[2:4]} {time[8:]}"}


def _mark(note: TokenNote) -> str:
    return "✔" if note.code == "hit" else "·"


def _place(note: TokenNote) -> str:
    return f"{note.field}: " if note.field else ""


def _reason(note: TokenNote) -> str:
    item = note.indicator.canonical if note.indicator is not None else ""
    return _(REASONS[note.code]).format(token=note.token, item=item)


def _way(way: Way) -> str:
    text = _("  ↷ %(field)s: %(token)s leads around the place that wrote this line: %(provider)s (%(way)s)")
    named = {"provider": way.provider.name, "way": words.way(way.provider.kind)}
    return text % {"field": way.field, "token": way.token, **named}


def _verdict(told: Explanation) -> str:
    items = sorted({note.indicator.canonical for note in told.hits if note.indicator is not None})
    if items and not told.device and not any(name in told.identity for name in ("host", "mac", "user")):
        return _("A hit, but the line does not say which machine: %(items)s") % {"items": ", ".join(items)}
    if items:
        return _("A hit: %(items)s") % {"items": ", ".join(items)}
    if told.inbound:
        return _(
            "No hit: a listed address called in from outside, which is counted but no sign of infection."
        )
    if told.ways:
        return _("No hit: a way around the place that wrote this line, which is counted apart.")
    return _("No hit.")
