"""Guard rails: stopped entries, warnings, and entries that a person keeps all the same."""

from __future__ import annotations

import ipaddress
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from quetsach.errors import IndicatorError
from quetsach.indicators import draft, guard, reading
from quetsach.indicators.draft import PackedSet
from quetsach.indicators.guard import Group, GuardResult, Organisation, Override
from quetsach.indicators.guards.groups import OF_CODE
from quetsach.scanning import engine
from quetsach.text.reasons import CONCERNS

OWN = Organisation(names=("xaphongtho.vn", "BÁO.vn"), networks=("14.160.0.0/24", "2405:4800::/32"))


def judge(
    *values: str, organisation: Organisation | None = None, overrides: tuple[Override, ...] = ()
) -> GuardResult:
    listed = reading.read_text("\n".join(values))
    assert not listed.rejects
    return guard.apply(listed.indicators, organisation=organisation, overrides=overrides)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("10.1.2.3", "special-purpose"),
        ("100.64.9.9", "special-purpose"),
        ("192.88.99.1", "special-purpose"),
        ("224.0.0.1:53", "special-purpose"),
        ("http://127.0.0.1/x", "special-purpose"),
        ("203.0.113.0/24", "special-purpose"),
        ("203.0.112.0/22", "special-purpose"),
        ("fe80::1", "special-purpose"),
        ("3fff::/32", "special-purpose"),
        ("[2001:db8::1]:443", "special-purpose"),
        ("com.vn", "public-suffix"),
        ("*.github.io", "public-suffix"),
        ("=blogspot.com", "public-suffix"),
        ("b.ck", "public-suffix"),
        ("kawasaki.jp", "public-suffix"),
        ("*.kawasaki.jp", "public-suffix"),
        ("公司.cn", "public-suffix"),
        ("xn--55qx5d.cn", "public-suffix"),
        ("14.0.0.0/15", "too-wide"),
        ("2400::/31", "too-wide"),
        ("laichau.gov.vn", "government"),
        ("http://mail.laichau.gov.vn/x", "government"),
        ("mail.xaphongtho.vn", "own"),
        ("xaphongtho.vn", "own"),
        ("báo.vn", "own"),
        ("14.160.0.7:80", "own"),
        ("14.160.0.0/20", "own"),
        ("2405:4800:1::1", "own"),
        ("microsoft.com", "well-known"),
        ("windowsupdate.com", "well-known"),
        ("khonggianmang.vn", "well-known"),
        ("evil.zalo.me", "well-known"),
        ("pages.dev", "public-suffix"),
        ("s3.eu-west-1.amazonaws.com", "public-suffix"),
        ("sts.eu-west-1.amazonaws.com", "well-known"),
        ("login.windows.net", "well-known"),
        ("8.8.0.0/16", "shared"),
        ("72.21.81.240:80", "shared"),
        ("http://93.184.220.29", "shared"),
        ("93.184.221.240", "shared"),
        ("13.107.4.52", "shared"),
        ("142.250.72.174", "shared"),
        ("52.84.229.33:443", "shared"),
        ("12.34.56.78", "placeholder"),
        ("123.123.123.123:4782", "placeholder"),
        ("http://1.2.3.4/x", "placeholder"),
    ],
)
def test_a_dangerous_item_is_stopped_and_listed(value: str, code: str) -> None:
    result = judge(value, "evil.com", organisation=OWN)
    assert [c.code for c in result.stopped] == [code]
    assert [i.value for i in result.kept] == ["evil.com"]


