"""The portal under load: its own server on loopback, real HTTP, and a check of its promises afterwards.

Requests follow a clock that does not wait for answers, and a latency counts from the moment when the request
was due: a server that stalls pays for all requests that were due meanwhile.
"""

from __future__ import annotations

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count

from bench.portal import seed
from bench.portal.measures import Figure, widest
from quetsach.annexes.form.figures import Figures
from quetsach.portal.campaigns.models import CampaignNode
from quetsach.portal.reports.models import Report, Revision
from quetsach.portal.reports.queries import form_of
from quetsach.portal.reports.rollup.queries import total_of
from quetsach.portal.units.models import Role, Unit, subtree

PATIENCE = 60.0
"""Seconds until a client gives up an answer."""
CLIENTS = 48
_TOKEN = "0123456789abcdef" * 2
_COMPLETE = re.compile(r"<dt>Đầy đủ</dt><dd>([\d.]+) ")


class Server:
    """`quetsach serve` with two workers in a process group of its own."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-c", "from quetsach.cli import main; main()", "serve"]
        command += ["--port", str(self.port)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        start_new_session=True)  # fmt: skip
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if ask(self.port, "GET", "/healthz").status == 200:
                return
            time.sleep(0.1)
        raise TimeoutError("the server does not start")

    def kill(self) -> None:
        """SIGKILL to every process of the server at once."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def resident(self) -> list[int]:
        """Proportional memory of each process of the server, in bytes: shared pages are divided."""
        found = []
        for folder, _fields in self._processes():
            held = re.search(r"^Pss: +(\d+)", (folder / "smaps_rollup").read_text(), re.M)
            found += [int(held[1]) * 1024] if held else []
        return found

    def started(self) -> list[int]:
        """The processes that the first process has started."""
        assert self.process is not None
        found = [int(folder.name) for folder, _fields in self._processes()]
        return [process for process in found if process != self.process.pid]

    def cpu_seconds(self) -> float:
        """Processor time of all its processes so far: the cost of requests on a machine of any load."""
        ticks = sum(int(fields[11]) + int(fields[12]) for _folder, fields in self._processes())
        return ticks / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> Iterator[tuple[Path, list[str]]]:
        """The folder of each process below /proc, and its status from the state on, in the order of
        proc(5)."""
        assert self.process is not None
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                yield status.parent, fields


@contextmanager
def serving() -> Iterator[Server]:
    """A running server."""
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.kill()


@dataclass(frozen=True)
class Answer:
    """Status 0 stands for no answer at all."""

    status: int
    text: str = ""


_open = threading.local()


def ask(
    port: int,
    method: str,
    path: str,
    session: str = "",
    fields: dict[str, str] | None = None,
    visitor: str = "",
) -> Answer:
    """One request on this thread's own connection, which is opened again after any error.

    `visitor`: the address of a stranger without cookies, as the server in front hands it on.
    """
    link: http.client.HTTPConnection | None = getattr(_open, "link", None)
    if link is None or link.port != port:
        link = _open.link = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Cookie": f"sessionid={session}; csrftoken={_TOKEN}"}
    if visitor:
        headers = {"X-Forwarded-For": visitor}
    body = None
    if fields is not None:
        body = urlencode(fields | {"csrfmiddlewaretoken": _TOKEN})
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        link.request(method, path, body, headers)
        answer = link.getresponse()
        return Answer(answer.status, answer.read().decode())
    except (OSError, http.client.HTTPException):
        link.close()
        _open.link = None
        return Answer(0)


@dataclass
class Office:
    """A unit without a report, a person who types for it, and the superior that accepts the report."""

    node: CampaignNode
    session: str
    superior: str
    key: UUID = field(default_factory=uuid4)
    people: int = 20

    def submit(self, port: int) -> Answer:
        """Hand in its report; a second call is a retry of the same form."""
        fields = {"r1": "0", "r2": str(self.people), "r3": "0", "r4": str(self.people - 1), "version": "0",
                  "narrative": "Đã rà soát xong tất cả các máy của đơn vị.", "do": "submit",
                  "client_uuid": str(self.key)}  # fmt: skip
        return ask(port, "POST", f"/cd/toan-quoc/bao-cao/{self.node.pk}/", self.session, fields)

    def accept(self, port: int) -> Answer:
        """The superior accepts it."""
        path = f"/cd/toan-quoc/bao-cao/{self.node.pk}/viec/accept/"
        return ask(port, "POST", path, self.superior, {"number": "1"})


def offices(root: CampaignNode, count: int, path: str = "") -> list[Office]:
    """`count` units without a report, with people who are signed in."""
    nodes = list(
        CampaignNode.rows.filter(subtree(path or root.path), campaign=root.campaign, report=None)
        .annotate(below=Count("children"))
        .filter(below=0, depth__gt=1)
        .select_related("unit")
        .order_by("pk")[:count]
    )
    above = Unit.rows.filter(nodes__in={node.parent_id for node in nodes}).distinct()
    typing = seed.seat_people([node.unit for node in nodes], Role.OFFICER)
    superiors = seed.seat_people(list(above), Role.OFFICER)
    sessions = {unit: seed.sign_in(user) for unit, user in superiors.items()}
    parents: dict[UUID | None, UUID] = dict(
        CampaignNode.rows.filter(campaign=root.campaign).values_list("pk", "unit_id")
    )
    return [
        Office(node, seed.sign_in(typing[node.unit_id]), sessions[parents[node.parent_id]]) for node in nodes
    ]


