"""Times in the spellings of network devices, against Python's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given

from quetsach.logs import times
from quetsach.logs.times import Yearless
from tests.engines.moments import WHEN, ZONE, read, shown


@given(WHEN)
def test_device_times_are_local(when: datetime) -> None:
    wanted = shown(when.replace(tzinfo=ZONE))
    assert read(when.strftime("%Y/%m/%d %H:%M:%S.%f"), "slash") == wanted
    assert read(when.strftime("%b %d %Y %H:%M:%S.%f"), "asa") == wanted
    assert read(when.strftime("%b %e %Y %H:%M:%S.%f"), "asa") == wanted
    assert read(when.strftime("%Y %b %e %H:%M:%S.%f"), "asa") == wanted
    assert read(when.strftime("%Y %b %d %H:%M:%S.%f UTC"), "asa") == shown(when.replace(tzinfo=UTC))
    assert read(when.strftime("%m/%d/%Y-%H:%M:%S.%f"), "snort") == wanted
    for word in ("GMT", "UTC"):
        assert read(when.strftime(f"%b %d %Y %H:%M:%S {word}"), "asa") == shown(
            when.replace(microsecond=0, tzinfo=UTC)
        )
    for word, hours in (("ICT", 7), ("+0530", 5.5), ("-03:00", -3), ("GMT+07:00", 7), ("UTC-0930", -9.5)):
        zone = timezone(timedelta(hours=hours))
        assert read(when.strftime(f"%b %d %Y %H:%M:%S.%f {word}"), "asa") == shown(when.replace(tzinfo=zone))
    whole = when.replace(microsecond=0)
    for text in ("%Y:%m:%d-%H:%M:%S", "%Y: %m:%d-%H:%M:%S"):
        assert read(whole.strftime(text), "sophos") == shown(whole.replace(tzinfo=ZONE))
    assert read(whole.strftime("%b/%d/%Y %H:%M:%S").lower(), "routeros") == shown(whole.replace(tzinfo=ZONE))
    assert read(whole.replace(year=2026, day=1).strftime("%m/%d/%y-%H:%M:%S"), "snort") == shown(
        whole.replace(year=2026, day=1, tzinfo=ZONE)
    )
    for word in ("UTC", "GMT"):
        spelled = whole.strftime(f"%Y-%m-%d %H:%M:%S {word}")
        assert read(spelled, "utc") == shown(whole.replace(tzinfo=UTC))


def test_an_epoch_tells_its_unit_by_its_length() -> None:
    for text in ("1742613330828471629", "1742613330828471", "1742613330828", "1742613330"):
        found = read(text, "epoch_auto")
        assert found is not None and found[:19] == "2025-03-22T03:15:30"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("jan/02 15:04:05", "routeros"),
        ("01/02-15:04:05.123456", "snort"),
        ("Jan  2 15:04:05.123", "asa"),
        # The line names its zone, and the clock of Viet Nam is seven hours ahead.
        ("Jan 02 08:04:05 UTC", "asa"),
        ("Jan  2 15:04:05.5 ICT", "asa"),
        ("Jan 01 23:04:05 -0900", "asa"),
    ],
)
def test_a_device_leaves_the_year_out(text: str, kind: str) -> None:
    moment = times.parse(text, (kind,), ZONE)
    assert moment is not None and moment.value == Yearless(1, 2, 15, 4, 5)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2023/13/01 00:00:00", "slash"),
        ("2023/1/1 00:00:00", "slash"),
        ("2023/01/01 00:00:00.", "slash"),
        ("Mar 22 2025 00:15", "asa"),
        ("Foo 22 2025 00:15:31", "asa"),
        ("2025 Foo 22 00:15:31", "asa"),
        ("2025 Mar 22 2025 00:15:31", "asa"),
        ("2025 Mar 32 00:15:31", "asa"),
        ("25 Mar 22 00:15:31", "asa"),
        ("Mar 22 2025 00:15:31 CST", "asa"),
        ("Mar 22 2025 00:15:31 +2400", "asa"),
        ("Mar 22 2025 00:15:31 GMT+7", "asa"),
        ("Mar 22 2025 00:15:31 ", "asa"),
        ("Mar 22 00:15:31. UTC", "asa"),
        ("Mar 32 00:15:31 UTC", "asa"),
        ("Mar 22 00:15:31 CST", "asa"),
        ("2025:03:22 00:15:31", "sophos"),
        ("2025:03:32-00:15:31", "sophos"),
        ("2025:03:22-00:15:31.5", "sophos"),
        ("foo/02 15:04:05", "routeros"),
        ("jan/32 15:04:05", "routeros"),
        ("15:04:05", "routeros"),
        ("13/01/2023-00:00:00", "snort"),
        ("01/32-00:00:00", "snort"),
        ("01/02/203-00:00:00", "snort"),
        ("-00:00:00", "snort"),
        ("2023/01/02-00:00:00", "snort"),
        ("123456789012345678901", "epoch_auto"),
        ("1742613330.5", "epoch_auto"),
        ("2022-09-16 11:00:00", "utc"),
        ("2022-09-16 11:00:00Z UTC", "utc"),
    ],
)
def test_what_no_device_shows_is_no_time(text: str, kind: str) -> None:
    assert read(text, kind) is None
