"""Rules for a test run beyond its tests: no unlisted skip, and a report of the time of each folder.

Where changes are judged (CI=true) a skipped test or module fails unless `skips.toml` lists its
reason. The run ends with each skip by name and with the wall and processor seconds of
each folder; with QUETSACH_GATE_FILE=PATH it also writes that to the file as JSON, for
`tools/side_by_side.py`.
"""

from __future__ import annotations

import gc
import json
import os
import re
import time
import tomllib
from collections import defaultdict
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

LIST = Path(__file__).with_name("skips.toml")
IS_JUDGED = os.environ.get("CI") == "true"
ALONE = ("memory", "cluster", "wine", "kills")
"""Marks of tests that run one after another: two of them at once would disturb each other."""


def half() -> str:
    """The database of this run, by name."""
    return "postgresql" if os.environ.get("QUETSACH_DATABASE") else "sqlite"


def is_listed(said: str) -> bool:
    """Whether a skip with this reason is allowed where changes are judged."""
    entries = tomllib.loads(LIST.read_text(encoding="utf-8"))["skip"]
    return any(said.startswith(one["said"]) and one.get("half", half()) == half() for one in entries)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why the test was skipped, in its own words."""
    told = report.longrepr
    said = told[2] if isinstance(told, tuple) else str(told)
    return said.removeprefix("Skipped: ").strip()


def judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip that is not listed into a failure; also a test that is expected to fail, which pytest calls
    skipped. Neither can find a fault."""
    if not report.skipped or not IS_JUDGED:
        return
    said = reason_of(report)
    if not is_listed(said):
        report.outcome = "failed"
        vars(report).pop("wasxfail", None)  # with it pytest counts no failure
        report.longrepr = f"skipped where changes are judged, and not in {LIST.name}: {said}"


def _spent() -> float:
    """Processor seconds of this process and of the children that ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


_began: dict[str, tuple[float, float]] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    _began[nodeid] = time.monotonic(), _spent()


@pytest.hookimpl(wrapper=True, tryfirst=True)  # outside of the hook that turns a failure into a skip
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    judge(report)
    if report.when == "teardown" and item.nodeid in _began:
        wall, spent = _began.pop(item.nodeid)
        # pytest-xdist sends every attribute of a report to its main process.
        report.took = (time.monotonic() - wall, _spent() - spent)  # type: ignore[attr-defined]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    judge(report)
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Print a failure at once: the run goes on for minutes."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        lines = report.longreprtext.splitlines() or [""]
        print(f"\nFAILED {report.nodeid}: {lines[-1]}", flush=True)


@cache
def is_alone(file: str) -> bool:
    """Whether a test of this file has one of the marks."""
    text = Path(file).read_text(encoding="utf-8")
    return re.search(rf"\bmark\.({'|'.join(ALONE)})\b|\bNEEDS_WINE\b", text) is not None


class FilesStayTogether(LoadScopeScheduling):
    """A file stays in one process, with the objects that its tests share; all tests that must be alone share
    one process, too.

    pytest-xdist's own `loadgroup` writes the group into the name of a test; pytest 9.2 keeps names elsewhere.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "alone" if is_alone(file) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesStayTogether:
    return FilesStayTogether(config, log)


# The collector of unreachable objects looks at each object again and again, and the collected tests are a
# million of them. It sleeps while they are collected, and then passes over them.
gc.disable()
OBJECTS_BETWEEN = (50_000, 10, 10)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(*OBJECTS_BETWEEN)
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if half() == "postgresql":
        config.hook.pytest_deselected(items=[item for item in items if not asks_the_database(item)])
        items[:] = filter(asks_the_database, items)
    items.sort(key=_turn)


DATABASE = {"db", "transactional_db", "live_server", "django_db_setup"}
"""The fixtures without which pytest-django lets no test ask the database; others build on them."""


def asks_the_database(item: pytest.Item) -> bool:
    """Whether a test can reach the database of this run: by a fixture, a mark, or the address that its file
    gives to other processes. The others say on PostgreSQL what they say on SQLite."""
    if DATABASE & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db"):
        return True
    return passes_the_address_on(item.path)


@cache
def passes_the_address_on(file: Path) -> bool:
    return "QUETSACH_DATABASE" in file.read_text(encoding="utf-8")


def _turn(item: pytest.Item) -> int:
    """Long tests first, so that no process works alone on one at the end."""
    if is_alone(item.nodeid.partition("::")[0]):
        return 0
    return 1 if item.get_closest_marker("browser") or "/e2e/" in item.nodeid else 2


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stats = terminalreporter.stats
    skipped = [(one.nodeid, reason_of(one)) for one in stats.get("skipped", [])]
    folders: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for reports in stats.values():
        for report in reports:
            if took := getattr(report, "took", None):
                folder = folders[_folder(report.nodeid)]
                folder[0] += 1
                folder[1] += took[0]
                folder[2] += took[1]
    if skipped:
        terminalreporter.section(f"{len(skipped)} skipped")
        for name, said in sorted(skipped):
            terminalreporter.line(f"{name}: {said}")
    if len(folders) > 1:
        terminalreporter.section("what each folder took")
        terminalreporter.line(f"{'tests':>7} {'wall s':>8} {'processor s':>12}")
        for name, (count, wall, spent) in sorted(folders.items(), key=lambda one: -one[1][2]):
            terminalreporter.line(f"{count:>7} {wall:>8.1f} {spent:>12.1f}  {name}")
    if path := os.environ.get("QUETSACH_GATE_FILE"):
        counts = {kind: len(stats.get(kind, [])) for kind in ("passed", "failed", "error", "skipped")}
        Path(path).write_text(json.dumps({"counts": counts, "skipped": skipped, "folders": folders}))


def _folder(nodeid: str) -> str:
    """The folder of a test; for the portal, the folder of the app."""
    parts = nodeid.partition("::")[0].split("/")[1:-1]
    return "/".join(parts[:2]) or "tests"