def kept_promises(root: CampaignNode, answered: Sequence[Office]) -> str:
    """The broken promises, in words: a report lost, counted twice, or a total that is no sum; "" if none."""
    keys = {office.key for office in answered}
    there = set(Revision.rows.filter(client_uuid__in=keys).values_list("client_uuid", flat=True))
    mine = Revision.rows.filter(report__node__in=[office.node.pk for office in answered])
    twice = mine.values("report").annotate(n=Count("pk")).filter(n__gt=1).count()
    wrong = [] if total_is_sum(root) else ["the total is not the sum"]
    wrong += [f"{len(keys - there)} lost"] if keys - there else []
    wrong += [f"{twice} twice"] if twice else []
    return ", ".join(wrong)


def total_is_sum(root: CampaignNode) -> bool:
    """Whether the shown total equals the sum of every accepted report, added one by one at the same
    moment."""
    form = form_of(root)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        shown, _units = total_of(root, form)
        accepted = Report.rows.filter(
            node__campaign=root.campaign, node__state=CampaignNode.State.ACTIVE
        ).exclude(accepted=None)
        counts = accepted.values_list("accepted__counts", flat=True).iterator(2000)
        return shown == sum((Figures(row) for row in counts), form.zero)


def said(statuses: Counter[int]) -> str:
    return ", ".join(f"{n:,} x {status or 'no answer'}" for status, n in sorted(statuses.items()))


def percentiles(
    what: str, times: list[float], limit: float, statuses: Counter[int], more: str = ""
) -> Figure:
    """The 95th percentile as the figure, with the other percentiles beside it."""
    ordered = sorted(times) or [0.0]
    at = {p: ordered[min(int(len(ordered) * p / 100), len(ordered) - 1)] for p in (50, 90, 95, 99)}
    note = " ".join(f"p{p} {value:.3f}" for p, value in at.items())
    return Figure(f"{what}, p95 of {len(times):,}", [at[95]], limit, note=f"{note}; {said(statuses)}{more}")


def measure_memory(_root: CampaignNode) -> list[Figure]:
    """The memory of the idle server after each worker has drawn some pages."""
    with serving() as server:
        for _ in range(20):
            ask(server.port, "GET", "/")
        time.sleep(1)
        held = server.resident()
    note = f"{sum(held) / 1e6:.0f} MB in {len(held)} processes (limit 200 MB)"
    return [Figure("idle portal, MB", [sum(held) / 1e6], 200.0, note=note)]


