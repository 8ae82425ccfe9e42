"""`quetsach watch`: follow logs, print their signs and send them."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from quetsach.cli import FOUND, INCOMPLETE, NOTHING, PUSH_FAILED, list_options, say
from quetsach.text import words
from quetsach.text.language import gettext as _
from quetsach.text.language import ngettext
from quetsach.text.problems import explain

if TYPE_CHECKING:
    from quetsach.sightings.sighting import Sighting
    from quetsach.watching.places import Place
    from quetsach.watching.running import Watcher

_MOST_SHOWN = 20


def run(**given: Any) -> int:
    """Watch with the options of the command line, by their names; returns the exit code."""
    from quetsach.cli.commands import watch_show

    chosen = [name for name in ("enrol", "show", "dump", "check", "once") if given[name]]
    if len(chosen) > 1:
        raise click.UsageError(_("Give one of --enrol, --show, --dump, --check and --once."))
    if given["enrol"]:
        return _enrol(given["url"], given["token_file"])
    if given["config"]:
        _check_alone(given)
    if given["check"]:
        _need(given, "follow")
        return watch_show.check(_places(given))
    _need(given, "state")
    from quetsach.watching import shapes
    from quetsach.watching.folder import STATE
    from quetsach.watching.store import checked

    state = given["state"] / STATE
    if given["show"]:
        with checked(state, LookupError, ValueError, TypeError):
            return watch_show.show(given["state"], ZoneInfo(given["tz"]))
    if given["dump"]:
        with checked(state, LookupError, ValueError, TypeError):
            if why := shapes.wrong(state):
                raise ValueError(why)
            return watch_show.dump(given["state"], given["dump"])
    _need(given, "follow")
    _need(given, "indicators")
    with checked(state):
        return _watch(given)


def _enrol(url: str | None, token_file: Path | None) -> int:
    """Ask for the code and write the token."""
    if not url or not token_file:
        raise click.UsageError(_("--enrol needs --push and --token-file."))
    from quetsach.results.enrolling import enrol
    from quetsach.results.push import PushError, is_in_the_clear

    try:
        if is_in_the_clear(url):
            raise PushError("in_the_clear", url)
        code = click.prompt(_("Code from the page of sensors"), default="", show_default=False)
        found = enrol(url, code, token_file)
    except PushError as error:
        say.problem(error)
        return PUSH_FAILED
    text = _("Enrolled as “%(name)s” of %(unit)s; the token is in %(file)s.")
    say.line(words.visible(text % {"name": found.name, "unit": found.unit, "file": token_file}))
    say.line(_("Start the watcher with the same --push and --token-file."))
    return NOTHING


def _check_alone(given: dict[str, Any]) -> None:
    """The file of settings says all of this itself."""
    options = {"follow": "--follow", "source_name": "--source-name", "logformat": "--format"}
    for name, option in options.items():
        if given[name]:
            raise click.UsageError(_("--config and %(option)s exclude each other.") % {"option": option})


def _places(given: dict[str, Any]) -> tuple[Place, ...]:
    """The places of the file of settings, else that of --follow."""
    from quetsach.watching import places

    if given["config"]:
        return places.read(given["config"], given["tz"])
    name, follow = given["source_name"] or "", tuple(given["follow"])
    return (places.Place(follow, name, given["tz"], given["logformat"], tuple(given["leases"])),)


def _need(given: dict[str, Any], name: str) -> None:
    if name == "follow" and given["config"]:
        return
    if not given[name]:
        option = {"indicators": "-i"}.get(name, f"--{name}")
        raise click.UsageError(_("%(option)s is needed.") % {"option": option})


def _watch(given: dict[str, Any]) -> int:
    from quetsach.cli.commands import scan
    from quetsach.results import push
    from quetsach.watching.running import Request, Watcher

    token = scan.token_of(given["url"], given["token_file"])
    scan.check_asked(given["asked"], token)
    if given["url"] and push.is_in_the_clear(given["url"]):
        say.warning(_("This address has no https: anyone on the way can read the token and the result."))
    request = Request(
        given["follow"],
        given["indicators"],
        given["state"],
        given["source_name"] or "",
        list_options.choice_of(given),
        given["tz"],
        given["logformat"],
        given["leases"],
        given["lease_length"],
        given["from_now"],
        given["url"] or "",
        token or "",
        scan.vantage(_folders(given["follow"])),
        _places(given) if given["config"] else (),
        given["devices"],
        given["asked"] or "",
    )
    scan.warn_if_slow()
    watcher = Watcher(request)
    try:
        with _stopped(watcher) as stop:
            return _once(watcher) if given["once"] else _for_ever(watcher, stop, ZoneInfo(given["tz"]))
    finally:
        watcher.close()


def _folders(follow: Sequence[str]) -> list[str]:
    """The paths, and of patterns the folders: they name the vantage point."""
    import glob

    return [str(Path(path).parent) if glob.has_magic(path) else path for path in follow]


@contextmanager
def _stopped(watcher: Watcher) -> Iterator[threading.Event]:
    """An event that Ctrl-C or the end of a service sets."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        watcher.stop()

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _once(watcher: Watcher) -> int:
    from quetsach.watching.running import POLL_SECONDS

    while watcher.round() or watcher.follower.is_unsure:
        if watcher.follower.is_unsure:
            time.sleep(POLL_SECONDS)
    watcher.write()
    watcher.follower.end()
    rows = watcher.news()
    _tell_lists(watcher)
    _tell(rows, ZoneInfo(watcher.request.tz))
    _tell_texts(watcher.as_text, set())
    _tell_troubles(watcher.troubles, {})
    _tell_left_out(watcher, set())
    for path in watcher.follower.waiting:
        text = _("%(path)s: is still being written; it is read once it rests for ten seconds")
        say.line(words.visible(text % {"path": path}))
    if watcher.follower.gaps:
        say.warning(
            _("Lines of a log are missing, and nobody can see what they were; --show tells from when to when")
        )
    if not rows:
        say.line(_("Nothing new was found."))
    if watcher.outbox is not None:
        watcher.outbox.beat(watcher.state)
        watcher.outbox.send(watcher.state)
        watcher.outbox.send_leases(watcher.state)
    if _why(watcher):
        say.error(_("Not sent: %(why)s") % {"why": _why(watcher)} + " " + _("The next run sends it."))
        return PUSH_FAILED
    if watcher.troubles or watcher.follower.gaps:
        return INCOMPLETE
    return FOUND if rows else NOTHING


