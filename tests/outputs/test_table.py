"""The final screen: machines, coverage and its gaps; and no log line can paint the terminal."""

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quetsach.results import screen as screens
from quetsach.results import table
from quetsach.results.machines import Machine, by_machine
from quetsach.results.output import ListNote, Report
from quetsach.results.screen import Screen
from quetsach.scanning.result import Sightings
from quetsach.sightings.sighting import Sighting
from quetsach.text import language
from tests.outputs import cast


@pytest.fixture(autouse=True)
def english(catalogue: Path) -> Iterator[None]:
    language.use("en")
    yield


def screen(report: Report, width: int = 120) -> str:
    out = io.StringIO()
    show(screens.on(out, width), report)
    return out.getvalue()


def show(screen: Screen, report: Report) -> None:
    table.show(screen, report)
    table.show_notes(screen, list(report.notes))
    table.show_errors(screen, report)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_every_machine_and_error_is_there_at_any_width(width: int) -> None:
    text = "".join(screen(cast.report(), width).split())
    for part in (
        "10.47.1.100",
        "10.47.1.101",
        "10.47.1.102",
        "machineunknown",
        "ramnit",
        "gzipdataendsearly",
    ):
        assert part in text
    assert "1,204" in text
    assert "Theotherfileswerestillprocessed." in text


def test_hostile_texts_reach_the_terminal_as_text() -> None:
    hostile = cast.sighting(
        device="\x1b]0;owned\x07",
        family="[bold red]x[/]",
        indicator="evil\u202e.example",
        identity={"host": "a\nb"},
    )
    text = screen(cast.report([hostile]), 200)
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert r"\x1b]0;owned\x07" in text
    assert "[bold red]x[/]" in text
    assert r"a\x0ab" in text
    assert r"\x1b[2J" in text


def test_the_list_is_shown_by_its_worst_lines_and_how_to_see_all() -> None:
    notes = [ListNote("warn", "a.csv", n, f"w{n}.example", "well-known name") for n in range(1, 5)]
    notes.append(ListNote("reject", "a.csv", 9, "/gate.php", "no host"))
    text = screen(cast.report(notes=notes))
    assert "1 entry left out, 4 warnings" in text
    assert "a.csv:9: /gate.php: no host" in text
    assert "quetsach indicators check a.csv" in text
    assert "w4.example" not in text


@pytest.mark.parametrize(
    ("page", "told"),
    [("", "5 more machines; see all with -o result.xlsx"), ("a.html", "5 more machines; see all in a.html")],
)
def test_who_dropped_a_log_is_led_to_the_page_that_was_saved(page: str, told: str) -> None:
    rows = [cast.sighting(device=f"10.0.0.{number}") for number in range(1, 26)]
    out = io.StringIO()
    table.show(screens.on(out, 120), cast.report(rows), page)
    assert told in out.getvalue()


def test_machines_are_sums_over_rows_with_the_strongest_action() -> None:
    rows = [
        cast.sighting(action="blocked", count=5),
        cast.sighting(
            indicator="bad.example",
            family="",
            action="attempt",
            count=2,
            first_seen="2022-09-14T00:00:00.000000Z",
            last_seen="2022-09-14T01:00:00.000000Z",
            day="2022-09-14",
        ),
        cast.sighting(device=None, count=100),
        cast.sighting(device="10.0.0.1", action="allowed", count=1),
    ]
    machines = by_machine(rows, {})
    assert [machine.device for machine in machines] == ["10.0.0.1", "10.47.1.100", ""]
    machine = machines[1]
    assert (machine.count, machine.action) == (7, "blocked")
    assert (machine.first, machine.last) == ("2022-09-14T00:00:00.000000Z", "2022-09-16T09:47:09.000000Z")
    assert dict(machine.families) == {"ramnit": 5}
    assert dict(machine.indicators.most_common()) == {"evil.example": 5, "bad.example": 2}


def test_machines_that_called_only_what_many_share_come_last_and_are_marked() -> None:
    bing = {"indicator": "204.79.197.200:443", "kind": "ip-port", "matched": "204.79.197.200:443"}
    report = cast.report(
        [cast.sighting(device="10.0.0.1", count=9000, **bing), cast.sighting(device="10.0.0.2", count=1)]
    )
    text = screen(report)
    assert text.index("10.0.0.2") < text.index("10.0.0.1") < text.index("doubtful, see below")
    assert "204.79.197.200:443 lies in addresses that many share" in text
    assert "evil.example lies" not in text and "evil.example is" not in text


@pytest.mark.native
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            cast.sighting,
            source=st.sampled_from([cast.ZEEK, cast.SQUID]),
            indicator=st.sampled_from(["a.example", 'b"\\.example', "đ.example"]),
            family=st.sampled_from(["", "ramnit", "tab\tfamily"]),
            device=st.sampled_from([None, "10.0.0.1", "10.0.0.2", "máy\x01"]),
            identity=st.dictionaries(st.sampled_from(["host", "mac"]), st.text(max_size=3)),
            first_seen=st.sampled_from([None, "2022-09-14T00:00:00.000000Z", "2022-09-15T00:00:00.000000Z"]),
            last_seen=st.sampled_from([None, "2022-09-14T01:00:00.000000Z", "2022-09-15T01:00:00.000000Z"]),
            count=st.integers(1, 1 << 40),
            action=st.sampled_from(["allowed", "blocked", "attempt", "unknown"]),
            logformat=st.sampled_from(["zeek.dns", "squid"]),
        ),
        max_size=30,
    )
)
def test_the_native_engine_puts_rows_together_as_counting_them_one_by_one_does(rows: list[Sighting]) -> None:
    pytest.importorskip("quetsach._native", reason="the native engine is not built")
    kept = Sightings()
    for source in (cast.ZEEK, cast.SQUID):
        kept.put(source, [row for row in rows if row.source == source])
    paths = {cast.ZEEK: "dns.log"}
    doubts = ["a.example", "đ.example"]
    told, counted = by_machine(kept, paths, doubts=doubts), by_machine(list(kept), paths, doubts=doubts)
    for one, other in zip(told, counted, strict=True):
        assert one.indicators.most_common() == other.indicators.most_common()
        assert one.indicators.most_common(1) == other.indicators.most_common(1)
        assert set(one.indicators) == set(other.indicators)
        assert len(one.indicators) == len(other.indicators)
        assert list(one.whos) == list(other.whos)
        for name in set(Machine.__slots__) - {"indicators", "rows", "whos"}:
            assert getattr(one, name) == getattr(other, name), name
    lines = Counter[tuple[str, str]]()
    for row in rows:
        lines[row.source, row.logformat] += row.count
    together = kept.tally()
    assert together is not None
    assert together.formats == lines
    seen = Counter[str]()
    for row in rows:
        seen[row.indicator] += row.count
    assert together.indicator_count == len(seen)
    assert sorted(together.most_seen(9)) == sorted(seen)
    assert [seen[name] for name in together.most_seen(2)] == sorted(seen.values(), reverse=True)[:2]