class _Tally:
    """Latencies and statuses of one kind of request, from many threads."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._lock = threading.Lock()

    def add(self, due: float, answer: Answer) -> None:
        with self._lock:
            self.times.append(time.monotonic() - due)
            self.statuses[answer.status] += 1


class _Traffic:
    """Officers who submit and read; another person checks whether the national total is fresh."""

    def __init__(self, root: CampaignNode, port: int, before: int) -> None:
        self._root, self._port, self._before = root, port, before
        self._watcher = seed.sign_in(root.campaign.published_by)  # type: ignore[arg-type]
        self._dice = random.Random(7)
        self._accepted_at: list[float] = []
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch)
        self.sent, self.accepts, self.pages = _Tally(), _Tally(), _Tally()
        self.answered: list[Office] = []
        self.lags: list[float] = []

    def submit(self, office: Office, due: float) -> None:
        answer = office.submit(self._port)
        self.sent.add(due, answer)
        if answer.status != 302:
            return
        self.answered.append(office)
        begun = time.monotonic()
        done = office.accept(self._port)
        self.accepts.add(begun, done)
        if done.status == 302:
            self._accepted_at.append(time.monotonic())

    def read(self, office: Office, due: float) -> None:
        node, draw = office.node, self._dice.random()
        path = f"bao-cao/{node.pk}/" if draw < 0.6 else "viec-hom-nay/" if draw < 0.8 else "cong-van/"
        session = office.session
        if draw > 0.9:
            path, session = f"tong-hop/{node.parent_id}/", office.superior
        if draw > 0.98:
            path, session = f"tong-hop/{self._root.pk}/", self._watcher
        self.pages.add(due, ask(self._port, "GET", f"/cd/toan-quoc/{path}", session))

    def read_any(self, offices: Sequence[Office], due: float) -> None:
        self.read(self._dice.choice(offices), due)

    def _watch(self) -> None:
        while not self._over.is_set():
            begun = time.monotonic()
            known = len(self._accepted_at)
            page = ask(self._port, "GET", f"/cd/toan-quoc/tong-hop/{self._root.pk}/", self._watcher).text
            found = _COMPLETE.search(page)
            if found:
                shown = int(found[1].replace(".", "")) - self._before
                self.lags.append(begun - self._accepted_at[shown] if shown < known else 0.0)
            self._over.wait(1)

    @contextmanager
    def watched(self) -> Iterator[None]:
        self._watching.start()
        yield
        self._over.set()
        self._watching.join()

    @property
    def requests(self) -> int:
        return sum(len(one.times) for one in (self.sent, self.accepts, self.pages)) + len(self.lags)


def measure_load(root: CampaignNode, seconds: int, submits: float, reads: float) -> list[Figure]:
    """`submits` and `reads` a second, by the clock; is the national total fresh meanwhile?"""
    todo = offices(root, int(seconds * submits))
    before = Report.rows.filter(node__campaign=root.campaign).exclude(accepted=None).count()
    with serving() as server, ThreadPoolExecutor(CLIENTS) as pool:
        traffic = _Traffic(root, server.port, before)
        connection.close()
        with traffic.watched():
            idle, start = server.cpu_seconds(), time.monotonic()
            _by_clock(pool, start, seconds, submits, lambda n, due: traffic.submit(todo[n], due), reads,
                      lambda _n, due: traffic.read_any(todo, due))  # fmt: skip
            pool.shutdown()
            took = time.monotonic() - start
        spent = server.cpu_seconds() - idle
    each = traffic.requests / spent
    cost = f"{traffic.requests:,} requests took {spent:.1f} s of processor: {each:.0f} a processor second"
    broken = kept_promises(root, traffic.answered) or "nothing lost, nothing twice, the total is the sum"
    sent, accepts, pages, lags = traffic.sent, traffic.accepts, traffic.pages, traffic.lags
    return [
        percentiles("submit", sent.times, 0.8, sent.statuses, f"; {broken}"),
        percentiles("accept", accepts.times, 0.8, accepts.statuses),
        percentiles("page", pages.times, 1.0, pages.statuses, f"; all answered after {took:.0f} s; {cost}"),
        Figure("national total behind", [max(lags, default=0.0)], 5.0, note=f"{len(lags)} looks"),
    ]


def _by_clock(
    pool: ThreadPoolExecutor,
    start: float,
    seconds: int,
    submits: float,
    submit: Callable[[int, float], None],
    reads: float,
    read: Callable[[int, float], None],
) -> None:
    due = [(n / submits, submit, n) for n in range(int(seconds * submits))]
    due += [(n / reads, read, n) for n in range(int(seconds * reads))]
    for at, act, n in sorted(due, key=lambda one: one[0]):
        time.sleep(max(0.0, start + at - time.monotonic()))
        pool.submit(act, n, start + at)


def measure_writers(root: CampaignNode, count: int) -> list[Figure]:
    """`count` people of one province submit at one moment; then all are accepted at one moment."""
    todo = offices(root, count, widest(root).path)
    connection.close()
    figures = []
    with serving() as server:
        for what, act in (("submit", Office.submit), ("accept", Office.accept)):
            tally, gate = _Tally(), threading.Barrier(len(todo))

            def one(office: Office, act: Any = act, tally: _Tally = tally, gate: Any = gate) -> None:
                gate.wait()
                begun = time.monotonic()
                tally.add(begun, act(office, server.port))

            with ThreadPoolExecutor(len(todo)) as pool:
                list(pool.map(one, todo))
            name = f"{len(todo)} at once, {what}"
            figures.append(percentiles(name, tally.times, PATIENCE, tally.statuses))
    broken = kept_promises(root, todo) or "nothing lost, nothing twice, the total is the sum"
    return [*figures, Figure("afterwards", [0.0], note=broken)]


def measure_kills(root: CampaignNode, kills: int, between: float = 1.5, clients: int = 8) -> list[Figure]:
    """Clients submit and accept without pause while the server is killed again and again; each goes on."""
    todo = offices(root, 4000 if kills > 5 else 200)
    connection.close()
    waiting, answered, over = iter(todo), list[Office](), threading.Event()
    lock, tries, starts, sums = threading.Lock(), Counter[int](), list[float](), list[bool]()

    def client() -> None:
        while not over.is_set():
            with lock:
                office = next(waiting, None)
            if office is None:
                return
            for act in (office.submit, office.accept):
                while not over.is_set():
                    answer = act(server.port)
                    tries[answer.status] += 1
                    if answer.status == 302:
                        break
                    time.sleep(0.1)
                else:
                    return
                if act == office.submit:
                    answered.append(office)

    with serving() as server:
        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for _ in range(kills):
            time.sleep(between)
            server.kill()
            begun = time.monotonic()
            sums.append(total_is_sum(root))
            server.start()
            starts.append(time.monotonic() - begun)
        time.sleep(between)
        sums.append(total_is_sum(root))
        over.set()
        for thread in threads:
            thread.join()
    broken = kept_promises(root, answered) or "nothing lost, nothing twice, the total is the sum"
    note = f"{len(answered):,} reports answered, {said(tries)}; "
    note += f"total = sum {sum(sums)} of {len(sums)} times; {broken}"
    return [Figure(f"killed {kills} times: start again", starts, note=note)]
