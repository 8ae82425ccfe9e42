"""The steps of the demonstration, in order."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management import call_command

from demo.address import address_at, follow
from demo.calendar import Calendar
from demo.check import Browser, CheckError
from demo.desk import lay_papers, write_letters
from demo.eighth_week import play
from demo.figures import export_pages, figures_line, main_pages
from demo.letter import read_order
from demo.living import Living
from demo.logs import write
from demo.machines import check_machines
from demo.notified import notify, report_on_it
from demo.offered import offer_tools
from demo.offices import keep_offices
from demo.people import ACCOUNTS, passwords
from demo.registered import fill_register
from demo.reported import take_reports
from demo.server import Server
from demo.steps import Steps
from demo.story import ISSUER, SLUG, Story
from demo.words import say

QUETSACH = Path(sys.executable).with_name("quetsach")
SOURCE_NAME = "tuong-lua-huyen-phong-tho"
CLEAN, SIGHTINGS = 0, 1


def run(given: argparse.Namespace, var: Path) -> int:
    """Set the demonstration up if needed, then serve it, or check it and stop."""
    done = var / "ready.json"
    before = float(os.environ.get("QUETSACH_SETUP_SECONDS", 0))
    if done.exists():
        is_living = json.loads(done.read_text(encoding="utf-8")).get("living")
        return serve(given, var, Steps(3 if is_living else 2, before), is_new=False)
    steps = Steps(8 if given.logs else 15 if given.as_of else 16, before)
    with steps.step(say("build"), spent=before):
        steps.note = engine_name()
    with steps.step(say("database")):
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
    calendar = Calendar.of_2022() if given.as_of else Calendar.now()
    with steps.step(say("tree")):
        story = Story(calendar, read_order(calendar.due, calendar.issued), var / "accounts.json")
        steps.note = say("units", n=len(story.units))
    if given.logs:
        own_files(given, var, steps, story)
    else:
        made_files(given, var, steps, story)
    address = address_at(given.port)
    is_living = not given.logs and not given.as_of
    kept = {
        "as_of": str(calendar.today),
        "own": bool(given.logs),
        "living": is_living,
        "address": address,
    }
    done.write_text(json.dumps(kept), encoding="utf-8")
    return serve(given, var, steps, is_new=True)


def made_files(given: argparse.Namespace, var: Path, steps: Steps, story: Story) -> None:
    """The whole story on generated logs."""
    networks, staff = {}, {}
    for unit in story.units.values():
        cidr = unit.networks.values_list("cidr", flat=True).first()
        if cidr:
            networks[str(unit.pk)], staff[str(unit.pk)] = cidr, unit.staff_count or 6
    with steps.step(say("logs")):
        written, tales = write(var / "made", story.calendar, networks, staff)
        steps.note = say("written", mb=written.bytes / 1e6, n=len(tales))
    with steps.step(say("publish")):
        story.publish([written.list_file])
        steps.note = say("indicators", n=story.indicator_set.count)
    with steps.step(say("cascade")):
        story.cascade()
        keep_offices(story)
    compiled = compile_list([written.list_file], var)
    with steps.step(say("scan1")):
        scan(written.parts[0], compiled, var / "scan-1.jsonl")
        story.take_scan(var / "scan-1.jsonl", days_ago=7)
        notify(story)
        story.clean(tales)
        report_on_it(story)
    with steps.step(say("scan2")):
        scan(written.parts[1], compiled, var / "scan-2.jsonl", story.asked(var / "asked.txt"))
    with Server(given.port, var / "portal.log") as server, steps.step(say("push")):
        push(var / "scan-2.jsonl", server.url, story.token(), var)
    with steps.step(say("victims")):
        steps.note = say("reported", n=take_reports(story))
    with steps.step(say("reports")):
        story.report()
        write_letters(story)
        lay_papers(story)
    with steps.step(say("machines")):
        steps.note = say("results", n=check_machines(story, var))
        fill_register(story)
    with steps.step(say("eighth")):
        steps.note = say("cases", n=play(story, var))
    with steps.step(say("tools")):
        steps.note = offer_tools(story, var / "tools")


def own_files(given: argparse.Namespace, var: Path, steps: Steps, story: Story) -> None:
    """The visitor's logs and lists: only the offices are invented."""
    with steps.step(say("publish")):
        story.publish(given.indicators)
        made = story.indicator_set
        steps.note = say("list", n=made.count, rejected=made.rejected)
    compiled = compile_list(given.indicators, var)
    with steps.step(say("scan")):
        scan(given.logs, compiled, var / "scan.jsonl")
    with Server(given.port, var / "portal.log") as server:
        with steps.step(say("push")):
            push(var / "scan.jsonl", server.url, story.token(), var)
        with steps.step(say("export")):
            steps.note = export(server.url, var)


def engine_name() -> str:
    """The name of the engine for the scans."""
    from quetsach.scanning.engine import choose

    return say("engine", name=choose().name)


