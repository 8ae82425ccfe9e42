"""A unit's scans ask about its machines that wait for proof; the page of a machine tells the answers."""

import re
from datetime import timedelta, timezone
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone as clock

from quetsach.portal.campaigns.models import Campaign
from quetsach.portal.cases import actions, asking, looks
from quetsach.portal.cases.models import Case
from quetsach.portal.machines.addresses.actions import say
from quetsach.portal.sightings.actions import Sender, receive_chunk, receive_file
from quetsach.portal.sightings.models import Bypass, Sighting
from quetsach.portal.units.actions import issue_token, revoke_token
from quetsach.portal.units.networks import Network
from tests.portal.page_text import text_of
from tests.portal.scan_document import (
    alive_of,
    bypass,
    coverage,
    days_alive,
    document,
    hours_of,
    noon,
    publish_list,
    sighting,
    source_id,
)

URL = "/api/v1/asked"
HANOI = timezone(timedelta(hours=7))


@pytest.fixture
def listed(cast, tmp_path):
    return publish_list(cast, tmp_path)


@pytest.fixture
def upload(cast, listed):
    def give(rows, coverages=(), unit="A1", **more):
        body = document(rows, coverages, set_id=listed.set_id, **more)
        return receive_file(BytesIO(body), cast.nodes[unit], Sender("upload", user=cast.user(unit, "it")))

    return give


def claimed(cast, upload, device, unit="A1", at=8, identity=None, is_known=False):
    """A machine whose cleaning is claimed. `is_known`: a log of the eight days before tells its hours."""
    log, asked = [], []
    if is_known:
        first, last = noon(at + 9), noon(at + 1)
        told = {"alive": {device: alive_of(first, last)}, "source": f"before-{unit}-{device}"}
        log, asked = [watched(first, last, **told)], [device]
    sign = sighting(device, noon(at + 1), identity=identity or {}, source=f"s-{unit}-{device}")
    upload([sign], log, unit=unit, asked=asked)
    case = Case.rows.get(device__key=device, device__owner=cast.nodes[unit])
    return actions.claim_clean(case, cast.user(unit, "it"), done="scan", done_at=noon(at))


def ask(secret, **headers):
    return Client().get(URL, headers={"Authorization": f"Bearer {secret}", **headers})


def names(answer):
    assert answer.status_code == 200, answer.content
    return [line for line in answer.content.decode().splitlines() if not line.startswith("#")]


def token(cast, unit):
    return issue_token(cast.user(unit, "it"), cast.units[unit], f"gateway {unit}")


def test_a_token_gets_the_machines_of_its_unit_and_those_below_and_no_others(cast, upload):
    claimed(cast, upload, "10.1.1.5", identity={"mac": "AA:BB:CC:00:11:22", "host": "pc-7", "user": "an"})
    claimed(cast, upload, "10.1.2.9", "A2")
    claimed(cast, upload, "máy kế toán", "A2")
    upload([sighting("10.1.1.77", noon(9))])  # has signs, and nobody claims that it is clean
    of_a1 = ["10.1.1.5", "host:pc-7", "mac:aa-bb-cc-00-11-22"]
    assert names(ask(token(cast, "A1")[1])) == of_a1
    assert names(ask(token(cast, "A2")[1])) == ["10.1.2.9"], "a name with spaces fits no list"
    assert names(ask(token(cast, "A")[1])) == sorted([*of_a1, "10.1.2.9"])
    assert names(ask(token(cast, "B1")[1])) == []
    assert names(ask(token(cast, "centre")[1])) == sorted([*of_a1, "10.1.2.9"]), "the user is no name"


def test_behind_the_machines_stand_the_public_ranges_of_the_unit_and_those_below(cast, upload):
    today = clock.localdate()
    for unit, cidr, more in (
        ("A1", "10.1.1.0/24", {}),
        ("A1", "203.0.113.0/25", {}),
        ("A1", "203.0.113.128/25", {}),
        ("A2", "2001:4860::/32", {}),
        ("A2", "8.8.4.0/24", {"end": today}),
        ("B1", "8.8.8.0/24", {}),
        ("A1", "9.9.9.0/24", {"state": "asked"}),
    ):
        Network.rows.get_or_create(unit=cast.units[unit], cidr=cidr, defaults=more)
    of_a1 = token(cast, "A1")[1]
    assert names(ask(of_a1)) == [], "no machine waits"
    claimed(cast, upload, "10.1.1.5")
    assert names(ask(of_a1)) == ["10.1.1.5", "own:203.0.113.0/24"]
    assert names(ask(token(cast, "A")[1])) == ["10.1.1.5", "own:203.0.113.0/24", "own:2001:4860::/32"]