@pytest.mark.native
def test_a_long_list_is_judged_like_a_short_one(tmp_path: Path) -> None:
    dangerous = (
        "com.vn", "xn--55qx5d.cn", "b.ck", "laichau.gov.vn", "8.8.0.0/16", "microsoft.com", "12.34.56.78",
        "evil.pages.dev", "evil.at.ply.gg", "93.184.220.29", "172.232.13.86",
    )  # fmt: skip
    told = []
    for others in (9, 5000):
        file = tmp_path / f"{others}.txt"
        file.write_text("\n".join((*dangerous, *(f"a{n}.evil.com" for n in range(others)))))
        found = reading.read_many([file], draft=draft.available())
        assert isinstance(found.indicators, PackedSet)
        result = guard.apply(found.indicators)
        told.append([(one.indicator.value, one.code) for one in (*result.stopped, *result.warned)])
        assert len(result.kept) == others + len(result.warned)
    assert told[0] == told[1]
    assert {value for value, _code in told[0]} == set(dangerous)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("evil.pages.dev", "hosted"),
        ("a.evil.pages.dev", "hosted"),
        ("evil.at.ply.gg", "hosted"),
        ("bucket.s3.eu-west-1.amazonaws.com", "hosted"),
        ("ec2-192-0-2-7.eu-west-1.compute.amazonaws.com", "hosted"),
        ("evil.blob.core.windows.net", "hosted"),
        ("172.232.13.86", "rented"),
        ("20.150.0.1", "rented"),
        ("91.92.240.0/20", "wide"),
        ("2a00:1::/47", "wide"),
    ],
)
def test_a_doubtful_item_is_kept_with_a_warning(value: str, code: str) -> None:
    result = judge(value)
    assert [c.code for c in result.warned] == [code]
    assert len(result.kept) == 1
    assert not result.stopped


@pytest.mark.parametrize(
    "value",
    [
        "evil.com",
        "evil.blogspot.com",
        "evil.duckdns.org",
        "10.0.0.1.evil.com",
        "https://8.8.8.8/x",
        "notmicrosoft.com",
        "xgov.vn",
        "203.1.2.0/24",
        "203.1.2.3:53",
        "https://microsoft.com/x",
        "2a00:1::/48",
        "www.ck",
    ],
)
def test_an_ordinary_item_passes_without_a_word(value: str) -> None:
    result = judge(value, organisation=OWN)
    assert (len(result.kept), result.stopped, result.warned) == (1, (), ())


def test_the_special_ranges_hold_what_python_calls_not_global() -> None:
    """Python's own table is an independent transcription of IANA's; none of it may be missing here."""
    samples = [
        "0.0.0.1",
        "10.0.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "100::1",
        "2001:2::1",
        "2001:db8::1",
        "fc00::1",
        "fe80::1",
    ]

    for spelled in samples:
        assert not ipaddress.ip_address(spelled).is_global
        assert [c.code for c in judge(spelled).stopped] == ["special-purpose"], spelled


def test_an_override_keeps_one_item_and_says_who(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(
        "indicator,reason,who,date\nlaichau[.]gov.vn,seized name,Nguyễn Văn An,26/10/2026\n"
        "10.1.2.3,lab,An,2026-10-27\n",
        encoding="utf-8-sig",
    )
    overrides = guard.read_overrides(path)
    result = judge("laichau.gov.vn", "phongtho.gov.vn", overrides=overrides)
    assert [i.value for i in result.kept] == ["laichau.gov.vn"]
    assert [c.indicator.value for c in result.stopped] == ["phongtho.gov.vn"]
    (kept,) = result.overridden
    assert kept.override == Override("laichau[.]gov.vn", "seized name", "Nguyễn Văn An", date(2026, 10, 26))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("indicator,reason,who\nx.vn,a,b\n", "no column date"),
        ("indicator,reason,who,date\nx.vn,,b,2026-10-26\n", "line 2: reason is empty"),
        ("indicator,reason,who,date\nx.vn,a,b,soon\n", "line 2: 'soon' is no date"),
        ("indicator,reason,who,date\nx.vn,a,b\n", "line 2: date is empty"),
    ],
)
def test_an_override_without_a_reason_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(text)
    with pytest.raises(IndicatorError, match=problem):
        guard.read_overrides(path)


def test_nothing_left_after_the_rails_is_refused() -> None:
    with pytest.raises(IndicatorError, match="empty"):
        engine.compile(["10.0.0.1"], name="portable")


@pytest.mark.parametrize(
    "value", ["router.local", "x.home.arpa", "1.168.192.in-addr.arpa", "db.corp.internal"]
)
def test_a_name_for_local_use_is_stopped(value: str) -> None:
    assert [c.code for c in judge(value).stopped] == ["special-name"]


