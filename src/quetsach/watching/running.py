"""A watcher: its request, its state, and one round after another."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from quetsach import __version__
from quetsach.bypass import providers
from quetsach.errors import ScanError
from quetsach.files import opening
from quetsach.indicators.loading import Choice
from quetsach.logs import logformat
from quetsach.scanning import engine
from quetsach.scanning.engine import Matcher
from quetsach.scanning.request import TIME_ZONE, check_zone
from quetsach.sightings.sighting import Sighting
from quetsach.watching import document, folder, lease_tables
from quetsach.watching.asked import FollowedAsked
from quetsach.watching.follower import Follower
from quetsach.watching.leases import FollowedLeases
from quetsach.watching.lists import FollowedLists
from quetsach.watching.looker import Looker
from quetsach.watching.names import Paths
from quetsach.watching.outbox import Outbox
from quetsach.watching.places import Place
from quetsach.watching.state import State
from quetsach.watching.store import checked

POLL_SECONDS = 0.5
_ALIVE_SECONDS = 5.0
_MOST_FILES = 1 << 16
"""Each followed file stays open, so that nothing is lost where it is renamed or deleted."""


class Request(NamedTuple):
    """The files to follow, with which lists, and where the state lies.

    `lists` are files or addresses; `url` and `token` those of a portal, "" for none. Without a `source_name`
    that of the state stays; a new state is named `vantage`. `places` stand for `follow` and all that says how
    its logs are read. `asked` is a file or the address of machines to look for, "" for none.
    """

    follow: Sequence[str]
    lists: Sequence[str]
    folder: Path
    source_name: str
    choice: Choice = Choice()
    tz: str = TIME_ZONE
    log_format: str | None = None
    leases: Sequence[Path] = ()
    lease_length: int | None = None
    from_now: bool = False
    url: str = ""
    token: str = ""
    vantage: str = ""
    places: Sequence[Place] = ()
    devices: bool = False
    asked: str = ""


class Watcher:
    """Follows until it is stopped. Only one thread looks; the outbox has one of its own.

    Raises ScanError where the state cannot be used or belongs to another request, IndicatorError where the
    lists cannot be read.
    """

    def __init__(self, request: Request, now: Callable[[], float] = time.time) -> None:
        check_zone(request.tz)
        if request.log_format is not None:
            logformat.check(request.log_format)
        self.request, self._now = request, now
        with ExitStack() as opened:
            self._open(opened)
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack) -> None:
        request, now = self.request, self._now
        opening.open_files(_MOST_FILES)
        state_file = folder.prepare(request.folder)
        opened.enter_context(closing(folder.Lock(request.folder)))
        self.state = opened.enter_context(closing(State(state_file)))
        places = self._places()
        document.keep_places(self.state, places)
        lease_tables.keep_name(self.state, self.request.source_name or request.vantage)
        chosen = engine.choose()
        self.lists = FollowedLists(request.lists, request.choice, chosen, request.folder, now)
        matcher = self.lists.first()
        self._program = f"{__version__} {chosen.name} {logformat.digest()} {providers.load().digest}"
        if request.devices:
            # The logs that are kept are read again: their machines were not noted.
            self._program += " devices"
        known = json.loads(self.state.about().get("asked", "[]"))
        self.asked = FollowedAsked(request.asked, (request.url, request.token), known, now)
        machines = self.asked.machines
        version = self.state.version(matcher.set_id, self._program, matcher.count, now(), machines)
        ways = {place: place.options._replace(devices=request.devices, asked=machines) for place in places}
        options = {text: ways[place] for place in places for text in place.follow}
        self._looker = Looker(self.state, chosen, matcher, version, ways[places[0]])
        own = [request.folder, *self.lists.files]
        self.follower = Follower(
            Paths(options, own), self._looker, from_now=request.from_now, options=options, now=now
        )
        self.leases = FollowedLeases(request.leases, places, self.state, request.tz, request.lease_length)
        self._looker.take_leases, self._looker.lease_length = self.leases.take, request.lease_length
        self._change = self.state.last_change()
        self._alive = 0.0
        self._noted: dict[str, str] = {}
        self._told: object = None
        self.outbox = Outbox(state_file, request.url, request.token, self.leases.of) if request.url else None
        if self.outbox is not None:
            opened.callback(self.outbox.close)
        opened.callback(self.follower.close)
        self._note()

    def _places(self) -> list[Place]:
        """The places of the request. Zone, format and name belong to the state: with others the same line
        would count again."""
        if self.request.places:
            return list(self.request.places)
        kept = self.state.about()
        name = self.request.source_name or kept.get("--source-name") or self.request.vantage
        self.request = self.request._replace(source_name=name)
        asked = {
            "--tz": self.request.tz,
            "--format": self.request.log_format or "",
            "--source-name": self.request.source_name,
        }
        for name, value in asked.items():
            if kept.get(name, value) != value:
                raise ScanError(
                    f"{self.request.folder}: was begun with {name} {kept[name] or '(none)'}; give that, or"
                    " another --state: the same lines would count again"
                )
        self.state.note(asked)
        request = self.request
        return [Place(tuple(request.follow), request.source_name, request.tz, request.log_format)]

    def _note(self) -> None:
        matcher = self._looker.matcher
        self.state.note(
            {
                "set": matcher.set_id,
                "count": str(matcher.count),
                "left out": str(self.lists.left_out),
                "url": self.request.url,
                "begun at": str(self._now()),
                "asked": json.dumps(self.asked.machines),
            }
        )

    def round(self) -> int:
        """Look at lists, leases and files once; returns how many spans were read.

        Raises ScanError where the state cannot be written, such as on a full disk, or is damaged.
        """
        with checked(self.state.path):
            new, is_asked = self.lists.changed(), self.asked.changed()
            if is_asked:
                self.follower.ask(self.asked.machines)
            if new is not None or is_asked:
                self._swap(new or self._looker.matcher)
            self.leases.refresh()
            done = self.follower.look()
            self._note_look()
            self._tell()
        return done

    def _note_look(self) -> None:
        """Keep that files were looked at, every five seconds, and at once what changed beside them."""
        waiting = json.dumps([str(path) for path in self.follower.waiting])
        as_text = json.dumps(sorted(self._looker.as_text))
        noted = {"waiting": waiting, "as text": as_text, "list": self.lists.problem}
        noted["not followed"] = json.dumps(self.follower.left_out)
        if noted != self._noted or abs(self._now() - self._alive) >= _ALIVE_SECONDS:
            self._noted, self._alive = noted, self._now()
            self.state.note({**noted, "looked": str(self._alive)})

    def _tell(self) -> None:
        """Tell the portal soon where the list, the logs, their gaps or their troubles changed."""
        now = (self.set_id, self.state.last_generation(), self.follower.gaps, tuple(self.troubles.items()))
        if now != self._told and self.outbox is not None:
            self.outbox.tell()
        self._told = now

    def _swap(self, new: Matcher) -> None:
        machines = self.asked.machines
        version = self.state.version(new.set_id, self._program, new.count, self._now(), machines)
        self._looker.matcher, self._looker.version = new, version
        self._note()

    @property
    def set_id(self) -> str:
        """The id of the list."""
        return self._looker.matcher.set_id

    @property
    def count(self) -> int:
        """Entries of the list."""
        return self._looker.matcher.count

    @property
    def as_text(self) -> list[str]:
        """Logs that are there and that no format fits."""
        return sorted(path for path in self._looker.as_text if os.path.exists(path))  # noqa: PTH110 False also without rights

    @property
    def troubles(self) -> dict[str, str]:
        """What cannot be looked at now, and why."""
        problems = {"-i": self.lists.problem, "--asked": self.asked.problem}
        told = {option: why for option, why in problems.items() if why}
        return {**self.follower.troubles, **self.leases.troubles, **told}

    def news(self) -> list[Sighting]:
        """Rows that are new or grew since the last call."""
        change = self.state.last_change()
        if change == self._change:
            return []
        rows = self.state.grown_since(self.set_id, self._change)
        self._change = change
        if not rows:
            return []
        found = self.state.rows(self.set_id, Sighting, {source for source, _key in rows})
        return [row for row in found if (row.source, document.key(row)) in rows]

    def write(self) -> None:
        """Make durable at once what would wait some seconds. Raises ScanError as `round` does."""
        with checked(self.state.path):
            self.follower.write()

    def stop(self) -> None:
        """End soon; may be called by a signal."""
        self._looker.stop()

    def close(self) -> None:
        """Give everything back."""
        self._opened.close()
