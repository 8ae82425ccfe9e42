"""A sensor that lives as long as the demonstration: `quetsach watch` beside a log that goes on being written.

Its log is made up and marked as such. One machine that the story does not know calls a listed address a few
seconds after the start, so that a visitor sees a line become a case.
"""

from __future__ import annotations

import csv
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.urls import reverse

from demo.check import Browser, CheckError
from demo.loggen import KINDS, Item
from demo.loggen.growing import GrowingLog
from demo.loggen.listed import Listed
from demo.loggen.world import Client, World
from demo.people import ACCOUNTS, passwords
from demo.story import ISSUER, SEED, SLUG
from quetsach.portal.accounts.models import User
from quetsach.portal.cases.models import Case
from quetsach.portal.sensors import actions
from quetsach.portal.sensors.models import Sensor
from quetsach.portal.units.models import Unit, subtree

NAME = "phân giải tên của huyện (dữ liệu mẫu)"
QUETSACH = Path(sys.executable).with_name("quetsach")
_EVENTS, _HIT_SECONDS = 3, 60.0
_PATIENT = 60.0


class Living:
    """The sensor, its log, and the thread that writes it. `machine` is the infected one."""

    def __init__(self, var: Path, url: str) -> None:
        self._folder, self._url = var / "living", url
        self._token = self._folder / "token.txt"
        items = _listed(var / "made" / "demo-indicators.csv")
        prefixes = [cidr.rsplit(".", 1)[0] for cidr in _networks()]
        clients = [Client(f"{prefix}.{20 + n}", "", "", "") for prefix in prefixes for n in range(2)]
        self.machine = f"{prefixes[0]}.251"
        self._item = next(item for item in items if item.kind == "domain")
        world = World(Listed(items), clients, SEED, breadth=2000)
        self._log = GrowingLog(self._folder / "logs" / "demo-living-dns.log", KINDS["zeek-dns"], world)
        self._stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Sensor and log live inside."""
        if not self._token.exists():
            self._enrol()
        self.began = datetime.now(UTC)
        writer = threading.Thread(target=self._write, name="living log", daemon=True)
        writer.start()
        with (self._folder / "watch.txt").open("w", encoding="utf-8") as said:
            # A session of its own: Ctrl-C reaches the demonstration, which then stops the sensor in order.
            process = subprocess.Popen(self._command(), stdout=said, stderr=said, start_new_session=True)
        try:
            yield
        finally:
            self._stop.set()
            writer.join()
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _command(self) -> list[str]:
        there = f"{self._url}/api/v1/indicators?campaign={SLUG}"
        return [
            str(QUETSACH), "watch", "--follow", str(self._folder / "logs" / "*.log"), "-i", there,
            "--state", str(self._folder / "state"), "--source-name", NAME, *self._to_portal(),
        ]  # fmt: skip

    def _to_portal(self) -> list[str]:
        return ["--push", self._url, "--token-file", str(self._token)]

    def _enrol(self) -> None:
        """As a person does it: the code of the page becomes a token."""
        actor, unit = User.objects.get(username="cntt"), Unit.rows.get(name=ISSUER)
        sensor = Sensor.rows.filter(unit=unit, name=NAME, locked_at=None).first()
        code = actions.new_code(actor, sensor) if sensor else actions.add(actor, unit, NAME)[1]
        command = [str(QUETSACH), "watch", "--enrol", *self._to_portal()]
        subprocess.run(command, input=f"{code}\n", text=True, check=True, capture_output=True)

    def _write(self) -> None:
        client, due = Client(self.machine, "", "", ""), time.monotonic() + 2
        while not self._stop.wait(1):
            self._log.benign(_EVENTS)
            if time.monotonic() >= due:
                self._log.hit(self._item, client)
                due += _HIT_SECONDS

    def awaited(self, var: Path) -> float:
        """Wait until the page of sensors shows it alive and its sign is a case, and return the seconds since
        the start. Raises CheckError."""
        until = time.monotonic() + _PATIENT
        account = next(one for one in ACCOUNTS if one.username == "cntt")
        browser = Browser(self._url)
        browser.sign_in(
            "/tai-khoan/dang-nhap/", account.username, passwords(var / "accounts.json")[account.username]
        )
        while time.monotonic() < until:
            if Case.rows.filter(device__key=self.machine).exists() and self._is_alive():
                row = _row_of(browser.get(reverse("sensors", args=[SLUG])))
                if "đang chạy" not in row:
                    raise CheckError(f"the page of sensors does not show {NAME} alive: {row}")
                return (datetime.now(UTC) - self.began).total_seconds()
            time.sleep(0.2)
        raise CheckError((self._folder / "watch.txt").read_text(encoding="utf-8")[-2000:])

    def _is_alive(self) -> bool:
        return Sensor.rows.filter(name=NAME, locked_at=None, beat_at__gte=self.began).exists()


def _networks() -> list[str]:
    """Networks of the district's units."""
    units = Unit.rows.filter(subtree(Unit.rows.get(name=ISSUER).path)).order_by("path")
    found = (unit.networks.values_list("cidr", flat=True).first() for unit in units)
    return [cidr for cidr in found if cidr and cidr.endswith(".0/24")]


def _listed(file: Path) -> list[Item]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [Item(row["indicator"], row["type"], row["family"]) for row in csv.DictReader(rows)]


def _row_of(page: str) -> str:
    """The row of the sensor on its page, without markup."""
    found = next((row for row in page.split("<tr") if NAME in row), "")
    return re.sub(r"<[^>]+>", " ", found)
