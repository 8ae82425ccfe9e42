"""Browsers and systems by the names that they give themselves, against the makers' own dates."""

from datetime import date

import pytest

from quetsach.portal.cases.self_check.software import judge

TODAY = date(2026, 11, 29)
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT {{}}; Win64; x64) {_KIT} Chrome/{{}}.0.0.0 Safari/537.36"
MAC_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/{} Safari/605.1.15"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS {} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/{} Mobile/15E148 Safari/604.1"
)
ANDROID = f"Mozilla/5.0 (Linux; Android {{}}) {_KIT} Chrome/{{}}.0.0.0 Mobile Safari/537.36"
FIREFOX = "Mozilla/5.0 (Windows NT {}; Win64; x64; rv:{}.0) Gecko/20100101 Firefox/{}.0"


def told(agent, platform="", version="", today=TODAY):
    found = judge(agent, platform, version, today)
    return found.browser.state, found.system.state, found.system.kind


@pytest.mark.parametrize(
    ("number", "ended"),
    [
        ("6.1", date(2020, 1, 14)),
        ("6.2", date(2016, 1, 12)),
        ("6.3", date(2023, 1, 10)),
        ("5.1", date(2014, 4, 8)),
    ],
)
def test_windows_that_ended_is_told_with_its_day(number, ended):
    system = judge(WINDOWS.format(number, 109), "", "", TODAY).system
    assert (system.state, system.day) == ("old", ended)


def test_windows_10_and_11_have_one_name_until_the_hint_tells_them_apart():
    agent = WINDOWS.format("10.0", 158)
    assert told(agent) == ("ok", "unknown", "windows_either")
    assert judge(agent, "", "", TODAY).may_tell_more
    ten = judge(agent, '"Windows"', '"10.0.0"', TODAY)
    assert (ten.system.state, ten.system.name, ten.system.day) == ("old", "Windows 10", date(2025, 10, 14))
    assert told(agent, '"Windows"', '"15.0.0"') == ("ok", "unknown", "windows11")
    assert judge(agent, '"Windows"', '"0.1.0"', TODAY).system.name == "Windows 7"
    firefox = judge(FIREFOX.format("10.0", 158, 158), "", "", TODAY)
    assert firefox.system.kind == "windows_either" and not firefox.may_tell_more


def test_a_browser_is_out_of_date_two_months_after_the_next_one():
    """Chrome 155 came on 06/10/2026 and replaced 154, which came on 22/09/2026."""
    assert told(WINDOWS.format("10.0", 154))[0] == "ok"
    assert told(WINDOWS.format("10.0", 153))[0] == "old"
    assert told(WINDOWS.format("10.0", 109))[0] == "old"
    edge = WINDOWS.format("10.0", 140) + " Edg/140.0.0.0"
    assert judge(edge, "", "", TODAY).browser.name == "Microsoft Edge"
    assert told(edge)[0] == "old"


def test_what_is_newer_than_the_table_is_up_to_date_and_an_old_table_says_nothing_of_its_newest():
    assert told(WINDOWS.format("10.0", 170))[0] == "ok"
    later = date(2027, 6, 1)
    assert told(WINDOWS.format("10.0", 158), today=later)[0] == "unknown"
    assert told(WINDOWS.format("10.0", 170), today=later)[0] == "ok"
    assert told(WINDOWS.format("10.0", 150), today=later)[0] == "old"


def test_firefox_with_long_support_lives_longer_than_its_neighbours():
    states = {n: told(FIREFOX.format("10.0", n, n))[0] for n in (115, 128, 140, 152, 153, 154, 158)}
    assert states == {115: "ok", 128: "old", 140: "old", 152: "old", 153: "ok", 154: "old", 158: "ok"}


def test_windows_7_is_not_told_to_update_a_browser_for_which_nothing_newer_comes():
    """Chrome 109 was its last; 110 came on 07/02/2023. Firefox 115 gets fixes until 31/03/2027."""
    for number in ("6.1", "6.2", "6.3"):
        chrome = judge(WINDOWS.format(number, 109), "", "", TODAY).browser
        assert (chrome.state, chrome.day, chrome.kind) == ("old", date(2023, 2, 7), "last")
        assert (chrome.firefox, chrome.until) == (115, date(2027, 3, 31))
        firefox = judge(FIREFOX.format(number, 115, 115), "", "", TODAY).browser
        assert (firefox.state, firefox.kind, firefox.until) == ("ok", "last", date(2027, 3, 31))
    older = judge(FIREFOX.format("6.1", 102, 102), "", "", TODAY).browser
    assert (older.state, older.kind) == ("old", "")
    later = judge(WINDOWS.format("6.1", 109), "", "", date(2027, 4, 1)).browser
    assert (later.kind, later.firefox, later.until) == ("last", 0, None)
    explorer = judge("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "", "", TODAY).browser
    assert (explorer.kind, explorer.firefox) == ("last", 115)
    assert judge(WINDOWS.format("10.0", 109), "", "", TODAY).browser.kind == ""


def test_an_iphone_is_told_by_the_number_of_safari_since_its_own_stands_still():
    assert told(IPHONE.format("18_6", "26.1"))[1:] == ("ok", "ios")
    assert judge(IPHONE.format("18_6", "26.1"), "", "", TODAY).system.name == "iOS 26"
    assert told(IPHONE.format("17_7", "17.7"))[1:] == ("old", "ios")
    assert told(IPHONE.format("16_7", "16.6"))[1:] == ("ok", "ios")
    chrome = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) CriOS/158.0 Mobile/1 Safari/604.1"
    assert told(chrome) == ("unknown", "unknown", "ios")


def test_a_mac_is_told_by_the_hint_alone():
    assert told(MAC_SAFARI.format("26.0")) == ("ok", "unknown", "mac_hidden")
    assert told(MAC_SAFARI.format("17.5"))[0] == "old"
    agent = WINDOWS.format("10.0", 158).replace(
        "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
    )
    assert told(agent, '"macOS"', '"13.6.1"')[1] == "old"
    assert told(agent, '"macOS"', '"15.5.0"')[1] == "ok"


def test_android_hides_its_number_as_ten():
    assert told(ANDROID.format("10; K", 158)) == ("ok", "unknown", "android_hidden")
    assert told(ANDROID.format("9; SM-A105F", 138)) == ("old", "old", "android")
    assert told(ANDROID.format("10; K", 158), '"Android"', '"13.0.0"')[1] == "old"
    assert told(ANDROID.format("10; K", 158), '"Android"', '"16.0.0"')[1] == "ok"


@pytest.mark.parametrize(
    "agent", ["", "curl/8", "Mozilla/5.0 (" * 90, "Chrome/99999999 Windows NT 10.0", "\x00Version/"]
)
def test_a_name_that_is_none_is_not_judged(agent):
    browser, system, _kind = told(agent, '"' * 30, '"9' * 9)
    assert browser == "unknown" or "Chrome" in agent
    assert system == "unknown"


def test_a_follower_of_chromium_is_judged_by_its_engine_and_named_without_a_number():
    coc_coc = WINDOWS.format("10.0", 152).replace("Chrome", "coc_coc_browser/152.0.1 Chrome")
    found = judge(coc_coc, "", "", TODAY).browser
    assert (found.state, found.name, found.version) == ("ok", "Cốc Cốc", 0)
    inside = ANDROID.format("9; SM-A105F; wv", 100) + " Zalo android/1"
    assert judge(inside, "", "", TODAY).browser.kind == "app"
    explorer = "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"
    assert told(explorer)[:2] == ("old", "old")
