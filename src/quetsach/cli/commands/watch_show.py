"""`quetsach watch --show`, `--dump` and `--check`: they look at a state or at logs, and follow nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, say
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.text.problems import explain

if TYPE_CHECKING:
    from quetsach.watching.state import State

_SILENT_SECONDS = 30.0


def _say(text: str) -> None:
    click.echo(words.visible(text))


def show(place: Path, zone: ZoneInfo) -> int:
    """Tell how far a watcher is. Exit code 2 where something cannot be looked at, or nobody looks."""
    from quetsach.watching import outbox
    from quetsach.watching.folder import STATE
    from quetsach.watching.state import State

    state = State(place / STATE, is_read_only=True)
    about = state.about()
    looked = float(about.get("looked", "0"))
    is_silent = time.time() - looked > _SILENT_SECONDS
    if not looked:
        _say(_("The watcher has not looked at anything yet."))
    else:
        _say(_("Last look: %(time)s") % {"time": _moment(looked, zone)})
    if is_silent:
        say.warning(_("Nobody looks now: start quetsach watch again, or wait for its next task."))
    set_id = about.get("set", "")
    count = int(about.get("count", "0"))
    entries = ngettext("%(n)s entry", "%(n)s entries", count) % {"n": words.number(count)}
    _say(_("List: %(entries)s, version %(id)s") % {"entries": entries, "id": set_id[:12]})
    if left_out := int(about.get("left out", "0")):
        text = ngettext("%(n)s entry left out", "%(n)s entries left out", left_out)
        say.warning(text % {"n": words.number(left_out)})
    if about.get("list"):
        say.warning(_("The new list cannot be used, the last one goes on: %(why)s") % {"why": about["list"]})
    _show_sources(state, set_id, zone)
    for path, why in state.troubles().items():
        say.warning(words.visible(f"{path}: {explain(why)}"))
    for path in json.loads(about.get("waiting", "[]")):
        _say(_("%(path)s: is still being written; it is read once it rests for ten seconds") % {"path": path})
    if about.get("url"):
        _show_unsent(about, *outbox.unsent(state, about["url"]))
    is_incomplete = bool(state.troubles()) or is_silent or _is_locked(about)
    state.close()
    return INCOMPLETE if is_incomplete else NOTHING


def _is_locked(about: dict[str, str]) -> bool:
    """Whether the portal takes nothing more with this token, and say so."""
    from quetsach.results.push import PushError
    from quetsach.watching.outbox import LOCKED

    code = next((about[name] for name in ("push code", "beat") if about.get(name) in LOCKED), "")
    if code:
        say.warning(say.worded(PushError(code)))
    return bool(code)


def _show_unsent(about: dict[str, str], count: int, day: str) -> None:
    from quetsach.results.push import PushError

    if not count:
        _say(_("The portal has everything."))
        return
    text = ngettext("Not sent yet: %(n)s row", "Not sent yet: %(n)s rows", count)
    said = text % {"n": words.number(count)}
    if day:
        said += ", " + _("the oldest of %(day)s") % {"day": day}
    code, detail = about.get("push code"), about.get("push problem", "")
    say.warning(f"{said}. {say.worded(PushError(code, detail)) if code else detail}".rstrip())


def _show_sources(state: State, set_id: str, zone: ZoneInfo) -> None:
    from quetsach.watching import beating

    _say(_("Logs:"))
    seen, as_text = state.coverage(set_id), json.loads(state.about().get("as text", "[]"))
    if not seen:
        _say("  " + _("none yet"))
    for one in sorted(seen, key=lambda one: one.path):
        size, lag = words.size(one.bytes), beating.behind(state, Path(one.path), one.source)
        last = words.moment(one.last, zone, seconds=True) or _("no line with a time")
        text = _("  %(path)s: %(lines)s, %(size)s, last line %(last)s")
        _say(text % {"path": one.path, "lines": words.lines(one.lines), "size": size, "last": last})
        if one.path in as_text:
            _say("    " + _("no log format fits: only addresses are looked for; --format names one"))
        if lag:
            _say("    " + _("%(size)s are not read yet") % {"size": words.size(lag)})
        if one.not_understood:
            text = _("not understood, though they name a listed address: %(lines)s")
            _say("    " + text % {"lines": words.lines(one.not_understood)})
        for first, end in one.gaps:
            _say("    " + _("lines are missing: %(time)s") % {"time": words.span(first, end, zone)})
        for error in one.errors:
            _say("    " + explain(error))


def _moment(seconds: float, zone: ZoneInfo) -> str:
    from datetime import UTC, datetime

    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return words.moment(text, zone, seconds=True)


def dump(place: Path, out: Path) -> int:
    """Write what a state knows; what earlier lists found goes into a file beside it for each."""
    from quetsach.machines.leases.leaseformat import Event
    from quetsach.machines.leases.naming import Leases
    from quetsach.scanning.engine import ScanOptions
    from quetsach.watching import document
    from quetsach.watching.folder import STATE
    from quetsach.watching.state import State

    if out.suffix.lower() != ".jsonl":
        raise click.UsageError(_("--dump writes JSON Lines: name the file .jsonl"))
    state = State(place / STATE, is_read_only=True)
    about = state.about()
    options = ScanOptions(
        tz=about["--tz"], format=about["--format"] or None, source_name=about["--source-name"]
    )
    leases = Leases()
    leases.add(Event(*kept) for kept in state.leases())
    found = 0
    for set_id, count, _since in state.lists():
        is_present = set_id == about.get("set")
        file = out if is_present else out.with_name(f"{out.stem}-{set_id[:12]}.jsonl")
        scan = document.header(set_id, count, options, tuple(json.loads(about["follow"])))
        draft = file.with_name(file.name + ".part")
        with draft.open("wb") as stream:
            end = document.dump(stream, state, scan, leases)
        draft.replace(file)
        found += end.sightings if is_present else 0
        say.line(words.visible(_("Saved: %(path)s") % {"path": file}))
    state.close()
    return FOUND if found else NOTHING


def check(follow: Sequence[str], log_format: str | None) -> int:
    """Tell what would be followed. Exit code 2 where something cannot be read, or nothing is there."""
    from quetsach.watching.names import Paths

    found = Paths(follow, []).now()
    is_good = True
    for path in found.files:
        is_good &= _check_one(path, log_format)
    for name, why in found.errors.items():
        is_good = False
        say.warning(words.visible(f"{name}: {explain(why)}"))
    if not found.files:
        _say(_("No file is there now; a file that comes later is followed."))
    return NOTHING if is_good and found.files else INCOMPLETE


def _check_one(path: Path, log_format: str | None) -> bool:
    from quetsach.scanning import recognition
    from quetsach.watching import whole
    from quetsach.watching.content import Handle

    try:
        handle = Handle(path)
    except OSError as error:
        text = _(
            "%(path)s: may not be read (%(why)s). Let the account of the watcher read it, such as by the"
            " group adm."
        )
        say.warning(words.visible(text % {"path": path, "why": error.strerror or error}))
        return False
    size = handle.mark().size
    if not size:
        _say(_("%(path)s: empty; followed from its first line") % {"path": path})
    elif whole.is_whole(path, handle):
        _say(_("%(path)s: read as a whole, each time it changed and rests") % {"path": path})
    else:
        start = handle.read(0, 1 << 16)
        name = log_format or recognition.log_format(path) or "text"
        text = _("%(path)s: followed line by line, as %(format)s, %(size)s")
        _say(text % {"path": path, "format": words.logformat(name), "size": words.size(size)})
        if name == "text":
            _say("    " + _("no log format fits: only addresses are looked for; --format names one"))
        sample = next((line for line in start.split(b"\n") if line and not line.startswith(b"#")), b"")
        _say("    " + sample[:200].decode("utf-8", "replace"))
    handle.close()
    return True