def compile_list(files: list[Path], var: Path) -> Path:
    """Compile the list once for all scans."""
    compiled = var / "indicators.qs"
    command: list[str | Path] = [QUETSACH, "indicators", "compile", *files, "-o", compiled]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return compiled


def scan(files: list[Path], compiled: Path, out: Path, asked: Path | None = None) -> None:
    """`quetsach scan`, with its own progress on a terminal. `asked` names machines that wait for proof."""
    options: list[str | Path] = ["-i", compiled, "--devices", "--source-name", SOURCE_NAME, "-o", out]
    options += ["--asked", asked] if asked else []
    command = [QUETSACH, "scan", *files, *options]
    answer = subprocess.run(command, stdout=subprocess.DEVNULL)
    if answer.returncode not in (CLEAN, SIGHTINGS):
        raise subprocess.CalledProcessError(answer.returncode, command)


def push(file: Path, url: str, token: str, var: Path) -> None:
    """`quetsach push` with a token of the district."""
    secret = var / "token"
    secret.touch(mode=0o600)
    secret.write_text(token, encoding="utf-8")
    try:
        command: list[str | Path] = [QUETSACH, "push", file, "--push", url, "--token-file", secret]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        secret.unlink()


def export(base: str, var: Path) -> str:
    """The coordinator downloads the official report and the figures; returns their folder."""
    coordinator = ACCOUNTS[0]
    browser = Browser(base)
    browser.sign_in(
        "/tai-khoan/dang-nhap/", coordinator.username, passwords(var / "accounts.json")[coordinator.username]
    )
    files = []
    for path in export_pages(SLUG):
        file = var / path.rpartition("/")[2]
        file.write_bytes(browser.fetch(path))
        files.append(str(file))
    return say("exported", files=", ".join(files))


def serve(given: argparse.Namespace, var: Path, steps: Steps, *, is_new: bool) -> int:
    """Serve until stopped; with --check ask for the main pages and stop."""
    mark = json.loads((var / "ready.json").read_text(encoding="utf-8"))
    if not is_new:
        with steps.step(say("database")):
            call_command("migrate", verbosity=0)
            call_command("collectstatic", verbosity=0, interactive=False)
    with Server(given.port, var / "portal.log") as server:
        move(mark, address_at(server.port), var)
        with steps.step(say("pages")):
            try:
                # After use, the first people's passwords may be locked or changed: that is no error.
                asked = visit(server.url, var) if is_new else visit_in_public(server.url)
                steps.note = say("asked", n=asked)
            except CheckError as error:
                print(f"\n{error}\n{(var / 'portal.log').read_text()[-3000:]}", file=sys.stderr)
                return 1
        print(figures_line(SLUG))
        with ExitStack() as opened:
            if mark.get("living"):
                with steps.step(say("living")):
                    living = Living(var, server.url)
                    opened.enter_context(living.running())
                    try:
                        # After use, a visitor may have locked it: that is no error.
                        steps.note = say("seen", s=living.awaited(var)) if is_new else ""
                    except CheckError as error:
                        print(f"\n{error}", file=sys.stderr)
                        return 1
            if given.check:
                return 0
            greet(server.url, var, steps, is_own=mark["own"])
            while server.process.poll() is None:
                time.sleep(0.5)
    return 1


def move(mark: dict[str, Any], now: str, var: Path) -> None:
    """Write the address of this start into what was stored at an earlier one."""
    before = mark.get("address", now)
    if before != now:
        follow(before, now)
        (var / "ready.json").write_text(json.dumps({**mark, "address": now}), encoding="utf-8")
        print(say("moved", before=before, now=now))


def visit_in_public(base: str) -> int:
    """Request every main page that anybody may open; returns their number."""
    public, _inner = main_pages(SLUG, ISSUER)
    visitor = Browser(base)
    for path in public:
        visitor.get(path)
    return len(public)


def visit(base: str, var: Path) -> int:
    """Request every main page, as a visitor and as each of the people; returns their number."""
    known = passwords(var / "accounts.json")
    _public, inner = main_pages(SLUG, ISSUER)
    asked = visit_in_public(base)
    visitor = Browser(base)
    # Pages outside a campaign lead a visitor to the sign-in.
    for path in (path for path in inner["dieuphoi"] if path.startswith("/cd/")):
        visitor.get(path, expect=404)
        asked += 1
    for account in ACCOUNTS:
        browser = Browser(base)
        browser.sign_in("/tai-khoan/dang-nhap/", account.username, known[account.username])
        for path in inner[account.username]:
            browser.get(path)
            asked += 1
    return asked


def greet(base: str, var: Path, steps: Steps, *, is_own: bool) -> None:
    """The address and the accounts."""
    known = passwords(var / "accounts.json")
    print(f"\n{say('running', s=steps.seconds, url=base)}\n")
    for account in ACCOUNTS:
        print(f"  {account.username:<10} {known[account.username]:<20} {account.full_name}, {account.what}")
    print(f"\n{say('own' if is_own else 'invented')}")
