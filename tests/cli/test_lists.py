"""`quetsach indicators` and `quetsach explain`: entries left out are shown, a hit has its reason."""

from pathlib import Path

import pytest

from quetsach.files import source
from quetsach.indicators import reading as feeds
from tests.command_line import Run


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.txt"
    path.write_text(
        "evil.example\n*.bad.example\n203.1.2.0/24\n10.0.0.0/8\n/gate.php\nevil.example/gate.php\n"
    )
    return path


def test_check_shows_every_entry_left_out_with_its_reason(quetsach: Run, mixed: Path) -> None:
    code, out, _err = quetsach("indicators", "check", mixed)
    assert code == 1
    assert f"{mixed}:5: /gate.php: a path without a host names no server" in out
    assert f"stopped: {mixed}:4: 10.0.0.0/8: lies in a special-purpose range" in out
    assert f"{mixed}: read as plain; usable: 5, left out: 1" in out
    assert "4 usable entries" in out


def test_check_tells_reasons_in_vietnamese(quetsach: Run, mixed: Path) -> None:
    out = quetsach("indicators", "check", mixed, "--lang", "vi")[1]
    assert "đường dẫn không có máy chủ thì không chỉ ra máy nào" in out
    assert "nằm trong dải dành riêng" in out


def test_names_of_an_office_in_a_hosts_file_are_told_and_counted(quetsach: Run, tmp_path: Path) -> None:
    hosts = tmp_path / "tệp hosts.txt"
    own = "".join(f"192.168.1.{n} pc{n}.lan\n" for n in range(1, 8))
    hosts.write_text(f"127.0.0.1 localhost\n0.0.0.0 evil.example\n{own}")
    code, out, _err = quetsach("indicators", "check", hosts)
    assert code == 1
    assert "usable: 1, left out: 7" in out
    assert f"{hosts}:3: 192.168.1.1 pc1.lan: points to a real address" in out
    assert "        7  left out: points to a real address" in out.splitlines()[-1]
    assert "thay địa chỉ ấy bằng 0.0.0.0" in quetsach("indicators", "check", hosts, "--lang", "vi")[1]
    err = quetsach("indicators", "compile", hosts, "-o", tmp_path / "set.qs")[2]
    assert f"quetsach indicators check '{hosts}'" in err


def test_check_of_a_clean_list_is_0_and_of_a_missing_one_2(quetsach: Run, tmp_path: Path) -> None:
    clean = tmp_path / "clean.txt"
    clean.write_text("evil.example\n")
    assert quetsach("indicators", "check", clean)[0] == 0
    code, _out, err = quetsach("indicators", "check", tmp_path / "gone.txt")
    assert code == 2
    assert "gone.txt" in err


def test_a_misspelt_exception_is_told(quetsach: Run, mixed: Path, tmp_path: Path) -> None:
    override = tmp_path / "override.csv"
    override.write_text("indicator,reason,who,date\n10.0.0.0/9,test network,Lò Thị Thử,2022-09-01\n")
    out = quetsach("indicators", "check", mixed, "--override", override)[1]
    assert "No entry here needs these exceptions; if one should, compare the spelling: 10.0.0.0/9" in out


def test_explain_takes_a_compiled_set_as_a_scan_does(quetsach: Run, tmp_path: Path) -> None:
    """Both search for an entry that a person kept when the set was compiled."""
    listed, compiled, kept = (tmp_path / name for name in ("list.txt", "set.qs", "kept.csv"))
    listed.write_text("laichau.gov.vn\n")
    kept.write_text("indicator,reason,who,date\nlaichau.gov.vn,subsite taken over,Lò Thị Thử,2022-09-01\n")
    assert quetsach("indicators", "compile", listed, "-o", compiled, "--override", kept)[0] == 0
    log = tmp_path / "dns.log"
    log.write_text("2022-09-16T01:02:03Z 10.0.0.1 asks www.laichau.gov.vn\n")
    assert quetsach("scan", log, "-i", compiled)[0] == 1
    code, out, _err = quetsach("explain", log.read_text(), "-i", compiled)
    assert code == 1
    assert "A hit: laichau.gov.vn" in out


def test_what_was_kept_when_a_set_was_compiled_stays_in_it(quetsach: Run, tmp_path: Path) -> None:
    listed, compiled, kept = (tmp_path / name for name in ("list.txt", "set.qs", "kept.csv"))
    listed.write_text("10.1.2.0/24\nevil.example\n")
    kept.write_text("indicator,reason,who,date\n10.1.2.0/24,guest network,Lò Thị Thử,2022-09-01\n")
    assert quetsach("indicators", "compile", listed, "-o", compiled, "--override", kept)[0] == 0
    more = tmp_path / "more.txt"
    more.write_text("worse.example\n10.9.0.0/16\n")
    code, out, err = quetsach("indicators", "convert", compiled)
    assert code == 0 and "10.1.2.0/24 # not for blocking" in out.splitlines()
    assert "kept as it was compiled, although it" in err
    out = quetsach("indicators", "check", compiled)[1]
    assert "2 usable entries" in out and "kept as it was compiled, although it" in out
    lines = quetsach("indicators", "convert", compiled, more)[1].splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "10.1.2.0/24 # not for blocking",
        "evil.example",
        "worse.example",
    ]
    log = tmp_path / "dns.log"
    log.write_text("2022-09-16T01:02:03Z 192.0.2.7 asks 10.1.2.3\n")
    assert quetsach("scan", log, "-i", compiled, "-i", more)[0] == 1
    judged_again = quetsach("indicators", "convert", compiled, "--own", "school.example")[1]
    assert "10.1.2.0/24" not in judged_again.splitlines()


