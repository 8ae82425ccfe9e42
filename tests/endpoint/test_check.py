"""`quetsach check` in a person's use: its messages, files, questions and exit codes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import sysconfig
import threading
from pathlib import Path
from typing import Any

import pytest

from quetsach.endpoint import machines
from quetsach.endpoint.checking import Options, check
from quetsach.endpoint.fact import fact
from quetsach.endpoint.files import places
from quetsach.endpoint.finding import find
from quetsach.endpoint.profile import Profile
from quetsach.endpoint.reporting import report, result, wording
from quetsach.endpoint.wanted import Wanted
from quetsach.files.openers import evtx
from tests.command_line import Run
from tests.endpoint import world
from tests.endpoint.plants import DISK

HOSTILE = "KMSpico \"><img src=x onerror=alert(1)>\u202egpj.\x1b[31m'&.exe"
SYSMON = Path(os.environ.get("QUETSACH_TEST_DATA", "../shared/data")) / "evtx/sysmon.evtx"


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path]:
    """A list, and the exception that allows documentation names on it."""
    listed, override = tmp_path / "list.txt", tmp_path / "keep.csv"
    listed.write_text("evil.example\n", encoding="utf-8")
    override.write_text("indicator,reason,who,date\nevil.example,test,an,2026-01-01\n", encoding="utf-8")
    return listed, override


def _tree_state(root: Path) -> list[tuple[str, int, int, float]]:
    found = []
    for place in sorted(root.rglob("*")):
        status = place.lstat()
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        found.append((str(place), status.st_mode, size, status.st_mtime))
    return found


@pytest.mark.parametrize(
    ("sign", "code", "word"), [("", 0, "clean"), ("KMS-01", 1, "found"), ("FILE-01", 1, "traces")]
)
def test_exit_code_files_and_nothing_changed(
    quetsach: Run,
    kept: tuple[Path, Path],
    tmp_path: Path,
    sign: str,
    code: int,
    word: str,
) -> None:
    told = world.planted(DISK[sign][0]) if sign else world.CLEAN
    root = world.tree(told, tmp_path / "disk")
    before = _tree_state(root)
    page, out = tmp_path / "r.html", tmp_path / "r.json"
    done = quetsach(
        "check", "--root", root, "-i", kept[0], "--override", kept[1], "--yes", "--json", out, "--html", page
    )  # fmt: skip
    assert done[0] == code
    assert "Nothing is changed. Nothing is sent." in done[1]
    assert _tree_state(root) == before
    told = json.loads(out.read_text(encoding="utf-8"))
    assert (told["verdict"], told["machine"], told["schema"]) == (word, "PC-07", 1)
    assert {probe["state"] for probe in told["probes"]} <= {"ok", "empty", "not_checked"}
    assert [one["sign"] for one in told["findings"]] == ([sign] if sign else [])
    assert {path.name for path in tmp_path.iterdir()} == {"disk", "list.txt", "keep.csv", "r.html", "r.json"}
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_hashes_of_harmless_files_accuse_nobody_and_are_named(quetsach: Run, tmp_path: Path) -> None:
    machine = world.planted(
        {"files": {r"C:\Users\an\Downloads\rong.txt": "", r"C:\Users\an\Downloads\a.exe": "MZ x"}}
    )
    root = world.tree(machine, tmp_path / "disk")
    empty, listed = (hashlib.sha256(content).hexdigest() for content in (b"", b"MZ x"))
    hashes, out = tmp_path / "hashes.txt", tmp_path / "result.json"
    hashes.write_text(f"{empty}\n{listed} Ramnit\n", encoding="utf-8")
    _code, _said, err = quetsach("check", "--root", root, "--hashes", hashes, "--json", out, "--yes")
    assert [one["indicator"] for one in json.loads(out.read_text())["findings"]] == [listed]
    assert empty in err and listed not in err


@pytest.mark.parametrize("system", ["windows", "linux"])
def test_a_disk_without_a_name_is_named(quetsach: Run, tmp_path: Path, system: str) -> None:
    def named(root: Path, *more: str) -> tuple[str, str]:
        _code, out, err = quetsach("check", "--root", root, "--yes", "--json", "-", *more)
        return json.loads(out)["machine"], err

    disks = []
    for number in range(2):
        root = tmp_path / f"{system}-{number}"
        if system == "windows":
            world.tree(world.CLEAN, root)
            (root / "C:/Windows/System32/config/SYSTEM").unlink()
            os.utime(root / "C:/Users", (number, number))
        else:
            (root / "etc").mkdir(parents=True)
            (root / "etc/machine-id").write_text(f"{number:032x}\n", encoding="ascii")
        disks.append(root)
    first, warned = named(disks[0])
    assert re.fullmatch("o-dia-[0-9a-f]{8}", first) and first in warned and "--machine" in warned
    assert named(disks[0])[0] == first != named(disks[1])[0]
    assert named(disks[0], "--machine", " PC văn thư ") == ("PC văn thư", "")


def test_a_name_that_the_disk_tells_is_kept(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    _code, out, err = quetsach("check", "--root", root, "--yes", "--json", "-", "--machine", "PC-99")
    assert (json.loads(out)["machine"], "PC-07" in err) == ("PC-07", True)


@pytest.mark.parametrize("wrong", [["--machine", "PC-07"], ["--root", "/", "--machine", "a\nb"]])
def test_a_name_that_can_be_none_is_refused(quetsach: Run, wrong: list[str]) -> None:
    code, out, err = quetsach("check", "--yes", *wrong)
    assert (code, out, "--machine" in err) == (2, "", True)


def test_json_on_standard_output_is_alone_there(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    code, out, _err = quetsach("check", "--root", root, "--yes", "--json", "-")
    assert (code, json.loads(out)["verdict"]) == (2, "unknown")


def test_without_a_list_it_says_what_to_do(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    code, out, _err = quetsach("check", "--root", root, "--yes")
    assert code == 2
    assert "pack or list" in out


@pytest.mark.parametrize(
    "content", [None, "{", "[]", '{"system": "amiga"}', '{"system": "linux", "files": 3}']
)
def test_what_is_no_machine_is_refused(quetsach: Run, tmp_path: Path, content: str | None) -> None:
    place = tmp_path / "x"
    if content is None:
        place.mkdir()
    else:
        place.write_text(content, encoding="utf-8")
    code, _out, err = quetsach("check", "--root", place, "--yes")
    assert (code, str(place) in err) == (2, True)


def test_what_cannot_be_used_is_said_before_the_machine_is_looked_at(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    broken = tmp_path / "broken.yar"
    broken.write_text("rule x {", encoding="utf-8")
    for wrong in (
        ["--html", tmp_path / "none/r.html"],
        ["--rules", broken],
        ["--hashes", root / "C:/Windows"],
    ):
        code, out, err = quetsach("check", "--root", root, "--yes", *wrong)
        assert (code, str(wrong[1]) in err) == (2, True)
        assert "Looked at" not in out


def test_a_place_that_cannot_be_written_costs_no_answer(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    folder = tmp_path / "r.html"
    folder.mkdir()
    code, out, err = quetsach("check", "--root", root, "--yes", "--html", folder)
    assert (code, "Looked at" in out, "not saved" in err) == (2, True, True)
    assert not list(tmp_path.glob("*.part"))


def test_vietnamese_never_speaks_of_law(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.planted(DISK["KMS-01"][0]), tmp_path / "disk")
    _code, out, _err = quetsach("check", "--root", root, "--yes", "--lang", "vi")
    assert "Không thay đổi gì. Không gửi gì." in out
    assert "Phát hiện can thiệp kỹ thuật trên máy này." in out
    signs = Wanted().signs.signs.values()
    texts = [text.what + text.false_positive for sign in signs for text in sign.texts.values()]
    for word in ("bất hợp pháp", "vi phạm", "illegal", "pirat", "lậu"):
        assert not [text for text in [out, *texts] if word in text.lower()]


def test_hostile_names_stay_text(tmp_path: Path, catalogue: Path) -> None:
    machine = world.planted({"files": {rf"C:\Users\an\Downloads\{HOSTILE}": "MZ"}})
    done = world.look_at_recording(machine | {"name": "<b>PC"})
    with (tmp_path / "r.html").open("wb") as out:
        report.write(out, done)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "KMSpico &quot;&gt;&lt;img" in page
    assert not re.search(r"<(?:img|script|b>)|\u202e|\x1b", page)
    assert "default-src 'none'" in page
    document = json.dumps(result.as_table(done), ensure_ascii=False)
    assert not re.search("[\u202e\x1b]", document)
    assert "FILE-01" in document


def test_only_what_a_finding_rests_on_is_told() -> None:
    machine = world.planted(
        {"resolver_cache": ["private.example.org"], "files": {world.HISTORY: "ssh bi-mat.example.org\n"}}
    )
    document = json.dumps(result.as_table(world.look_at_recording(machine)))
    assert "private.example.org" not in document
    assert "bi-mat" not in document


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_probe_and_reason_has_words(catalogue: Path, lang: str) -> None:
    from quetsach.text import language

    language.use(lang)
    done = world.look_at_recording(world.CLEAN)
    for name, seen in done.observed.items():
        assert wording.probe(name) != name
        assert wording.probe_state(seen)
        assert (wording.probe_state(seen) in ("looked at in part", "đã xem một phần")) == (
            bool(seen.gaps) and str(seen.state) == "ok"
        )
        assert all(wording.gap(gap) for gap in seen.gaps)
    assert wording.next_steps(done)


@pytest.mark.parametrize(
    ("sign", "is_software"), [("FW-03", False), ("AV-04", False), ("KMS-04", True), ("ADS-01", True)]
)
def test_weak_protection_is_no_tampered_software(sign: str, is_software: bool) -> None:
    result = world.look_at_recording(world.planted(DISK[sign][0]))
    assert ("tampering" in wording.verdict(result)) == is_software
    assert any("papers" in step for step in wording.next_steps(result)) == is_software
    assert any("switch Windows' firewall on" in step for step in wording.next_steps(result)) == (
        sign == "FW-03"
    )


def test_where_the_firewall_is_off_is_told_in_words() -> None:
    (found,) = world.look_at_recording(world.planted(DISK["FW-03"][0])).findings
    assert [wording.evidence(one) for one in found.evidence] == ["in public networks"]


def test_a_day_is_shown_without_a_time() -> None:
    (found,) = world.look_at_recording(world.planted(DISK["OLD-01"][0])).findings
    assert wording.evidence(found.evidence[0]).endswith(" · 14/01/2020")


def test_an_old_system_is_not_told_that_there_is_nothing_to_do() -> None:
    done = world.look_at_recording(world.planted(DISK["OLD-01"][0]))
    assert str(done.verdict) == "clean"
    (step,) = wording.next_steps(done)
    assert "newer system" in step


def test_while_only_connections_are_watched_it_is_told() -> None:
    from quetsach.endpoint.machines.recording import Recording

    stop, told = threading.Event(), []

    def on_wait(left: float, total: float) -> None:
        told.append((left, total))
        stop.set()

    wanted, options = Wanted(indicators=world.LISTED), Options(seconds=3600)
    check(Recording(world.recording(world.CLEAN)), wanted, options, stop=stop, on_wait=on_wait)
    ((left, total),) = told
    assert 0 < left <= total <= options.seconds


def test_the_verdict_comes_before_the_watch_of_connections_which_may_still_change_it() -> None:
    from quetsach.endpoint.machine import Socket
    from quetsach.endpoint.machines.recording import Recording

    calls: list[str] = []
    called, stop = threading.Event(), threading.Event()

    class Calling(Recording):
        """Calls a listed address only after the first verdict."""

        def sockets(self) -> list[Socket]:
            if not calls:
                return [*super().sockets()]
            called.set()
            return [*super().sockets(), Socket("198.51.100.66", 443, 50_001, "SYN_SENT", 4)]

    def on_wait(_left: float, _total: float) -> None:
        calls.append("wait")
        if called.is_set():
            stop.set()

    done = check(
        Calling(world.recording(world.CLEAN)),
        Wanted(indicators=world.LISTED),
        Options(seconds=3600),
        stop=stop,
        on_wait=on_wait,
        on_verdict=lambda one: calls.append(str(one.verdict)),
    )
    assert calls[:2] == ["clean", "wait"]
    assert (str(done.verdict), calls.count("clean")) == ("found", 1)


def test_no_field_and_no_probe_is_told_by_its_raw_name() -> None:
    from quetsach.endpoint.fact import FACTS
    from quetsach.endpoint.probes import PROBES
    from quetsach.endpoint.reporting import fact_words

    assert {name for names in FACTS.values() for name in names} <= fact_words.FIELDS.keys()
    assert {one.name for one in PROBES} <= fact_words.PROBES.keys()


def test_what_was_not_looked_at_is_named_on_the_screen(quetsach: Run, tmp_path: Path) -> None:
    root = world.tree(world.CLEAN, tmp_path / "disk")
    _code, out, _err = quetsach("check", "--root", root, "--yes")
    told = out[out.index("the conclusion does not rest on it") :]
    assert all(name in told for name in ("Network connections", "Running programs", "Event logs"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_programs_whose_file_is_gone_or_never_was_are_seen(tmp_path: Path) -> None:
    from quetsach.endpoint.machines.linux import LinuxMachine

    copied = tmp_path / "chay"
    copied.write_bytes(Path("/bin/sleep").resolve().read_bytes())
    copied.chmod(0o755)
    gone = subprocess.Popen([copied, "60"])
    there = subprocess.Popen(["/bin/sleep", "60"])
    memory = os.memfd_create("kworker", 0)
    os.write(memory, copied.read_bytes())
    hidden = subprocess.Popen([f"/proc/self/fd/{memory}", "60"], pass_fds=[memory])
    copied.unlink()
    try:
        seen = {one.pid: one for one in LinuxMachine().processes()}
        assert (seen[gone.pid].program, seen[gone.pid].is_deleted) == (str(copied), True)
        assert (seen[hidden.pid].program, seen[hidden.pid].is_deleted) == ("/memfd:kworker", True)
        assert not seen[there.pid].is_deleted
    finally:
        os.close(memory)
        for one in (gone, there, hidden):
            one.kill()
            one.wait()


def test_a_check_that_is_stopped_is_not_clean() -> None:
    from quetsach.endpoint.machines.recording import Recording

    stop = threading.Event()
    stop.set()
    done = check(Recording(world.recording(world.CLEAN)), Wanted(indicators=world.LISTED), stop=stop)
    assert str(done.verdict) == "unknown"
    assert "files" in done.unseen


@pytest.mark.realdata
@pytest.mark.skipif(not SYSMON.is_file(), reason="QUETSACH_TEST_DATA is not there")
def test_a_real_sysmon_log_on_a_disk(tmp_path: Path) -> None:
    from quetsach.indicators.indicator import IndicatorSet, Scope
    from quetsach.indicators.lists.item import parse

    with SYSMON.open("rb") as file:
        events = [json.loads(line)["Event"] for line in evtx.lines(file)]
    address = next(e["EventData"]["DestinationIp"] for e in events if e["System"]["EventID"] == 3)
    root = world.tree(world.CLEAN, tmp_path)
    logs = root / "C:/Windows/System32/winevt/Logs"
    logs.mkdir(parents=True)
    (logs / "Microsoft-Windows-Sysmon%4Operational.evtx").write_bytes(SYSMON.read_bytes())
    done = world.look(machines.at(root), indicators=IndicatorSet(parse(address, Scope.WITH_SUBDOMAINS)[0]))
    assert [(one.indicator, str(one.confidence)) for one in done.findings if one.indicator] == [
        (address, "D2")
    ]


def test_it_starts_without_what_it_does_not_need() -> None:
    """A stick has no Django, no Ray, and no native engine."""
    program = (
        "import sys; sys.path.insert(0, 'src');"
        " import quetsach.cli.commands.check, quetsach.endpoint.checking,"
        " quetsach.endpoint.reporting.report, quetsach.endpoint.probes;"
        "print([m for m in ('django', 'ray', 'yara_x', 'evtx', 'Registry', 'psutil', 'quetsach._native')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_this_machine_shows_nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system that runs the tests: all probes, the content of its programs, and Python's packages."""
    packages = sysconfig.get_path("purelib")
    monkeypatch.setattr(
        places, "_LINUX_HOT", (("/usr/bin", 0, places.Opens.ALL), (packages, 9, places.Opens.ALL))
    )
    monkeypatch.setattr(places, "_LINUX_HOME", ())
    machine: Any = machines.here()
    done = check(machine, Wanted(indicators=world.LISTED), Options())
    assert done.scan.files > 1000
    # What started the tests may itself run from memory, as some tools for containers do.
    from_memory = [one for one in done.findings if one.sign == "LNX-02" and one.confidence == "D3"]
    assert [one.sign for one in done.findings if one.confidence != "D4" and one not in from_memory] == []
    assert str(done.verdict) in ({"check"} if from_memory else {"clean", "unknown"})


def test_no_name_of_this_system_is_a_sign() -> None:
    """Some 70,000 names: `ssh-keygen`, `patch` and loaders are among them."""
    signs = Wanted().signs
    named = [
        fact("file", path=f"{folder}/{name}", name=name, folder=f"{folder}/", type="elf", signature="unknown")
        for folder, _folders, names in os.walk("/usr")
        for name in names
        if signs.names_file(name, f"{folder}/")
    ]
    assert [one for one in find(named, signs, None, Profile()) if one.confidence != "D4"] == []
