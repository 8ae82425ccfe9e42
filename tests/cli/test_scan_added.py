"""`quetsach scan --added-since`: people are told what is new; documents hold everything."""

import json
from pathlib import Path

import pytest

from tests.cli.answering import Portal
from tests.command_line import Run


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    path = tmp_path / "earlier.csv"
    path.write_text("indicator,type,family\nevil.example,domain,ramnit\n203.0.113.7,ipv4,\n")
    return path


@pytest.fixture
def later(tmp_path: Path) -> Path:
    path = tmp_path / "later.csv"
    path.write_text("indicator,type,family\nevil.example,domain,ramnit\ngood.example,domain,\n")
    return path


def test_only_what_newer_entries_find_is_told(
    quetsach: Run, log: Path, earlier: Path, later: Path, tmp_path: Path, portal: Portal, token: Path
) -> None:
    whole, page = tmp_path / "result.jsonl", tmp_path / "result.html"
    send = ("--push", portal.url, "--token-file", token)
    given = ("--lang", "en", "scan", log, "-i", later, "--added-since", earlier, "-o", whole, "-o", page)
    code, out, _err = quetsach(*given, *send)
    assert code == 1
    assert "1 machine called addresses that are new on the list." in out
    assert "10.1.2.5" in out and "10.1.2.3" not in out
    assert "Only the 1 entry that the earlier list lacks is told here" in out
    told = page.read_text(encoding="utf-8")
    assert "10.1.2.5" in told and "10.1.2.3" not in told
    for data in (whole.read_bytes(), portal.bodies[0]):
        rows = [one for one in map(json.loads, data.splitlines()) if one["type"] == "sighting"]
        assert {one["device"] for one in rows} == {"10.1.2.3", "10.1.2.5"}, "the portal counts nothing twice"


def test_nothing_new_is_exit_code_0_and_no_word_on_the_whole_list(
    quetsach: Run, log: Path, earlier: Path, later: Path, tmp_path: Path
) -> None:
    later.write_text("indicator\nevil.example\nunseen.example\n")
    compiled = tmp_path / "later.qs"
    quetsach("indicators", "compile", later, "-o", compiled)
    for new in (later, compiled):
        code, out, _err = quetsach("--lang", "en", "scan", log, "-i", new, "--added-since", earlier)
        assert code == 0
        assert "No address that is new on the list was seen." in out
        assert "No address on the list was seen" not in out


def test_an_entry_that_covers_more_than_before_is_new(
    quetsach: Run, log: Path, earlier: Path, later: Path
) -> None:
    earlier.write_text("#fields\tindicator\tindicator_type\tmeta.source\nevil.example\tIntel::DOMAIN\t-\n")
    later.write_text("indicator,type\nevil.example,domain\n")
    code, out, _err = quetsach("--lang", "en", "scan", log, "-i", later, "--added-since", earlier)
    assert code == 1 and "10.1.2.3" in out
