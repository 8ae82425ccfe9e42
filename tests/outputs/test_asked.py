"""What the result of a scan says of each machine that was asked about."""

from __future__ import annotations

import io

from python_calamine import CalamineWorkbook

from quetsach.results import answers, html, summary, xlsx
from tests.outputs import cast

SEEN = cast.COVERAGE[0]._replace(
    errors=[],
    hours={"2022-09-16": [5] * 24},
    order="kept",
    alive={"10.0.0.1": {"2022-09-16": 0b11 << 16 | 1}},
    gaps=[["2022-09-16T03:00:00.000000Z", "2022-09-16T04:00:00.000000Z"]],
)
"""Seen from 00:00 to 00:59 and from 16:00 to 17:59 UTC, around midnight in Vietnam."""
ASKED = ("10.0.0.1", "10.0.0.2", 'host:<script>"PC')


def _report(*coverage, asked=ASKED, formats=None):
    report = cast.report(sightings=[], seen=list(coverage))
    report.result = report.result._replace(scan=report.result.scan._replace(asked=asked))
    report.__dict__["formats"] = formats or {"zeek.dns": 1}
    return report


def _page(report) -> str:
    out = io.BytesIO()
    html.write(out, report)
    return out.getvalue().decode()


def _sheet(report) -> list[list[object]]:
    out = io.BytesIO()
    xlsx.write(out, report)
    out.seek(0)
    return CalamineWorkbook.from_filelike(out).get_sheet_by_name("Machines asked about").to_python()[1:]


def test_the_page_tells_seen_not_seen_and_what_could_not_be_asked() -> None:
    timeless = SEEN._replace(path="no-time.log", source="8" * 64, hours={}, alive={}, gaps=[], lines=7)
    unread = SEEN._replace(
        path="torn.log.gz", source="9" * 64, gaps=[], alive={}, errors=["torn.log.gz: cut off"]
    )
    report = _report(SEEN, timeless, unread)
    text = _page(report)
    assert "Asked about: 3 machines; seen: 1; not seen: 2." in text
    assert "16/09/2022 07:00–08:00, 23:00–24:00<br>17/09/2022 00:00–01:00" in text
    assert text.index("16/09/2022 07:00–08:00") < text.index("10.0.0.2")
    assert "no-time.log</code>: no time could be read in it" in text
    assert "torn.log.gz</code>: not all of it could be read" in text
    assert "lines are lost: from 16/09/2022 10:00" in text
    assert "<script>" not in text and "host:&lt;script&gt;" in text


def test_the_workbook_has_a_row_for_each_machine_and_day() -> None:
    rows = _sheet(_report(SEEN))
    assert rows[:4] == [
        ["10.0.0.1", "seen", "16/09/2022", "07:00–08:00, 23:00–24:00", ""],
        ["10.0.0.1", "seen", "17/09/2022", "00:00–01:00", ""],
        ["10.0.0.2", "not seen", "", "", ""],
        ['host:<script>"PC', "not seen", "", "", ""],
    ]
    assert "lines are lost" in str(rows[4][4])


def test_where_no_log_can_answer_nobody_is_called_unseen() -> None:
    for report in (
        _report(SEEN._replace(hours={}, alive={}, gaps=[])),
        _report(SEEN._replace(alive={}, gaps=[]), formats={"text": 1}),
        _report(SEEN._replace(alive=None, gaps=[])),
    ):
        assert "These logs could not be asked" in answers.sentence(answers.of(report))
        assert [row[1] for row in _sheet(report)[:3]] == ["could not be asked"] * 3
        assert ">not seen<" not in _page(report)


def test_a_scan_that_asks_about_nobody_says_nothing_of_it() -> None:
    report = _report(SEEN._replace(alive=None), asked=())
    assert "asked about" not in _page(report).casefold()
    assert not any(
        "asked about" in text.casefold() for text in summary.remarks(summary.figures(report, []), report)
    )