def test_options_for_lists_are_heeded_or_refused_with_a_compiled_set(
    quetsach: Run, log: Path, tmp_path: Path
) -> None:
    listed, compiled = tmp_path / "list.txt", tmp_path / "set.qs"
    listed.write_text("evil.example\nother.example\n")
    assert quetsach("indicators", "compile", listed, "-o", compiled)[0] == 0
    by_list, by_set = (
        quetsach("scan", log, "-i", one, "--own", "evil.example", "--json")[:2] for one in (listed, compiled)
    )
    assert by_set == by_list
    assert by_set[0] == 0
    for option, value in (("--scope", "exact"), ("--column", "indicator=ioc"), ("--list-format", "csv")):
        for command in (("scan", log, "-i", compiled), ("indicators", "convert", compiled)):
            code, out, err = quetsach(*command, option, value)
            assert (code, out) == (2, "")
            assert f"{option} cannot change it" in err
    assert quetsach("scan", log, "-i", compiled, "--override", tmp_path / "gone.csv")[0] == 2


@pytest.mark.parametrize("ending", ["xlsx", "csv", "jsonl"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_result_of_a_scan_is_no_list(
    quetsach: Run, mixed: Path, log: Path, tmp_path: Path, ending: str, language: str
) -> None:
    result = tmp_path / f"result.{ending}"
    assert quetsach("scan", log, "-i", mixed, "-o", result, "--lang", language)[0] == 1
    code, out, err = quetsach("scan", log, "-i", result)
    assert (code, out) == (2, "")
    assert "is the result of a scan, not a list" in err
    assert "là kết quả quét" in quetsach("indicators", "check", result, "--lang", "vi")[2]
    if ending == "csv":
        seen = quetsach("indicators", "convert", result, "--column", "indicator=indicator")[1]
        assert "evil.example\n" in seen


def test_what_is_ones_own_is_never_listed(quetsach: Run, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("school.example\ncdn.school.example\nother.example\n5.9.3.7\n5.9.4.7\n")
    told = quetsach("indicators", "check", listed, "--own", "school.example", "--own", "5.9.3.0/24")[1]
    own = [line.split(": ")[2] for line in told.splitlines() if line.startswith("stopped: /")]
    assert sorted(own) == ["5.9.3.7", "cdn.school.example", "school.example"]
    assert "2 usable entries" in told
    log = tmp_path / "dns.log"
    log.write_text("2022-09-16T01:02:03Z 10.0.0.1 asks cdn.school.example other.example\n")
    told = quetsach("scan", log, "-i", listed, "--own", "school.example", "--json")[1]
    assert "other.example" in told and "cdn.school" not in told.split('"evidence"')[0]
    code, _out, err = quetsach("indicators", "check", listed, "--own", "http://school.example/a")
    assert code == 2 and "neither a domain name nor a network" in err


def test_an_override_keeps_an_entry_and_says_who_decided(quetsach: Run, mixed: Path, tmp_path: Path) -> None:
    override = tmp_path / "override.csv"
    override.write_text("indicator,reason,who,date\n10.0.0.0/8,test network,Lò Thị Thử,2022-09-01\n")
    out = quetsach("indicators", "check", mixed, "--override", override)[1]
    assert "5 usable entries" in out
    assert "kept by Lò Thị Thử on 01/09/2022 (test network)" in out


def test_a_compiled_set_finds_what_its_list_finds(
    quetsach: Run, mixed: Path, log: Path, tmp_path: Path
) -> None:
    compiled = tmp_path / "set.qs"
    code, _out, err = quetsach("indicators", "compile", mixed, "-o", compiled)
    assert code == 0
    assert "2 entries left out" in err
    assert source.is_set_file(compiled)
    by_list, by_set = (quetsach("scan", log, "-i", one)[1] for one in (mixed, compiled))
    assert by_list == by_set
    assert "10.1.2.3" in by_set


def test_strict_writes_nothing(quetsach: Run, mixed: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "set.qs"
    assert quetsach("indicators", "compile", mixed, "-o", compiled, "--strict")[0] == 1
    assert not compiled.exists()


@pytest.mark.parametrize("form", ["plain", "csv"])
def test_plain_and_csv_lose_no_indicator(quetsach: Run, mixed: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out.{form}"
    assert quetsach("indicators", "convert", mixed, "-o", out, "--to", form)[0] == 0
    before = quetsach("indicators", "check", mixed)[1].split("Set id: ")[1].split()[0]
    assert feeds.read(out).indicators.id == before


def test_hosts_counts_what_it_cannot_express(quetsach: Run, mixed: Path) -> None:
    _code, out, err = quetsach("indicators", "convert", mixed, "--to", "hosts")
    assert [line for line in out.splitlines() if line[0] != "#"] == ["0.0.0.0 evil.example"]
    for said in (
        "subdomains only: 1",
        "network: 1",
        "web address: 1",
        "1 name is written without its subdomains",
    ):
        assert said in err


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("a.evil.example", 1, "a.evil.example matches evil.example"),
        ("notevil.example", 0, "does not begin at a label border"),
        ("bad.example", 0, "covers subdomains only"),
    ],
)
def test_explain_tells_what_matched_or_why_not(
    quetsach: Run, mixed: Path, name: str, code: int, said: str
) -> None:
    line = f"Jun 22 10:00:01 dnsmasq[1234]: query[A] {name} from 192.168.1.10"
    got, out, _err = quetsach("explain", line, "-i", mixed)
    assert got == code
    assert "Format: dnsmasq" in out and "192.168.1.10" in out
    assert said in out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "Jun 22 10:00:01 dnsmasq[1]: query[A] evil.example from 10.0.0.7",
            "22/06 10:00:01, the line tells no",
        ),
        ("2026-06-22T10:00:01Z 10.0.0.7 asks evil.example", "22/06/2026 17:00:01 (Vietnam time)"),
    ],
)
def test_explain_writes_the_time_as_people_do(quetsach: Run, mixed: Path, line: str, said: str) -> None:
    assert f"Time: {said}" in quetsach("explain", line, "-i", mixed)[1]


