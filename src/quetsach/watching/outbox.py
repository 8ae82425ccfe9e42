"""Sends what changed to the portal, again and again until it is taken. Following never waits for it.

There is no queue: the state knows the change up to which the portal has everything.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from quetsach.errors import QuetsachError
from quetsach.machines.leases.naming import Leases
from quetsach.results import push
from quetsach.results.push_machines import push_machines
from quetsach.sightings import heartbeat
from quetsach.sightings.sighting import End, Scan
from quetsach.watching import beating, document, lease_tables
from quetsach.watching.state import State

COVERAGE_SECONDS = 60.0
"""What was looked at, where nothing was found, is sent no more often."""
LEASE_SECONDS = 300.0
"""Leases are sent no more often: a server renews some each minute."""
_LONGEST_PAUSE = 60.0
_DAY = 86_400.0
_HEARTBEAT = "/api/v1/heartbeat"
_BEAT_CODES = {401: "token_unknown", 404: "no_portal", 409: "no_sensor", 422: "refused"}
_REFUSED = ("refused", "none_taken", "too_large")
LOCKED = ("token_unknown", "token_not_allowed")
"""With such an answer the portal takes nothing more."""
_TICK = 0.5
_NEWS_SECONDS = 5.0
"""Between two heartbeats, though something changed: a thousand new logs are one piece of news."""


class _Refused(NamedTuple):
    """Leases of a place that the portal refused: why, until when they wait, and how long that was."""

    problem: QuetsachError
    until: float
    pause: float


class Outbox:
    """One portal. `leases` gives the leases of a place as they are now."""

    def __init__(
        self,
        state_file: Path,
        url: str,
        token: str,
        leases: Callable[[str], Leases],
    ) -> None:
        self._state_file, self._url, self._token, self._leases = state_file, url, token, leases
        self._began = time.time()
        self._stop, self._news = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.problem: QuetsachError | None = None
        """Why the last attempt failed; None after one that did not."""
        self._refused: dict[str, _Refused] = {}
        self.lease_problem: QuetsachError | None = None
        """Why the portal did not take the leases last time."""
        self.beat_problem: QuetsachError | None = None
        """That the portal took no heartbeat, because the token is locked."""
        self.left_out = 0
        """Lines that the portal left out."""

    def start(self) -> None:
        """Send in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def tell(self) -> None:
        """The list, the sources or their gaps changed: the next heartbeat does not wait for its minute."""
        self._news.set()

    def close(self) -> None:
        """End the thread; what is not sent goes next time."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        state = State(self._state_file)
        pause, last, beaten = 0.0, 0.0, 0.0
        lease_pause, leases_tried = 0.0, 0.0
        while not self._stop.wait(max(_TICK, pause)):
            pause_between = _NEWS_SECONDS if self._news.is_set() else heartbeat.SECONDS
            if time.monotonic() - beaten >= pause_between:
                self._news.clear()
                self.beat(state)
                beaten = time.monotonic()
            if time.monotonic() - leases_tried >= lease_pause and unsent_leases(state, self._url):
                self.send_leases(state)
                is_sent = self.lease_problem is None or _is_refusal(self.lease_problem)
                lease_pause = LEASE_SECONDS if is_sent else _LONGEST_PAUSE
                leases_tried = time.monotonic()
            has_rows = unsent(state, self._url)[0] > 0
            if not has_rows and time.monotonic() - last < COVERAGE_SECONDS:
                continue
            if self.send(state):
                pause, last = 0.0, time.monotonic()
            else:
                pause = min(_LONGEST_PAUSE, 2 * pause or 1.0)
        state.close()

    def send(self, state: State) -> bool:
        """Send what changed, once, a document for each list and place, the oldest list first; whether the
        portal has everything now. `problem` says why not."""
        present = state.about().get("set")
        # What an earlier list found and is not sent yet, nobody would ask for again.
        lists = sorted(state.lists(), key=lambda one: one[0] == present)
        problem: QuetsachError | None = None
        for set_id, count, _since in lists:
            if self._send(state, set_id, count):
                continue
            problem = problem or self.problem
            if self.problem is None or not _is_refusal(self.problem):
                break
        self._note(state, problem)
        return problem is None

    def _note(self, state: State, problem: QuetsachError | None) -> None:
        """Keep why the portal did not take all; one refused document holds back no other."""
        self.problem = problem
        state.note(_spelled("push", problem))

    def _send(self, state: State, set_id: str, count: int) -> bool:
        change, since = state.last_change(), sent(state, self._url, set_id)
        is_sent = False
        try:
            for scan in document.headers(state, set_id, count):
                for write in document.changes(state, scan, self._leases(scan.source_name), since):
                    self._push(write)
                    is_sent = True
            self._send_unread(state, set_id, count)
        except QuetsachError as error:
            self.problem = _alone(error)
            return False
        if is_sent:
            state.note({_name(self._url, set_id): str(change), "pushed": str(time.time())})
        return True

    def _push(self, write: Callable[[BinaryIO], End]) -> None:
        with tempfile.TemporaryFile(dir=self._state_file.parent) as out:
            write(out)
            out.seek(0)
            self.left_out += len(push.push(out, self._url, self._token).rejected)

    def _send_unread(self, state: State, set_id: str, count: int) -> None:
        """Send what cannot be looked at, where the portal does not know it yet: of each place in the document
        about the machines that are asked about now."""
        asked = tuple(json.loads(state.about().get("asked", "[]")))
        places: dict[str, Scan] = {}
        for scan in document.headers(state, set_id, count):
            if scan.asked == asked or scan.source_name not in places:
                places[scan.source_name] = scan
        name = f"sent unread {set_id} {self._url}"
        told: dict[str, dict[str, str]] = json.loads(state.about().get(name, "{}"))
        known = dict(told)
        for place, scan in places.items():
            documents, known[place] = document.unread(state, scan, told.get(place, {}))
            for write in documents:
                self._push(write)
        known = {place: paths for place, paths in known.items() if paths}
        if known != told:
            state.note({name: json.dumps(known)})

    def send_leases(self, state: State) -> bool:
        """Send the leases of each place that came since the last time as evidence on machines; whether the
        portal has them all now. `lease_problem` says why not. Leases that it refused wait longer each time,
        a day at most: they hold back no other place."""
        problem: QuetsachError | None = None
        for place in state.lease_places():
            since, waits = _leases_sent(state, self._url, place), self._refused.get(place)
            if not state.leases_after(place, since):
                continue
            if waits is not None and time.monotonic() < waits.until:
                problem = problem or waits.problem
                continue
            try:
                self._send_leases(state, place, since)
                self._refused.pop(place, None)
            except QuetsachError as error:
                problem = problem or _alone(error)
                if not _is_refusal(error):
                    break
                pause = min(_DAY, 2 * waits.pause if waits is not None else LEASE_SECONDS)
                self._refused[place] = _Refused(_alone(error), time.monotonic() + pause, pause)
        self.lease_problem = problem
        state.note(_spelled("lease", problem))
        return problem is None

    def _send_leases(self, state: State, place: str, since: int) -> None:
        change, base = state.last_change(), self._url.rstrip("/").removesuffix(push.PATH)
        push_machines(lease_tables.changes(state, place, since), base, self._token)
        state.note({_leases_name(self._url, place): str(change)})

    def beat(self, state: State) -> None:
        """Tell the portal that the watcher is alive, and where each source stands. A token that belongs to no
        sensor only pushes."""
        rows, leases = unsent(state, self._url), unsent_leases(state, self._url)
        told = beating.beat(state, rows, leases, self._began, time.time())
        body = heartbeat.write(told)
        address = push.address_of(self._url.rstrip("/").removesuffix(push.PATH), _HEARTBEAT)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        try:
            with push.pool(1) as http:
                push.answer_of(http, address, headers, self._token, codes=_BEAT_CODES, body=body)
        except push.PushError as error:
            is_locked = error.code in LOCKED
            self.beat_problem = push.PushError(error.code, error.detail) if is_locked else None
            state.note({"beat": "" if error.code == "no_sensor" else error.code})
            return
        self.beat_problem = None
        state.note({"beat": "", "beaten": str(told.at.timestamp())})


def sent(state: State, url: str, set_id: str) -> int:
    """The change up to which a portal has everything of a list."""
    return _number(state, _name(url, set_id))


def unsent(state: State, url: str) -> tuple[int, str]:
    """How many rows of all lists a portal has not got, and the day of the oldest."""
    left = [state.unsent(set_id, sent(state, url, set_id)) for set_id, _count, _since in state.lists()]
    return sum(count for count, _day in left), min((day for _count, day in left if day), default="")


def unsent_leases(state: State, url: str) -> int:
    """How many leases a portal has not got."""
    places = state.lease_places()
    return sum(state.leases_after(place, _leases_sent(state, url, place)) for place in places)


def _leases_sent(state: State, url: str, place: str) -> int:
    """The change up to which a portal has the leases of a place. An older version noted one for all."""
    about = state.about()
    return int(about.get(_leases_name(url, place), about.get(f"sent leases {url}", "0")))


def _number(state: State, name: str) -> int:
    return int(state.about().get(name, "0"))


def _name(url: str, set_id: str) -> str:
    return f"sent {set_id} {url}"


def _leases_name(url: str, place: str) -> str:
    return f"sent leases {url} {place}"


def _spelled(what: str, problem: QuetsachError | None) -> dict[str, str]:
    """A problem as the state keeps it."""
    if isinstance(problem, push.PushError):
        return {f"{what} code": problem.code, f"{what} problem": problem.detail}
    return {f"{what} code": "", f"{what} problem": str(problem or "")}


def _is_refusal(error: QuetsachError) -> bool:
    """Whether the portal answered that it does not take this document."""
    return isinstance(error, push.PushError) and error.code in _REFUSED


def _alone(error: QuetsachError) -> QuetsachError:
    """The error without what led to it: the frames of a kept traceback would hold the connection open."""
    found = error.with_traceback(None)
    found.__cause__ = found.__context__ = None
    return found
