"""Lines per hour in local days, in HTML and XLSX."""

from __future__ import annotations

import io
from datetime import date
from zoneinfo import ZoneInfo

from python_calamine import CalamineWorkbook

from quetsach.results import hours, html, xlsx
from quetsach.sightings.hours import by_days, spelled
from tests.outputs import cast

DAY = [0] * 24
EVENING = [*DAY[:16], 5, 3, *DAY[18:]]
"""16:00 to 17:59 UTC: before and after midnight in Vietnam."""
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def test_hours_belong_to_local_days() -> None:
    seen = [cast.COVERAGE[0]._replace(hours={"2022-09-16": EVENING}, order="kept")] * 2
    days = hours.by_local_day(seen, ZONE)
    assert days == {date(2022, 9, 16): [*DAY[:23], 10], date(2022, 9, 17): [6, *DAY[1:]]}
    assert hours.by_local_day([seen[0]._replace(hours=None)], ZONE) == {}
    first = seen[0]._replace(hours={"0001-01-01": EVENING, "9999-12-31": [1] * 24})
    assert sum(map(sum, hours.by_local_day([first], ZoneInfo("America/New_York")).values())) == 32


def test_hours_with_lines_are_spelled_as_spans() -> None:
    assert spelled([1, 1, *DAY[2:23], 4]) == "00:00–02:00, 23:00–24:00"
    assert spelled(DAY) == ""


def test_files_show_the_hours_of_each_local_day() -> None:
    told = {"2022-09-16": EVENING}
    report = cast.report(seen=[cast.COVERAGE[0]._replace(hours=told, order="broken"), *cast.COVERAGE[1:]])
    scan = report.result.scan._replace(asked=("10.0.0.1", "10.0.0.2"))
    report.result = report.result._replace(scan=scan)
    page, book = io.BytesIO(), io.BytesIO()
    html.write(page, report)
    text = page.getvalue().decode()
    assert "16/09/2022" in text and "23:00–24:00" in text and "00:00–01:00" in text
    assert "its lines are not in the order of time" in text
    assert "Asked about: 2 machines. These logs could not be asked" in text
    xlsx.write(book, report)
    book.seek(0)
    rows = CalamineWorkbook.from_filelike(book).get_sheet_by_name("Lines per hour").to_python()
    assert [(row[1], row[2], row[25]) for row in rows[1:]] == [("16/09/2022", 0, 5), ("17/09/2022", 3, 0)]


def test_days_with_the_same_hours_are_told_once() -> None:
    days = {date(2022, 9, n): EVENING if n != 18 else [1, *DAY[1:]] for n in (15, 16, 17, 18, 20)}
    assert by_days(days) == [
        ("15/09/2022 – 17/09/2022", "16:00–18:00"),
        ("18/09/2022", "00:00–01:00"),
        ("20/09/2022", "16:00–18:00"),
    ]
