"""`quetsach scan --asked`: the machines to look for come from a file or from the portal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import quetsach as package
from quetsach.errors import ScanError
from quetsach.sightings import asked
from tests.cli.answering import Portal
from tests.command_line import Run

MASKS = {"10.1.2.3": {"2022-09-16": 16}, "10.1.2.5": {"2022-09-16": 16}}
LIST = "# under verification\n10.1.2.3\n 10.1.2.5  # second floor\n\n10.1.2.99\n00:00:5E:00:53:0a\nPC-7\n"
SORTED = ["10.1.2.3", "10.1.2.5", "10.1.2.99", "host:PC-7", "mac:00-00-5e-00-53-0a"]


def told(out: str) -> tuple[list[str], dict[str, dict[str, int]]]:
    lines = [json.loads(line) for line in out.splitlines()]
    (coverage,) = (line for line in lines if line["type"] == "coverage")
    return lines[0].get("asked", []), coverage.get("alive")


def test_machines_of_a_file_are_looked_for(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.txt"
    file.write_text(LIST)
    code, out, _err = quetsach("scan", log, "-i", feed, "--json", "--asked", file)
    assert code == 1
    assert told(out) == (SORTED, MASKS)
    _code, out, _err = quetsach("scan", log, "-i", feed, "--json")
    assert told(out) == ([], None)


def test_a_line_that_is_no_machine_is_named(quetsach: Run, log: Path, feed: Path, tmp_path: Path) -> None:
    file = tmp_path / "asked.txt"
    file.write_text("10.1.2.3\n10.1.2.0/24\n")
    code, _out, err = quetsach("scan", log, "-i", feed, "--asked", file)
    assert code == 2
    assert "asked.txt, line 2: '10.1.2.0/24' is neither an address" in err
    code, _out, err = quetsach("scan", log, "-i", feed, "--asked", tmp_path / "none.txt")
    assert code == 2
    assert "none.txt" in err


def test_machines_come_from_the_portal_with_the_token_of_the_push(
    quetsach: Run, log: Path, feed: Path, portal: Portal, token: Path
) -> None:
    portal.lists = LIST
    arguments = ["scan", log, "-i", feed, "--json", "--asked", f"{portal.url}/api/v1/asked"]
    code, out, _err = quetsach(*arguments, "--push", portal.url, "--token-file", token)
    assert code == 1
    assert told(out) == (SORTED, MASKS)
    assert set(portal.tokens) == {"Bearer qs_secret-0123456789"}
    assert b'"alive":{"10.1.2.3"' in portal.bodies[0]
    code, _out, err = quetsach(*arguments)
    assert (code, "--asked with an address needs --push" in err) == (2, True)


def test_the_token_goes_to_no_other_host(
    quetsach: Run, log: Path, feed: Path, portal: Portal, token: Path
) -> None:
    other = portal.url.replace("127.0.0.1", "localhost")
    arguments = ["--asked", f"{other}/api/v1/asked", "--push", portal.url, "--token-file", token]
    code, _out, err = quetsach("scan", log, "-i", feed, *arguments)
    assert (code, "is not on the portal that --push names" in err) == (2, True)
    assert portal.tokens == []


def test_an_answer_longer_than_any_list_is_not_read_to_its_end(
    quetsach: Run, log: Path, feed: Path, portal: Portal, token: Path
) -> None:
    portal.lists = "10.1.2.3\n" * 600_000
    arguments = ["--asked", f"{portal.url}/api/v1/asked", "--push", portal.url, "--token-file", token]
    code, _out, err = quetsach("scan", log, "-i", feed, *arguments)
    assert (code, "is longer than a list" in err) == (2, True)


def test_python_asks_in_any_spelling(log: Path) -> None:
    result = package.scan(log, ["evil.example"], asked=["10.1.2.5", "::ffff:10.1.2.3", "0000.5e00.530A"])
    (coverage,) = result.coverage
    assert coverage.alive == MASKS
    with pytest.raises(ScanError, match="line 2"):
        package.scan(log, ["evil.example"], asked=["10.1.2.5", "two words"])


def test_no_more_machines_than_a_scan_takes() -> None:
    names = [f"pc-{n}" for n in range(asked.MOST)]
    assert len(asked.read("\n".join(names), "x")) == asked.MOST
    with pytest.raises(ScanError, match="more than 10000 machines"):
        asked.read("\n".join([*names, "one-more"]), "x")
