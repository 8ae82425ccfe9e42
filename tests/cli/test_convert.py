"""`quetsach indicators convert`: forms by name and suffix, their losses, zones with rising serial numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from quetsach.indicators import reading
from tests.command_line import Run


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.txt"
    path.write_text("evil.example\na.evil.example\n=exact.example\n*.below.example\n203.1.2.0/24\n")
    return path


def serial(zone: Path) -> int:
    return int(next(line.split()[5] for line in zone.read_text().splitlines() if " SOA " in line))


def test_the_list_of_forms_has_a_line_each_in_both_languages(quetsach: Run) -> None:
    english, vietnamese = (
        quetsach("indicators", "convert", "--list", "--lang", lang)[1] for lang in ("en", "vi")
    )
    assert [line.split()[0] for line in english.splitlines()] == [
        line.split()[0] for line in vietnamese.splitlines()
    ]
    assert not set(english.splitlines()) & set(vietnamese.splitlines())


def test_the_ending_chooses_the_form_and_the_losses_stand_in_the_header(
    quetsach: Run, mixed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "block.dnsmasq"
    code, _out, err = quetsach("indicators", "convert", mixed, "-o", out, "--date", "2026-10-15")
    assert code == 0
    text = out.read_text()
    assert "local=/evil.example/\n" in text and "exact.example" not in text and "below.example" not in text
    for said in ("# entries: 2 of 5", "# date: 2026-10-15", "# left out: exact 1", "# left out: cidr 1"):
        assert said in text
    assert "name without its subdomains: 1" in err and "network: 1" in err


def test_a_zone_grows_its_serial_and_leaves_covered_names_to_the_wildcard(
    quetsach: Run, mixed: Path, tmp_path: Path
) -> None:
    zone = tmp_path / "block.rpz"
    first, second = [], []
    for found, day in ((first, "2026-10-15"), (second, "2026-10-15")):
        _code, _out, err = quetsach("indicators", "convert", mixed, "-o", zone, "--date", day)
        found += [serial(zone), err]
    assert first[0] == 2026101500 and second[0] == 2026101501
    assert "a.evil.example" not in zone.read_text()
    assert "1 entry needs no line of its own" in first[1]
    quetsach("indicators", "convert", mixed, "-o", zone, "--date", "2026-10-16")
    assert serial(zone) == 2026101600
    quetsach("indicators", "convert", mixed, "-o", zone)
    assert serial(zone) == 2026101601
    quetsach("indicators", "convert", mixed, "-o", zone, "--serial", "3000000000")
    assert serial(zone) == 3000000000


def rfc1982_greater(one: int, other: int) -> bool:
    """RFC 1982, 3.2, transcribed for 32 bits."""
    return (one < other and other - one > 2**31) or (one > other and one - other < 2**31)


@pytest.mark.parametrize("before", [1, 2026101599, 2147483648, 3000000000, 4294967294, 4294967295])
@pytest.mark.parametrize("day", ["2026-10-15", None])
def test_a_server_takes_the_new_zone_for_later_whatever_the_old_serial(
    quetsach: Run, mixed: Path, tmp_path: Path, before: int, day: str | None
) -> None:
    zone = tmp_path / "block.rpz"
    quetsach("indicators", "convert", mixed, "-o", zone, "--serial", before)
    zone.write_text(zone.read_text().replace(str(serial(zone)), str(before)))
    quetsach("indicators", "convert", mixed, "-o", zone, *(("--date", day) if day else ()))
    assert rfc1982_greater(serial(zone), before), serial(zone)


def test_a_walled_garden_takes_the_place_of_nxdomain(quetsach: Run, mixed: Path) -> None:
    out = quetsach("indicators", "convert", mixed, "--form", "rpz", "--redirect", "Page.example.org")[1]
    assert "*.evil.example CNAME page.example.org.\n" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--form", "nothing"), "nothing: no form of list"),
        (("--form", "stix"), "needs the date"),
        (("--form", "hosts", "--defang"), "--defang means nothing for the form hosts"),
        (("--form", "rpz", "--redirect", "a b;c"), "--redirect takes the name of a host"),
    ],
)
def test_a_choice_that_cannot_be_is_refused(
    quetsach: Run, mixed: Path, args: tuple[str, ...], said: str
) -> None:
    code, out, err = quetsach("indicators", "convert", mixed, *args)
    assert code == 2 and not out
    assert said in " ".join(err.replace("│", " ").split())


def test_a_feed_of_misp_is_a_folder_that_reads_back(quetsach: Run, mixed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    args = ("indicators", "convert", mixed, "--form", "misp", "--date", "2026-10-15", "-o", folder)
    assert quetsach(*args)[0] == 0
    names = {path.name for path in folder.iterdir()}
    assert {"manifest.json", "hashes.csv"} < names and len(names) == 3
    found = {one.value for one in reading.read(folder).indicators}
    assert found == {"evil.example", "a.evil.example", "exact.example", "203.1.2.0/24"}
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    quetsach(*args)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_no_list_is_written_over_the_one_that_is_read(quetsach: Run, mixed: Path) -> None:
    before = mixed.read_text()
    code, _out, err = quetsach("indicators", "convert", mixed, "-o", mixed)
    assert code == 2 and "is read here; choose another name with -o." in err
    decided = mixed.with_name("overrides.csv")
    decided.write_text("indicator,reason,who,date\nevil.example,x,y,2026-01-01\n")
    for command in ("convert", "compile"):
        code, _out, err = quetsach("indicators", command, mixed, "--override", decided, "-o", decided)
        assert code == 2 and "is read here; choose another name with -o." in err
    assert decided.read_text().startswith("indicator,reason")
    assert mixed.read_text() == before


def test_an_empty_list_does_not_empty_a_resolver(quetsach: Run, tmp_path: Path) -> None:
    """A dead feed must not lift every block."""
    empty, zone = tmp_path / "empty.txt", tmp_path / "block.rpz"
    empty.write_text("")
    zone.write_text("as it was")
    code, _out, err = quetsach("indicators", "convert", empty, "-o", zone)
    assert code == 2 and "the list is empty; check that it was fetched whole" in " ".join(err.split())
    assert zone.read_text() == "as it was"