def _for_ever(watcher: Watcher, stop: threading.Event, zone: ZoneInfo) -> int:
    from quetsach.watching.running import POLL_SECONDS

    told: dict[str, str] = {}
    if watcher.outbox is not None:
        watcher.outbox.start()
    first = ngettext(
        "Following with a list of %(n)s entry. Stop with Ctrl-C.",
        "Following with a list of %(n)s entries. Stop with Ctrl-C.",
        watcher.count,
    )
    say.line(first % {"n": words.number(watcher.count)})
    pushed = ""
    texts: set[str] = set()
    left_out: set[str] = set()
    while not stop.is_set():
        watcher.round()
        _tell_lists(watcher)
        _tell(watcher.news(), zone)
        texts = _tell_texts(watcher.as_text, texts)
        told = _tell_troubles(watcher.troubles, told)
        left_out = _tell_left_out(watcher, left_out)
        if _why(watcher) != pushed:
            pushed = _why(watcher)
            if pushed:
                say.warning(_("Not sent: %(why)s") % {"why": pushed} + " " + _("It is kept and sent later."))
            else:
                say.line(_("The portal takes it again."))
        stop.wait(POLL_SECONDS)
    watcher.write()
    say.line(_("Stopped. The same command goes on from here."))
    return NOTHING


def _why(watcher: Watcher) -> str:
    """Why the portal did not take the last document; "" if it did."""
    outbox = watcher.outbox
    if outbox is None:
        return ""
    problem = outbox.problem or outbox.lease_problem or outbox.beat_problem
    return say.worded(problem) if problem is not None else ""


def _tell(rows: Sequence[Sighting], zone: ZoneInfo) -> None:
    """A line for each machine and address that is new or called again."""
    for row in rows[:_MOST_SHOWN]:
        name = row.device or row.identity.get("host") or row.identity.get("mac") or _("machine unknown")
        text = ngettext(
            "%(time)s  %(machine)s called %(indicator)s (%(n)s line, %(action)s)",
            "%(time)s  %(machine)s called %(indicator)s (%(n)s lines, %(action)s)",
            row.count,
        )
        values = {
            "time": words.moment(row.last_seen, zone, seconds=True) or _("without a time"),
            "machine": name,
            "indicator": words.defanged(row.matched),
            "n": words.number(row.count),
            "action": words.action(row.action),
        }
        click.echo(words.visible(text % values))
    if len(rows) > _MOST_SHOWN:
        click.echo(_("and %(n)s more") % {"n": words.number(len(rows) - _MOST_SHOWN)})
    sys.stdout.flush()


def _tell_lists(watcher: Watcher) -> None:
    """Say what new lists leave out, as a scan does."""
    lists = watcher.lists.taken()
    if lists is not None:
        from quetsach.results import listnotes, table

        table.show_notes(say.screen(is_error=True), listnotes.of(lists))


def _tell_texts(now: Sequence[str], told: set[str]) -> set[str]:
    """Say which logs no format fits, once each; returns those that were told."""
    for path in now:
        if path not in told:
            why = _("no log format fits: only addresses are looked for; --format names one")
            say.warning(words.visible(f"{path}: {why}"))
    return told | set(now)


def _tell_troubles(now: dict[str, str], told: dict[str, str]) -> dict[str, str]:
    """Say what cannot be looked at, once each; returns what was said."""
    for path, why in now.items():
        if told.get(path) != why:
            say.warning(words.visible(f"{path}: {explain(why)}"))
    return dict(now)


def _tell_left_out(watcher: Watcher, told: set[str]) -> set[str]:
    """Say what lies in the folders and is no log, once each; returns what was said."""
    from quetsach.watching.names import LEFT_OUT

    now = {path: LEFT_OUT[why] for path, why in watcher.follower.left_out.items() if why in LEFT_OUT}
    for path, why in now.items():
        if path not in told:
            say.warning(words.visible(f"{path}: {explain(why)}"))
    return set(now)
