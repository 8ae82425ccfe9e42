"""`quetsach watch --show`, `--dump` and `--check`: they look at a state or at logs, and follow nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
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
    from quetsach.sightings.sighting import Coverage, Scan
    from quetsach.watching.places import Place
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
    _show_list(about, set_id)
    _show_sources(state, set_id, zone)
    for path, why in state.troubles().items():
        say.warning(words.visible(f"{path}: {explain(why)}"))
    _say_left_out(json.loads(about.get("not followed", "{}")))
    for path in json.loads(about.get("waiting", "[]")):
        _say(_("%(path)s: is still being written; it is read once it rests for ten seconds") % {"path": path})
    if about.get("url"):
        count, day = outbox.unsent(state, about["url"])
        _show_unsent(about, count, day, outbox.unsent_leases(state, about["url"]))
    is_incomplete = bool(state.troubles()) or is_silent or _is_locked(about)
    state.close()
    return INCOMPLETE if is_incomplete else NOTHING


def _say_left_out(left_out: dict[str, str]) -> None:
    """Tell what lies in folders and is no log: as in a scan that changes no exit code."""
    from quetsach.watching.names import LEFT_OUT

    for path, why in left_out.items():
        if why in LEFT_OUT:
            say.warning(words.visible(f"{path}: {explain(LEFT_OUT[why])}"))


def _show_list(about: dict[str, str], set_id: str) -> None:
    if not set_id:
        say.warning(
            _("No list yet: the first start ended before its list was read. Start quetsach watch again.")
        )
        return
    count = int(about.get("count", "0"))
    entries = ngettext("%(n)s entry", "%(n)s entries", count) % {"n": words.number(count)}
    _say(_("List: %(entries)s, version %(id)s") % {"entries": entries, "id": set_id[:12]})
    if left_out := int(about.get("left out", "0")):
        text = ngettext("%(n)s entry left out", "%(n)s entries left out", left_out)
        say.warning(text % {"n": words.number(left_out)})
    if about.get("list"):
        text = _("The new list cannot be used, the last one goes on: %(why)s")
        say.warning(words.visible(text % {"why": explain(about["list"])}))


def _is_locked(about: dict[str, str]) -> bool:
    """Whether the portal takes nothing more with this token, and say so."""
    from quetsach.results.push import PushError
    from quetsach.watching.outbox import LOCKED

    told = (about.get(name, "") for name in ("push code", "lease code", "beat"))
    code = next((one for one in told if one in LOCKED), "")
    if code:
        say.warning(say.worded(PushError(code)))
    return bool(code)


def _show_unsent(about: dict[str, str], count: int, day: str, leases: int) -> None:
    if not count and not leases:
        _say(_("The portal has everything."))
    if count:
        _show_unsent_rows(about, count, day)
    if leases:
        text = ngettext("Not sent yet: %(n)s lease", "Not sent yet: %(n)s leases", leases)
        _warn_unsent(about, "lease", text % {"n": words.number(leases)})


def _show_unsent_rows(about: dict[str, str], count: int, day: str) -> None:
    text = ngettext("Not sent yet: %(n)s row", "Not sent yet: %(n)s rows", count)
    said = text % {"n": words.number(count)}
    if day:
        said += ", " + _("the oldest of %(day)s") % {"day": day}
    _warn_unsent(about, "push", said)


def _warn_unsent(about: dict[str, str], what: str, said: str) -> None:
    from quetsach.results.push import PushError

    code, detail = about.get(f"{what} code"), about.get(f"{what} problem", "")
    say.warning(f"{said}. {say.worded(PushError(code, detail)) if code else detail}".rstrip())


def _show_sources(state: State, set_id: str, zone: ZoneInfo) -> None:
    from quetsach.watching import document

    _say(_("Logs:"))
    seen, as_text = state.coverage(set_id), json.loads(state.about().get("as text", "[]"))
    zones = dict(list(document.named(state)))
    if not seen and not zones:
        _say("  " + _("none yet"))
    for name in dict.fromkeys([*zones, *(one.name for one in seen)]):
        text = _("%(name)s: times without a zone are those of %(zone)s") if name in zones else "%(name)s"
        _say(" " + text % {"name": name, "zone": zones.get(name)})
        here = [one for one in seen if one.name == name]
        if not here:
            _say("  " + _("none yet"))
        for one in sorted(here, key=lambda one: one.path):
            _show_source(state, one, one.path in as_text, zone)


def _show_source(state: State, one: Coverage, is_text: bool, zone: ZoneInfo) -> None:
    from quetsach.watching import beating

    size, lag = words.size(one.bytes), beating.behind(state, Path(one.path), one.source)
    last = words.moment(one.last, zone, seconds=True) or _("no line with a time")
    text = _("  %(path)s: %(lines)s, %(size)s, last line %(last)s")
    _say(text % {"path": one.path, "lines": words.lines(one.lines), "size": size, "last": last})
    if is_text:
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
    """Write what a state knows. Earlier lists and further places get files of their own beside it."""
    from quetsach.watching import document, leases
    from quetsach.watching.folder import STATE
    from quetsach.watching.state import State

    if out.suffix.lower() != ".jsonl":
        raise click.UsageError(_("--dump writes JSON Lines: name the file .jsonl"))
    state = State(place / STATE, is_read_only=True)
    found, present = 0, state.about().get("set")
    if not present:
        state.close()
        say.error(_("Nothing is written: the watcher of this state has not looked at anything yet."))
        return INCOMPLETE
    for set_id, count, _since in state.lists():
        for number, asked, scan in _documents(state, set_id, count, is_present=set_id == present):
            ends = "" if set_id == present else f"-{set_id[:12]}"
            ends += f"-{number}" if number > 1 else ""
            ends += f"-asked-{asked}" if asked > 1 else ""
            file = out.with_name(f"{out.stem}{ends}.jsonl")
            draft = file.with_name(file.name + ".part")
            with draft.open("wb") as stream:
                end = document.dump(stream, state, scan, leases.kept(state, scan.source_name))
            draft.replace(file)
            found += end.sightings if set_id == present else 0
            text = _("Saved: %(path)s (%(name)s, times in %(zone)s)")
            told = {"path": file, "name": scan.source_name, "zone": scan.tz}
            say.line(words.visible(text % told))
    state.close()
    return FOUND if found else NOTHING


def _documents(state: State, set_id: str, count: int, *, is_present: bool) -> Iterator[tuple[int, int, Scan]]:
    """The documents of a list, with the number of their place and that of the machines that were asked about:
    these stay whatever a place has. Of the present list each place has one, also where nothing was looked
    at."""
    from quetsach.watching import document

    headers = document.headers(state, set_id, count)
    for number, (_place, group) in enumerate(groupby(headers, lambda one: (one.source_name, one.tz)), 1):
        scans = list(enumerate(group, 1))
        told = [(asked, scan) for asked, scan in scans if document.has_any(state, scan)]
        for asked, scan in told or scans[:is_present]:
            yield number, asked, scan


def check(places: Sequence[Place]) -> int:
    """Tell what would be followed. Exit code 2 where something cannot be read, or nothing is there."""
    is_good = True
    for place in places:
        is_good &= _check_place(place)
    return NOTHING if is_good else INCOMPLETE


def _check_place(place: Place) -> bool:
    from quetsach.watching.names import Paths

    if place.name:
        told = {"name": place.name, "zone": place.tz}
        _say(_("%(name)s: times without a zone are those of %(zone)s") % told)
    found = Paths(place.follow, []).now()
    is_good = _check_leases(place)
    for path in found.files:
        is_good &= _check_one(path, place.log_format)
    for name, why in found.errors.items():
        is_good = False
        say.warning(words.visible(f"{name}: {explain(why)}"))
    _say_left_out(found.left_out)
    if not found.files:
        _say(_("No file is there now; a file that comes later is followed."))
    return is_good and bool(found.files)


def _check_leases(place: Place) -> bool:
    """Tell how many leases the files hold; False where one cannot be read."""
    from quetsach.errors import SourceError
    from quetsach.watching import leases

    is_good = True
    for path in place.leases:
        try:
            count = leases.read(path, place.tz, None).count
        except SourceError as error:
            say.warning(words.visible(f"{path}: {explain(str(error), str(path))}"))
            is_good = False
        except OSError as error:
            why = f"cannot be read: {error.strerror}; check that it may be read"
            say.warning(words.visible(f"{path}: {explain(why)}"))
            is_good = False
        else:
            text = ngettext("%(path)s: %(n)s lease", "%(path)s: %(n)s leases", count)
            _say(text % {"path": path, "n": words.number(count)})
    return is_good


def _check_one(path: Path, log_format: str | None) -> bool:
    from quetsach.files.plain_lines import read_lines
    from quetsach.scanning import recognition
    from quetsach.scanning.reading import start_of
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
        start = read_lines(start_of(path))
        name = log_format or recognition.log_format(path) or "text"
        text = _("%(path)s: followed line by line, as %(format)s, %(size)s")
        _say(text % {"path": path, "format": words.logformat(name), "size": words.size(size)})
        if name == "text":
            _say("    " + _("no log format fits: only addresses are looked for; --format names one"))
        sample = next((line for line in start.split(b"\n") if line and not line.startswith(b"#")), b"")
        _say("    " + sample.rstrip(b"\0")[:200].decode("utf-8", "replace").replace("\t", "→"))
    handle.close()
    return True