def test_the_forms_that_help_names_are_those_that_are_read() -> None:
    from quetsach.cli.list_options import LIST_FORMATS
    from quetsach.indicators.forms import NAMES

    assert LIST_FORMATS == NAMES


def test_a_form_can_be_forced_and_an_unknown_one_is_refused(quetsach: Run, mixed: Path) -> None:
    assert "read as maltrail" in quetsach("indicators", "check", mixed, "--list-format", "maltrail")[1]
    code, _out, err = quetsach("indicators", "check", mixed, "--list-format", "excel")
    assert code == 2
    assert "no form of list; there are xlsx" in err


def test_an_ended_exception_is_told(quetsach: Run, mixed: Path, tmp_path: Path) -> None:
    override = tmp_path / "override.csv"
    override.write_text("indicator,reason,who,date,expires\n10.0.0.0/8,lab,Thử,2022-09-01,2022-10-01\n")
    out = quetsach("indicators", "check", mixed, "--override", override)[1]
    assert "4 usable entries" in out
    assert f"{override}: 10.0.0.0/8: the exception of Thử ended on 01/10/2022" in out


def test_warning_lists_of_an_administrator_take_the_place_of_ours(
    quetsach: Run, mixed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "lists" / "ours"
    folder.mkdir(parents=True)
    (folder / "list.json").write_text(
        '{"name":"Our partners","type":"hostname","matching_attributes":["domain"],"list":["evil.example"]}'
    )
    out = quetsach("indicators", "check", mixed, "--warning-lists", folder.parent)[1]
    assert (
        f"stopped: {mixed}:1: evil.example: is on, above or below a name that many use: Our partners" in out
    )
    code, _out, err = quetsach("indicators", "check", mixed, "--warning-lists", tmp_path / "gone")
    assert code == 2 and "gone" in err


def test_check_shows_the_groups_and_a_form_that_blocks_says_what_it_withholds(
    quetsach: Run, tmp_path: Path
) -> None:
    path, overrides = tmp_path / "list.txt", tmp_path / "kept.csv"
    path.write_text("google.com\nwindowsupdate.com\nx.pages.dev\n12.34.56.78\nevil.vn\n")
    overrides.write_text("indicator,reason,who,date\ngoogle.com,searched for,An,2026-01-05\n")
    out = quetsach("indicators", "check", path, "--override", overrides)[1]
    for counts in ("kept: 1, left out: 1 - many use", "kept: 0, left out: 1 - placeholders",
                   "kept: 1, left out: 0 - one customer's name"):  # fmt: skip
        assert counts in out
    compiled = tmp_path / "set.qs"
    quetsach("indicators", "compile", path, "--override", overrides, "-o", compiled)
    for files in ([path, "--override", overrides], [compiled]):
        code, out, err = quetsach("indicators", "convert", *files, "--form", "unbound")
        assert code == 0 and "google" not in out and 'local-data: "x.pages.dev. ' in out and "evil.vn" in out
        assert "1 entry is not written: many use it" in err
    assert "google.com" in quetsach("indicators", "convert", compiled, "--form", "plain")[1]
