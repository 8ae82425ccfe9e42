"""A file of settings names places. Each error in it has its file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quetsach.errors import ScanError
from quetsach.watching import places
from quetsach.watching.names import Paths
from tests.cli.answering import Portal
from tests.command_line import Run

ZONE = "Asia/Ho_Chi_Minh"
GOOD = """
# two offices
[[source]]
name = "hq"
follow = ["hq/dns.log", '/var/log/fw/*.log']

[[source]]
name = "branch"
follow = "branch.log"
zone = "Asia/Tokyo"
format = "dnsmasq"
leases = ["branch.leases"]
"""


def test_places_are_read_with_what_they_leave_out(tmp_path: Path) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(GOOD)
    hq, branch = places.read(file, ZONE)
    assert hq == places.Place((str(tmp_path / "hq/dns.log"), "/var/log/fw/*.log"), "hq", ZONE)
    follow, leases = (str(tmp_path / "branch.log"),), (tmp_path / "branch.leases",)
    assert branch == places.Place(follow, "branch", "Asia/Tokyo", "dnsmasq", leases)


def test_letters_of_the_folder_of_a_file_stand_for_themselves(tmp_path: Path) -> None:
    hq = tmp_path / "[hq]"
    hq.mkdir()
    for name in ("dns.log", "a[1].log"):
        (hq / name).write_text("x\n")
    file = hq / "watch.toml"
    follow = '["dns.log", "a[1].log", "dns*.log"]'
    file.write_text(GOOD.replace("""["hq/dns.log", '/var/log/fw/*.log']""", follow))
    found = Paths(places.read(file, ZONE)[0].follow, []).now()
    assert [list(files) for _text, files in found.groups] == [
        [hq / "dns.log"],
        [hq / "a[1].log"],
        [hq / "dns.log"],
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('name = "hq"', 'name = "hq', 4, "is not TOML"),
        ('name = "hq"', "name = 7", 4, "name is no text"),
        ('name = "hq"\n', "\n", 3, "needs a name"),
        ('follow = "branch.log"', "follow = []", 9, "needs follow"),
        ('follow = "branch.log"', "follow = [3]", 9, "no list of paths"),
        ('follow = "branch.log"', 'follow = ["\\u0000x"]', 9, "no list of paths"),
        ('["branch.leases"]', '["a\\u0000"]', 12, "no list of paths"),
        ('follow = "branch.log"', 'follow = "hq/dns.log"', 9, "followed by another source"),
        ('"Asia/Tokyo"', '"Asia/Atlantis"', 10, "Asia/Atlantis"),
        ('"dnsmasq"', '"dnsmusk"', 11, "dnsmusk"),
        ("leases =", "lease =", 12, "lease is not known"),
        ("# two offices", "push = 'x'", 2, "push is not known"),
        ('name = "branch"', 'name = "hq"', 8, "another zone"),
    ],
)
def test_an_error_names_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ScanError) as caught:
        places.read(file, ZONE)
    assert str(caught.value).startswith(f"{file}:{line}: ") and said in str(caught.value)


@pytest.mark.parametrize("text", ["", "source = 3", "[source]\nname = 'x'"])
def test_a_file_without_a_place_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "watch.toml"
    file.write_text(text)
    with pytest.raises(ScanError, match="names no place"):
        places.read(file, ZONE)


def records(data: bytes) -> list[list[dict[str, Any]]]:
    """The documents in a text, each as its records."""
    found: list[list[dict[str, Any]]] = []
    for line in map(json.loads, data.splitlines()):
        if line["type"] == "scan":
            found.append([])
        found[-1].append(line)
    return found


def test_each_place_is_told_by_its_name_in_its_zone_with_its_leases(
    quetsach: Run, tmp_path: Path, portal: Portal, token: Path, feed: Path
) -> None:
    for name, mac in (("hq", "02-00-5e-00-00-01"), ("branch", "02-00-5e-00-00-02")):
        (tmp_path / f"{name}.log").write_text(
            f"Sep 21 00:30:00 {name} dnsmasq[6]: query[A] evil.example from 10.1.2.3\n"
        )
        (tmp_path / f"{name}.leases").write_text(f"1893456000 {mac.replace('-', ':')} 10.1.2.3 pc-{name} *\n")
    settings = tmp_path / "watch.toml"
    settings.write_text(
        "".join(
            f'[[source]]\nname = "{name}"\nfollow = "{name}.log"\nzone = "{zone}"\nleases = "{name}.leases"\n'
            for name, zone in (("hq", ZONE), ("branch", "UTC"))
        )
    )
    state = str(tmp_path / "s")
    given = ("--lang", "en", "watch", "--config", str(settings), "-i", str(feed), "--state", state)
    code, out, _err = quetsach("--lang", "en", "watch", "--config", str(settings), "--check")
    assert code == 0
    for told in (f"hq: times without a zone are those of {ZONE}", "branch.leases: 1 lease", "hq.log"):
        assert told in out
    send = ("--push", portal.url, "--token-file", str(token), "--lease-time", "5000d")
    portal.answers = [(200, {"new": 1, "known": 0})]
    assert quetsach(*given, "--once", *send)[0] == 1
    bodies = b"".join(body for body in portal.bodies if body.startswith(b'{"type":"scan"'))
    documents = {one[0]["source_name"]: one for one in records(bodies)}
    zones = {name: one[0]["tz"] for name, one in documents.items()}
    assert zones == {"hq": ZONE, "branch": "UTC"}
    told = {name: [one for one in lines if one["type"] == "sighting"] for name, lines in documents.items()}
    assert [one["identity"]["host"] for one in told["hq"]] == ["pc-hq"]
    assert [one["identity"]["host"] for one in told["branch"]] == ["pc-branch"]
    leases = [body for body in portal.bodies if body.startswith(b'{"type":"evidence"')]
    machines = [[json.loads(line) for line in body.splitlines()] for body in leases]
    assert {(head["source"], claim["keys"][-1][1]) for head, claim, *_ in machines} == {
        ("hq", "pc-hq"),
        ("branch", "pc-branch"),
    }
    assert told["hq"][0]["first_seen"][11:16] == "17:30" and told["branch"][0]["first_seen"][11:16] == "00:30"

    out_file = tmp_path / "dump.jsonl"
    _code, _out, err = quetsach("--lang", "en", "watch", "--state", state, "--dump", str(out_file))
    dumped = out_file.read_bytes() + (tmp_path / "dump-2.jsonl").read_bytes()
    assert [one[0]["source_name"] for one in records(dumped)] == ["hq", "branch"], "as the file has them"
    assert f"dump.jsonl (hq, times in {ZONE})" in err

    (tmp_path / "hq.log").unlink()
    late = str(tmp_path / "late")
    quetsach("watch", "--config", str(settings), "-i", str(feed), "--state", late, "--once")
    quetsach("watch", "--state", late, "--dump", str(tmp_path / "late.jsonl"))
    found = [records((tmp_path / f"late{end}.jsonl").read_bytes())[0] for end in ("", "-2")]
    assert [one[0]["source_name"] for one in found] == ["hq", "branch"], "a silent place keeps its number"
    assert [len(one) for one in found] == [3, 4]
    assert found[0][1]["path"] == str(tmp_path / "hq.log") and "no such file" in found[0][1]["errors"][0]

    tables = settings.read_text().split("[[source]]")
    settings.write_text("[[source]]".join(["", tables[2], tables[1]]))
    quetsach(*given, "--once")
    _code, out, _err = quetsach("--lang", "en", "watch", "--state", state, "--show")
    at = [out.index(f"{name}: times without a zone") for name in ("branch", "hq")]
    assert at == sorted(at) and at[0] < out.index("branch.log: 1 line") < at[1] < out.index("hq.log: 1 line")

    settings.write_text(settings.read_text().replace('"UTC"', '"Asia/Tokyo"'))
    code, _out, err = quetsach(*given, "--once")
    assert code == 2 and "was begun with the name branch, the zone UTC" in err
    code, _out, err = quetsach(*given, "--once", "--follow", "x.log")
    assert code == 2 and "--config and --follow exclude each other" in err