def test_an_override_ends_with_its_last_day() -> None:
    override = Override("10.1.2.3", "lab", "An", date(2026, 10, 1), date(2026, 10, 31))
    listed = reading.read_text("10.1.2.3").indicators
    last = guard.apply(listed, overrides=[override], today=date(2026, 10, 31))
    assert (len(last.kept), last.expired) == (1, ())
    after = guard.apply(listed, overrides=[override], today=date(2026, 11, 1))
    assert (len(after.kept), after.expired) == (0, (override,))
    assert [c.code for c in after.stopped] == ["special-purpose"]


def test_an_override_of_days_to_come_keeps_nothing_yet() -> None:
    """A mistyped year must not open the gate; in Vietnam's morning it is still the day before in UTC."""
    override = Override("10.1.2.3", "lab", "An", date(2026, 11, 2))
    listed = reading.read_text("10.1.2.3").indicators
    assert len(guard.apply(listed, overrides=[override], today=date(2026, 11, 1)).kept) == 1
    result = guard.apply(listed, overrides=[override], today=date(2026, 10, 31))
    assert (len(result.kept), result.early, result.idle) == (0, (override,), ())


def test_an_override_that_nothing_needs_is_told() -> None:
    used, misspelt = (
        Override(name, "x", "An", date(2026, 10, 1)) for name in ("laichau.gov.vn", "phongthogov.vn")
    )
    result = judge("laichau.gov.vn", "phongtho.gov.vn", overrides=(used, misspelt))
    assert result.idle == (misspelt,)


def test_overrides_as_excel_saves_them_in_vietnam(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text('indicator;reason;who;date\r\nlaichau.gov.vn;"a, b";An;26/10/2026\r\n', newline="")
    assert guard.read_overrides(path) == (Override("laichau.gov.vn", "a, b", "An", date(2026, 10, 26)),)


def test_an_override_of_what_is_below_a_name_keeps_no_other_name() -> None:
    result = judge("laichau.gov.vn", overrides=(Override("*.gov.vn", "never", "An", date(2026, 10, 26)),))
    assert [c.indicator.value for c in result.stopped] == ["laichau.gov.vn"]


def test_the_groups_of_a_list_count_what_is_kept_and_left_out() -> None:
    override = Override("windowsupdate.com", "seized for a test", "An", date(2026, 10, 26))
    values = ("google.com", "windowsupdate.com", "x.pages.dev", "y.pages.dev", "12.34.56.78", "evil.vn")
    assert judge(*values, overrides=(override,)).groups == [
        (Group.MANY, 1, 1),
        (Group.PLACEHOLDER, 0, 1),
        (Group.RENTED, 2, 0),
    ]


def test_every_doubt_has_a_group() -> None:
    assert OF_CODE.keys() == CONCERNS.keys()


def test_the_columns_of_overrides_may_be_headed_in_vietnamese(tmp_path: Path) -> None:
    """With capitals, and with letters in parts, as some keyboards write them."""
    path = tmp_path / "ngoại lệ.csv"
    head = unicodedata.normalize("NFD", "Chỉ dấu;Lý do;Người quyết định;Ngày;Hết hạn")
    path.write_text(f"{head}\nlaichau.gov.vn;trang con bị chiếm;An;26/10/2026;31/12/2026\n")
    assert guard.read_overrides(path) == (
        Override("laichau.gov.vn", "trang con bị chiếm", "An", date(2026, 10, 26), date(2026, 12, 31)),
    )


def test_the_last_day_of_an_override_is_read(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text(
        "indicator,reason,who,date,expires\na.vn,x,An,2026-10-26,31/12/2026\nb.vn,x,An,2026-10-26,\n"
    )
    assert [o.until for o in guard.read_overrides(path)] == [date(2026, 12, 31), None]
    path.write_text("indicator,reason,who,date,expires\na.vn,x,An,2026-10-26,soon\n")
    with pytest.raises(IndicatorError, match="line 2: 'soon' is no date"):
        guard.read_overrides(path)