def test_a_machine_is_no_longer_asked_about_when_it_is_proven_reopened_or_the_campaign_is_closed(
    cast, upload
):
    case, secret = claimed(cast, upload, "10.1.1.5"), token(cast, "A1")[1]
    assert names(ask(secret)) == ["10.1.1.5"]
    actions.reopen(case, cast.user("A1", "it"), "chưa xong việc")
    assert names(ask(secret)) == []
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(7))
    assert names(ask(secret)) == ["10.1.1.5"]
    Campaign.objects.filter(pk=cast.campaign.pk).update(status=Campaign.Status.CLOSED)
    assert names(ask(secret)) == []


def test_the_answer_is_304_until_a_machine_comes_or_goes(cast, upload):
    claimed(cast, upload, "10.1.1.5")
    secret = token(cast, "A1")[1]
    first = ask(secret)
    assert first["Content-Type"].startswith("text/plain") and "private" in first["Cache-Control"]
    again = ask(secret, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    claimed(cast, upload, "10.1.1.6")
    assert names(ask(secret, **{"If-None-Match": first["ETag"]})) == ["10.1.1.5", "10.1.1.6"]


def test_without_a_live_token_nobody_learns_a_name(cast, upload):
    claimed(cast, upload, "10.1.1.5")
    live, secret = token(cast, "A1")
    revoke_token(cast.user("A1", "it"), live)
    answers = [ask(secret), ask("qs_nobody"), Client().get(URL), cast.client("A1", "it").get(URL)]
    assert {(one.status_code, one.content) for one in answers} == {(401, answers[0].content)}
    assert b"10.1.1.5" not in answers[0].content
    assert Client().post(URL).status_code == 405


def test_more_machines_than_one_scan_takes_are_told_and_those_that_wait_longest_are_asked_about(
    cast, upload, monkeypatch
):
    monkeypatch.setattr(asking, "MOST", 2)
    for number, days in ((5, 6), (6, 8), (7, 7)):
        claimed(cast, upload, f"10.1.1.{number}", at=days)
    answer = ask(token(cast, "A1")[1])
    assert names(answer) == ["10.1.1.6", "10.1.1.7"] and "# 1 more" in answer.content.decode()


def watched(first, last, **more):
    return coverage(first, last, hours=hours_of(first, last), order="kept", bytes=500, **more)


def page(cast, case):
    return cast.client("A1", "officer").get(reverse("case", args=["lam-sach", case.pk]))


def test_not_asked_asked_and_not_seen_and_seen_are_three_things_on_the_page(cast, upload):
    case = claimed(cast, upload, "10.1.1.5", at=6)
    assert "Không xem được" in text_of(page(cast, case))
    upload([], [watched(noon(7), noon(1))])
    told = text_of(page(cast, case))
    assert (
        "Chưa hỏi" in told
        and "Đã hỏi, không thấy" not in told
        and "<svg" in page(cast, case).content.decode()
    )
    upload([], [watched(noon(7), noon(1))], asked=["10.1.1.5"])
    told = text_of(page(cast, case))
    assert "Đã hỏi, không thấy" in told and "Không thấy vào giờ nào." in told and "Chưa hỏi" not in told
    seen = {"10.1.1.5": {str(noon(3).date()): 0b111 << 1, str(noon(2).date()): 1 << 2}}
    upload([], [watched(noon(7), noon(1), alive=seen)], asked=["10.1.1.5"])
    told = text_of(page(cast, case))
    assert "Có thấy" in told and "ngày được vẽ, thấy 2 ngày, vào 4 giờ" in told
    assert f"{noon(2, 2) + timedelta(hours=7):%H:%M}" == "09:00" and "09:00" in told, "hours of Vietnam"


def test_a_machine_that_was_asked_about_and_seen_can_be_verified_and_an_unseen_one_cannot(cast, upload):
    here, gone = (claimed(cast, upload, f"10.1.1.{n}", at=25, is_known=True) for n in (5, 6))
    seen = {"10.1.1.5": {str(noon(day).date()): 1 << 3 for day in range(1, 25)}}
    upload([], [watched(noon(26), noon(1), alive=seen)], asked=["10.1.1.5", "10.1.1.6"])
    here.refresh_from_db(), gone.refresh_from_db()
    assert (here.state, gone.state) == ("verified_clean", "rechecked")
    assert "không thấy" in text_of(page(cast, gone)).lower()


def test_a_machine_is_known_by_its_card_where_its_address_changed(cast, upload):
    case = claimed(
        cast, upload, "10.1.1.5", at=25, identity={"mac": "02:00:00:00:00:14", "host": "PC-7"}, is_known=True
    )
    before = {"mac:02-00-00-00-00-14": alive_of(noon(52), noon(26))}
    upload([], [watched(noon(52), noon(26), source="by-card", alive=before)], asked=list(before))
    # The address lives on, and another machine may have it: that is no life of this one.
    lives = {"10.1.1.5": alive_of(noon(26), noon(1))}
    upload([], [watched(noon(26), noon(1), source="lives", alive=lives)], asked=[*before, *lives])
    case.refresh_from_db()
    assert case.state != "verified_clean"
    seen = {"mac:02-00-00-00-00-14": {str(noon(n).date()): 1 for n in range(2, 20)}}
    upload([], [watched(noon(26), noon(1), alive=seen)], asked=["mac:02-00-00-00-00-14"])
    case.refresh_from_db()
    assert case.state == "verified_clean"


def test_a_way_around_under_the_own_card_counts_at_any_address(cast, upload):
    card = "mac:02-00-00-00-00-14"
    case = claimed(cast, upload, "10.1.1.5", at=25, identity={"mac": card[4:], "host": "PC-7"})
    before = {card: alive_of(noon(52), noon(26))}
    upload([], [watched(noon(52), noon(26), source="by-card", alive=before)], asked=[card])
    ways = [bypass("10.1.1.77", noon(day), who=card, identity={"mac": card[4:]}) for day in range(2, 24, 3)]
    log = watched(noon(26), noon(1), alive={card: alive_of(noon(26), noon(1))})
    upload([], [log], asked=[card], bypasses=ways, schema=2)
    case.refresh_from_db()
    assert case.state != "verified_clean"
    assert "Google Public DNS" in text_of(page(cast, case))


def test_a_push_judges_a_machine_that_it_sees_at_a_new_hour_and_no_other(cast, upload, listed, monkeypatch):
    case, other = (claimed(cast, upload, f"10.1.1.{n}", at=25, is_known=True) for n in (5, 6))
    upload([], [watched(noon(26), noon(1, 10))], asked=["10.1.1.5", "10.1.1.6"])
    assert {Case.rows.get(pk=one.pk).state for one in (case, other)} == {"rechecked"}
    judged = []
    spy_on_gather(monkeypatch, judged)
    gateway = token(cast, "A1")[0]
    for bit, expected in ((4, ["10.1.1.5"]), (4, [])):
        judged.clear()
        days = [str(noon(n).date()) for n in range(2, 20)]
        log = watched(noon(26), noon(1, 10), alive={"10.1.1.5": dict.fromkeys(days, 1 << bit)})
        body = document([], [log], set_id=listed.set_id, asked=["10.1.1.5", "10.1.1.6"])
        receive_chunk(body, gateway, None)
        assert judged == expected
    assert Case.rows.get(pk=case.pk).state == "verified_clean"


def spy_on_gather(monkeypatch, judged):
    """Note the machines that are judged."""
    gather = looks.gather

    def spy(cases, since=None):
        cases = list(cases)
        judged.extend(case.device.key for case in cases)
        return gather(cases, since)

    monkeypatch.setattr(looks, "gather", spy)


def test_a_way_around_is_kept_once_and_is_neither_a_sighting_nor_a_case(cast, upload):
    way = bypass("10.1.1.5", noon(3), count=4)
    receipt = upload([], [watched(noon(7), noon(1))], bypasses=[way], schema=2)
    upload([], [watched(noon(7), noon(1))], bypasses=[way, bypass("10.1.1.5", noon(3), count=2)], schema=2)
    assert Bypass.rows.get().count == 4 and receipt.around == {"10.1.1.5"}
    assert not Sighting.rows.exists() and not Case.rows.exists()
    upload([], [watched(noon(7), noon(1))], bypasses=[bypass("10.1.1.5", noon(3), count=9)], schema=2)
    assert Bypass.rows.get().count == 9


def test_a_hostile_way_around_is_named_and_the_rest_is_taken(cast, upload):
    good = bypass("10.1.1.5", noon(3))
    bad = [
        {**bypass("10.1.1.6", noon(3)), "kind": "tunnel"},
        {**bypass("10.1.1.6", noon(3)), "provider": "x" * 300},
        bypass("10.1.1.6", noon(3), provider='<script>alert(1)</script>"'),
        bypass("10.1.1.6", noon(3), provider="Quad9", kind="vpn"),
        bypass("10.1.1.6", noon(3), provider="resolver", kind="dns"),
        {**bypass("10.1.1.6", noon(3)), "runs": []},
    ]
    receipt = upload([], [watched(noon(7), noon(1))], bypasses=[good, *bad], schema=2)
    assert [one.code for one in receipt.rejected] == [
        "malformed", "too_long", "provider", "provider", "provider", "malformed",
    ]  # fmt: skip
    assert Bypass.rows.get().device == "10.1.1.5"


def test_a_foreign_dns_server_is_a_way_around_by_its_address(cast, upload):
    way = bypass("10.1.1.5", noon(3), provider="203.0.113.53", kind="dns")
    receipt = upload([], [watched(noon(7), noon(1))], bypasses=[way], schema=2)
    assert not receipt.rejects and Bypass.rows.get().provider == "203.0.113.53"


def test_no_log_verifies_a_machine_while_it_goes_around_and_the_page_says_so(cast, upload):
    case = claimed(cast, upload, "10.1.1.5", at=25, is_known=True)
    alive = {"10.1.1.5": alive_of(noon(26), noon(1))}
    ways = [bypass("10.1.1.5", noon(day)) for day in range(1, 25, 3)]
    upload([], [watched(noon(26), noon(1), alive=alive)], asked=["10.1.1.5"], bypasses=ways, schema=2)
    case.refresh_from_db()
    assert case.state == "rechecked"
    told = text_of(page(cast, case))
    assert "Máy đã hỏi Google Public DNS bằng DNS qua HTTPS" in told and "Máy đi vòng nơi ghi nhật ký" in told
    # The same logs of a machine that does not: clean.
    still = claimed(cast, upload, "10.1.1.6", at=25, is_known=True)
    there = {"10.1.1.6": alive_of(noon(26), noon(1))}
    upload([], [watched(noon(26), noon(1), source="log-2", alive=there)], asked=["10.1.1.6"])
    still.refresh_from_db()
    assert still.state == "verified_clean"


def test_the_pages_of_logs_count_machines_that_go_around(cast, upload):
    ways = [
        bypass("10.1.1.5", noon(3)),
        bypass("10.1.1.5", noon(2), provider="iCloud Private Relay", kind="relay"),
        bypass("10.1.1.6", noon(2), provider="Quad9", kind="dot"),
        bypass(None, noon(2)),
    ]
    receipt = upload([], [watched(noon(7), noon(1))], bypasses=ways, schema=2)
    client = cast.client("A1", "officer")
    scans = client.get(reverse("scans", args=["lam-sach"]) + f"?don-vi={cast.nodes['A1'].pk}")
    scan = client.get(reverse("scan", args=["lam-sach", receipt.scan.pk]))
    for answer, words in (
        (scans, "2 máy đi vòng các nơi ghi nhật ký"),
        (scan, "2 máy trong các tệp này đi vòng"),
    ):
        assert words in text_of(answer)
        assert "Quad9" in text_of(answer) and "iCloud Private Relay" in text_of(answer)
    other = cast.client("A2", "officer").get(reverse("scan", args=["lam-sach", receipt.scan.pk]))
    assert other.status_code == 404
    # Another unit's page counts its own logs only.
    theirs = cast.client("A2", "officer").get(reverse("scans", args=["lam-sach"]))
    assert "đi vòng các nơi" not in text_of(theirs)


def test_the_pages_give_the_command_that_asks(cast, upload):
    token(cast, "A1")
    client = cast.client("A1", "it")
    for name in ("scans", "tokens"):
        told = client.get(reverse(name, args=["lam-sach"])).content.decode()
        assert re.search(r"--asked http://testserver/api/v1/asked\b", told), name


@pytest.mark.parametrize(("pause", "state"), [(10, "verified_clean"), (150, "rechecked")])
def test_a_source_without_a_line_for_hours_is_no_log_of_these_hours(cast, upload, pause, state):
    """The same as a pause between two files: nobody could look, so nothing was seen to be clean. After
    a short one enough days are left."""
    case = claimed(cast, upload, "10.1.1.5", at=18, is_known=True)
    stop, start, end = noon(18, 14), noon(18, 14) + timedelta(hours=pause), noon(1)
    lines = hours_of(noon(18), stop)
    for day, told in hours_of(start, end).items():
        lines[day] = [max(pair) for pair in zip(lines.get(day, [0] * 24), told, strict=True)]
    alive = {"10.1.1.5": alive_of(start, end)}
    seen = coverage(noon(18), end, source="s-A1-10.1.1.5", hours=lines, order="kept", alive=alive)
    upload([], [seen], asked=["10.1.1.5"])
    case.refresh_from_db()
    assert case.state == state
    logs = text_of(cast.client("A1", "it").get(reverse("scans", args=[cast.campaign.slug])))
    first, last = (stop + timedelta(hours=7)).date(), (start + timedelta(hours=7)).date()
    assert "không thấy khoảng nào" not in logs, "the hours that a proof misses are missing here too"
    assert f"{first:%d/%m/%Y} – {last:%d/%m/%Y}" in logs


@pytest.mark.parametrize(
    "where",
    [
        "here",
        "no family",
        "other family",
        "own indicator",
        "other place",
        "untimed",
        "untimed other",
        "before",
    ],
)
def test_signs_that_name_no_machine_are_no_silence_of_their_place(cast, upload, where):
    """Any machine of the place may be meant, also where the family is not known. A sign of another family, or
    at another place, is none of this machine."""
    case = claimed(cast, upload, "10.1.1.5", at=20, is_known=True)
    at = noon(25) if where == "before" else noon(10)
    row = sighting(None, at, source="log-2" if where == "other place" else "log-1", count=50)
    if where in ("no family", "other family", "untimed other"):
        family = "" if where == "no family" else "emotet"
        row |= {"indicator": "bad.example", "matched": "bad.example", "family": family}
    if where == "own indicator":
        row |= {"family": "a new name"}
    if where.startswith("untimed"):
        row |= {"day": None, "first_seen": None, "last_seen": None}
    seen = {"10.1.1.5": alive_of(noon(20), noon(1))}
    upload([row], name="other" if where == "other place" else "fw")
    upload([], [watched(noon(20), noon(1), alive=seen)], asked=["10.1.1.5"])
    case.refresh_from_db()
    is_silent = where in ("other place", "before", "other family", "untimed other")
    spoilt = "claimed_clean" if where == "untimed" else "rechecked"
    assert case.state == ("verified_clean" if is_silent else spoilt)
    told = text_of(page(cast, case))
    assert ("nhưng chưa rõ máy" in told) == (not is_silent), told
    assert Case.rows.count() == 1


@pytest.mark.parametrize(
    ("spoilt", "state"),
    [({}, "verified_clean"), ({"field": "answer"}, "rechecked"), ({"logformat": "zeek.dns"}, "rechecked"),
     ({"source": source_id("log-2")}, "rechecked"), ({"later": 660}, "rechecked"),
     ({"lasts": 7200}, "rechecked")],
    ids=["repeats", "answer", "other format", "other log", "too late", "times between not known"],
)  # fmt: skip
def test_a_line_that_repeats_a_question_is_a_sign_of_the_machine_that_asked(cast, upload, spoilt, state):
    """dnsmasq writes a look-up on several lines, and names the machine on the first alone."""
    case = claimed(cast, upload, "10.1.1.5", at=20, is_known=True)
    say(cast.units["A1"], "10.1.1.6", "", cast.user("A1", "it"))
    at = noon(10)

    def row(device, later, **more):
        begin = at + timedelta(seconds=later)
        until = begin + timedelta(seconds=more.pop("lasts", 0))
        run = [int((end - at).total_seconds() + 12 * 3600) * 1_000_000 for end in (begin, until)]
        told = {"who": "", "logformat": "dnsmasq", "runs": [[*run, 2]], "count": 2, **more}
        return sighting(device, begin, until=until, **told)

    rows = [row("10.1.1.6", 0), row(None, **{"later": 2, **spoilt})]
    if "lasts" in spoilt:
        rows.append(row("10.1.1.7", spoilt["lasts"]))
    upload(rows, schema=2)
    seen = {"10.1.1.5": alive_of(noon(20), noon(1))}
    upload([], [watched(noon(20), noon(1), alive=seen)], asked=["10.1.1.5"])
    case.refresh_from_db()
    assert case.state == state
    assert Case.rows.get(device__key="10.1.1.6").state == "assigned"


def test_the_page_says_what_is_missing_and_which_log_would_close_it(cast, upload):
    case = claimed(cast, upload, "10.1.1.5", at=20, is_known=True)
    there = {"10.1.1.5": alive_of(noon(20), noon(12)) | alive_of(noon(8), noon(1))}
    first, last = watched(noon(20), noon(12)), watched(noon(8), noon(1), source="log-2")
    upload([], [{**first, "alive": there}, last], asked=["10.1.1.5"])
    case.refresh_from_db()
    assert case.state == "rechecked"
    told = text_of(page(cast, case))
    gap = f"{noon(12, 13).astimezone(HANOI):%d/%m/%Y} – {noon(8, 11).astimezone(HANOI):%d/%m/%Y}"
    assert gap in told and "--asked" in told and "Còn thiếu gì để xác minh" in told
    assert "p-missed" in page(cast, case).content.decode()
    # The log of this time closes it, and the page says at whose place the silence was.
    between = watched(noon(12), noon(8), source="log-3", alive={"10.1.1.5": alive_of(noon(12), noon(8))})
    upload([], [between], asked=["10.1.1.5"])
    case.refresh_from_db()
    assert case.state == "verified_clean" and case.events.get(act="verify").data["place"] == "fw"
    assert "Xác minh dựa trên" in text_of(page(cast, case))


def test_a_unit_proves_no_machine_clean_where_its_superior_saw_the_signs(cast, upload):
    """Its own place is silent, as it tells itself. The superior's log must be silent as well."""
    case = claimed(cast, upload, "10.1.1.5", at=20, is_known=True)
    actions.reopen(case, cast.user("A1", "it"), "cấp trên cũng thấy dấu hiệu")
    upload([sighting("10.1.1.5", noon(22), source="outer")], unit="A")
    case.refresh_from_db()
    assert set(case.sightings.values_list("node__path", flat=True)) == {
        cast.nodes["A"].path, cast.nodes["A1"].path
    }  # fmt: skip
    actions.claim_clean(case, cast.user("A1", "it"), done="scan", done_at=noon(20))
    there = {"10.1.1.5": alive_of(noon(20), noon(1))}
    upload([], [watched(noon(20), noon(1), alive=there)], asked=["10.1.1.5"])
    case.refresh_from_db()
    assert case.state == "rechecked" and "Đơn vị A" in text_of(page(cast, case))
    upload([], [watched(noon(20), noon(1), source="outer", alive=there)], asked=["10.1.1.5"], unit="A")
    case.refresh_from_db()
    assert case.state == "verified_clean"


def test_a_document_about_days_to_come_proves_nothing(cast, upload):
    """The portal believes its own clock, not that of a scanner that runs ahead."""
    case = claimed(cast, upload, "10.1.1.5", at=1)
    first, last = noon(1), noon(-20)
    alive = days_alive("10.1.1.5", first, last)
    seen = coverage(
        first, last, source="s-A1-10.1.1.5", devices=alive, hours=hours_of(first, last), order="kept"
    )
    upload([], [seen])
    case.refresh_from_db()
    assert case.state in ("claimed_clean", "rechecked")
    page = text_of(cast.client("A1", "it").get(reverse("case", args=[cast.campaign.slug, case.pk])))
    assert "Đã sạch" not in page
    logs = text_of(cast.client("A1", "it").get(reverse("scans", args=[cast.campaign.slug])))
    assert f"{last:%d/%m/%Y}" not in logs.split("Các lần quét đã nhận")[0]
